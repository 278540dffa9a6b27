//! The names of feeds: `photos-{job}-{batch:05}.jsonl`.

use super::Context;
use crate::error::{Error, Result, nearest};

/// What may stand in braces.
const WORDS: [&str; 4] = ["batch", "time", "spider", "job"];

/// A name with places in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A word of [`WORDS`], and the digits that it is filled up to.
    Word(&'static str, usize),
}

impl Name {
    /// Reads a name. A brace that closes nothing is text.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let unknown = |word: &str| {
                let hint = match nearest(word, WORDS) {
                    Some(nearest) => format!("; did you mean `{nearest}`?"),
                    None => String::new(),
                };
                let what = format!("= `{text}` holds `{{{word}}}` (known: {}{hint})", WORDS.join(", "));
                Error::setting("feeds.uri", what)
            };
            let (inner, after) = after.split_once('}').ok_or_else(|| unknown(after))?;
            let (word, width) = inner.split_once(':').unwrap_or((inner, "0"));
            let known = WORDS.iter().find(|known| **known == word).ok_or_else(|| unknown(inner))?;
            let width = width.parse().ok().filter(|width| *width <= 20).ok_or_else(|| unknown(inner))?;
            parts.extend([Part::Text(before.to_owned()), Part::Word(known, width)]);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// Whether each batch has a name of its own.
    pub(super) fn has_batch(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Word("batch", _)))
    }

    /// The name of a batch; the first is 1.
    pub(super) fn of(&self, batch: u64, context: &Context) -> String {
        let mut name = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Word("batch", width) => name.push_str(&format!("{batch:0width$}")),
                // a colon is no part of a file's name everywhere
                Part::Word("time", _) => name.push_str(&context.started.strftime("%Y-%m-%dT%H-%M-%S").to_string()),
                Part::Word("spider", _) => name.push_str(&context.spider),
                Part::Word(_, _) => name.push_str(&context.job),
            }
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::conformance::context;

    #[test]
    fn words_in_braces_are_filled_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let context = context(folder.path());
        let name = |text: &str| Name::parse(text).map(|name| name.of(7, &context)).map_err(|error| error.to_string());
        assert_eq!(name("a.jsonl"), Ok("a.jsonl".to_owned()));
        assert_eq!(name("{spider}/{job}-{batch:03}-{batch}"), Ok("numbers/job-007-7".to_owned()));
        assert_eq!(name("{time}"), Ok("2026-11-21T10-00-00".to_owned()));
        assert!(name("{tme}").expect_err("unknown").contains("did you mean `time`?"));
        assert!(name("{batch").expect_err("open").contains("`{batch}`"));
        assert!(name("{batch:x}").expect_err("no width").contains("{batch:x}"));
    }
}
