//! Characters become bytes of another encoding than UTF-8; what it lacks is escaped as the format knows how.

use encoding_rs::{EncoderResult, Encoding, UTF_8};

use super::format::Unfit;
use crate::error::{Error, Result};

/// A character encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    Ascii,
    Other(&'static Encoding),
}

/// What becomes of a character that the encoding lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// `\u00f6`, in UTF-16 units.
    JsonEscape,
    /// `&#246;`
    Reference,
    /// The item does not fit.
    Refuse,
}

impl Charset {
    /// By its label, also in Python's spelling (`latin-1`).
    pub(super) fn parse(label: &str) -> Result<Self> {
        let lower = label.to_lowercase();
        if ["ascii", "us-ascii"].contains(&lower.as_str()) {
            return Ok(Self::Ascii);
        }
        let plain = lower.replace('-', "");
        let plain = if plain == "latin" { "latin1" } else { &plain };
        let found = Encoding::for_label(lower.as_bytes()).or_else(|| Encoding::for_label(plain.as_bytes()));
        match found {
            Some(encoding) if encoding == UTF_8 => Ok(Self::Utf8),
            // no encoder writes UTF-16: the standard has none
            Some(encoding) if encoding.output_encoding() == encoding => Ok(Self::Other(encoding)),
            _ => {
                let what = format!("= `{label}` is not an encoding that can be written (such as utf-8, latin1, ascii)");
                Err(Error::setting("feeds.encoding", what))
            }
        }
    }

    /// Appends the text in this encoding.
    ///
    /// # Errors
    /// If a character is missing and that is not to be.
    pub(super) fn encode(self, text: &str, missing: Missing, out: &mut Vec<u8>) -> Result<(), Unfit> {
        match self {
            Self::Utf8 => out.extend_from_slice(text.as_bytes()),
            Self::Ascii => {
                for c in text.chars() {
                    match u8::try_from(c) {
                        Ok(byte) if byte.is_ascii() => out.push(byte),
                        _ => escape(c, missing, out)?,
                    }
                }
            }
            Self::Other(encoding) => {
                let mut encoder = encoding.new_encoder();
                let mut rest = text;
                loop {
                    let room =
                        encoder.max_buffer_length_from_utf8_without_replacement(rest.len()).unwrap_or(rest.len());
                    out.reserve(room.max(16));
                    let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, out, true);
                    rest = &rest[read..];
                    match result {
                        EncoderResult::InputEmpty => break,
                        EncoderResult::OutputFull => {}
                        EncoderResult::Unmappable(c) => escape(c, missing, out)?,
                    }
                }
            }
        }
        Ok(())
    }
}

fn escape(c: char, missing: Missing, out: &mut Vec<u8>) -> Result<(), Unfit> {
    match missing {
        Missing::JsonEscape => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            }
        }
        Missing::Reference => out.extend_from_slice(format!("&#{};", u32::from(c)).as_bytes()),
        Missing::Refuse => return Err(Unfit::Item(format!("`{c}` is not in the feed's encoding"))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_encoding_lacks_is_escaped_or_refused() {
        let encode = |label: &str, missing| {
            let mut out = Vec::new();
            let charset = Charset::parse(label).expect("an encoding");
            charset.encode("aö☺𝄞b", missing, &mut out).map(|()| out).map_err(|error| error.to_string())
        };
        assert_eq!(encode("latin-1", Missing::JsonEscape), Ok(b"a\xf6\\u263a\\ud834\\udd1eb".to_vec()));
        assert_eq!(encode("ascii", Missing::Reference), Ok(b"a&#246;&#9786;&#119070;b".to_vec()));
        assert_eq!(encode("utf8", Missing::Refuse), Ok("aö☺𝄞b".as_bytes().to_vec()));
        assert!(encode("latin", Missing::Refuse).expect_err("refused").contains('☺'));
        assert!(Charset::parse("utf-16").is_err());
    }
}
