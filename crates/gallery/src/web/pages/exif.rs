//! What a camera has written into a copy.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::PathBuf;

use exif::{Exif, Field, In, Reader, Tag, Value};

use super::words;

/// The beginning of a file that is looked at: cameras write there, and so do all programs that cameras are read by.
const BEGINNING: u64 = 8 << 20;
/// The most fields that are shown.
const MOST_FIELDS: usize = 80;
/// The most characters of a value.
const LONGEST_VALUE: usize = 160;

/// The fields with their values, the place first if there is one.
pub(super) async fn read(file: PathBuf) -> Vec<(String, String)> {
    // a panic of the reader, which decodes what strangers have written, is one of its thread's
    tokio::task::spawn_blocking(move || fields(&file)).await.ok().flatten().unwrap_or_default()
}

fn fields(file: &PathBuf) -> Option<Vec<(String, String)>> {
    let mut bytes = Vec::new();
    File::open(file).ok()?.take(BEGINNING).read_to_end(&mut bytes).ok()?;
    let exif = Reader::new().continue_on_error(true).read_from_container(&mut Cursor::new(bytes));
    let exif = exif.or_else(|error| error.distill_partial_result(|_| {})).ok()?;
    let place = place(&exif).map(|place| ("Place".to_owned(), place));
    let told = exif.fields().filter(|field| field.ifd_num == In::PRIMARY && is_for_people(field)).map(|field| {
        let value = field.display_value().with_unit(&exif).to_string();
        (name(field.tag), words::cut(value.trim().trim_matches('"').trim(), LONGEST_VALUE))
    });
    Some(place.into_iter().chain(told.filter(|(_, value)| !value.is_empty())).take(MOST_FIELDS).collect())
}

/// Not what only programs read: bytes of a maker's own, offsets, and the parts of the place, which stand together.
fn is_for_people(field: &Field) -> bool {
    let is_of_place =
        [Tag::GPSLatitude, Tag::GPSLongitude, Tag::GPSLatitudeRef, Tag::GPSLongitudeRef].contains(&field.tag);
    let is_known = field.tag.description().is_some();
    let is_bytes = matches!(&field.value, Value::Undefined(bytes, _) if bytes.len() > 64);
    is_known && !is_bytes && !is_of_place && field.tag != Tag::MakerNote
}

/// `PixelXDimension` as `Pixel X dimension`.
fn name(tag: Tag) -> String {
    let name = tag.to_string();
    let mut words = String::new();
    let mut before = ' ';
    for (at, letter) in name.char_indices() {
        let follows_small = before.is_lowercase() || before.is_ascii_digit();
        let begins_word = name[at..].chars().nth(1).is_some_and(char::is_lowercase) && before.is_uppercase();
        if letter.is_uppercase() && (follows_small || begins_word) {
            words.push(' ');
            words.push(if begins_word || name[at..].chars().nth(1).is_some_and(char::is_lowercase) {
                letter.to_ascii_lowercase()
            } else {
                letter
            });
        } else {
            words.push(letter);
        }
        before = letter;
    }
    words
}

/// Where it was taken: `48.20849, 16.37208`.
fn place(exif: &Exif) -> Option<String> {
    let degrees = |tag, reference, negative: &str| {
        let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
        let [degrees, minutes, seconds] = parts.get(..3)? else { return None };
        let degrees = degrees.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3600.0;
        let reference = exif.get_field(reference, In::PRIMARY)?.display_value().to_string();
        degrees.is_finite().then_some(if reference.contains(negative) { -degrees } else { degrees })
    };
    let latitude = degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef, "S")?;
    let longitude = degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef, "W")?;
    let is_on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    is_on_earth.then(|| format!("{latitude:.5}, {longitude:.5}"))
}

#[cfg(test)]
mod tests {
    use exif::Rational;
    use exif::experimental::Writer;

    use super::*;

    fn tiff(fields: &[Field]) -> PathBuf {
        let mut writer = Writer::new();
        fields.iter().for_each(|field| writer.push_field(field));
        let mut bytes = Cursor::new(Vec::new());
        writer.write(&mut bytes, false).expect("EXIF");
        let (mut file, path) = tempfile::NamedTempFile::new().expect("a file").keep().expect("a path");
        std::io::Write::write_all(&mut file, bytes.get_ref()).expect("bytes");
        path
    }

    fn field(tag: Tag, value: Value) -> Field {
        Field { tag, ifd_num: In::PRIMARY, value }
    }

    #[test]
    fn a_place_is_told_in_degrees() {
        let degrees = |parts: [u32; 3]| Value::Rational(parts.map(|num| Rational { num, denom: 1 }).to_vec());
        let text = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
        let path = tiff(&[
            field(Tag::Model, text("Kodak <b>")),
            field(Tag::GPSLatitudeRef, text("S")),
            field(Tag::GPSLatitude, degrees([48, 30, 36])),
            field(Tag::GPSLongitudeRef, text("E")),
            field(Tag::GPSLongitude, degrees([16, 15, 0])),
        ]);
        let fields = fields(&path).expect("fields");
        std::fs::remove_file(path).expect("it goes");
        assert_eq!(fields[0], ("Place".to_owned(), "-48.51000, 16.25000".to_owned()));
        assert_eq!(fields[1], ("Model".to_owned(), "Kodak <b>".to_owned()));
    }

    #[test]
    fn names_are_words() {
        assert_eq!(name(Tag::DateTimeOriginal), "Date time original");
        assert_eq!(name(Tag::ISOSpeed), "ISO speed");
        assert_eq!(name(Tag::FNumber), "F number");
    }

    #[test]
    fn what_is_no_picture_has_no_fields() {
        assert_eq!(fields(&PathBuf::from("/nowhere")), None);
    }
}
