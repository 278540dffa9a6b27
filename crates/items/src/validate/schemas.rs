//! The schemas of the kinds, compiled. They open nothing: no file and no URL that a `$ref` names. Their regular expressions
//! are of the crate `regex`, which takes linear time whatever the text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dragline::error::{Error, Result, nearest};
use dragline::message::ItemType;
use dragline::message::mask::{self, STARS};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::{Value, json};

use super::{Settings, rules};

/// What a compiled regular expression may come to, in bytes (FAULTS, P05).
const PATTERN: usize = 10 * 1024 * 1024;
/// The longest schema file, in bytes.
const LONGEST: u64 = 1024 * 1024;
/// The most that is said of one item.
const SAID: usize = 10;
/// As much of a value as is shown, in bytes.
const SHOWN: usize = 200;
/// As much of a value as is looked at for secrets, in bytes.
const LOOKED_AT: usize = 4096;
/// What is wrong with the item itself, or with a field that no schema names.
const OTHERS: &str = "*";

/// The schemas by kind.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    kinds: BTreeMap<String, Kind>,
    /// Rules for kinds and fields that the spider does not declare.
    pub(super) strangers: Vec<String>,
}

#[derive(Debug, Default)]
struct Kind {
    validators: Vec<Validator>,
    /// The fields that its schemas name; only they are names of figures.
    fields: BTreeSet<String>,
}

/// One thing that is wrong with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The field; `*` for the item itself.
    pub(super) field: String,
    /// The field as it is counted: `*` for one that no schema names.
    pub(super) counted: String,
    /// The keyword of JSON Schema: `required`, `type`, `minimum`, …
    pub(super) rule: String,
    /// For people.
    pub(super) what: String,
    /// What was found: cut, and without secrets.
    pub(super) value: String,
}

impl Schemas {
    pub(super) fn build(settings: &Settings, items: &[ItemType]) -> Result<Self> {
        let mut schemas = Self::default();
        for item in items.iter().filter(|item| settings.declared && !item.fields.is_empty()) {
            let key = format!("`{}`, as the spider declares it,", item.kind);
            schemas.add(item.kind, &item.schema(), |what| Error::other(format!("{key} is no JSON Schema: {what}")))?;
        }
        for (kind, path) in &settings.schemas {
            let key = format!("pipelines.validate.schemas.{kind}");
            let schema = read(&key, path)?;
            let wrong = |what: String| Error::setting(&key, format!("`{}` is no JSON Schema: {what}", path.display()));
            schemas.add(kind, &schema, wrong)?;
        }
        for (kind, rules) in &settings.fields {
            let key = format!("pipelines.validate.fields.{kind}");
            schemas.add(kind, &rules::schema(rules), |what| Error::setting(&key, format!("cannot be: {what}")))?;
            schemas.strangers.extend(strangers(&key, kind, rules.keys(), items));
        }
        for kind in settings.schemas.keys() {
            schemas.strangers.extend(strangers("pipelines.validate.schemas", kind, [].iter(), items));
        }
        Ok(schemas)
    }

    fn add(&mut self, kind: &str, schema: &Value, error: impl Fn(String) -> Error) -> Result<()> {
        let validator = jsonschema::options()
            .offline()
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN))
            .build(schema)
            .map_err(|what| error(what.to_string()))?;
        let entry = self.kinds.entry(kind.to_owned()).or_default();
        entry.validators.push(validator);
        entry.fields.extend(schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys().cloned()));
        Ok(())
    }

    /// Whether there is anything to hold this kind against.
    pub(super) fn has(&self, kind: &str) -> bool {
        self.kinds.contains_key(kind)
    }

    /// What is wrong with an item: nothing if it is valid, and each thing once.
    pub(super) fn wrong(&self, kind: &str, item: &Value) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        let Some(kind) = self.kinds.get(kind) else { return found };
        for validator in &kind.validators {
            if validator.is_valid(item) {
                continue;
            }
            for error in validator.iter_errors(item).take(SAID - found.len()) {
                let wrong = kind.describe(&error);
                if !found.iter().any(|known| (&known.field, &known.rule) == (&wrong.field, &wrong.rule)) {
                    found.push(wrong);
                }
            }
        }
        found
    }

    /// Rules for what the spider does not yield are most likely a slip of the pen; or for another spider.
    pub(super) fn warn_of_strangers(&self) {
        for what in &self.strangers {
            tracing::warn!("{what}");
        }
    }
}

impl Kind {
    fn describe(&self, error: &ValidationError<'_>) -> Wrong {
        let path = error.instance_path().as_str();
        let first = path.strip_prefix('/').and_then(|path| path.split('/').next());
        let field = first.map(|field| field.replace("~1", "/").replace("~0", "~")).or_else(|| match error.kind() {
            ValidationErrorKind::Required { property } => property.as_str().map(str::to_owned),
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected.first().cloned(),
            _ => None,
        });
        let field = field.map_or_else(|| OTHERS.to_owned(), |field| cut(&field, SHOWN).to_owned());
        let counted = if self.fields.contains(&field) { field.clone() } else { OTHERS.to_owned() };
        let value = match error.kind() {
            ValidationErrorKind::Required { .. } => String::new(),
            _ if path.is_empty() => String::new(),
            _ if mask::is_secret_name(&field) => STARS.to_owned(),
            _ => shown(error.instance()),
        };
        let what = mask::text(cut(&error.masked().to_string(), SHOWN)).into_owned();
        Wrong { field, counted, rule: error.kind().keyword().to_owned(), what, value }
    }
}

/// As much of a value as a log line should hold.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => cut(text, LOOKED_AT).to_owned(),
        Value::Array(members) => format!("a list of {}", members.len()),
        Value::Object(members) => format!("an object of {}", members.len()),
        other => other.to_string(),
    };
    cut(&mask::text(&text), SHOWN).to_owned()
}

fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn read(key: &str, path: &Path) -> Result<Value> {
    let wrong = |what: String| Error::setting(key, format!("`{}` {what}", path.display()));
    let unreadable = |error: std::io::Error| wrong(format!("cannot be read: {error}"));
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > LONGEST {
        return Err(wrong(format!("has {length} bytes; {LONGEST} are the most")));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let schema: Value = serde_json::from_str(&text).map_err(|error| wrong(format!("is no JSON: {error}")))?;
    // a file without a name of its own gets one, so that its `#/…` mean itself
    match schema {
        Value::Object(mut schema) => {
            schema.entry("$id").or_insert_with(|| json!("dragline:///schema.json"));
            Ok(Value::Object(schema))
        }
        other => Ok(other),
    }
}

/// Kinds and fields that have rules, and that the spider does not declare.
fn strangers<'f>(key: &str, kind: &str, fields: impl Iterator<Item = &'f String>, items: &[ItemType]) -> Vec<String> {
    if items.is_empty() {
        return Vec::new();
    }
    let like = |name: &str, known: &[&'static str]| match nearest(name, known.iter().copied()) {
        Some(like) => format!("known: {}; did you mean `{like}`?", known.join(", ")),
        None => format!("known: {}", known.join(", ")),
    };
    let Some(item) = items.iter().find(|item| item.kind == kind) else {
        let known: Vec<&'static str> = items.iter().map(|item| item.kind).collect();
        return vec![format!("`{key}`: the spider declares no items of kind `{kind}` ({})", like(kind, &known))];
    };
    let known: Vec<&'static str> = item.fields.iter().map(|field| field.name).collect();
    (fields.filter(|field| !known.is_empty() && !known.contains(&field.as_str())))
        .map(|field| format!("`{key}.{field}`: items of kind `{kind}` have no such field ({})", like(field, &known)))
        .collect()
}
