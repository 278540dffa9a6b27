//! Attributes from which scripts load pictures late, by the names that they go by on the web.

use super::candidate::Source;

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// A URL.
    Url,
    /// A `srcset`.
    Set,
}

/// Of an `<img>`, `<source>` or what stands for one.
const OF_IMAGES: &[(&str, Source, Holds)] = &[
    ("data-src", Source::Lazy, Holds::Url),
    ("data-srcset", Source::Lazy, Holds::Set),
    ("data-original", Source::Lazy, Holds::Url),
    ("data-original-set", Source::Lazy, Holds::Set),
    ("data-original-src", Source::Lazy, Holds::Url),
    ("data-lazy", Source::Lazy, Holds::Url),
    ("data-lazy-src", Source::Lazy, Holds::Url),
    ("data-lazy-srcset", Source::Lazy, Holds::Set),
    ("data-lazyload", Source::Lazy, Holds::Url),
    ("data-ll-src", Source::Lazy, Holds::Url),
    ("data-ll-srcset", Source::Lazy, Holds::Set),
    ("data-cfsrc", Source::Lazy, Holds::Url),
    ("data-echo", Source::Lazy, Holds::Url),
    ("data-url", Source::Lazy, Holds::Url),
    ("data-image", Source::Lazy, Holds::Url),
    ("data-image-src", Source::Lazy, Holds::Url),
    ("data-img-src", Source::Lazy, Holds::Url),
    ("data-pin-media", Source::Lazy, Holds::Url),
    ("data-retina", Source::Lazy, Holds::Url),
    ("data-at2x", Source::Lazy, Holds::Url),
    ("lazysrc", Source::Lazy, Holds::Url),
    ("data-thumb", Source::Thumbnail, Holds::Url),
    ("data-thumbnail", Source::Thumbnail, Holds::Url),
    ("data-medium-file", Source::Lazy, Holds::Url),
    ("data-large-file", Source::Lazy, Holds::Url),
];

/// Of any element: the whole picture.
const OF_ORIGINALS: &[(&str, Source, Holds)] = &[
    ("data-full", Source::Original, Holds::Url),
    ("data-full-src", Source::Original, Holds::Url),
    ("data-fullsrc", Source::Original, Holds::Url),
    ("data-full-url", Source::Original, Holds::Url),
    ("data-fullsize", Source::Original, Holds::Url),
    ("data-full-size", Source::Original, Holds::Url),
    ("data-full-image", Source::Original, Holds::Url),
    ("data-fullres", Source::Original, Holds::Url),
    ("data-zoom", Source::Original, Holds::Url),
    ("data-zoom-image", Source::Original, Holds::Url),
    ("data-zoom-src", Source::Original, Holds::Url),
    ("data-zoomsrc", Source::Original, Holds::Url),
    ("data-large", Source::Original, Holds::Url),
    ("data-large-src", Source::Original, Holds::Url),
    ("data-large_image", Source::Original, Holds::Url),
    ("data-large-image", Source::Original, Holds::Url),
    ("data-hi-res-src", Source::Original, Holds::Url),
    ("data-hires", Source::Original, Holds::Url),
    ("data-high-res-src", Source::Original, Holds::Url),
    ("data-highres", Source::Original, Holds::Url),
    ("data-orig-file", Source::Original, Holds::Url),
    ("data-old-hires", Source::Original, Holds::Url),
];

/// Of any element: what is drawn behind it.
const OF_BACKGROUNDS: &[(&str, Source, Holds)] = &[
    ("data-bg", Source::Background, Holds::Url),
    ("data-bg-src", Source::Background, Holds::Url),
    ("data-bg-image", Source::Background, Holds::Url),
    ("data-bgset", Source::Background, Holds::Set),
    ("data-background", Source::Background, Holds::Url),
    ("data-background-image", Source::Background, Holds::Url),
    ("data-background-src", Source::Background, Holds::Url),
    ("data-lazy-background", Source::Background, Holds::Url),
    ("data-image-background", Source::Background, Holds::Url),
    ("data-parallax-image", Source::Background, Holds::Url),
    ("background", Source::Background, Holds::Url),
];

/// What an attribute of an image holds, if that is a picture.
pub(super) fn of_image(attribute: &str) -> Option<(Source, Holds)> {
    find(OF_IMAGES, attribute).or_else(|| of_any(attribute))
}

/// What an attribute of any element holds, if that is a picture.
pub(super) fn of_any(attribute: &str) -> Option<(Source, Holds)> {
    find(OF_ORIGINALS, attribute).or_else(|| find(OF_BACKGROUNDS, attribute))
}

fn find(names: &[(&str, Source, Holds)], attribute: &str) -> Option<(Source, Holds)> {
    // most attributes are none of these
    if !attribute.starts_with("data-") && attribute != "background" && attribute != "lazysrc" {
        return None;
    }
    names.iter().find(|(name, ..)| *name == attribute).map(|(_, source, holds)| (*source, *holds))
}

/// Whether a value is a reference and not a switch, a number or JSON: such attributes are anybody's.
pub(super) fn is_reference(value: &str) -> bool {
    let value = value.trim_ascii();
    let begins = ["http://", "https://", "/", "./", "../", "data:image/"];
    let is_code = value.starts_with(['{', '[', '<', '#']);
    !is_code && (begins.iter().any(|begin| value.starts_with(begin)) || has_extension(value))
}

fn has_extension(value: &str) -> bool {
    let path = value.split(['?', '#']).next().unwrap_or_default();
    let extension = path.rsplit_once('.').map(|(_, extension)| extension).unwrap_or_default();
    is_extension(extension)
}

/// Whether this is the end of an image's name.
pub(super) fn is_extension(extension: &str) -> bool {
    IMAGES.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// How the names of images end.
pub(super) const IMAGES: [&str; 17] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "avif", "svg", "bmp", "tif", "tiff", "ico", "heic",
    "heif", "jxl",
];
