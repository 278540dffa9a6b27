//! The form that pictures are written in: `jpeg:85`, `webp`, `png`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::picture::Kind;

/// A form that pictures are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Encoding {
    /// JPEG, with colours at half the resolution below a quality of 90.
    Jpeg {
        /// From 1 to 100.
        quality: u8,
    },
    /// WebP, lossless.
    WebP,
    /// PNG.
    Png,
}

/// The quality of a plain `jpeg`, which is Pillow's.
const JPEG_QUALITY: u8 = 75;

impl Encoding {
    /// The kind of the files.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Jpeg { .. } => Kind::Jpeg,
            Self::WebP => Kind::WebP,
            Self::Png => Kind::Png,
        }
    }
}

impl Default for Encoding {
    fn default() -> Self {
        Self::Jpeg { quality: JPEG_QUALITY }
    }
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, quality) = text.split_once(':').map_or((text, None), |(name, quality)| (name, Some(quality)));
        match (name, quality) {
            ("jpeg" | "jpg", None) => Ok(Self::default()),
            ("jpeg" | "jpg", Some(quality)) => match quality.parse() {
                Ok(quality @ 1..=100) => Ok(Self::Jpeg { quality }),
                _ => Err(format!("`{quality}` is no quality of a JPEG: it is a number from 1 to 100, as in `jpeg:85`")),
            },
            ("webp", None) => Ok(Self::WebP),
            ("webp", Some(quality)) => Err(format!(
                "`webp:{quality}` asks for a WebP with losses, which cannot be written: `webp` is lossless; \
                 for small files take `jpeg:{quality}`"
            )),
            ("png", None) => Ok(Self::Png),
            ("png", Some(_)) => Err("`png` is lossless and has no quality: write `png`".to_owned()),
            _ => Err(format!("`{text}` is no form for pictures (known: `jpeg`, `jpeg:85`, `webp`, `png`)")),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jpeg { quality } => write!(f, "jpeg:{quality}"),
            Self::WebP => f.write_str("webp"),
            Self::Png => f.write_str("png"),
        }
    }
}

impl TryFrom<String> for Encoding {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Encoding> for String {
    fn from(encoding: Encoding) -> Self {
        encoding.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_and_written_alike() {
        for text in ["jpeg:85", "webp", "png"] {
            assert_eq!(text.parse::<Encoding>().expect(text).to_string(), text);
        }
        assert_eq!("jpeg".parse(), Ok(Encoding::Jpeg { quality: 75 }));
    }

    #[test]
    fn mistakes_are_named_with_their_cure() {
        for (wrong, cure) in [
            ("webp:80", "`jpeg:80`"),
            ("jpeg:0", "from 1 to 100"),
            ("jpeg:101", "from 1 to 100"),
            ("jpeg:", "from 1 to 100"),
            ("png:9", "write `png`"),
            ("avif", "known: `jpeg`"),
            ("", "known: `jpeg`"),
        ] {
            let message = wrong.parse::<Encoding>().expect_err(wrong);
            assert!(message.contains(cure), "{message}");
        }
    }
}
