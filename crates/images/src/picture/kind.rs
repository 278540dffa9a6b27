//! The kinds of pictures that are known, by their first bytes.

use image::ImageFormat;
use serde::{Deserialize, Serialize};

/// A kind of picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// JPEG (ITU-T T.81).
    Jpeg,
    /// PNG and APNG.
    Png,
    /// WebP.
    WebP,
    /// GIF.
    Gif,
    /// BMP of Windows.
    Bmp,
    /// TIFF and `BigTIFF`.
    Tiff,
    /// ICO, and CUR of mouse pointers.
    Ico,
    /// AVIF: known by its structure, and not decoded.
    Avif,
    /// HEIC and HEIF: known by their structure, and not decoded.
    Heic,
    /// JPEG XL: known by its structure, and not decoded.
    JpegXl,
    /// SVG, which is a program: known as such, and refused.
    Svg,
}

impl Kind {
    /// The kinds that can be kept, in the order in which a store is searched for them.
    pub const KEPT: [Self; 10] = [
        Self::Jpeg,
        Self::Png,
        Self::WebP,
        Self::Gif,
        Self::Avif,
        Self::Bmp,
        Self::Tiff,
        Self::Ico,
        Self::Heic,
        Self::JpegXl,
    ];

    /// The kind of a file that begins with these bytes. 512 of them are enough for every kind.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let at = |offset: usize, what: &[u8]| bytes.get(offset..).is_some_and(|bytes| bytes.starts_with(what));
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', ..] if at(8, b"WEBP") => Some(Self::WebP),
            [b'B', b'M', ..] if is_bmp(bytes) => Some(Self::Bmp),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            [0, 0, 1 | 2, 0, count, high, ..] if (*count, *high) != (0, 0) => Some(Self::Ico),
            [0xFF, 0x0A, ..] => Some(Self::JpegXl),
            _ if at(0, b"\0\0\0\x0CJXL \r\n\x87\n") => Some(Self::JpegXl),
            _ if at(4, b"ftyp") => of_brands(bytes),
            _ if is_svg(bytes) => Some(Self::Svg),
            _ => None,
        }
    }

    /// The extension of its files, without a dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Ico => "ico",
            Self::Avif => "avif",
            Self::Heic => "heic",
            Self::JpegXl => "jxl",
            Self::Svg => "svg",
        }
    }

    /// The media type.
    #[must_use]
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Ico => "image/x-icon",
            Self::Avif => "image/avif",
            Self::Heic => "image/heic",
            Self::JpegXl => "image/jxl",
            Self::Svg => "image/svg+xml",
        }
    }

    /// Whether its pixels can be had: without them there is no thumbnail, and its structure is all that is checked.
    #[must_use]
    pub fn is_decoded(self) -> bool {
        self.decoder().is_some()
    }

    pub(crate) fn decoder(self) -> Option<ImageFormat> {
        match self {
            Self::Jpeg => Some(ImageFormat::Jpeg),
            Self::Png => Some(ImageFormat::Png),
            Self::WebP => Some(ImageFormat::WebP),
            Self::Gif => Some(ImageFormat::Gif),
            Self::Bmp => Some(ImageFormat::Bmp),
            Self::Tiff => Some(ImageFormat::Tiff),
            Self::Ico => Some(ImageFormat::Ico),
            Self::Avif | Self::Heic | Self::JpegXl | Self::Svg => None,
        }
    }
}

/// `BM` begins many a text, so the length of the second header counts as well.
fn is_bmp(bytes: &[u8]) -> bool {
    matches!(bytes.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

/// By the major brand, and where that is a general one by the compatible brands (ISO/IEC 23008-12, annex B).
fn of_brands(bytes: &[u8]) -> Option<Kind> {
    let length = usize::try_from(u32::from_be_bytes(bytes.first_chunk().copied()?)).ok()?;
    let brands = bytes.get(8..length.min(bytes.len()))?;
    // the second four bytes are the version of the first brand
    let brands = brands.chunks_exact(4).enumerate().filter(|(index, _)| *index != 1);
    let mut general = None;
    for (_, brand) in brands {
        match brand {
            b"avif" | b"avis" => return Some(Kind::Avif),
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => return Some(Kind::Heic),
            b"mif1" | b"msf1" => general = Some(Kind::Heic),
            _ => {}
        }
    }
    general
}

/// The root element, behind a declaration, a document type and comments.
fn is_svg(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let start = &start[..start.len().min(1024)];
    let lower = start.to_ascii_lowercase();
    let svg = memchr::memmem::find(&lower, b"<svg");
    let html = memchr::memmem::find(&lower, b"<html").or_else(|| memchr::memmem::find(&lower, b"<!doctype html"));
    start.first() == Some(&b'<') && svg.is_some_and(|svg| html.is_none_or(|html| svg < html))
}

/// What bytes that are no picture look like, for people.
pub(crate) fn looks_like(bytes: &[u8]) -> &'static str {
    let start = bytes.trim_ascii_start();
    let start = &start[..start.len().min(512)];
    let has = |what: &[u8]| start.windows(what.len()).any(|window| window.eq_ignore_ascii_case(what));
    if is_svg(bytes) {
        "an SVG, which is a program and not kept"
    } else if start.starts_with(b"%PDF") {
        "a PDF"
    } else if has(b"<html") || has(b"<!doctype html") || has(b"<body") {
        "an HTML page"
    } else if start.first().is_some_and(|byte| b"{[".contains(byte)) {
        "JSON"
    } else if start.starts_with(b"PK\x03\x04") {
        "a ZIP archive"
    } else if bytes.get(4..8) == Some(b"ftyp") || start.starts_with(b"\x1A\x45\xDF\xA3") {
        "a film"
    } else if is_text(start) {
        "text"
    } else {
        "of an unknown kind"
    }
}

/// UTF-8, but for a character that was cut off at the end.
fn is_text(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::samples;

    #[test]
    fn every_kind_is_known_by_its_first_bytes() {
        for (kind, bytes) in samples::one_of_each() {
            assert_eq!(Kind::of(&bytes), Some(kind));
            assert_eq!(Kind::of(&bytes[..bytes.len().min(512)]), Some(kind));
        }
        assert_eq!(Kind::of(b"\xEF\xBB\xBF <?xml version=\"1.0\"?><!-- x --><svg>"), Some(Kind::Svg));
        assert_eq!(Kind::of(b"<!doctype html><p><svg>"), None);
        assert_eq!(Kind::of(b"BMW builds cars"), None);
        assert_eq!(Kind::of(b""), None);
    }

    #[test]
    fn what_is_no_picture_is_named() {
        for (bytes, name) in [
            (&b"<!DOCTYPE html><p>Not found"[..], "an HTML page"),
            (b"<svg onload=alert(1)>", "an SVG, which is a program and not kept"),
            (b"%PDF-1.7", "a PDF"),
            (b" {\"error\": 404}", "JSON"),
            ("kein Bild, schön".as_bytes(), "text"),
            (b"PK\x03\x04\x14\0", "a ZIP archive"),
            (b"\0\0\0\x18ftypmp42", "a film"),
            (b"\x80\x81\x82", "of an unknown kind"),
        ] {
            assert_eq!(looks_like(bytes), name);
        }
    }
}
