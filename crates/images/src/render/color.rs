//! A colour, written as in CSS: `#ffffff`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A colour: what is put behind transparent pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color {
    /// Of 255.
    pub red: u8,
    /// Of 255.
    pub green: u8,
    /// Of 255.
    pub blue: u8,
}

impl Color {
    /// `#ffffff`.
    pub const WHITE: Self = Self { red: 255, green: 255, blue: 255 };

    pub(crate) fn is_grey(self) -> bool {
        self.red == self.green && self.green == self.blue
    }

    pub(crate) fn channels(self) -> [u8; 3] {
        [self.red, self.green, self.blue]
    }
}

impl Default for Color {
    fn default() -> Self {
        Self::WHITE
    }
}

impl FromStr for Color {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mistake = || format!("`{text}` is no colour: write `#rrggbb`, such as `#ffffff`");
        let digits = text.strip_prefix('#').ok_or_else(mistake)?;
        // `from_str_radix` takes a sign
        if !matches!(digits.len(), 3 | 6) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(mistake());
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| mistake())?;
        let [_, red, green, blue] = if digits.len() == 6 {
            number.to_be_bytes()
        } else {
            // `#fa0` is `#ffaa00`
            [0, number >> 8, number >> 4, number].map(|digit| (digit & 0xF) as u8 * 0x11)
        };
        Ok(Self { red, green, blue })
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl TryFrom<String> for Color {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_in_css_and_mistakes_are_named() {
        assert_eq!("#ffffff".parse(), Ok(Color::WHITE));
        let orange = "#FA0".parse::<Color>().expect("a colour");
        assert_eq!((orange, orange.to_string()), (Color { red: 255, green: 170, blue: 0 }, "#ffaa00".to_owned()));
        for wrong in ["", "white", "#", "#ff", "#fffffff", "#+12345", "#gggggg", "#ééé"] {
            let message = wrong.parse::<Color>().expect_err(wrong);
            assert!(message.contains("#rrggbb"), "{message}");
        }
    }
}
