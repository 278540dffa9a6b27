//! Items are typed where people write them and plain where machines route them: a record is the plain form.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};
use url::Url;

use super::{Item, Options, Reach};

/// An item on its way from the spider through the pipelines into the feeds: a kind, and fields in order.
///
/// Where nobody looks at the fields they stay the JSON that the spider's thread wrote; the first access opens them.
#[derive(Debug, Clone)]
pub struct Record {
    /// The item's kind.
    pub kind: Arc<str>,
    /// The page that it was found on.
    pub page: Arc<Url>,
    /// How far what it names may lead: an image that it has.
    pub reach: Reach,
    /// The way to its page, cookie jar and proxy, for what is fetched because of it, and what the page says of how it is
    /// named to others; none if all of it is the usual.
    pub way: Option<Arc<Options>>,
    content: Content,
}

/// Invariant: `Sealed` holds one whole JSON object.
#[derive(Debug, Clone)]
enum Content {
    Sealed(Bytes),
    Open(Map<String, Value>),
}

/// An item that cannot be made into a record, or a record that is not the item asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The item is not a struct or a map.
    #[error("an item of kind `{kind}` must be a struct or a map, so that it has fields")]
    NotFields {
        /// The item's kind.
        kind: String,
    },
    /// The item does not serialise to JSON, or the record's fields are not those of the type.
    #[error("an item of kind `{kind}` does not fit")]
    Json {
        /// The item's kind.
        kind: String,
        /// What serde says.
        #[source]
        source: serde_json::Error,
    },
}

impl Record {
    /// The record of an item that was found on `page`.
    ///
    /// # Errors
    /// If the item does not serialise, or not to fields.
    pub fn from_item<I: Item>(item: &I, page: Arc<Url>) -> Result<Self, RecordError> {
        let json = serde_json::to_vec(item).map_err(|source| RecordError::Json { kind: I::KIND.to_owned(), source })?;
        if json.first() != Some(&b'{') {
            return Err(RecordError::NotFields { kind: I::KIND.to_owned() });
        }
        let json = on_one_line(json).map_err(|source| RecordError::Json { kind: I::KIND.to_owned(), source })?;
        Ok(Self::sealed(I::KIND, page, json.into()))
    }

    /// A record of fields that are JSON already; none if they are not one JSON object.
    #[must_use]
    pub fn from_json(kind: &str, page: Arc<Url>, json: Bytes) -> Option<Self> {
        serde_json::from_slice::<HashMap<Cow<'_, str>, IgnoredAny>>(&json).ok()?;
        Some(Self::sealed(kind, page, json))
    }

    fn sealed(kind: &str, page: Arc<Url>, json: Bytes) -> Self {
        Self { kind: Arc::from(kind), page, reach: Reach::default(), way: None, content: Content::Sealed(json) }
    }

    /// The same record as JSON: nobody is going to change its fields any more.
    ///
    /// # Errors
    /// If a field cannot be written as JSON.
    pub fn seal(self) -> Result<Self, RecordError> {
        match self.content {
            Content::Sealed(_) => Ok(self),
            Content::Open(_) => {
                let mut json = Vec::new();
                self.write_json(&mut json)?;
                Ok(Self { content: Content::Sealed(json.into()), ..self })
            }
        }
    }

    /// The item again.
    ///
    /// # Errors
    /// If the fields are not those of `T`.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, RecordError> {
        let item = match &self.content {
            Content::Sealed(json) => serde_json::from_slice(json),
            Content::Open(fields) => T::deserialize(Value::Object(fields.clone())),
        };
        item.map_err(|source| RecordError::Json { kind: self.kind.to_string(), source })
    }

    /// The fields, in the order of the item's declaration, to read and to change.
    pub fn fields(&mut self) -> &mut Map<String, Value> {
        if let Content::Sealed(json) = &self.content {
            // by the invariant this parses; a record without fields is the honest answer if it ever does not
            self.content = Content::Open(serde_json::from_slice(json).unwrap_or_default());
        }
        match &mut self.content {
            Content::Open(fields) => fields,
            Content::Sealed(_) => unreachable!("opened above"),
        }
    }

    /// Whether the item has a field of this name, without opening the record: false is certain, true is likely.
    #[must_use]
    pub fn may_have(&self, field: &str) -> bool {
        match &self.content {
            Content::Open(fields) => fields.contains_key(field),
            Content::Sealed(json) => memchr::memmem::find(json, format!("\"{field}\":").as_bytes()).is_some(),
        }
    }

    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        fn of(value: &Value) -> usize {
            match value {
                Value::String(text) => text.len() + 16,
                Value::Array(values) => values.iter().map(of).sum::<usize>() + 16,
                Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + of(value)).sum::<usize>() + 16,
                _ => 16,
            }
        }
        match &self.content {
            Content::Sealed(json) => json.len(),
            Content::Open(fields) => fields.iter().map(|(name, value)| name.len() + of(value)).sum(),
        }
    }

    /// The fields as one JSON object without a line break; borrowed where nobody has looked into the record.
    ///
    /// # Errors
    /// If a field cannot be written as JSON.
    pub fn json(&self) -> Result<Cow<'_, [u8]>, RecordError> {
        if let Content::Sealed(json) = &self.content {
            return Ok(Cow::Borrowed(json));
        }
        let mut json = Vec::new();
        self.write_json(&mut json)?;
        Ok(Cow::Owned(json))
    }

    /// Writes the fields as one JSON object without a line break.
    ///
    /// # Errors
    /// If a field cannot be written as JSON.
    pub fn write_json(&self, out: &mut Vec<u8>) -> Result<(), RecordError> {
        match &self.content {
            Content::Sealed(json) => out.extend_from_slice(json),
            Content::Open(fields) => serde_json::to_writer(out, fields)
                .map_err(|source| RecordError::Json { kind: self.kind.to_string(), source })?,
        }
        Ok(())
    }
}

/// JSON that somebody else wrote (a `RawValue` of an item) may have line breaks, which a line of JSON must not.
fn on_one_line(json: Vec<u8>) -> serde_json::Result<Vec<u8>> {
    if memchr::memchr2(b'\n', b'\r', &json).is_none() {
        return Ok(json);
    }
    serde_json::to_vec(&serde_json::from_slice::<Value>(&json)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Photo {
        page: u32,
        album: String,
    }

    impl Item for Photo {
        const KIND: &'static str = "photo";
    }

    fn record() -> Record {
        let page = Arc::new(Url::parse("http://example.com/").expect("a URL"));
        Record::from_item(&Photo { page: 7, album: "Ö\n".to_owned() }, page).expect("a record")
    }

    #[test]
    fn a_record_gives_the_item_back() {
        assert_eq!(record().to::<Photo>().expect("the photo"), Photo { page: 7, album: "Ö\n".to_owned() });
    }

    #[test]
    fn fields_keep_the_order_of_the_declaration() {
        let mut record = record();
        record.fields().insert("images".to_owned(), Value::Array(Vec::new()));
        let mut json = Vec::new();
        record.write_json(&mut json).expect("JSON");
        assert_eq!(String::from_utf8_lossy(&json), r#"{"page":7,"album":"Ö\n","images":[]}"#);
    }

    #[test]
    fn a_record_has_no_line_breaks_whoever_wrote_its_json() {
        #[derive(Serialize)]
        struct Raw {
            raw: Box<serde_json::value::RawValue>,
        }
        impl Item for Raw {
            const KIND: &'static str = "raw";
        }
        let raw = serde_json::value::RawValue::from_string("{\n  \"a\": [1,\r\n 2]\n}".to_owned()).expect("JSON");
        let page = Arc::new(Url::parse("http://example.com/").expect("a URL"));
        let record = Record::from_item(&Raw { raw }, page).expect("a record");
        assert_eq!(String::from_utf8_lossy(&record.json().expect("JSON")), r#"{"raw":{"a":[1,2]}}"#);
    }

    #[test]
    fn what_has_no_fields_is_refused() {
        #[derive(Serialize)]
        struct Number(u32);
        impl Item for Number {
            const KIND: &'static str = "number";
        }
        let page = Arc::new(Url::parse("http://example.com/").expect("a URL"));
        let error = Record::from_item(&Number(3), page).expect_err("a number has no fields");
        assert!(error.to_string().contains("must be a struct or a map"));
    }
}
