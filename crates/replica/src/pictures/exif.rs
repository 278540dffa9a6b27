//! The EXIF data of a photograph, written by hand: a TIFF directory of a few tags in an APP1 segment (CIPA DC-008).

use crate::pictures::taken::Taken;

const IMAGE_DESCRIPTION: u16 = 0x010E;
const MAKE: u16 = 0x010F;
const MODEL: u16 = 0x0110;
const ORIENTATION: u16 = 0x0112;
const ARTIST: u16 = 0x013B;
const COPYRIGHT: u16 = 0x8298;
const EXIF_DIRECTORY: u16 = 0x8769;
const GPS_DIRECTORY: u16 = 0x8825;
const DATE_TIME_ORIGINAL: u16 = 0x9003;
const IMAGE_UNIQUE_ID: u16 = 0xA420;
const GPS_LATITUDE_REF: u16 = 1;
const GPS_LATITUDE: u16 = 2;
const GPS_LONGITUDE_REF: u16 = 3;
const GPS_LONGITUDE: u16 = 4;

/// Offset of the first directory: the TIFF header is 8 bytes.
const FIRST_DIRECTORY: usize = 8;

enum Value<'a> {
    Text(&'a str),
    Short(u16),
    Long(u32),
    /// Degrees, minutes and seconds, all whole.
    Angle([u32; 3]),
}

/// What somebody has written into a picture, and where it was taken.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Caption<'a> {
    pub(crate) description: &'a str,
    pub(crate) make: &'a str,
    pub(crate) model: &'a str,
    pub(crate) artist: &'a str,
    pub(crate) copyright: &'a str,
    /// North and east, in degrees, minutes and seconds.
    pub(crate) place: Option<([u32; 3], [u32; 3])>,
}

/// A segment of what somebody has written, with its marker.
pub(crate) fn captioned(caption: &Caption, taken: Taken) -> Vec<u8> {
    let Caption { description, make, model, artist, copyright, place } = *caption;
    let date = taken.exif();
    let first = |details: usize, gps: usize| {
        let mut entries = vec![
            (IMAGE_DESCRIPTION, Value::Text(description)),
            (MAKE, Value::Text(make)),
            (MODEL, Value::Text(model)),
            (ORIENTATION, Value::Short(1)),
            (ARTIST, Value::Text(artist)),
            (COPYRIGHT, Value::Text(copyright)),
            (EXIF_DIRECTORY, Value::Long(details as u32)),
        ];
        if place.is_some() {
            entries.push((GPS_DIRECTORY, Value::Long(gps as u32)));
        }
        directory(FIRST_DIRECTORY, &entries)
    };
    let details_at = FIRST_DIRECTORY + first(0, 0).len();
    let details = directory(details_at, &[(DATE_TIME_ORIGINAL, Value::Text(&date))]);
    let gps_at = details_at + details.len();
    let gps = place.map(|(north, east)| {
        directory(
            gps_at,
            &[
                (GPS_LATITUDE_REF, Value::Text("N")),
                (GPS_LATITUDE, Value::Angle(north)),
                (GPS_LONGITUDE_REF, Value::Text("E")),
                (GPS_LONGITUDE, Value::Angle(east)),
            ],
        )
    });
    app1(&[first(details_at, gps_at), details, gps.unwrap_or_default()].concat())
}

/// The whole segment with its marker. `unique_id` has 32 characters by the standard.
pub(crate) fn segment(unique_id: &str, taken: Taken) -> Vec<u8> {
    let date = taken.exif();
    let camera = |details: usize| {
        directory(
            FIRST_DIRECTORY,
            &[
                (MAKE, Value::Text("EASTMAN KODAK COMPANY")),
                (MODEL, Value::Text("KODAK EASYSHARE M580 DIGITAL CAMERA")),
                (ORIENTATION, Value::Short(1)),
                (EXIF_DIRECTORY, Value::Long(details as u32)),
            ],
        )
    };
    // The size of a directory does not depend on the offset in it.
    let details_at = FIRST_DIRECTORY + camera(0).len();
    let details =
        directory(details_at, &[(DATE_TIME_ORIGINAL, Value::Text(&date)), (IMAGE_UNIQUE_ID, Value::Text(unique_id))]);

    app1(&[camera(details_at), details].concat())
}

/// The directories as a segment.
fn app1(directories: &[u8]) -> Vec<u8> {
    let mut content = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
    content.extend_from_slice(directories);
    let mut segment = vec![0xFF, 0xE1];
    segment.extend_from_slice(&(content.len() as u16 + 2).to_be_bytes());
    segment.extend_from_slice(&content);
    segment
}

/// A directory at offset `at`, its longer values behind it. Tags are in ascending order, as TIFF wants them.
fn directory(at: usize, entries: &[(u16, Value)]) -> Vec<u8> {
    let values_at = at + 2 + entries.len() * 12 + 4;
    let mut fields = (entries.len() as u16).to_le_bytes().to_vec();
    let mut values = Vec::new();
    for (tag, value) in entries {
        let (kind, count, field) = match value {
            Value::Short(number) => (3u16, 1, u32::from(*number)),
            Value::Long(number) => (4, 1, *number),
            // what fits into the field stands there
            Value::Text(text) if text.len() < 4 => {
                let mut field = [0; 4];
                field[..text.len()].copy_from_slice(text.as_bytes());
                (2, text.len() as u32 + 1, u32::from_le_bytes(field))
            }
            Value::Angle(parts) => {
                let offset = values_at + values.len();
                values.extend(parts.iter().flat_map(|part| [*part, 1]).flat_map(u32::to_le_bytes));
                (5, 3, offset as u32)
            }
            Value::Text(text) => {
                let offset = values_at + values.len();
                values.extend_from_slice(text.as_bytes());
                values.push(0);
                // Offsets are even.
                values.resize(values.len().next_multiple_of(2), 0);
                (2, text.len() as u32 + 1, offset as u32)
            }
        };
        fields.extend_from_slice(&tag.to_le_bytes());
        fields.extend_from_slice(&kind.to_le_bytes());
        fields.extend_from_slice(&count.to_le_bytes());
        fields.extend_from_slice(&field.to_le_bytes());
    }
    fields.extend_from_slice(&[0; 4]); // there is no next directory
    fields.extend_from_slice(&values);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_says_where_its_place_is() {
        let place = Some(([54, 19, 7], [10, 8, 22]));
        let caption = Caption { description: "a harbour", make: "Dragline", model: "M", place, ..Caption::default() };
        let segment = captioned(&caption, Taken::from_ticks(634_114_656_000_000_000));
        let tiff = &segment[10..];
        let long = |at: usize| u32::from_le_bytes(tiff[at..at + 4].try_into().expect("four bytes")) as usize;
        // The eighth entry of the first directory leads to that of the place, whose second leads to the north.
        let gps = long(FIRST_DIRECTORY + 2 + 7 * 12 + 8);
        assert_eq!(&tiff[gps + 2 + 8..gps + 2 + 12], b"N\0\0\0");
        let north = long(gps + 2 + 12 + 8);
        assert_eq!([0, 8, 16].map(|part| long(north + part)), [54, 19, 7]);
        assert!(tiff.windows(9).any(|text| text == b"a harbour"));
    }

    #[test]
    fn each_directory_says_where_its_values_are() {
        let segment = segment("0123456789abcdef0123456789abcdef", Taken::from_ticks(634_114_656_000_000_000));
        let tiff = &segment[10..];
        let long = |at: usize| u32::from_le_bytes(tiff[at..at + 4].try_into().expect("four bytes")) as usize;
        // The fourth entry of the first directory leads to the second, whose first entry leads to the date.
        let details = long(FIRST_DIRECTORY + 2 + 3 * 12 + 8);
        let date = long(details + 2 + 8);
        assert_eq!(&tiff[date..date + 20], b"2010:06:07 00:00:00\0");
        let unique_id = long(details + 2 + 12 + 8);
        assert_eq!(&tiff[unique_id..unique_id + 33], b"0123456789abcdef0123456789abcdef\0");
    }
}
