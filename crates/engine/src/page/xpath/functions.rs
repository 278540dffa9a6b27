//! The functions of XPath 1.0, section 4, and `has-class`. How many arguments each takes was looked at when the expression
//! was parsed.

use std::borrow::Cow;
use std::collections::HashMap;

use scraper::Node;
use xpath_eval::{Expr, FunctionCall};

use super::budget::{Answer, Halt};
use super::document::{Item, Kind, Name};
use super::evaluate::{Context, Evaluation, nodes_of};
use super::value::{Value, is_space, number_of_text, rounded};

impl<'a> Evaluation<'a> {
    pub(super) fn call(&self, call: &'a FunctionCall, at: Context) -> Answer<Value<'a>> {
        let arguments = call.args.as_slice();
        if let Some(prefix) = &call.name.prefix {
            let prefix = self.given.function_prefix(prefix, call).map_err(Halt::Told)?;
            return self.call_exslt(prefix, &call.name.local, arguments, at);
        }
        Ok(match (call.name.local.as_str(), arguments) {
            #[expect(clippy::cast_precision_loss, reason = "positions are far below 2⁵²")]
            ("last", []) => Value::Number(at.size as f64),
            #[expect(clippy::cast_precision_loss, reason = "positions are far below 2⁵²")]
            ("position", []) => Value::Number(at.position as f64),
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵²")]
            ("count", [nodes]) => Value::Number(self.nodes("`count()`", nodes, at)?.len() as f64),
            ("id", [of]) => Value::Nodes(self.with_ids(self.evaluate(of, at)?)?),
            ("local-name" | "name" | "namespace-uri", of) => {
                let name = self.named(of, at)?;
                Value::Text(match (call.name.local.as_str(), name) {
                    (_, None) => Cow::Borrowed(""),
                    ("namespace-uri", Some(name)) => Cow::Borrowed(name.namespace),
                    ("name", Some(name)) if !name.prefix.is_empty() => format!("{}:{}", name.prefix, name.local).into(),
                    (_, Some(name)) => Cow::Borrowed(name.local),
                })
            }
            ("string", of) => Value::Text(self.text_or_own(of, at)?),
            ("concat", parts) => {
                let mut whole = String::new();
                for part in parts {
                    whole.push_str(&self.argument(part, at)?);
                    self.budget.take_text(whole.len())?;
                }
                Value::Text(whole.into())
            }
            ("starts-with", [of, what]) => Value::Truth(self.argument(of, at)?.starts_with(&*self.argument(what, at)?)),
            ("contains", [of, what]) => Value::Truth(self.argument(of, at)?.contains(&*self.argument(what, at)?)),
            ("substring-before", [of, what]) => {
                let (of, what) = (self.argument(of, at)?, self.argument(what, at)?);
                Value::Text(of.split_once(&*what).map_or_else(String::new, |(before, _)| before.to_owned()).into())
            }
            ("substring-after", [of, what]) => {
                let (of, what) = (self.argument(of, at)?, self.argument(what, at)?);
                Value::Text(of.split_once(&*what).map_or_else(String::new, |(_, after)| after.to_owned()).into())
            }
            ("substring", [of, begin, length @ ..]) => {
                let (of, begin) = (self.argument(of, at)?, self.number_argument(begin, at)?);
                let length = length.first().map(|length| self.number_argument(length, at)).transpose()?;
                Value::Text(substring(&of, begin, length).into())
            }
            #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2⁵²")]
            ("string-length", of) => Value::Number(self.text_or_own(of, at)?.chars().count() as f64),
            ("normalize-space", of) => {
                let text = self.text_or_own(of, at)?;
                let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
                Value::Text(words.join(" ").into())
            }
            ("translate", [of, from, to]) => {
                let (of, from, to) = (self.argument(of, at)?, self.argument(from, at)?, self.argument(to, at)?);
                Value::Text(translate(&of, &from, &to).into())
            }
            ("boolean", [of]) => Value::Truth(self.truth(of, at)?),
            ("not", [of]) => Value::Truth(!self.truth(of, at)?),
            ("true", []) => Value::Truth(true),
            ("false", []) => Value::Truth(false),
            ("lang", [language]) => Value::Truth(self.is_in_language(at.item, &self.argument(language, at)?)?),
            ("number", []) => Value::Number(number_of_text(&self.text(at.item)?)),
            ("number", [of]) => Value::Number(self.number_argument(of, at)?),
            ("sum", [of]) => {
                let mut sum = 0.0;
                for item in self.nodes("`sum()`", of, at)? {
                    sum += number_of_text(&self.text(item)?);
                }
                Value::Number(sum)
            }
            ("floor", [of]) => Value::Number(self.number_argument(of, at)?.floor()),
            ("ceiling", [of]) => Value::Number(self.number_argument(of, at)?.ceil()),
            ("round", [of]) => Value::Number(rounded(self.number_argument(of, at)?)),
            ("has-class", names) => Value::Truth(self.has_classes(names, at)?),
            (name, _) => return Err(Halt::Told(format!("there is no function `{name}()`"))),
        })
    }

    /// An argument as a text.
    pub(super) fn argument(&self, argument: &'a Expr, at: Context) -> Answer<Cow<'a, str>> {
        self.text_of(&self.evaluate(argument, at)?)
    }

    pub(super) fn number_argument(&self, argument: &'a Expr, at: Context) -> Answer<f64> {
        self.number_of(&self.evaluate(argument, at)?)
    }

    pub(super) fn nodes(&self, function: &str, argument: &'a Expr, at: Context) -> Answer<Vec<Item>> {
        nodes_of(self.evaluate(argument, at)?, function)
    }

    /// The text of an argument, or of the node where one stands.
    fn text_or_own(&self, argument: &'a [Expr], at: Context) -> Answer<Cow<'a, str>> {
        match argument {
            [argument, ..] => self.argument(argument, at),
            [] => self.text(at.item),
        }
    }

    fn named(&self, argument: &'a [Expr], at: Context) -> Answer<Option<Name<'a>>> {
        let item = match argument {
            [argument, ..] => self.nodes("a function of names", argument, at)?.first().copied(),
            [] => Some(at.item),
        };
        Ok(item.and_then(|item| self.document.name(item)))
    }

    /// The elements that have any of these ids: `id` in HTML, `xml:id` in XML.
    fn with_ids(&self, of: Value<'a>) -> Answer<Vec<Item>> {
        let texts = match of {
            Value::Nodes(items) => items.into_iter().map(|item| self.text(item)).collect::<Answer<Vec<_>>>()?,
            value => vec![self.text_of(&value)?],
        };
        if self.ids.get().is_none() {
            self.budget.take(self.document.order.len().into())?;
        }
        let ids = self.ids.get_or_init(|| {
            let mut ids = HashMap::new();
            let prefix = if self.document.is_xml { Some("xml") } else { None };
            for number in 0..self.document.order.len() {
                let attributes = self.document.value(number).and_then(Node::as_element).map(|element| &element.attrs);
                let mut attributes = attributes.into_iter().flatten();
                let id = attributes.find(|(name, _)| &*name.local == "id" && name.prefix.as_deref() == prefix);
                if let Some((_, id)) = id {
                    ids.entry(&**id).or_insert(number);
                }
            }
            ids
        });
        let words = texts.iter().flat_map(|text| text.split(is_space)).filter(|word| !word.is_empty());
        let mut found: Vec<Item> = words.filter_map(|word| ids.get(word)).map(|node| Item::node(*node)).collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The nearest `xml:lang`, or `lang` in HTML, is this language or one of its kind: `en` is that of `en-GB`.
    fn is_in_language(&self, item: Item, language: &str) -> Answer<bool> {
        let mut at = Some(item);
        while let Some(item) = at {
            self.budget.take(1)?;
            let mut attributes = self.document.attributes(item);
            let own = attributes.find(|attribute| {
                let name = self.document.name(*attribute);
                name.is_some_and(|name| match (name.local, name.prefix) {
                    ("lang", "xml") | ("xml:lang", "") => true,
                    ("lang", "") => !self.document.is_xml,
                    _ => false,
                })
            });
            if let Some(own) = own {
                let text = self.document.text(own);
                let (begin, rest) = text.split_at_checked(language.len()).unwrap_or(("", "x"));
                return Ok(begin.eq_ignore_ascii_case(language) && (rest.is_empty() || rest.starts_with('-')));
            }
            at = self.document.parent(item);
        }
        Ok(false)
    }

    /// parsel's: whether the element where one stands has all these classes.
    fn has_classes(&self, names: &'a [Expr], at: Context) -> Answer<bool> {
        if self.document.kind(at.item) != Kind::Element {
            return Ok(false);
        }
        let class = self.document.attributes(at.item).find(|attribute| {
            self.document.name(*attribute).is_some_and(|name| name.local == "class" && name.namespace.is_empty())
        });
        let Some(class) = class else { return Ok(false) };
        let class = self.text(class)?;
        let class = format!(" {} ", class.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
        for name in names {
            if !class.contains(&format!(" {} ", self.argument(name, at)?)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Characters are counted from 1, and both numbers rounded; what is not a number keeps nothing.
fn substring(of: &str, begin: f64, length: Option<f64>) -> String {
    let begin = rounded(begin);
    let end = length.map_or(f64::INFINITY, |length| begin + rounded(length));
    let mut position = 0.0;
    let kept = of.chars().filter(|_| {
        position += 1.0;
        position >= begin && position < end
    });
    kept.collect()
}

fn translate(of: &str, from: &str, to: &str) -> String {
    let mut changes: HashMap<char, Option<char>> = HashMap::new();
    let mut to = to.chars();
    for c in from.chars() {
        let into = to.next();
        changes.entry(c).or_insert(into);
    }
    of.chars().filter_map(|c| changes.get(&c).copied().unwrap_or(Some(c))).collect()
}
