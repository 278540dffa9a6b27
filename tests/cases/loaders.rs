//! Item loaders and their processors: the suites of itemloaders and Scrapy.

use dragline::page::Page;
use dragline::page::loader::{Ask, Loader, Processor};
use dragline::{Error, Result};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use url::Url;

#[test]
fn values_are_collected_as_scrapy_collects_them() {
    super::check("loaders.jsonl", |case| match case["fn"].as_str() {
        Some("processor") => {
            let answer = processor(&case["processor"]).process(case["value"].clone());
            agree(&case["want"], answer)
        }
        Some("loader") => loader(case),
        other => Err(format!("unknown {other:?}")),
    });
}

fn agree(want: &Value, ours: Result<Value>) -> Result<(), String> {
    match (want.get("error"), ours) {
        (Some(_), Err(_)) => Ok(()),
        (None, Ok(value)) if same(&value, want) => Ok(()),
        (_, ours) => Err(format!("{ours:?}, not {want}")),
    }
}

/// `2` and `2.0` are the same number to Python.
fn same(ours: &Value, want: &Value) -> bool {
    match (ours, want) {
        (Value::Number(ours), Value::Number(want)) => ours.as_f64() == want.as_f64(),
        (Value::Array(ours), Value::Array(want)) => {
            ours.len() == want.len() && ours.iter().zip(want).all(|(ours, want)| same(ours, want))
        }
        _ => ours == want,
    }
}

fn loader(case: &Value) -> Result<(), String> {
    let page = page(&case["selector"]);
    let mut root = page.as_ref().map_or_else(Loader::without_page, Loader::new);
    if let Some(fields) = case["fields"].as_array() {
        root = root.fields(fields.iter().filter_map(Value::as_str));
    }
    for (place, described) in case["processors"].as_object().into_iter().flatten() {
        let processor = processor(described);
        root = match (place.as_str(), place.rsplit_once('_')) {
            ("default_in", _) => root.default_input(processor),
            ("default_out", _) => root.default_output(processor),
            (_, Some((field, "in"))) => root.input(field, processor),
            (_, Some((field, "out"))) => root.output(field, processor),
            _ => return Err(format!("unknown place {place}")),
        };
    }
    for (field, value) in case["defaults"].as_object().into_iter().flatten() {
        root = root.default_value(field, value.clone());
    }
    if let Some(item) = case["item"].as_object() {
        root = root.with(item.clone());
    }
    let mut loaders = vec![root];
    for op in case["ops"].as_array().into_iter().flatten() {
        let answer = run(op, &mut loaders);
        let checked = match (op.get("want"), answer) {
            (Some(want), answer) => agree(want, answer),
            (None, answer) => answer.map(drop).map_err(|error| error.to_string()),
        };
        checked.map_err(|what| format!("{op}: {what}"))?;
    }
    Ok(())
}

fn run(op: &Value, loaders: &mut Vec<Loader<'_>>) -> Result<Value> {
    let name = op["op"].as_str().unwrap_or_default();
    let loader = loaders[op["loader"].as_u64().unwrap_or_default() as usize].clone();
    let field = op["field"].as_str();
    let query = op["query"].as_str().unwrap_or_default();
    let done = |result: Result<()>| result.map(|()| Value::Null);
    let asked = |how: &str| match how {
        "css" => loader.get_css(ask(op)),
        "xpath" => loader.get_xpath(ask(op)),
        "jmes" => loader.get_jmes(ask(op)),
        _ => loader.get_value(op["value"].clone(), &ask(op)),
    };
    match name.split_once('_') {
        Some(("get", "collected_values")) => Ok(loader.collected(field.unwrap_or_default()).into()),
        Some(("get", "output_value")) => loader.output_value(field.unwrap_or_default()),
        Some(("load", _)) => loader.load().map(Value::Object),
        Some(("nested", how)) => {
            let nested = if how == "css" { loader.nested_css(query)? } else { loader.nested_xpath(query)? };
            loaders.push(nested);
            Ok(Value::Null)
        }
        Some(("get", how)) => asked(how),
        Some(("add", how)) => match (field, how) {
            (None, how) => done(loader.add_values(asked(how)?)),
            (Some(field), "css") => done(loader.add_css(field, ask(op))),
            (Some(field), "xpath") => done(loader.add_xpath(field, ask(op))),
            (Some(field), "jmes") => done(loader.add_jmes(field, ask(op))),
            (Some(field), how) => done(loader.add_value(field, asked(how)?)),
        },
        Some(("replace", how)) => match (field, how) {
            (None, how) => done(loader.replace_values(asked(how)?)),
            (Some(field), "css") => done(loader.replace_css(field, ask(op))),
            (Some(field), "xpath") => done(loader.replace_xpath(field, ask(op))),
            (Some(field), "jmes") => done(loader.replace_jmes(field, ask(op))),
            (Some(field), how) => done(loader.replace_value(field, asked(how)?)),
        },
        _ => Err(Error::page(format!("unknown {name}"))),
    }
}

fn ask(op: &Value) -> Ask {
    let mut ask = match &op["query"] {
        Value::Array(queries) => queries.iter().filter_map(Value::as_str).fold(Ask::default(), Ask::and),
        query => Ask::from(query.as_str().unwrap_or_default()),
    };
    if let Some(regex) = op["re"].as_str().or(op["re"]["regex"].as_str()) {
        ask = ask.re(regex);
    }
    for (name, value) in op["variables"].as_object().into_iter().flatten() {
        ask = ask.with(name, value.as_str().unwrap_or_default());
    }
    op["processors"].as_array().into_iter().flatten().map(processor).fold(ask, Ask::then)
}

fn page(selector: &Value) -> Option<Page> {
    let kind = match selector["type"].as_str()? {
        "json" => "application/json",
        "xml" => "application/xml",
        _ => "text/html; charset=utf-8",
    };
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
    let url = Url::parse("http://a.example/").expect("a URL");
    let body = selector["text"].as_str().unwrap_or_default().to_owned().into();
    Some(Page::new(url, StatusCode::OK, headers, body, 0))
}

fn processor(described: &Value) -> Processor {
    let steps = || described["functions"].as_array().into_iter().flatten().map(processor);
    match described["p"].as_str() {
        Some("Identity") => Processor::Identity,
        Some("TakeFirst") => Processor::TakeFirst,
        Some("Join") => Processor::join(described["separator"].as_str().unwrap_or(" ")),
        Some("SelectJmes") => Processor::jmes(described["expression"].as_str().unwrap_or_default()).expect("JMESPath"),
        Some("MapCompose") => Processor::map(steps()),
        Some("Compose") => Processor::Compose {
            steps: steps().collect(),
            stop_on_none: described["context"]["stop_on_none"].as_bool().unwrap_or(true),
        },
        Some(other) => panic!("unknown processor {other}"),
        None => function(described),
    }
}

/// The functions of the suites.
fn function(described: &Value) -> Processor {
    let name = described["f"].as_str().unwrap_or_default();
    match name {
        "upper" => Processor::text(str::to_uppercase),
        "lower" => Processor::text(str::to_lowercase),
        "title" => Processor::text(title),
        "swapcase" => Processor::text(|text| text.chars().map(swapped).collect()),
        "strip" => Processor::text(|text| text.trim().to_owned()),
        "identity" => Processor::Identity,
        "strip_each" => Processor::function(|value| match value {
            Value::Array(values) => {
                Ok(values.iter().filter_map(Value::as_str).map(|text| json!(text.trim())).collect())
            }
            other => Err(Error::page(format!("{other} is no list"))),
        }),
        "float" => Processor::function(|value| number(&value).map(|number| json!(number))),
        "int" => Processor::function(|value| match &value {
            Value::String(text) => Ok(json!(text.trim().parse::<i64>()?)),
            other => number(other).map(|number| json!(number as i64)),
        }),
        "first" => Processor::function(|value| match &value {
            Value::Array(values) if !values.is_empty() => Ok(values[0].clone()),
            Value::String(text) if !text.is_empty() => Ok(json!(text.chars().next())),
            other => Err(Error::page(format!("{other} has no first"))),
        }),
        "drop_last" => Processor::function(|value| match value {
            Value::Array(mut values) => {
                values.pop();
                Ok(Value::Array(values))
            }
            Value::String(mut text) => {
                text.pop();
                Ok(Value::String(text))
            }
            other => Err(Error::page(format!("{other} has no end"))),
        }),
        "add_one" => Processor::function(|value| match &value {
            Value::Number(number) => Ok(number
                .as_i64()
                .map_or_else(|| json!(number.as_f64().unwrap_or_default() + 1.0), |number| json!(number + 1))),
            other => Err(Error::page(format!("{other} is no number"))),
        }),
        "object" => {
            let key = described["key"].as_str().unwrap_or_default().to_owned();
            Processor::function(move |value| Ok(Value::Object(Map::from_iter([(key.clone(), value)]))))
        }
        "drop_equal" => {
            let equal = described["value"].clone();
            Processor::function(move |value| Ok(if value == equal { Value::Null } else { value }))
        }
        other => panic!("unknown function {other}"),
    }
}

fn number(value: &Value) -> Result<f64> {
    match value {
        Value::String(text) => Ok(text.trim().parse()?),
        other => other.as_f64().ok_or_else(|| Error::page(format!("{other} is no number"))),
    }
}

/// Python's `str.title`: every letter that follows none is upper case.
fn title(text: &str) -> String {
    let mut within = false;
    text.chars()
        .flat_map(|c| {
            let follows = std::mem::replace(&mut within, c.is_alphabetic());
            if follows { c.to_lowercase().collect::<String>() } else { c.to_uppercase().collect() }
                .chars()
                .collect::<Vec<_>>()
        })
        .collect()
}

fn swapped(c: char) -> char {
    if c.is_uppercase() { c.to_lowercase().next() } else { c.to_uppercase().next() }.unwrap_or(c)
}
