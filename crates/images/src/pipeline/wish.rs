//! What an item wants: an element of its field, and the places where that can be had, the best first.

use dragline::error::{Error, Result as PageResult};
use dragline::message::{Record, mask};
use serde_json::Value;
use url::Url;

/// One element of the field: a URL, an object with one, a picture of `page.images()`, or a list of any of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    /// At least one.
    pub(crate) candidates: Vec<Candidate>,
    /// The fewest pixels of a picture's shorter side; 0 is any.
    pub(crate) min_side: u32,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// As the item has it.
    pub(crate) text: String,
    /// Where that is, or why it is nowhere.
    pub(crate) url: Result<Url, Bad>,
}

/// What is no place: the reason's stable name, and the same for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
}

/// The elements of a record's field; none if it has none.
pub(crate) fn elements(record: &mut Record, field: &str) -> PageResult<Option<Vec<Value>>> {
    if !record.may_have(field) {
        return Ok(None);
    }
    match record.fields().get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(elements)) => Ok(Some(elements.clone())),
        Some(one @ (Value::String(_) | Value::Object(_))) => Ok(Some(vec![one.clone()])),
        Some(_) => Err(Error::page(format!("field `{field}` must be a list of URLs"))),
    }
}

impl Wish {
    /// Reads an element; what it says is relative to its page.
    pub(crate) fn read(element: &Value, page: &Url) -> Self {
        let list = match element {
            Value::Array(list) => Some(list),
            Value::Object(fields) => fields.get("candidates").and_then(Value::as_array),
            _ => None,
        };
        let candidates: Vec<_> = match list {
            Some(list) if !list.is_empty() => list.iter().map(|one| Candidate::read(one, page)).collect(),
            _ => vec![Candidate::read(element, page)],
        };
        let min_side = element.get("min_side").and_then(Value::as_u64).unwrap_or_default();
        Self { candidates, min_side: u32::try_from(min_side).unwrap_or(u32::MAX) }
    }
}

impl Candidate {
    fn read(value: &Value, page: &Url) -> Self {
        let text = match value {
            Value::String(text) => Some(text),
            Value::Object(fields) => match fields.get("url") {
                Some(Value::String(text)) => Some(text),
                _ => None,
            },
            _ => None,
        };
        match text {
            Some(text) => Self { text: text.clone(), url: place(text, page) },
            None => {
                let detail = "it is neither a URL nor an object with a `url`".to_owned();
                Self { text: shortened(value), url: Err(Bad { reason: "bad_url", detail }) }
            }
        }
    }
}

fn place(text: &str, page: &Url) -> Result<Url, Bad> {
    match page.join(text.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https" | "data") => Ok(url),
        Ok(url) => Err(Bad { reason: "bad_scheme", detail: format!("`{}` is not fetched", url.scheme()) }),
        Err(error) => Err(Bad { reason: "bad_url", detail: format!("{error}: {}", mask::text(text)) }),
    }
}

/// What an item has in the place of a URL, for its entry.
fn shortened(value: &Value) -> String {
    let mut text = value.to_string();
    if text.len() > 200 {
        let end = (0..=200).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn places(element: &Value) -> Vec<String> {
        let page = Url::parse("http://a.example/album/").expect("a URL");
        let of = |candidate: Candidate| candidate.url.map_or_else(|bad| bad.reason.to_owned(), String::from);
        Wish::read(element, &page).candidates.into_iter().map(of).collect()
    }

    #[test]
    fn an_element_is_a_url_an_object_a_picture_or_a_list() {
        assert_eq!(places(&json!("1.jpg")), ["http://a.example/album/1.jpg"]);
        assert_eq!(places(&json!({"url": "/1.jpg", "alt": "x"})), ["http://a.example/1.jpg"]);
        let picture = json!({"candidates": [{"url": "/2.jpg", "width": 800}, {"url": "/1.jpg"}], "element": "img"});
        assert_eq!(places(&picture), ["http://a.example/2.jpg", "http://a.example/1.jpg"]);
        assert_eq!(places(&json!(["/2.jpg", {"url": "/1.jpg"}])), ["http://a.example/2.jpg", "http://a.example/1.jpg"]);
    }

    #[test]
    fn an_element_may_say_how_large_its_picture_must_be() {
        let page = Url::parse("http://a.example/").expect("a URL");
        let min_side = |element: Value| Wish::read(&element, &page).min_side;
        assert_eq!(min_side(json!({"url": "1.jpg", "min_side": 100})), 100);
        assert_eq!(min_side(json!({"candidates": [{"url": "1.jpg"}], "min_side": 1u64 << 40})), u32::MAX);
        for none in [json!("1.jpg"), json!({"url": "1.jpg"}), json!({"url": "1.jpg", "min_side": -1}), json!(["1.jpg"])]
        {
            assert_eq!(min_side(none), 0);
        }
    }

    #[test]
    fn what_is_no_place_keeps_its_place_in_the_list() {
        assert_eq!(places(&json!(7)), ["bad_url"]);
        assert_eq!(places(&json!({"href": "x"})), ["bad_url"]);
        assert_eq!(places(&json!([])), ["bad_url"]);
        assert_eq!(places(&json!(["file:///etc/passwd", "http://[", "/1.jpg"]))[..2], ["bad_scheme", "bad_url"]);
    }
}
