//! The four kinds of values, and how numbers and texts become each other (XPath 1.0, sections 3.1, 4.2, 4.4).

use std::borrow::Cow;

use super::document::Item;

#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    /// In document order, each once.
    Nodes(Vec<Item>),
    Text(Cow<'a, str>),
    Number(f64),
    Truth(bool),
}

/// White space of XML, which is not that of Unicode.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// A number as XPath writes it: without an exponent, and whole ones without a point.
pub(super) fn text_of_number(number: f64) -> Cow<'static, str> {
    if number.is_nan() {
        "NaN".into()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else if number == 0.0 {
        "0".into()
    } else {
        number.to_string().into()
    }
}

/// Digits with at most one point, and `-` before them; whatever else is not a number.
pub(super) fn number_of_text(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
        && digits.bytes().any(|byte| byte.is_ascii_digit());
    if is_number { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// The nearest whole number; of two, the greater.
pub(super) fn rounded(number: f64) -> f64 {
    let floor = number.floor();
    if number - floor >= 0.5 { floor + 1.0 } else { floor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_and_read_as_xpath_does() {
        assert_eq!(text_of_number(3.0), "3");
        assert_eq!(text_of_number(-0.5), "-0.5");
        assert_eq!(text_of_number(-0.0), "0");
        assert_eq!(text_of_number(1e21), "1000000000000000000000");
        assert_eq!(text_of_number(f64::NEG_INFINITY), "-Infinity");
        for (text, number) in [(" 12\n", 12.0), ("-.5", -0.5), ("5.", 5.0)] {
            assert_eq!(text_of_number(number_of_text(text)), text_of_number(number), "{text}");
        }
        for none in ["", ".", "-", "1e3", "+1", "1.2.3", "inf", "1 2", "٣"] {
            assert!(number_of_text(none).is_nan(), "{none}");
        }
        assert_eq!([rounded(2.5), rounded(-2.5), rounded(-0.4), rounded(1e300)], [3.0, -2.0, 0.0, 1e300]);
    }
}
