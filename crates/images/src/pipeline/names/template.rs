//! Names made of what an item has: `{item.album}/{index:03}-{sha1:8}.{ext}`.
//!
//! Only the template's own `/` makes a folder; whatever fills a placeholder is cleaned and stays in its segment. The name
//! always ends in the extension of the bytes, so that no item and no URL chooses one.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use dragline_store::{Name, clean};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use url::Url;

use super::with_extension;

/// The most segments of a template; a thumbnail of it has two more, and no name has more than eight.
const DEPTH: usize = 8;
/// The placeholders that there are, for messages.
const KNOWN: &str = "item.FIELD, index, sha1, kind, ext, date, url.host, url.file, url.sha1, page.host";

/// A template, and what it was written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    /// Invariant: one to eight, none without a part.
    segments: Vec<Vec<Part>>,
}

/// A template that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no template of names: {why}")]
pub struct BadTemplate {
    text: String,
    why: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(Place, Width),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A field of the item, by its path.
    Item(Vec<String>),
    Index,
    Sha1,
    Kind,
    Extension,
    Date,
    UrlHost,
    UrlFile,
    UrlSha1,
    PageHost,
}

/// What stands behind the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    Any,
    /// `{sha1:8}`: at most so many characters.
    Cut(usize),
    /// `{index:03}`: at least so many, with zeros before them.
    Zeros(usize),
}

/// What a template may name: the item, the page, the URL, and where it stands among the item's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subject {
    /// The item's fields, if the template names one.
    pub(crate) item: Option<Arc<Map<String, Value>>>,
    /// The item's kind.
    pub(crate) kind: Arc<str>,
    /// The page that it was found on.
    pub(crate) page: Option<Arc<Url>>,
    /// Where its file is.
    pub(crate) url: Option<Url>,
    /// Which of the item's elements it is, from 1.
    pub(crate) index: usize,
}

impl Template {
    /// Whether it names a field of the item.
    pub(crate) fn needs_item(&self) -> bool {
        self.segments.iter().flatten().any(|part| matches!(part, Part::Place(Place::Item(_), _)))
    }

    /// How many segments its names have.
    pub(crate) fn depth(&self) -> usize {
        self.segments.len()
    }

    pub(super) fn name(&self, subject: &Subject, of_url: &str, of_bytes: &str, extension: &str) -> Name {
        let filled = self.segments.iter().map(|parts| {
            let segment = parts.iter().map(|part| match part {
                Part::Text(text) => Cow::Borrowed(text.as_str()),
                Part::Place(place, width) => width.of(place.value(subject, of_url, of_bytes, extension)),
            });
            clean(&segment.collect::<String>()).into_owned()
        });
        let stem = filled.collect::<Vec<_>>().join("/");
        Name::cleaned(&with_extension(stem, extension))
    }
}

impl Width {
    fn of(self, value: Cow<'_, str>) -> Cow<'_, str> {
        match self {
            Self::Any => value,
            Self::Cut(most) => match value.char_indices().nth(most) {
                Some((end, _)) => Cow::Owned(value[..end].to_owned()),
                None => value,
            },
            Self::Zeros(least) => {
                let missing = least.saturating_sub(value.chars().count());
                if missing == 0 { value } else { Cow::Owned("0".repeat(missing) + &value) }
            }
        }
    }
}

impl Place {
    fn value<'a>(&self, subject: &'a Subject, of_url: &'a str, of_bytes: &'a str, extension: &'a str) -> Cow<'a, str> {
        let host = |url: Option<&'a Url>| Cow::Borrowed(url.and_then(Url::host_str).unwrap_or_default());
        match self {
            Self::Item(path) => subject.item.as_deref().map(|item| field(item, path)).unwrap_or_default(),
            Self::Index => Cow::Owned(subject.index.to_string()),
            Self::Sha1 => Cow::Borrowed(of_bytes),
            Self::Kind => Cow::Borrowed(&subject.kind),
            Self::Extension => Cow::Borrowed(extension),
            Self::Date => Cow::Owned(jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()),
            Self::UrlHost => host(subject.url.as_ref()),
            Self::UrlFile => subject.url.as_ref().map(file_of).unwrap_or_default(),
            Self::UrlSha1 => Cow::Borrowed(of_url),
            Self::PageHost => host(subject.page.as_deref()),
        }
    }
}

/// A field as text; nothing for what is not there, and for what has no text of its own.
fn field<'a>(item: &'a Map<String, Value>, path: &[String]) -> Cow<'a, str> {
    let Some((first, rest)) = path.split_first() else { return Cow::default() };
    let value = rest.iter().try_fold(item.get(first), |value, key| {
        Some(match value? {
            Value::Object(fields) => fields.get(key),
            Value::Array(values) => key.parse().ok().and_then(|index: usize| values.get(index)),
            _ => None,
        })
    });
    value.flatten().map(text_of).unwrap_or_default()
}

fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Number(_) | Value::Bool(_) => Cow::Owned(value.to_string()),
        Value::Array(values) => Cow::Owned(values.iter().map(text_of).collect::<Vec<_>>().join("-")),
        Value::Null | Value::Object(_) => Cow::default(),
    }
}

/// The last segment of a URL's path, unescaped, without its extension.
fn file_of(url: &Url) -> Cow<'_, str> {
    let file = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    let file = percent_decode_str(file).decode_utf8_lossy();
    match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => Cow::Owned(stem.to_owned()),
        _ => file,
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Template {
    type Err = BadTemplate;

    fn from_str(text: &str) -> Result<Self, BadTemplate> {
        let bad = |why: String| BadTemplate { text: text.to_owned(), why };
        if !text.contains('{') {
            let cure = "write \"url\", \"content\", or a template such as \"{item.album}/{index}-{sha1:8}\"";
            return Err(bad(format!("every file would have the same name; {cure}")));
        }
        // the extension is there anyway, and it is that of the bytes
        let stem = text.strip_suffix(".{ext}").unwrap_or(text);
        let mut segments = Vec::new();
        for segment in stem.split('/') {
            let parts = parts(segment).map_err(bad)?;
            if parts.is_empty() {
                return Err(bad("a part between two `/` is empty".to_owned()));
            }
            segments.push(parts);
        }
        if segments.len() > DEPTH {
            return Err(bad(format!("it has {} parts between `/`, and a name has {DEPTH} at most", segments.len())));
        }
        Ok(Self { text: text.to_owned(), segments })
    }
}

fn parts(segment: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut text, mut rest) = (Vec::new(), String::new(), segment);
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
        } else if brace == "}" {
            return Err("a `}` has no `{` before it; write `}}` for a brace".to_owned());
        } else {
            let Some((inside, after)) = rest.split_once('}') else {
                return Err(format!("`{{{rest}` has no `}}`, or has a `/` in it"));
            };
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(place(inside)?);
            rest = after;
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(parts)
}

fn place(inside: &str) -> Result<Part, String> {
    let (name, width) = match inside.split_once(':') {
        None => (inside, Width::Any),
        Some((name, digits)) => {
            let number: usize = digits.parse().ok().filter(|number| (1..=200).contains(number)).ok_or_else(|| {
                format!(
                    "`{{{inside}}}` has no number of characters from 1 to 200 behind its colon, such as `{{sha1:8}}`"
                )
            })?;
            (name, if digits.starts_with('0') { Width::Zeros(number) } else { Width::Cut(number) })
        }
    };
    let place = match name {
        "index" => Place::Index,
        "sha1" => Place::Sha1,
        "kind" => Place::Kind,
        "ext" => Place::Extension,
        "date" => Place::Date,
        "url.host" => Place::UrlHost,
        "url.file" => Place::UrlFile,
        "url.sha1" => Place::UrlSha1,
        "page.host" => Place::PageHost,
        other => match other.strip_prefix("item.").filter(|path| path.split('.').all(|key| !key.is_empty())) {
            Some(path) => Place::Item(path.split('.').map(str::to_owned).collect()),
            None => return Err(format!("there is no `{{{other}}}` (there are: {KNOWN})")),
        },
    };
    Ok(Part::Place(place, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1: &str = "3fd165099d8e71b8a48b2683946e64dbfad8b52d";

    fn named(template: &str, item: Value) -> String {
        let Value::Object(item) = item else { panic!("an item has fields") };
        let subject = Subject {
            item: Some(Arc::new(item)),
            kind: "photo".into(),
            page: Some(Arc::new(Url::parse("https://www.example.com/album").expect("a URL"))),
            url: Some(Url::parse("http://cdn.example.com/a/b%20c.php?x=1").expect("a URL")),
            index: 7,
        };
        let template: Template = template.parse().expect("a template");
        template.name(&subject, "of-url", SHA1, "png").to_string()
    }

    fn refused(template: &str) -> String {
        template.parse::<Template>().expect_err("no template").to_string()
    }

    #[test]
    fn a_template_names_what_the_item_the_url_and_the_bytes_have() {
        let item = serde_json::json!({"album": "Ferien", "number": 3, "by": {"name": "Ada"}, "tags": ["a", "b"]});
        assert_eq!(named("{item.album}/{index}-{sha1:8}.{ext}", item.clone()), "Ferien/7-3fd16509.png");
        assert_eq!(named("{item.by.name}/{item.number:04}", item.clone()), "Ada/0003.png");
        assert_eq!(named("{item.tags}-{item.tags.1}", item.clone()), "a-b-b.png");
        assert_eq!(named("{url.host}/{page.host}/{url.file}", item.clone()), "cdn.example.com/www.example.com/b c.png");
        assert_eq!(named("{kind}/{{{index:03}}}", item.clone()), "photo/{007}.png");
        assert_eq!(named("{item.none}/{item.by}x", item), "_/x.png");
    }

    #[test]
    fn a_template_that_makes_no_sense_says_what_there_is() {
        assert!(refused("{album}").contains("there is no `{album}` (there are: item.FIELD, index, sha1"));
        assert!(refused("{item.}").contains("there is no `{item.}`"));
        assert!(refused("photo").contains("the same name"));
        assert!(refused("{sha1:x}").contains("behind its colon"));
        assert!(refused("{sha1:0}").contains("behind its colon"));
        assert!(refused("{sha1").contains("has no `}`"));
        assert!(refused("a}{sha1}").contains("has no `{`"));
        assert!(refused("/{sha1}").contains("empty"));
        assert!(refused("{index}/b/c/d/e/f/g/h/i").contains("9 parts"));
    }

    #[test]
    fn f01_whatever_an_item_says_its_file_stays_below_its_folder() {
        for hostile in ["..", "../../etc", "/etc/passwd", "C:\\x", "a/../../b", ".", "", "CON", "\0", "a\nb", "~root"] {
            let name = named("photos/{item.album}/{index}", serde_json::json!({ "album": hostile }));
            assert!(name.starts_with("photos/") && name.ends_with("/7.png"), "{hostile:?}: {name}");
            assert_eq!(name.split('/').count(), 3, "{hostile:?}: {name}");
            assert!(Name::new(name.as_str()).is_ok());
        }
    }

    #[test]
    fn f02_no_item_and_no_url_chooses_the_extension() {
        assert_eq!(named("{item.name}", serde_json::json!({ "name": "x.php" })), "x.php.png");
        assert_eq!(named("{url.file}", serde_json::json!({})), "b c.png");
    }
}
