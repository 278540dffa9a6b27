//! A field of a declared item: where it is found, and what is made of it.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use dragline_query::{JmesPath, Query, pattern};
use regex::Regex;
use serde_json::{Map, Value};

use super::convert::convert;
use super::definition::{self, FieldTable, OfPage, Parse, QueryTable, Short, Take};
use super::place::{Fault, Places};
use crate::page::{Node, Page};

/// Fields within fields within fields: more is a slip.
const NESTING: usize = 16;

/// A field, checked.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    source: Source,
    take: Take,
    trim: bool,
    re: Option<Regex>,
    map: Option<BTreeMap<String, Value>>,
    pub(super) parse: Parse,
    pub(super) many: bool,
    join: Option<String>,
    pub(super) required: bool,
    default: Option<Value>,
    pub(super) fields: Option<Vec<Field>>,
}

/// Where something is looked for.
#[derive(Debug)]
pub(super) enum Source {
    /// Nodes.
    Nodes(Arc<Query>),
    /// Values of the page as JSON; or of the texts of nodes.
    Json(Option<Arc<Query>>, JmesPath),
    OfPage(OfPage),
    Value(Value),
    /// Whatever it is looked for in.
    Own,
}

/// What a page is read with.
pub(super) struct Reading<'a> {
    pub(super) page: &'a Page,
    json: OnceCell<Value>,
}

/// Something on a page: where fields are looked for, and what is found.
#[derive(Debug, Clone)]
pub(super) enum Found<'a> {
    Node(Node<'a>),
    Json(Value),
}

impl<'a> Reading<'a> {
    pub(super) fn new(page: &'a Page) -> Self {
        Self { page, json: OnceCell::new() }
    }

    /// The page as JSON; null if it is none.
    fn json(&self) -> &Value {
        self.json.get_or_init(|| serde_json::from_str(self.page.text()).unwrap_or_default())
    }
}

/// A CSS selector or an XPath expression that stands at a key of its name; or both, which is one too many.
pub(super) fn query(path: &[&str], css: Option<&str>, xpath: Option<&str>) -> Result<Option<Arc<Query>>, Fault> {
    let query = match (css, xpath) {
        (Some(_), Some(_)) => return Err(Fault::new(path, "`css` and `xpath` exclude each other")),
        (Some(css), None) => ("css", Query::css(css)),
        (None, Some(xpath)) => ("xpath", Query::xpath(xpath)),
        (None, None) => return Ok(None),
    };
    let (key, query) = query;
    query.map(|query| Some(Arc::new(query))).map_err(|error| Fault::new(&[key], error).within(path))
}

/// A regular expression that stands at a key.
pub(super) fn expression(path: &[&str], text: &str) -> Result<Regex, Fault> {
    pattern(text).map_err(|error| Fault::new(path, error))
}

impl Source {
    fn parse(path: &[&str], table: &QueryTable) -> Result<Self, Fault> {
        let query = query(path, table.css.as_deref(), table.xpath.as_deref())?;
        let Some(jmespath) = &table.jmespath else { return Ok(query.map_or(Self::Own, Self::Nodes)) };
        let jmespath = JmesPath::parse(jmespath).map_err(|error| Fault::new(&["jmespath"], error).within(path))?;
        Ok(Self::Json(query, jmespath))
    }

    /// What rows are.
    pub(super) fn of_rows(path: &[&str], rows: &definition::Query) -> Result<Self, Fault> {
        match Self::parse(path, &rows.0)? {
            Self::Own => Err(Fault::new(path, "says nothing of where rows are: give `css`, `xpath` or `jmespath`")),
            source => Ok(source),
        }
    }

    /// All that is found.
    pub(super) fn find<'a>(&self, reading: &Reading<'a>, at: &Found<'a>) -> Vec<Found<'a>> {
        match (self, at) {
            (Self::Nodes(query), Found::Node(node)) => node.select(query).iter().map(Found::Node).collect(),
            (Self::Json(Some(query), path), Found::Node(node)) => (node.select(query).iter())
                .filter_map(|node| serde_json::from_str::<Value>(&node.raw()).ok())
                .flat_map(|value| search(path, &value))
                .collect(),
            (Self::Json(None, path), Found::Node(_)) => search(path, reading.json()),
            (Self::Json(None, path), Found::Json(value)) => search(path, value),
            (Self::Nodes(_) | Self::Json(Some(_), _), Found::Json(_)) => Vec::new(),
            (Self::OfPage(what), _) => of_page(*what, reading.page).into_iter().map(Found::Json).collect(),
            (Self::Value(value), _) => vec![Found::Json(value.clone())],
            (Self::Own, at) => vec![at.clone()],
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Nodes(query) => query.text().to_owned(),
            Self::Json(_, path) => path.text().to_owned(),
            Self::OfPage(_) | Self::Value(_) | Self::Own => String::new(),
        }
    }
}

fn search<'a>(path: &JmesPath, value: &Value) -> Vec<Found<'a>> {
    let found = path.expression().search(value).ok();
    match found.and_then(|found| serde_json::to_value(&*found).ok()) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(values)) => values.into_iter().map(Found::Json).collect(),
        Some(value) => vec![Found::Json(value)],
    }
}

fn of_page(what: OfPage, page: &Page) -> Option<Value> {
    match what {
        OfPage::Url => Some(page.url().as_str().into()),
        OfPage::Title => page.title().map(Value::String),
        OfPage::Status => Some(page.status().as_u16().into()),
        OfPage::Depth => Some(page.depth().into()),
    }
}

/// Fields in the order in which they are written.
pub(super) fn fields(
    path: &[&str],
    table: &BTreeMap<String, definition::Field>,
    places: &Places<'_>,
) -> Result<Vec<Field>, Fault> {
    if path.len() > 2 * NESTING {
        return Err(Fault::new(path, "lies too deep"));
    }
    if table.is_empty() {
        return Err(Fault::new(path, "has no fields"));
    }
    let mut found = Vec::new();
    for (name, field) in table {
        let path = [path, &[name]].concat();
        found.push((places.order(&path), Field::parse(&path, name, field, places)?));
    }
    found.sort_by_key(|(order, _)| *order);
    Ok(found.into_iter().map(|(_, field)| field).collect())
}

impl Field {
    fn parse(path: &[&str], name: &str, field: &definition::Field, places: &Places<'_>) -> Result<Self, Fault> {
        let Short(table) = field;
        let key = |key: &'static str| [path, &[key]].concat();
        let re = table.re.as_deref().map(|re| expression(&key("re"), re)).transpose()?;
        let map = table.map.as_ref().map(|map| {
            map.iter().map(|(text, value)| (text.clone(), json(value))).collect::<BTreeMap<String, Value>>()
        });
        let fields = table.fields.as_ref().map(|inner| self::fields(&key("fields"), inner, places)).transpose()?;
        let is_text = re.is_some() || map.is_some() || table.parse != Parse::Text || table.join.is_some();
        if fields.is_some() && is_text {
            return Err(Fault::new(
                path,
                "has `fields` of its own, so it is no text for `re`, `map`, `parse` or `join`",
            ));
        }
        if table.join.is_some() && table.many {
            return Err(Fault::new(&key("join"), "makes one text of all, and `many` a list: they exclude each other"));
        }
        if table.default.is_some() && table.required == Some(true) {
            return Err(Fault::new(&key("required"), "says that it must be found, and `default` what it is if not"));
        }
        Ok(Self {
            name: name.to_owned(),
            source: Self::source(path, table)?,
            take: table.take,
            trim: table.trim,
            re,
            map,
            parse: table.parse,
            many: table.many,
            join: table.join.clone(),
            // a list may be empty unless it must not
            required: table.required.unwrap_or(!table.many && table.default.is_none()),
            default: table.default.as_ref().map(json),
            fields,
        })
    }

    fn source(path: &[&str], table: &FieldTable) -> Result<Source, Fault> {
        let FieldTable { css, xpath, jmespath, page, value, .. } = table;
        let asks = css.is_some() || xpath.is_some() || jmespath.is_some();
        match (asks, page, value) {
            (true, None, None) | (false, None, None) => {
                let (css, xpath, jmespath) = (css.clone(), xpath.clone(), jmespath.clone());
                Source::parse(path, &QueryTable { css, xpath, jmespath })
            }
            (false, Some(what), None) => Ok(Source::OfPage(*what)),
            (false, None, Some(value)) => Ok(Source::Value(json(value))),
            _ => Err(Fault::new(
                path,
                "is to be found in several ways: `css` or `xpath`, `page`, `value` exclude each other",
            )),
        }
    }

    /// Whether it says nothing of where it is to be found.
    pub(super) fn is_own(&self) -> bool {
        matches!(self.source, Source::Own)
    }

    /// Whether its values may be of any type.
    pub(super) fn is_free(&self) -> bool {
        let is_json = matches!(self.source, Source::Json(..) | Source::Value(_) | Source::OfPage(_));
        self.map.is_some() || self.default.is_some() || is_json && self.parse == Parse::Text && self.re.is_none()
    }

    /// Its value.
    ///
    /// # Errors
    /// If nothing is found and something must be, or what is found is not what it should be.
    pub(super) fn read<'a>(&self, reading: &Reading<'a>, at: &Found<'a>) -> Result<Value, String> {
        let mut values = Vec::new();
        for found in self.source.find(reading, at) {
            self.values(reading, found, &mut values)?;
            if !values.is_empty() && !self.many && self.join.is_none() {
                break;
            }
        }
        if let Some(between) = self.join.as_deref().filter(|_| !values.is_empty()) {
            let texts: Vec<String> = values.into_iter().map(|value| text_of(&value)).collect();
            return Ok(Value::String(texts.join(between)));
        }
        match (values.is_empty(), &self.default) {
            (true, Some(default)) => Ok(default.clone()),
            (true, None) if self.required => Err(self.missing(reading.page)),
            (_, _) if self.many => Ok(Value::Array(values)),
            _ => Ok(values.into_iter().next().unwrap_or_default()),
        }
    }

    fn missing(&self, page: &Page) -> String {
        let shown = self.source.shown();
        let re = self.re.as_ref().map_or(String::new(), |re| format!(" and `{re}`"));
        if shown.is_empty() {
            return format!("there is no `{}` on {}", self.name, page.url());
        }
        format!("nothing matches `{shown}`{re} on {}, and `{}` needs it", page.url(), self.name)
    }

    /// What comes of one thing that was found.
    fn values<'a>(&self, reading: &Reading<'a>, found: Found<'a>, values: &mut Vec<Value>) -> Result<(), String> {
        if let Some(fields) = &self.fields {
            values.push(Value::Object(object(fields, reading, &found)?));
            return Ok(());
        }
        let text = match found {
            Found::Node(node) => match self.take {
                Take::Text => node.text(),
                Take::Raw => node.raw().into_owned(),
                Take::Html => node.html(),
            },
            Found::Json(Value::String(text)) => text,
            Found::Json(value) if self.re.is_none() && self.map.is_none() && self.is_as_wanted(&value) => {
                values.push(value);
                return Ok(());
            }
            Found::Json(value) => text_of(&value),
        };
        let text = if self.trim { text.trim().to_owned() } else { text };
        let Some(re) = &self.re else {
            values.push(self.value(&text, reading.page)?);
            return Ok(());
        };
        for found in re.captures_iter(&text) {
            let group = found.name("extract").or_else(|| found.get(1)).or_else(|| found.get(0));
            values.push(self.value(group.map_or("", |group| group.as_str()), reading.page)?);
            if !self.many && self.join.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn value(&self, text: &str, page: &Page) -> Result<Value, String> {
        let on = |what: String| format!("{what}, in `{}` on {}", self.name, page.url());
        match self.map.as_ref().map(|map| map.get(text.trim())) {
            Some(Some(value)) => Ok(value.clone()),
            Some(None) => Err(on(format!("`{}` is not in its `map`", &text[..text.floor_char_boundary(100)]))),
            None => convert(self.parse, text, page).map_err(|error| on(error.to_string())),
        }
    }

    /// Whether a value of JSON needs no reading.
    fn is_as_wanted(&self, value: &Value) -> bool {
        match self.parse {
            Parse::Text | Parse::Json => true,
            Parse::Number | Parse::Price => value.is_number(),
            Parse::Integer => value.is_i64() || value.is_u64(),
            Parse::Boolean => value.is_boolean(),
            Parse::Date | Parse::Url => false,
        }
    }
}

/// All fields of one thing.
pub(super) fn object<'a>(
    fields: &[Field],
    reading: &Reading<'a>,
    at: &Found<'a>,
) -> Result<Map<String, Value>, String> {
    fields.iter().map(|field| Ok((field.name.clone(), field.read(reading, at)?))).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        toml::Value::Array(values) => values.iter().map(json).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}
