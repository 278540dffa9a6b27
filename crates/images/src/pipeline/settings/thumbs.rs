//! The box of a thumbnail, as people write it: `{ width = 50, height = 50 }`, or `[50, 50]` as in Scrapy.

use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The box that a thumbnail is made to fit into; it keeps its ratio, and is never larger than its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ThumbBox {
    /// The most pixels from left to right.
    pub width: u32,
    /// The most pixels from top to bottom.
    pub height: u32,
}

impl<'de> Deserialize<'de> for ThumbBox {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Either of the two ways to write it; serde's own way for that says nothing of what is wrong.
struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = ThumbBox;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a box such as `{ width = 50, height = 50 }` or `[50, 50]`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sides: A) -> Result<ThumbBox, A::Error> {
        let (width, height) = (sides.next_element()?, sides.next_element()?);
        match (width, height, sides.next_element::<u32>()?) {
            (Some(width), Some(height), None) => Ok(ThumbBox { width, height }),
            _ => Err(A::Error::custom("a box has two sides, such as `[50, 50]`")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut sides: A) -> Result<ThumbBox, A::Error> {
        let (mut width, mut height) = (None, None);
        while let Some(key) = sides.next_key::<String>()? {
            match key.as_str() {
                "width" => width = Some(sides.next_value()?),
                "height" => height = Some(sides.next_value()?),
                _ => return Err(A::Error::unknown_field(&key, &["width", "height"])),
            }
        }
        match (width, height) {
            (Some(width), Some(height)) => Ok(ThumbBox { width, height }),
            (None, _) => Err(A::Error::missing_field("width")),
            (_, None) => Err(A::Error::missing_field("height")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_written_in_two_ways() {
        let read = |text: &str| {
            toml::from_str::<toml::Table>(text).expect("TOML")["small"]
                .clone()
                .try_into::<ThumbBox>()
                .map_err(|error| error.to_string())
        };
        let expected = Ok(ThumbBox { width: 50, height: 60 });
        assert_eq!(read("small = [50, 60]"), expected);
        assert_eq!(read("small = { width = 50, height = 60 }"), expected);
        assert!(read("small = [50]").expect_err("one side").contains("two sides"));
        assert!(read("small = { width = 50 }").expect_err("one side").contains("height"));
        assert!(read("small = { widht = 50 }").expect_err("no key").contains("`widht`"));
        assert!(read("small = 50").expect_err("a number").contains("a box such as"));
    }
}
