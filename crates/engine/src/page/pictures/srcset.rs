//! `srcset`: URLs, each with what is said of its size (WHATWG HTML, section 4.8.4.2.2, "parse a srcset attribute").

use std::str::FromStr;

/// One image of a `srcset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry<'a> {
    /// The URL as it stands there, which may be relative, or none at all.
    pub url: &'a str,
    /// Its width in pixels: `800w`.
    pub width: Option<u32>,
    /// Its height in pixels, which no browser looks at: `600h`.
    pub height: Option<u32>,
    /// Its pixels for each of the layout's: `2x`.
    pub density: Option<f64>,
}

/// The images of a `srcset`, in order, those with a wrong descriptor left out. Read as they are asked for.
#[must_use]
pub fn parse(srcset: &str) -> Entries<'_> {
    Entries { rest: srcset }
}

/// The images of a `srcset`: see [`parse`].
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            let begin = self.rest.trim_start_matches(|c: char| c == ',' || is_space(c));
            if begin.is_empty() {
                self.rest = begin;
                return None;
            }
            let (url, after) = begin.split_at(begin.find(is_space).unwrap_or(begin.len()));
            let plain = url.trim_end_matches(',');
            let mut sizes = Sizes::default();
            self.rest = if plain.len() < url.len() { after } else { sizes.read(after) };
            if let Some((width, height, density)) = sizes.finish() {
                return Some(Entry { url: plain, width, height, density });
            }
        }
    }
}

/// What the descriptors of one image say.
#[derive(Debug, Default)]
struct Sizes {
    width: Option<u32>,
    height: Option<u32>,
    density: Option<f64>,
    is_wrong: bool,
}

impl Sizes {
    /// Reads descriptors up to the comma that ends them, and returns what comes after it. A comma in parentheses is
    /// part of a descriptor.
    fn read<'a>(&mut self, text: &'a str) -> &'a str {
        let mut begin = None;
        let mut is_in_parentheses = false;
        for (at, byte) in text.bytes().enumerate() {
            let is_end = !is_in_parentheses && (byte == b',' || is_space(char::from(byte)));
            if is_end {
                if let Some(begin) = begin.take() {
                    self.see(&text[begin..at]);
                }
                if byte == b',' {
                    return &text[at + 1..];
                }
                continue;
            }
            begin.get_or_insert(at);
            is_in_parentheses = if is_in_parentheses { byte != b')' } else { byte == b'(' };
        }
        if let Some(begin) = begin {
            self.see(&text[begin..]);
        }
        ""
    }

    fn see(&mut self, descriptor: &str) {
        let is_new = match descriptor.as_bytes().last() {
            Some(b'w') => {
                let is_new = self.width.is_none() && self.density.is_none();
                self.width = pixels(&descriptor[..descriptor.len() - 1]);
                is_new && self.width.is_some()
            }
            Some(b'h') => {
                let is_new = self.height.is_none() && self.density.is_none();
                self.height = pixels(&descriptor[..descriptor.len() - 1]);
                is_new && self.height.is_some()
            }
            Some(b'x') => {
                let is_new = self.width.is_none() && self.height.is_none() && self.density.is_none();
                self.density = density(&descriptor[..descriptor.len() - 1]);
                is_new && self.density.is_some()
            }
            _ => false,
        };
        self.is_wrong |= !is_new;
    }

    fn finish(self) -> Option<(Option<u32>, Option<u32>, Option<f64>)> {
        let is_height_alone = self.height.is_some() && self.width.is_none();
        (!self.is_wrong && !is_height_alone).then_some((self.width, self.height, self.density))
    }
}

/// A valid non-negative integer that is not zero. One too long for a picture is the longest that there is.
fn pixels(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = is_number.then(|| u32::from_str(text).unwrap_or(u32::MAX))?;
    // digits alone overflow upwards only
    (value > 0).then_some(value)
}

/// A valid floating-point number that is not negative (WHATWG HTML, section 2.3.4.3).
fn density(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_mantissa = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole.is_empty() || are_digits(whole)) && are_digits(fraction),
        None => are_digits(mantissa),
    };
    let is_exponent = exponent.is_none_or(|text| are_digits(text.strip_prefix(['-', '+']).unwrap_or(text)));
    let value = (is_mantissa && is_exponent).then(|| f64::from_str(text).ok())??;
    // what is too large for a number is an error to the rules for parsing them
    (value >= 0.0 && value.is_finite()).then_some(value)
}

/// ASCII white space, which has no vertical tab.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The images of a text as it would print them again.
    fn read(srcset: &str) -> Vec<String> {
        let number = |value: Option<u32>, unit: &str| value.map_or(String::new(), |value| format!(" {value}{unit}"));
        let print = |entry: Entry<'_>| {
            let density = entry.density.map_or(String::new(), |value| format!(" {value}x"));
            format!("{}{}{}{density}", entry.url, number(entry.width, "w"), number(entry.height, "h"))
        };
        parse(srcset).map(print).collect()
    }

    #[test]
    fn p11_commas_and_spaces_part_images() {
        for nothing in ["", ",", ",,,", " ", " , ", "\t\n\u{c}\r"] {
            assert!(read(nothing).is_empty(), "{nothing:?}");
        }
        for one in ["p", "p ", "p ,", "p,", "p, ", "p,,,", "p,, , ", " p", ",,,p", " , ,,p"] {
            assert_eq!(read(one), ["p"], "{one:?}");
        }
        for space in ["  ", "\t\t", "\n\n", "\u{c}\u{c}", "\r\r"] {
            assert_eq!(read(&format!("{space}p{space}1x{space}")), ["p 1x"], "{space:?}");
        }
        // a comma within a URL is part of it, one at its end is not
        assert_eq!(read("data:,a, b,c 2x,d"), ["data:,a", "b,c 2x", "d"]);
        assert_eq!(read("a.jpg 1x,b.jpg 2x"), ["a.jpg 1x", "b.jpg 2x"]);
    }

    #[test]
    fn p11_what_only_looks_like_a_space_is_part_of_a_url() {
        for odd in ['\u{b}', '\u{e}', '\u{f}', '\u{10}', '\u{a0}'] {
            let text = format!("{odd}{odd}p{odd}1x{odd}");
            assert_eq!(read(&text), [text], "{odd:?}");
        }
    }

    #[test]
    fn p11_a_comma_in_parentheses_ends_nothing() {
        assert_eq!(read("p ( , q 1x, ), r"), ["r"]);
        assert_eq!(read("p ((( , q 1x, ), r"), ["r"]);
        assert_eq!(read("p, q ("), ["p"]);
        assert_eq!(read("p, q (  "), ["p"]);
        assert_eq!(read("p, q (,"), ["p"]);
        assert_eq!(read("p, q (x"), ["p"]);
        assert_eq!(read("p, q ()"), ["p"]);
        assert!(read("p (, q").is_empty());
        // other brackets, quotes and comments are nothing special
        assert_eq!(read("p [ , q 1x, ], r"), ["q 1x", "]", "r"]);
        assert_eq!(read("p { , q 1x, }, r"), ["q 1x", "}", "r"]);
        assert_eq!(read("p \" , q 1x, \", r"), ["q 1x", "\"", "r"]);
        assert_eq!(read("p \\,data:;\\,q, r"), ["data:;\\,q", "r"]);
        assert_eq!(read("p /*, q, r */"), ["q"]);
        assert_eq!(read("p //, q"), ["q"]);
    }

    #[test]
    fn p11_descriptors_fit_each_other_or_the_image_is_none() {
        for good in ["1w", "1w 1h", "1x", "0x", "1e0x", "1E0x", "1e-1x", "1.5e1x", ".5x", ".5e1x", "1.0x", "1e+1x"] {
            assert_eq!(read(&format!("p {good}, q")).len(), 2, "{good}");
        }
        assert_eq!(read("p 3h 4w"), ["p 4w 3h"]);
        assert_eq!(read("p -0x"), ["p -0x"]);
        let pairs = ["1x 1x", "1w 1w", "1w 1x", "1x 1w", "1h 1h", "1h 1x", "1h 1w 1x", "1x 1w 1h", "1w 1x 1h", "1h"];
        let odd = ["foo", "foo foo", "foo 1x", "foo 1x foo", "foo 1w", "foo 1w foo", "1h foo", "foo 1h", "w", "h", "x"];
        for bad in pairs.into_iter().chain(odd) {
            assert_eq!(read(&format!("p {bad}, q")), ["q"], "{bad}");
        }
    }

    #[test]
    fn p11_numbers_are_written_as_the_standard_has_them() {
        let whole = ["0", "-1", "1.0", "1e0", "1ww", "+1", "Infinity", "NaN", "0x1", "0X1", ""];
        for unit in ["w", "h"] {
            let with = if unit == "h" { "1w " } else { "" };
            for number in whole {
                assert!(read(&format!("p {with}{number}{unit}")).is_empty(), "{number}{unit}");
            }
            assert!(read(&format!("p {with}1{}", unit.to_uppercase())).is_empty());
        }
        let broken = ["-1", "-", ".", "-.", "1.", "+1", "1e1.5", "1e", "Infinity", "NaN", "0x1", "0X1", "1e999", ""];
        for number in broken {
            assert!(read(&format!("p {number}x")).is_empty(), "{number}x");
        }
        assert!(read("p 1X").is_empty());
        assert_eq!(read("p 99999999999999999999w"), ["p 4294967295w"]);
    }

    #[test]
    fn p11_no_odd_character_is_part_of_a_number() {
        let spaces =
            ('\u{2000}'..='\u{200a}').chain(['\u{1}', '\u{a0}', '\u{1680}', '\u{200c}', '\u{200d}', '\u{202f}']);
        for odd in spaces.chain(['\u{205f}', '\u{3000}', '\u{feff}']) {
            for (with, unit) in [("", "w"), ("", "x"), ("1w ", "h")] {
                assert!(read(&format!("p {with}1{odd}{unit}")).is_empty(), "{odd:?} after");
                assert!(read(&format!("p {with}{odd}1{unit}")).is_empty(), "{odd:?} before");
            }
        }
    }
}
