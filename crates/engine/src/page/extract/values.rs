//! The types of std and of this house that can be read from a page.

use std::borrow::Cow;
use std::fmt::Display;
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::Value;
use url::Url;

use super::Extract;
use crate::error::{Error, Result};
use crate::page::{Node, Page};

/// The most of a text that an error shows, in characters.
const SHOWN: usize = 80;

/// A text of the page as an error shows it: no line long enough to bury the message, nothing that moves a terminal.
pub(super) fn shown(text: &str) -> String {
    let begin: String = text
        .chars()
        .take(SHOWN)
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect();
    if text.chars().nth(SHOWN).is_some() { format!("{begin}…") } else { begin }
}

pub(super) fn read<T: FromStr<Err: Display>>(text: &str, what: &str) -> Result<T> {
    text.trim().parse().map_err(|error| Error::page(format!("`{}` is no `{what}`: {error}", shown(text))))
}

impl Extract for String {
    fn extract(from: &Node<'_>) -> Result<Self> {
        Ok(from.text())
    }

    fn extract_text(text: &str, _page: &Page) -> Result<Self> {
        Ok(text.to_owned())
    }
}

macro_rules! texts {
    ($($kind:ty)+) => { $(
        impl Extract for $kind {
            fn extract(from: &Node<'_>) -> Result<Self> {
                Ok(from.text().into())
            }

            fn extract_text(text: &str, _page: &Page) -> Result<Self> {
                Ok(text.to_owned().into())
            }
        }
    )+ };
}

texts! { Box<str> Rc<str> Arc<str> Cow<'_, str> }

macro_rules! numbers {
    ($($kind:ty)+) => { $(
        impl Extract for $kind {
            fn extract(from: &Node<'_>) -> Result<Self> {
                read(&from.text(), stringify!($kind))
            }

            fn extract_text(text: &str, _page: &Page) -> Result<Self> {
                read(text, stringify!($kind))
            }
        }
    )+ };
}

numbers! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 char }

/// `true`, `yes`, `1` and their opposites, in any case.
impl Extract for bool {
    fn extract(from: &Node<'_>) -> Result<Self> {
        Self::extract_text(&from.text(), from.page())
    }

    fn extract_text(text: &str, _page: &Page) -> Result<Self> {
        let is_one_of = |words: [&str; 3]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
        match (is_one_of(["true", "yes", "1"]), is_one_of(["false", "no", "0"])) {
            (true, _) => Ok(true),
            (_, true) => Ok(false),
            _ => Err(Error::page(format!("`{}` is no `bool`: neither `true` nor `false`", shown(text)))),
        }
    }
}

/// The `href` or `src` of an element, or what a text or an attribute says, absolute by the page's base.
impl Extract for Url {
    fn extract(from: &Node<'_>) -> Result<Self> {
        match from.attr("href").or_else(|| from.attr("src")) {
            Some(reference) => from.page().join(reference),
            None => from.link(),
        }
    }

    fn extract_text(text: &str, page: &Page) -> Result<Self> {
        page.join(text)
    }
}

/// The JSON of a script or of an attribute; of what JMESPath finds, the value itself.
impl Extract for Value {
    fn extract(from: &Node<'_>) -> Result<Self> {
        Self::extract_text(&from.raw(), from.page())
    }

    fn extract_text(text: &str, _page: &Page) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| Error::page(format!("`{}` is no JSON: {error}", shown(text))))
    }

    fn extract_json(value: &Value, _page: &Page) -> Result<Self> {
        Ok(value.clone())
    }
}

impl<T: Extract> Extract for Box<T> {
    fn extract(from: &Node<'_>) -> Result<Self> {
        T::extract(from).map(Self::new)
    }

    fn extract_text(text: &str, page: &Page) -> Result<Self> {
        T::extract_text(text, page).map(Self::new)
    }

    fn extract_json(value: &Value, page: &Page) -> Result<Self> {
        T::extract_json(value, page).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_from_nodes() {
        let html = "<base href='/shop/'><p> 12 </p><i>Yes</i><a href=x>a</a><img src=y><b>{\"a\": [1]}</b><s>é</s>";
        let page = Page::from_html("http://a.example/", html);
        assert_eq!(page.css("p").extract::<u8>().expect("a number"), 12);
        assert!(page.css("i").extract::<bool>().expect("a truth value"));
        assert_eq!(page.css("s").extract::<char>().expect("a character"), 'é');
        let urls: Vec<Url> = page.css("a, img, a::attr(href)").extract_all().expect("URLs");
        let urls: Vec<&str> = urls.iter().map(Url::as_str).collect();
        assert!(urls.contains(&"http://a.example/shop/x") && urls.contains(&"http://a.example/shop/y"), "{urls:?}");
        assert_eq!(page.css("b").extract::<Value>().expect("JSON")["a"][0], 1);
        assert_eq!(page.css("u").extract_opt::<Box<u8>>().expect("nothing"), None);
    }

    #[test]
    fn what_does_not_read_is_said() {
        let page = Page::from_html("http://a.example/", "<p>twelve\u{1b}[2J</p><i>maybe</i>");
        let error = page.css("p").extract::<u8>().expect_err("no number").to_string();
        assert_eq!(error, "`twelve\\u{1b}[2J` is no `u8`: invalid digit found in string");
        assert!(page.css("i").extract::<bool>().is_err() && page.css("i").extract::<Value>().is_err());
        assert_eq!(shown(&"x".repeat(500)).chars().count(), SHOWN + 1);
    }
}
