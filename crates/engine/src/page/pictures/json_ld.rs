//! JSON-LD (schema.org): `image`, `logo`, `thumbnailUrl`, and `ImageObject` wherever it stands.

use serde_json::{Map, Value};

use super::Picture;
use super::candidate::Source;
use super::finder::{Facts, Finder};
use super::head::pixels;

/// Properties whose value is a picture: a URL, an `ImageObject`, or a list of them.
const IMAGES: [&str; 5] = ["image", "logo", "photo", "primaryImageOfPage", "screenshot"];
const THUMBNAILS: [&str; 2] = ["thumbnailUrl", "thumbnail"];

/// Reads one `<script type="application/ld+json">`. What is not JSON says nothing; deeper than 128 levels nobody looks.
pub(super) fn read(finder: &mut Finder<'_>, text: &str) {
    let Some(document) = parse(text) else { return };
    // a stack of our own, the first on top
    let mut waiting = vec![&document];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(values) => waiting.extend(values.iter().rev()),
            Value::Object(fields) => {
                if is_image(fields) {
                    keep_object(finder, fields);
                    continue;
                }
                for (name, value) in fields {
                    if IMAGES.contains(&&**name) {
                        keep(finder, value, Source::JsonLd);
                    } else if THUMBNAILS.contains(&&**name) {
                        keep(finder, value, Source::Thumbnail);
                    }
                }
                let inner = fields.iter().filter(|(name, _)| !is_picture_property(name));
                let inner: Vec<&Value> = inner.map(|(_, value)| value).collect();
                waiting.extend(inner.into_iter().rev());
            }
            _ => {}
        }
    }
}

/// As it stands, or as a careless template left it: in a comment, with line ends within texts.
fn parse(text: &str) -> Option<Value> {
    let text = text.trim();
    let text = text.strip_prefix("<!--").unwrap_or(text);
    let text = text.strip_prefix("//<![CDATA[").or_else(|| text.strip_prefix("/*<![CDATA[*/")).unwrap_or(text);
    let text = text.strip_suffix("-->").unwrap_or(text).trim_end();
    let text = text.strip_suffix("//]]>").or_else(|| text.strip_suffix("/*]]>*/")).unwrap_or(text);
    let text = text.trim().trim_end_matches(';');
    serde_json::from_str(text).ok().or_else(|| {
        let has_controls = text.bytes().any(|byte| byte.is_ascii_control());
        has_controls.then(|| serde_json::from_str(&text.replace(|c: char| c.is_ascii_control(), " ")).ok()).flatten()
    })
}

fn is_picture_property(name: &str) -> bool {
    IMAGES.contains(&name) || THUMBNAILS.contains(&name)
}

/// A value of a property that holds pictures. Lists of lists are none.
fn keep(finder: &mut Finder<'_>, value: &Value, source: Source) {
    let one = |finder: &mut Finder<'_>, value: &Value| match value {
        Value::String(reference) => {
            let mut picture = new();
            finder.add(&mut picture, reference, source, Facts::default());
            finder.keep(picture);
        }
        Value::Object(fields) => keep_object(finder, fields),
        _ => {}
    };
    match value {
        Value::Array(values) => values.iter().for_each(|value| one(finder, value)),
        value => one(finder, value),
    }
}

/// An `ImageObject`: all that it names is one picture.
fn keep_object(finder: &mut Finder<'_>, fields: &Map<String, Value>) {
    let mut picture = new();
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let facts = Facts {
        width: fields.get("width").and_then(length),
        height: fields.get("height").and_then(length),
        mime: text("encodingFormat").filter(|kind| kind.contains('/')).map(str::to_owned),
        ..Facts::default()
    };
    for name in ["contentUrl", "url", "@value"] {
        for reference in texts(fields.get(name)) {
            finder.add(&mut picture, reference, Source::JsonLd, facts.clone());
        }
    }
    for name in THUMBNAILS {
        for reference in texts(fields.get(name)) {
            finder.add(&mut picture, reference, Source::Thumbnail, Facts::default());
        }
    }
    picture.alt = text("caption").or_else(|| text("description")).map(str::to_owned);
    picture.title = text("name").map(str::to_owned);
    finder.keep(picture);
}

fn new() -> Picture {
    Picture { element: "script".to_owned(), ..Picture::default() }
}

/// A text, or those of a list.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let one = value.and_then(Value::as_str);
    let many = value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many)
}

fn is_image(fields: &Map<String, Value>) -> bool {
    let is = |kind: &str| matches!(kind.rsplit(['/', '#', ':']).next(), Some("ImageObject" | "Photograph" | "Barcode"));
    texts(fields.get("@type")).any(is)
}

/// `800`, `"800"`, `"800px"` or a `QuantitativeValue`.
fn length(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_f64().map(|number| number as u32).filter(|pixels| *pixels > 0),
        Value::String(text) => pixels(text),
        Value::Object(fields) => match fields.get("value")? {
            Value::Number(number) => number.as_f64().map(|number| number as u32).filter(|pixels| *pixels > 0),
            value => pixels(value.as_str()?),
        },
        _ => None,
    }
}
