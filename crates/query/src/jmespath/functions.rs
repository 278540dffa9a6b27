//! The functions of JMESPath: each by its name, with what it takes.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::search::Search;
use super::tree::Tree;
use super::value::{Item, order};

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// What it takes; the last one again and again, if it is variadic.
    pub(super) takes: &'static [Takes],
    pub(super) is_variadic: bool,
    what: What,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Any,
    Number,
    String,
    Array,
    Object,
    StringOrArray,
    StringArrayOrObject,
    Numbers,
    Strings,
    NumbersOrStrings,
    /// `&…`: put to each member of a list.
    Expression,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Abs,
    Avg,
    Ceil,
    Contains,
    EndsWith,
    Floor,
    Join,
    Keys,
    Length,
    Map,
    Max,
    MaxBy,
    Merge,
    Min,
    MinBy,
    NotNull,
    Reverse,
    Sort,
    SortBy,
    StartsWith,
    Sum,
    ToArray,
    ToNumber,
    ToString,
    Type,
    Values,
}

const fn function(name: &'static str, takes: &'static [Takes], what: What) -> Function {
    Function { name, takes, is_variadic: false, what }
}

/// All of them, by name.
static FUNCTIONS: [Function; 26] = [
    function("abs", &[Takes::Number], What::Abs),
    function("avg", &[Takes::Numbers], What::Avg),
    function("ceil", &[Takes::Number], What::Ceil),
    function("contains", &[Takes::StringOrArray, Takes::Any], What::Contains),
    function("ends_with", &[Takes::String, Takes::String], What::EndsWith),
    function("floor", &[Takes::Number], What::Floor),
    function("join", &[Takes::String, Takes::Strings], What::Join),
    function("keys", &[Takes::Object], What::Keys),
    function("length", &[Takes::StringArrayOrObject], What::Length),
    function("map", &[Takes::Expression, Takes::Array], What::Map),
    function("max", &[Takes::NumbersOrStrings], What::Max),
    function("max_by", &[Takes::Array, Takes::Expression], What::MaxBy),
    Function { name: "merge", takes: &[Takes::Object], is_variadic: true, what: What::Merge },
    function("min", &[Takes::NumbersOrStrings], What::Min),
    function("min_by", &[Takes::Array, Takes::Expression], What::MinBy),
    Function { name: "not_null", takes: &[Takes::Any], is_variadic: true, what: What::NotNull },
    function("reverse", &[Takes::StringOrArray], What::Reverse),
    function("sort", &[Takes::NumbersOrStrings], What::Sort),
    function("sort_by", &[Takes::Array, Takes::Expression], What::SortBy),
    function("starts_with", &[Takes::String, Takes::String], What::StartsWith),
    function("sum", &[Takes::Numbers], What::Sum),
    function("to_array", &[Takes::Any], What::ToArray),
    function("to_number", &[Takes::Any], What::ToNumber),
    function("to_string", &[Takes::Any], What::ToString),
    function("type", &[Takes::Any], What::Type),
    function("values", &[Takes::Object], What::Values),
];

impl Function {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }

    /// What the argument of this number may be.
    pub(super) fn takes(&self, at: usize) -> Takes {
        self.takes.get(at).or(self.takes.last()).copied().unwrap_or(Takes::Any)
    }

    pub(super) fn call<'v>(&self, search: &mut Search, parts: &[Tree], at: &Item<'v>) -> Result<Item<'v>, String> {
        let mut items = Vec::with_capacity(parts.len());
        let mut by = None;
        for (number, part) in parts.iter().enumerate() {
            let takes = self.takes(number);
            if takes == Takes::Expression {
                by = Some(part);
                continue;
            }
            let item = search.ask(part, at)?;
            if !takes.fits(search, &item)? {
                let (wanted, kind) = (takes.name(), item.kind());
                return Err(format!(
                    "argument {} of `{}` must be {wanted}, and is {}",
                    number + 1,
                    self.name,
                    an(kind)
                ));
            }
            items.push(item);
        }
        let by = by.unwrap_or(&Tree::Current);
        self.evaluate(search, &items, by)
    }

    fn evaluate<'v>(&self, search: &mut Search, items: &[Item<'v>], by: &Tree) -> Result<Item<'v>, String> {
        let Some(first) = items.first() else { return Ok(Item::null()) };
        let second = items.get(1);
        Ok(match self.what {
            What::Abs => abs(first),
            What::Ceil => rounded(first, f64::ceil),
            What::Floor => rounded(first, f64::floor),
            What::Sum => sum(&search.members(first)?.unwrap_or_default()),
            What::Avg => {
                let members = search.members(first)?.unwrap_or_default();
                let sum: f64 = members.iter().filter_map(|member| member.number()?.as_f64()).sum();
                if members.is_empty() { Item::null() } else { Item::own(sum / members.len() as f64) }
            }
            What::Contains => Item::own(contains(search, first, second)?),
            What::StartsWith => Item::own(both(first, second).is_some_and(|(text, part)| text.starts_with(part))),
            What::EndsWith => Item::own(both(first, second).is_some_and(|(text, part)| text.ends_with(part))),
            What::Join => join(search, first, second)?,
            What::Keys => {
                let entries = search.entries(first)?.unwrap_or_default();
                search.spend(entries.iter().map(|(name, _)| name.len() / 8).sum())?;
                Item::list(entries.into_iter().map(|(name, _)| Item::own(name.into_owned())).collect())
            }
            What::Values => {
                let entries = search.entries(first)?.unwrap_or_default();
                Item::list(entries.into_iter().map(|(_, item)| item).collect())
            }
            What::Length => Item::own(length(first)),
            What::Map => {
                let members = search.members(first)?.unwrap_or_default();
                let mapped = members.iter().map(|member| search.ask(by, member));
                Item::list(mapped.collect::<Result<_, _>>()?)
            }
            What::Merge => {
                let mut entries = Vec::new();
                for item in items {
                    entries.extend(search.entries(item)?.unwrap_or_default());
                }
                Item::object(entries)
            }
            What::NotNull => items.iter().find(|item| !item.is_null()).cloned().unwrap_or_else(Item::null),
            What::Reverse => match first.text() {
                Some(text) => {
                    search.spend(text.len() / 8)?;
                    Item::own(text.chars().rev().collect::<String>())
                }
                None => Item::list(search.members(first)?.unwrap_or_default().into_iter().rev().collect()),
            },
            What::Max | What::Min | What::Sort | What::MaxBy | What::MinBy | What::SortBy => {
                self.ordered(search, first, by)?
            }
            What::ToArray => match first.kind() {
                "array" => first.clone(),
                _ => Item::list(vec![first.clone()]),
            },
            What::ToNumber => to_number(first),
            What::ToString => to_string(search, first)?,
            What::Type => Item::own(first.kind()),
        })
    }

    /// Those that put the members of a list in order, by themselves or by what an expression says of each.
    fn ordered<'v>(&self, search: &mut Search, list: &Item<'v>, by: &Tree) -> Result<Item<'v>, String> {
        let members = search.members(list)?.unwrap_or_default();
        let mut keyed: Vec<(Item<'v>, Item<'v>)> = Vec::with_capacity(members.len());
        for member in members {
            let key = search.ask(by, &member)?;
            let wanted = keyed.first().map_or(key.kind(), |(first, _)| first.kind());
            if key.kind() != wanted || !matches!(wanted, "number" | "string") {
                let name = self.name;
                return Err(format!("`{name}` orders numbers or strings, not both, and this is {}", an(key.kind())));
            }
            keyed.push((key, member));
        }
        let at = |(_, member): (Item<'v>, Item<'v>)| member;
        // the first of equals wins, as in Python
        let best = |keyed: Vec<(Item<'v>, Item<'v>)>, wins: Ordering| {
            let first =
                keyed.into_iter().reduce(|best, next| if compare(&next.0, &best.0) == wins { next } else { best });
            first.map_or_else(Item::null, at)
        };
        Ok(match self.what {
            What::Max | What::MaxBy => best(keyed, Ordering::Greater),
            What::Min | What::MinBy => best(keyed, Ordering::Less),
            _ => {
                keyed.sort_by(|a, b| compare(&a.0, &b.0));
                Item::list(keyed.into_iter().map(at).collect())
            }
        })
    }
}

impl Takes {
    fn fits(self, search: &mut Search, item: &Item<'_>) -> Result<bool, String> {
        let kind = item.kind();
        let mut all = |wanted: &str| -> Result<bool, String> {
            Ok(search.members(item)?.is_some_and(|members| members.iter().all(|member| member.kind() == wanted)))
        };
        Ok(match self {
            Self::Any | Self::Expression => true,
            Self::Number => kind == "number",
            Self::String => kind == "string",
            Self::Array => kind == "array",
            Self::Object => kind == "object",
            Self::StringOrArray => matches!(kind, "string" | "array"),
            Self::StringArrayOrObject => matches!(kind, "string" | "array" | "object"),
            Self::Numbers => all("number")?,
            Self::Strings => all("string")?,
            Self::NumbersOrStrings => all("number")? || all("string")?,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
            Self::StringOrArray => "a string or an array",
            Self::StringArrayOrObject => "a string, an array or an object",
            Self::Numbers => "an array of numbers",
            Self::Strings => "an array of strings",
            Self::NumbersOrStrings => "an array of numbers or of strings",
            Self::Expression => "an expression",
        }
    }
}

fn an(kind: &str) -> String {
    match kind {
        "null" => "null".to_owned(),
        "array" | "object" => format!("an {kind}"),
        kind => format!("a {kind}"),
    }
}

fn compare(a: &Item<'_>, b: &Item<'_>) -> Ordering {
    match (a.number(), b.number()) {
        (Some(a), Some(b)) => order(a, b),
        _ => a.text().cmp(&b.text()),
    }
}

fn both<'i>(first: &'i Item<'_>, second: Option<&'i Item<'_>>) -> Option<(&'i str, &'i str)> {
    Some((first.text()?, second?.text()?))
}

fn abs<'v>(item: &Item<'v>) -> Item<'v> {
    match item.number().map(|number| (number.as_i64(), number.as_f64().unwrap_or_default())) {
        Some((Some(whole), _)) if whole > i64::MIN => Item::own(whole.abs()),
        Some((_, float)) if float < 0.0 => Item::own(-float),
        _ => item.clone(),
    }
}

/// A number without its fraction: an integer, where it is one exactly.
fn rounded<'v>(item: &Item<'v>, how: impl Fn(f64) -> f64) -> Item<'v> {
    /// Below it each whole number has a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match item.number().filter(|number| number.is_f64()).and_then(Number::as_f64).map(how) {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough")]
        Some(float) if float.abs() < EXACT => Item::own(float as i64),
        Some(float) => Item::own(float),
        None => item.clone(),
    }
}

fn sum<'v>(members: &[Item<'v>]) -> Item<'v> {
    let whole = members.iter().try_fold(0_i64, |sum, member| sum.checked_add(member.number()?.as_i64()?));
    match whole {
        Some(sum) => Item::own(sum),
        None => {
            let sum: f64 = members.iter().filter_map(|member| member.number()?.as_f64()).sum();
            Number::from_f64(sum).map_or_else(Item::null, |sum| Item::own(Value::Number(sum)))
        }
    }
}

fn contains(search: &mut Search, within: &Item<'_>, what: Option<&Item<'_>>) -> Result<bool, String> {
    let Some(what) = what else { return Ok(false) };
    if let Some(text) = within.text() {
        return Ok(what.text().is_some_and(|part| text.contains(part)));
    }
    for member in search.members(within)?.unwrap_or_default() {
        if search.is_same(&member, what)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn join<'v>(search: &mut Search, glue: &Item<'v>, list: Option<&Item<'v>>) -> Result<Item<'v>, String> {
    let glue = glue.text().unwrap_or_default();
    let members = list.map(|list| search.members(list)).transpose()?.flatten().unwrap_or_default();
    let mut joined = String::new();
    for (at, member) in members.iter().enumerate() {
        let text = member.text().unwrap_or_default();
        search.spend((glue.len() + text.len()) / 8)?;
        if at > 0 {
            joined.push_str(glue);
        }
        joined.push_str(text);
    }
    Ok(Item::own(joined))
}

fn length(item: &Item<'_>) -> u64 {
    let length = match item {
        Item::List(members) => members.len(),
        Item::Object(entries) => entries.len(),
        other => match other.value() {
            Some(Value::String(text)) => text.chars().count(),
            Some(Value::Array(members)) => members.len(),
            Some(Value::Object(members)) => members.len(),
            _ => 0,
        },
    };
    length as u64
}

fn to_number<'v>(item: &Item<'v>) -> Item<'v> {
    if item.number().is_some() {
        return item.clone();
    }
    let number = item.text().and_then(|text| serde_json::from_str::<Number>(text.trim()).ok());
    number.map_or_else(Item::null, |number| Item::own(Value::Number(number)))
}

fn to_string<'v>(search: &mut Search, item: &Item<'v>) -> Result<Item<'v>, String> {
    if item.text().is_some() {
        return Ok(item.clone());
    }
    let value: Cow<'_, Value> = search.settle(item)?;
    let text = serde_json::to_string(&*value).map_err(|error| error.to_string())?;
    search.spend(text.len() / 8)?;
    Ok(Item::own(text))
}
