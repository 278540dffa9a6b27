//! The encoding of bytes that nobody has named.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Charset;

/// How much is looked at for statistics, which cost 80 ns a byte.
const SAMPLE: usize = 16 * 1024;
/// How much is looked at for the zeros of UTF-16.
const ZEROS: usize = 512;

/// The encoding that bytes look like: UTF-16 by its zeros, UTF-8 if they are that, windows-1252 if they are ASCII (what
/// browsers call it), else by statistics.
#[must_use]
pub fn guess(body: &[u8], top_level_domain: Option<&str>) -> Charset {
    if let Some(charset) = utf_16(body) {
        return charset;
    }
    match std::str::from_utf8(body) {
        Ok(_) if body.is_ascii() => Charset::Known(WINDOWS_1252),
        Ok(_) => Charset::UTF_8,
        // cut within its last character
        Err(error) if error.error_len().is_none() && !body[..error.valid_up_to()].is_ascii() => Charset::UTF_8,
        Err(_) => by_statistics(body, top_level_domain),
    }
}

fn by_statistics(body: &[u8], top_level_domain: Option<&str>) -> Charset {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    // the first byte that tells something may come late
    let start = body.iter().position(|byte| !byte.is_ascii()).unwrap_or(0).saturating_sub(SAMPLE / 2);
    let end = body.len().min(start + SAMPLE);
    detector.feed(&body[start..end], end == body.len());
    // it takes no other spelling
    let domain =
        top_level_domain.filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
    let encoding = detector.guess(domain.map(str::as_bytes), Utf8Detection::Deny);
    // what is no UTF-8 here may be a page that is, but for a few bytes
    if is_mostly_utf_8(&body[start..end]) { Charset::Known(UTF_8) } else { Charset::Known(encoding) }
}

/// Whether characters of more than a byte are by far the most of what is not ASCII.
fn is_mostly_utf_8(sample: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in sample.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 20 * bad
}

/// UTF-16 without a byte order mark: text in it has ASCII, and so zeros, at every other place and at no other.
pub(super) fn utf_16(body: &[u8]) -> Option<Charset> {
    let head = &body[..body.len().min(ZEROS)];
    memchr::memchr(0, head)?;
    let pairs = head.as_chunks::<2>().0;
    let first = pairs.iter().filter(|pair| pair[0] == 0).count();
    let second = pairs.iter().filter(|pair| pair[1] == 0).count();
    let are_those_of_text = |many: usize, few: usize| pairs.len() > 1 && many * 4 >= pairs.len() && few * 20 <= many;
    if are_those_of_text(second, first) {
        Some(Charset::Known(UTF_16LE))
    } else if are_those_of_text(first, second) {
        Some(Charset::Known(UTF_16BE))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_is_told_from_what_is_none() {
        assert_eq!(guess("ä€".as_bytes(), None), Charset::UTF_8);
        assert_eq!(guess(b"plain", None).name(), "windows-1252");
        assert_ne!(guess(&"käse".as_bytes()[..2], None), Charset::UTF_8);
        assert_eq!(guess(&"äö".as_bytes()[..3], None), Charset::UTF_8);
        let broken = ["größer und schöner ".repeat(20).as_bytes(), b"\xff."].concat();
        assert_eq!(guess(&broken, None), Charset::UTF_8);
    }

    #[test]
    fn languages_are_told_by_their_letters() {
        let text = "Съешь ещё этих мягких французских булок, да выпей чаю. ".repeat(5);
        for name in ["windows-1251", "KOI8-U", "ISO-8859-5"] {
            let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).expect("an encoding");
            assert_eq!(guess(&encoding.encode(&text).0, None).name(), name);
        }
        let japanese = encoding_rs::SHIFT_JIS.encode("いろはにほへと ちりぬるを わかよたれそ").0;
        assert_eq!(guess(&japanese, Some("jp")).name(), "Shift_JIS");
        assert_eq!(guess(&[&b"x".repeat(100_000)[..], &japanese].concat(), Some("JP")).name(), "Shift_JIS");
    }

    #[test]
    fn utf_16_is_told_by_its_zeros() {
        let text = "<p>Ж</p> plain";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!((guess(&little, None).name(), guess(&big, None).name()), ("UTF-16LE", "UTF-16BE"));
        assert_eq!(guess(b"a NUL \0 or two \0", None).name(), "windows-1252");
        assert_eq!(guess(&[0; 600], None).name(), "windows-1252");
    }
}
