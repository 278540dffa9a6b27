//! The places of a field, in the order in which they are tried, and what is done to what is there.

use dragline_query::{JmesPath, Query, QueryError, pattern};
use proc_macro2::Span;
use syn::{Error, Expr, LitStr, Result};

use super::kind::Kind;
use super::steps::{Opt, Step, What};

/// A language in which a page is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Css,
    XPath,
    JmesPath,
    Re,
}

/// A place: queries, each within what the one before finds.
pub(super) struct Source {
    pub(super) queries: Vec<(Language, LitStr)>,
    pub(super) steps: Vec<(Step, &'static str, Span)>,
}

impl Language {
    pub(super) fn of(attribute: &str) -> Option<Self> {
        match attribute {
            "css" => Some(Self::Css),
            "xpath" => Some(Self::XPath),
            "jmespath" => Some(Self::JmesPath),
            "re" => Some(Self::Re),
            _ => None,
        }
    }

    /// Whether the text is a query, by the code that will ask it.
    fn check(self, text: &LitStr) -> Result<()> {
        let query = text.value();
        let checked: std::result::Result<(), QueryError> = match self {
            Self::Css => Query::css(&query).map(drop),
            Self::XPath => Query::xpath(&query).map(drop),
            Self::JmesPath => JmesPath::parse(&query).map(drop),
            Self::Re => pattern(&query).map(drop),
        };
        checked.map_err(|error| Error::new(text.span(), error))
    }
}

impl Source {
    /// The place that the struct is read from.
    pub(super) fn here() -> Self {
        Self { queries: Vec::new(), steps: Vec::new() }
    }

    /// Whether this query goes on where that place ends: JSON and patterns within nodes, patterns within JSON.
    pub(super) fn takes(&self, language: Language) -> bool {
        match (self.queries.last(), language) {
            (Some((Language::Css | Language::XPath, _)), Language::JmesPath | Language::Re) => self.steps.is_empty(),
            (Some((Language::JmesPath, _)), Language::Re) => self.steps.is_empty(),
            _ => false,
        }
    }

    pub(super) fn ask(&mut self, language: Language, text: LitStr) -> Result<()> {
        language.check(&text)?;
        self.queries.push((language, text));
        Ok(())
    }

    /// Takes an option; a default is handed back, for it is the field's.
    pub(super) fn option(&mut self, option: Opt) -> Result<Option<Expr>> {
        match option.what {
            What::Default(default) => return Ok(Some(default)),
            What::Further(text) => {
                let language = Language::of(option.name).unwrap_or(Language::Re);
                if !self.queries.is_empty() && !self.takes(language) {
                    let what = format!(
                        "`{}` stands behind the query that it goes on from, before what is done to the text",
                        option.name
                    );
                    return Err(Error::new(option.span, what));
                }
                self.ask(language, text)?;
            }
            What::Step(step) => {
                self.fits(&step, option.name, option.span)?;
                self.steps.push((step, option.name, option.span));
            }
        }
        Ok(None)
    }

    /// Whether a step can follow those that are there.
    fn fits(&self, step: &Step, name: &str, span: Span) -> Result<()> {
        let refuse = |other: &str, why: &str| Err(Error::new(span, format!("`{name}` cannot follow `{other}`: {why}")));
        for (before, other, _) in &self.steps {
            match (before, step) {
                (Step::Parse(_), _) => return refuse(other, "`parse` comes last, it makes the value"),
                (Step::With(_), _) => return refuse(other, "the function makes the value from the node"),
                (Step::Exists, _) => return refuse(other, "whether something is there is all there is to say"),
                (_, Step::With(_)) => return refuse(other, "the function takes the node, and no text"),
                (_, Step::Exists) => return refuse(other, "whether something is there does not depend on its text"),
                (_, Step::Raw | Step::Html) => return refuse(other, "how a node is read is said first"),
                (Step::First, Step::Last) | (Step::Last, Step::First) => return refuse(other, "one is left already"),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the steps fit the field's type.
    pub(super) fn fits_kind(&self, kind: &Kind) -> Result<()> {
        for (step, name, span) in &self.steps {
            let one = matches!(step, Step::First | Step::Last | Step::Join(_) | Step::Exists);
            if one && kind.is_many() {
                let what =
                    format!("`{name}` leaves one value, and the field has many: take the `Vec` away, or `{name}`");
                return Err(Error::new(*span, what));
            }
        }
        Ok(())
    }
}
