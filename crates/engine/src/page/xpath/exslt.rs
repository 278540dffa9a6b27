//! What EXSLT adds (exslt.github.io): regular expressions, sets, strings and mathematics, as far as lxml has them.
//!
//! Patterns are those of the crate `regex`; a replacement names groups as Python does, `\1` or `\g<name>`, because that is
//! what lxml makes of `re:replace`.

use std::collections::HashSet;

use xpath_eval::Expr;

use super::budget::{Answer, Halt};
use super::document::Item;
use super::evaluate::{Context, Evaluation};
use super::value::{Value, number_of_text};
use crate::page::patterns::{self, expand};

/// The most characters that `str:padding` makes.
const MOST: f64 = 1e6;

impl<'a> Evaluation<'a> {
    /// A function by its well-known prefix.
    pub(super) fn call_exslt(
        &self,
        prefix: &'static str,
        name: &str,
        arguments: &'a [Expr],
        at: Context,
    ) -> Answer<Value<'a>> {
        match prefix {
            "re" => self.call_re(name, arguments, at),
            "set" => self.call_set(name, arguments, at),
            "str" => self.call_str(name, arguments, at),
            _ => self.call_math(name, arguments, at),
        }
    }

    fn call_re(&self, name: &str, arguments: &'a [Expr], at: Context) -> Answer<Value<'a>> {
        let [of, pattern, rest @ ..] = arguments else { return Err(unknown("re", name)) };
        let (of, pattern) = (self.argument(of, at)?, self.argument(pattern, at)?);
        let flags = rest.first().map(|flags| self.argument(flags, at)).transpose()?.unwrap_or_default();
        let pattern = patterns::known(&pattern, flags.contains('i')).map_err(|error| Halt::Told(error.to_string()))?;
        self.budget.take_text(of.len())?;
        match (name, rest.get(1)) {
            ("test", _) => Ok(Value::Truth(pattern.is_match(&of))),
            ("replace", Some(by)) => {
                let by = self.argument(by, at)?;
                let times = if flags.contains('g') { 0 } else { 1 };
                Ok(Value::Text(
                    pattern.replacen(&of, times, |found: &regex::Captures<'_>| expand(&by, found)).into_owned().into(),
                ))
            }
            ("match", _) => {
                let mut found = Vec::new();
                for captures in pattern.captures_iter(&of) {
                    let all = captures.iter().map(|group| group.map_or("", |group| group.as_str()));
                    // `g` gives of each match its groups in one, as Python's `findall` does, or the whole if it has none
                    let texts: Vec<String> = match (flags.contains('g'), captures.len()) {
                        (true, 1) => all.map(str::to_owned).collect(),
                        (true, _) => vec![all.skip(1).collect()],
                        (false, _) => all.map(str::to_owned).collect(),
                    };
                    self.budget.take(texts.len() as u64)?;
                    found.extend(texts.into_iter().map(|text| self.document.make("match", text)));
                    if !flags.contains('g') {
                        break;
                    }
                }
                Ok(Value::Nodes(found))
            }
            _ => Err(unknown("re", name)),
        }
    }

    fn call_set(&self, name: &str, arguments: &'a [Expr], at: Context) -> Answer<Value<'a>> {
        let [first, rest @ ..] = arguments else { return Err(unknown("set", name)) };
        let function = format!("`set:{name}()`");
        let first = self.nodes(&function, first, at)?;
        let Some(second) = rest.first() else {
            let mut seen = HashSet::new();
            let mut distinct = Vec::new();
            for item in first {
                if seen.insert(self.text(item)?) {
                    distinct.push(item);
                }
            }
            return Ok(Value::Nodes(distinct));
        };
        let second = self.nodes(&function, second, at)?;
        self.budget.take((first.len() + second.len()) as u64)?;
        let is_in = |item: &Item| second.binary_search(item).is_ok();
        Ok(match (name, second.first()) {
            ("difference", _) => Value::Nodes(first.into_iter().filter(|item| !is_in(item)).collect()),
            ("intersection", _) => Value::Nodes(first.into_iter().filter(is_in).collect()),
            ("has-same-node", _) => Value::Truth(first.iter().any(is_in)),
            ("leading" | "trailing", None) => Value::Nodes(first),
            ("leading" | "trailing", Some(mark)) => match first.binary_search(mark) {
                Ok(place) if name == "leading" => Value::Nodes(first[..place].to_vec()),
                Ok(place) => Value::Nodes(first[place + 1..].to_vec()),
                Err(_) => Value::Nodes(Vec::new()),
            },
            _ => return Err(unknown("set", name)),
        })
    }

    fn call_str(&self, name: &str, arguments: &'a [Expr], at: Context) -> Answer<Value<'a>> {
        let [first, rest @ ..] = arguments else { return Err(unknown("str", name)) };
        let second = rest.first().map(|second| self.argument(second, at)).transpose()?;
        Ok(match name {
            "concat" => {
                let mut whole = String::new();
                for item in self.nodes("`str:concat()`", first, at)? {
                    whole.push_str(&self.text(item)?);
                }
                Value::Text(whole.into())
            }
            "padding" => {
                let length = self.number_argument(first, at)?;
                let by = second.unwrap_or(" ".into());
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is held within limits")]
                let length = if length.is_nan() { 0 } else { length.clamp(0.0, MOST) as usize };
                self.budget.take_text(length)?;
                Value::Text(by.chars().cycle().take(length).collect::<String>().into())
            }
            "align" => {
                let (text, padding) = (self.argument(first, at)?, second.unwrap_or_default());
                let how = rest.get(1).map(|how| self.argument(how, at)).transpose()?.unwrap_or_default();
                Value::Text(aligned(&text, &padding, &how).into())
            }
            "tokenize" | "split" => {
                let text = self.argument(first, at)?;
                let tokens: Vec<&str> = match (name, second.as_deref()) {
                    (_, Some("")) => text.split("").collect(),
                    ("split", by) => text.split(by.unwrap_or(" ")).collect(),
                    (_, by) => text.split(|c| by.unwrap_or("\t\r\n ").contains(c)).collect(),
                };
                self.budget.take(tokens.len() as u64)?;
                let tokens = tokens.into_iter().filter(|token| !token.is_empty());
                Value::Nodes(tokens.map(|token| self.document.make("token", token)).collect())
            }
            _ => return Err(unknown("str", name)),
        })
    }

    fn call_math(&self, name: &str, arguments: &'a [Expr], at: Context) -> Answer<Value<'a>> {
        let [of] = arguments else { return Err(unknown("math", name)) };
        let items = self.nodes(&format!("`math:{name}()`"), of, at)?;
        let mut numbers = Vec::with_capacity(items.len());
        for item in items {
            numbers.push((number_of_text(&self.text(item)?), item));
        }
        let better = |one: f64, other: f64| match name {
            "max" | "highest" => one.max(other),
            _ => one.min(other),
        };
        // one that is no number leaves none
        let is_known = !numbers.is_empty() && numbers.iter().all(|(number, _)| !number.is_nan());
        let best = numbers.iter().map(|(number, _)| *number).reduce(better).filter(|_| is_known);
        Ok(match name {
            "max" | "min" => Value::Number(best.unwrap_or(f64::NAN)),
            _ => Value::Nodes(
                numbers.iter().filter(|(number, _)| Some(*number) == best).map(|(_, item)| *item).collect(),
            ),
        })
    }
}

/// A text laid over a padding: at its left, right or middle, and never longer.
fn aligned(text: &str, padding: &str, how: &str) -> String {
    let (width, length) = (padding.chars().count(), text.chars().count());
    if length >= width {
        return text.chars().take(width).collect();
    }
    let before = match how {
        "right" => width - length,
        "center" => (width - length) / 2,
        _ => 0,
    };
    let padding = |from, count| padding.chars().skip(from).take(count);
    padding(0, before).chain(text.chars()).chain(padding(before + length, width)).collect()
}

fn unknown(prefix: &str, name: &str) -> Halt {
    Halt::Told(format!("there is no function `{prefix}:{name}()` with these arguments"))
}
