//! What Scrapy's own suite asks of exporters.

use std::sync::Arc;

use dragline::feed::{Encoder, Settings};
use dragline::message::{Item, Record};
use dragline::stats::Stats;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{check, from_base64};

#[derive(Serialize)]
#[serde(transparent)]
struct Fields(Value);

impl Item for Fields {
    const KIND: &'static str = "item";
}

/// A value of a case: `{"item": …}` and `{"datetime": …}` are what they stand for.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(fields) => match (fields.get("item"), fields.get("datetime")) {
            (Some(Value::Array(pairs)), _) => {
                let pair = |pair: &Value| (pair[0].as_str().expect("a name").to_owned(), plain(&pair[1]));
                Value::Object(pairs.iter().map(pair).collect::<Map<_, _>>())
            }
            (_, Some(time)) => time.clone(),
            _ => value.clone(),
        },
        Value::Array(values) => Value::Array(values.iter().map(plain).collect()),
        other => other.clone(),
    }
}

fn settings(format: &str, options: &Value, items: &[Value]) -> Settings {
    let mut settings = Settings::new(format!("x.{format}"));
    // Scrapy's null is no line ends at all; less than nothing is the same as nothing
    settings.indent = options["indent"].as_i64().map_or(-1, |indent| indent.max(0).try_into().unwrap_or(0));
    settings.encoding = options["encoding"].as_str().unwrap_or("utf-8").to_owned();
    settings.header = options["include_headers_line"].as_bool().unwrap_or(true);
    settings.join = options["join_multivalued"].as_str().unwrap_or(",").to_owned();
    settings.item = options["item_element"].as_str().unwrap_or("item").to_owned();
    settings.root = options["root_element"].as_str().unwrap_or("items").to_owned();
    if let Some(fields) = options["fields_to_export"].as_array().filter(|fields| !fields.is_empty()) {
        let name = |field: &Value| field.as_str().or(field[0].as_str()).expect("a name").to_owned();
        settings.fields = Some(fields.iter().map(name).collect());
        settings.names = fields.iter().filter_map(|field| Some((name(field), field[1].as_str()?.to_owned()))).collect();
    } else if let Some(declared) =
        items.first().and_then(|item| item["declared"].as_array()).filter(|_| format == "csv")
    {
        // our first record has every field of its type
        settings.fields = Some(declared.iter().map(|name| name.as_str().expect("a name").to_owned()).collect());
    }
    settings
}

fn exported(format: &str, settings: &Settings, items: &[Value]) -> Vec<u8> {
    let (mut encoder, stats) = (Encoder::new(format, settings).expect("an encoder"), Stats::default());
    let mut out = encoder.head();
    let page = Arc::new("http://a.example/".parse().expect("a URL"));
    for item in items {
        let record = Record::from_item(&Fields(plain(item)), Arc::clone(&page)).expect("a record");
        encoder.encode(&record, &stats, &mut out).expect("a header of its own");
    }
    out.extend(encoder.tail());
    out
}

/// JSON by its values and the order of its keys, all else byte for byte.
fn is_same(format: &str, ours: &[u8], want: &Value) -> bool {
    // bytes that are not UTF-8 are recorded in base64; all of them are Latin-1
    let latin = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
    let (ours, want) = match want["b64"].as_str() {
        Some(text) => (latin(ours), latin(&from_base64(text))),
        None => (String::from_utf8_lossy(ours).into_owned(), want.as_str().expect("text").to_owned()),
    };
    let values = |text: &str| -> Option<Vec<String>> {
        serde_json::Deserializer::from_str(text)
            .into_iter::<Value>()
            .map(|value| Some(value.ok()?.to_string()))
            .collect()
    };
    if format.starts_with("json") { values(&ours) == values(&want) && values(&want).is_some() } else { ours == want }
}

#[test]
fn exporters_write_what_scrapy_writes() {
    check("exports.jsonl", |case| {
        let format = case["format"].as_str().expect("a format");
        let items = case["items"].as_array().expect("items");
        let ours = exported(format, &settings(format, &case["options"], items), items);
        if is_same(format, &ours, &case["want"]) { Ok(()) } else { Err(String::from_utf8_lossy(&ours).into_owned()) }
    });
}
