//! Sizes, times, addresses and types, in the words of people.

use jiff::Timestamp;
use url::Url;

/// The most characters of an address on a page.
const LONGEST_ADDRESS: usize = 300;

/// `812 B`, `34 KB`, `1.2 MB`, in steps of a thousand.
pub(crate) fn size(bytes: u64) -> String {
    let mut unit = "B";
    // the tenth of a unit is the smallest thing that is shown
    let mut tenths = bytes.saturating_mul(10);
    for larger in ["KB", "MB", "GB", "TB"] {
        if tenths < 10_000 {
            break;
        }
        (tenths, unit) = (tenths / 1000, larger);
    }
    match (unit, tenths % 10) {
        ("B", _) | (_, 0) => format!("{} {unit}", tenths / 10),
        (_, tenth) if tenths < 100 => format!("{}.{tenth} {unit}", tenths / 10),
        _ => format!("{} {unit}", tenths.div_ceil(10)),
    }
}

/// `1 picture`, `2 pictures`.
pub(crate) fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// `just now`, `3 min ago`, `2 h ago`.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    match now.as_second() - then.as_second() {
        ..45 => "just now".to_owned(),
        seconds @ 45..3600 => format!("{} min ago", (seconds + 30) / 60),
        seconds @ 3600..86_400 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

/// A URL to be read: without credentials, and not without end.
pub(crate) fn address(url: &Url) -> String {
    if url.scheme() == "data" {
        let mime = url.path().split([';', ',']).next().unwrap_or_default();
        return format!("data:{},…", cut(mime, 40));
    }
    cut(bare(url).as_str(), LONGEST_ADDRESS)
}

/// A URL to be followed: `http` or `https`, without credentials.
pub(crate) fn link(url: &Url) -> Option<String> {
    matches!(url.scheme(), "http" | "https").then(|| bare(url).into())
}

fn bare(url: &Url) -> Url {
    let mut bare = url.clone();
    // it fails where there can be none
    let _ = bare.set_username("").and_then(|()| bare.set_password(None));
    bare
}

/// The last part of a URL's path, or its host.
pub(crate) fn name(url: &Url) -> String {
    if url.scheme() == "data" {
        return "within the page".to_owned();
    }
    let last = url.path_segments().and_then(|mut parts| parts.rfind(|part| !part.is_empty()));
    let last = last.map(|last| percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned());
    cut(&last.unwrap_or_else(|| url.host_str().unwrap_or("picture").to_owned()), 120)
}

/// The name of a type, and the one that filters know it by: `("JPEG", "jpeg")`.
pub(crate) fn kind(mime: Option<&str>) -> (&'static str, &'static str) {
    match mime.unwrap_or_default().split(';').next().unwrap_or_default().trim() {
        "image/jpeg" | "image/jpg" => ("JPEG", "jpeg"),
        "image/png" | "image/apng" => ("PNG", "png"),
        "image/gif" => ("GIF", "gif"),
        "image/webp" => ("WebP", "webp"),
        "image/avif" => ("AVIF", "avif"),
        "image/svg+xml" => ("SVG", "svg"),
        "image/heic" | "image/heif" => ("HEIC", "heic"),
        "image/jxl" => ("JPEG XL", "jxl"),
        "image/bmp" | "image/x-ms-bmp" => ("BMP", "bmp"),
        "image/tiff" => ("TIFF", "tiff"),
        "image/x-icon" | "image/vnd.microsoft.icon" => ("ICO", "ico"),
        _ => ("Picture", "other"),
    }
}

/// A text as a sentence: its first letter is a capital one.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The beginning of a text, and a sign that there is more.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_digits_or_more() {
        let sizes = [0, 999, 1000, 1250, 9_940, 34_400, 999_999, 1_234_567, 2_000_000_000];
        let words = ["0 B", "999 B", "1 KB", "1.2 KB", "9.9 KB", "35 KB", "1000 KB", "1.2 MB", "2 GB"];
        assert_eq!(sizes.map(size), words.map(str::to_owned));
    }

    #[test]
    fn times_are_told_by_how_long_ago_they_were() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a time");
        let at = |text: &str| ago(text.parse().expect("a time"), now);
        assert_eq!(at("2026-11-22T11:59:40Z"), "just now");
        assert_eq!(at("2026-11-22T11:57:00Z"), "3 min ago");
        assert_eq!(at("2026-11-22T09:00:00Z"), "3 h ago");
        assert_eq!(at("2026-11-19T09:00:00Z"), "3 d ago");
    }

    #[test]
    fn addresses_have_no_credentials_and_an_end() {
        let url = Url::parse("https://me:secret@a.example/x.jpg").expect("a URL");
        assert_eq!(address(&url), "https://a.example/x.jpg");
        assert_eq!(link(&url).as_deref(), Some("https://a.example/x.jpg"));
        let long = Url::parse(&format!("https://a.example/{}", "x".repeat(5000))).expect("a URL");
        assert_eq!(address(&long).chars().count(), LONGEST_ADDRESS + 1);
        let data = Url::parse(&format!("data:image/png;base64,{}", "A".repeat(5000))).expect("a URL");
        assert_eq!((address(&data).as_str(), link(&data)), ("data:image/png,…", None));
        assert_eq!(link(&Url::parse("javascript:alert(1)").expect("a URL")), None);
    }

    #[test]
    fn a_name_is_the_last_part_of_a_path() {
        let named = |url: &str| name(&Url::parse(url).expect("a URL"));
        assert_eq!(named("https://a.example/p/a%20lake.jpg?w=3"), "a lake.jpg");
        assert_eq!(named("https://a.example/p/"), "p");
        assert_eq!(named("https://a.example/"), "a.example");
        assert_eq!(named("data:image/gif;base64,R0"), "within the page");
    }
}
