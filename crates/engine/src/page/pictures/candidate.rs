//! One place where a picture can be had, and what the page says of it.

use std::fmt;

use dragline_macros::Item;
use serde::{Deserialize, Serialize};
use url::Url;

/// One place where a picture can be had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Item)]
pub struct Candidate {
    /// Where; absolute: http(s), or `data:` with an image.
    pub url: Url,
    /// Where on the page this stands.
    pub source: Source,
    /// Its width in pixels, as the page has it. Not to be relied on: nobody has looked at the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Its height in pixels, as the page has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Its pixels for each of the layout's: 2 of `2x`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub density: Option<f64>,
    /// Its media type, as the page has it: `image/avif`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// For which screens it is meant: `(max-width: 600px)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
}

/// Where on a page a candidate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Item)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Source {
    /// A link around the picture that leads to an image: mostly its original.
    Anchor,
    /// An attribute for the whole picture: `data-full`, `data-zoom-image`.
    Original,
    /// `<source srcset>` of a `<picture>`.
    Picture,
    /// `srcset` of an `<img>`.
    Srcset,
    /// An attribute from which a script sets the other ones: `data-src`, `data-srcset`.
    Lazy,
    /// `src` of an `<img>`.
    Src,
    /// Within a `<noscript>`.
    Noscript,
    /// `<image>` of an SVG drawing.
    Svg,
    /// `<video poster>`.
    Poster,
    /// `<input type=image>`.
    Input,
    /// `<object data>` or `<embed src>` of an image type.
    Object,
    /// CSS: a `style` attribute or a `<style>` element.
    Style,
    /// `background`, the attribute, and what scripts make backgrounds of: `data-bg`.
    Background,
    /// `og:image`.
    OpenGraph,
    /// `twitter:image`.
    Twitter,
    /// JSON-LD: `image`, `contentUrl`, `logo`.
    JsonLd,
    /// Microdata: `itemprop="image"`.
    Microdata,
    /// `<link rel=preload as=image>`.
    Preload,
    /// `<link rel=image_src>`, and `<meta name=thumbnail>`.
    ImageSrc,
    /// `<link rel=icon>`, `apple-touch-icon` and their like.
    Icon,
    /// What calls itself a smaller one: `thumbnailUrl`, `data-thumb`.
    Thumbnail,
}

impl Source {
    /// Its stable name, as it is serialised: `open-graph`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anchor => "anchor",
            Self::Original => "original",
            Self::Picture => "picture",
            Self::Srcset => "srcset",
            Self::Lazy => "lazy",
            Self::Src => "src",
            Self::Noscript => "noscript",
            Self::Svg => "svg",
            Self::Poster => "poster",
            Self::Input => "input",
            Self::Object => "object",
            Self::Style => "style",
            Self::Background => "background",
            Self::OpenGraph => "open-graph",
            Self::Twitter => "twitter",
            Self::JsonLd => "json-ld",
            Self::Microdata => "microdata",
            Self::Preload => "preload",
            Self::ImageSrc => "image-src",
            Self::Icon => "icon",
            Self::Thumbnail => "thumbnail",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_one_name() {
        for source in [Source::Anchor, Source::OpenGraph, Source::JsonLd, Source::ImageSrc, Source::Picture] {
            assert_eq!(serde_json::to_value(source).expect("JSON"), source.as_str());
        }
    }

    #[test]
    fn a_candidate_says_only_what_is_known() {
        let text = r#"{"url":"http://a.example/a.jpg","source":"srcset","width":800}"#;
        let candidate: Candidate = serde_json::from_str(text).expect("a candidate");
        assert_eq!(serde_json::to_string(&candidate).expect("JSON"), text);
    }
}
