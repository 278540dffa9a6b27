//! Spiders without Rust: a TOML file says where to begin, what pages lead to and what is kept of them. It runs on the same
//! engine, with the same promises: `dragline crawl books.toml`.

mod convert;
mod definition;
mod field;
mod kind;
mod place;
mod schema;
mod template;

use std::collections::BTreeMap;
use std::sync::Arc;

use dragline_query::pattern;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use toml::Value;

use self::definition::Definition;
use self::kind::{Kind, check_kind};
use self::place::{Fault, Places};
use self::template::Template;
use crate::error::{Error, Result, nearest};
use crate::message::ItemType;
use crate::page::{Page, moment};
use crate::spider::{Level, Output, SitemapRules, Spider};

/// A file, checked: everything in it is known to make sense.
#[derive(Debug)]
pub struct Declaration {
    name: String,
    text: String,
    start: Vec<Template>,
    begin: Option<String>,
    domains: Vec<Template>,
    /// With their defaults; none for what must be given.
    arguments: BTreeMap<String, Option<String>>,
    sitemaps: Option<Sitemaps>,
    kinds: BTreeMap<String, Kind>,
}

#[derive(Debug)]
struct Sitemaps {
    urls: Vec<Template>,
    rules: Vec<(String, String)>,
    follow: Vec<String>,
    alternates: bool,
    since: Option<Timestamp>,
}

/// A file's spider, with its arguments.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Declared {
    declaration: Arc<Declaration>,
    arguments: BTreeMap<String, String>,
    sitemaps: SitemapRules<Step>,
}

/// What a declared spider does with an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    /// Reads a page of this kind.
    Page(String),
    /// Reads a sitemap.
    Sitemap(Level),
}

impl Declaration {
    /// Reads a file's text; `file` is its name, for messages.
    ///
    /// # Errors
    /// If something in it makes no sense: line, column, key, and the nearest thing that would.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let places = Places::new(file, text)?;
        let definition: Definition = toml::from_str(text).map_err(|error| places.syntax(&error))?;
        Self::check(definition, text, &places).map_err(|fault| places.error(&fault))
    }

    fn check(definition: Definition, text: &str, places: &Places<'_>) -> Result<Self, Fault> {
        let name = definition.name;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(is_plain) {
            return Err(Fault::new(&["name"], format!("`{name}` is no name: letters, digits, `-` and `_`")));
        }
        let mut names: Vec<&str> = definition.pages.keys().map(String::as_str).collect();
        names.sort_by_key(|name| places.order(&["pages", name]));
        let mut kinds = BTreeMap::new();
        for (name, kind) in &definition.pages {
            kinds.insert(name.clone(), Kind::parse(&["pages", name], kind, &names, places)?);
        }
        let mut arguments = BTreeMap::new();
        for (name, value) in &definition.arguments {
            arguments.insert(name.clone(), default_of(&["arguments", name], value)?);
        }
        let known: Vec<&str> = arguments.keys().map(String::as_str).collect();
        let start = templates(&["start"], &definition.start.0, &known, true)?;
        let domains = templates(&["domains"], &definition.domains.0, &known, false)?;
        let sitemaps = definition.sitemaps.map(|sitemaps| Sitemaps::check(sitemaps, &known, &names)).transpose()?;
        let begin = match definition.begin {
            Some(begin) => check_kind(&["begin"], &begin, &names).map(|()| Some(begin))?,
            None => names.first().map(|name| (*name).to_owned()),
        };
        if start.is_empty() && sitemaps.is_none() {
            return Err(Fault::new(&["start"], "there is nothing to begin with: give `start`, or `[sitemaps]`"));
        }
        if begin.is_none() {
            return Err(Fault::new(&["pages"], "there is no kind of page: give a `[pages.NAME]`"));
        }
        Ok(Self { name, text: text.to_owned(), start, begin, domains, arguments, sitemaps, kinds })
    }

    /// By what it is known.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its settings alone, as TOML.
    #[must_use]
    pub fn settings(&self) -> String {
        let table: toml::Table = toml::from_str(&self.text).unwrap_or_default();
        table.get("settings").map(ToString::to_string).unwrap_or_default()
    }

    /// Whether another text says the same but for its settings: a job of the one can go on with the other.
    #[must_use]
    pub fn means_the_same(&self, other: &str) -> bool {
        let read = |text: &str| {
            let mut table: toml::Table = toml::from_str(text).ok()?;
            table.remove("settings");
            Some(table)
        };
        read(&self.text) == read(other)
    }

    /// The kinds of its items. What they are made of lives as long as the process: there are as many as files are run.
    pub(crate) fn items(&self) -> Vec<ItemType> {
        schema::items(self.kinds.values())
    }

    /// The spider with what `-a` and `[spiders.NAME]` give.
    pub(crate) fn spider(self: &Arc<Self>, given: &BTreeMap<String, Value>) -> Result<Declared> {
        let arguments = self.given(given)?;
        let urls = self.start.iter().map(|start| ("start", start));
        let sitemaps = self.sitemaps.iter().flat_map(|sitemaps| sitemaps.urls.iter().map(|url| ("sitemaps.urls", url)));
        for (key, url) in urls.chain(sitemaps) {
            url.first_url(&arguments)
                .map_err(|what| Error::setting(key, format!("of spider `{}`: {what}", self.name)))?;
        }
        let mut rules = SitemapRules::new(Step::Sitemap);
        if let Some(sitemaps) = &self.sitemaps {
            for (allow, page) in &sitemaps.rules {
                rules = rules.page(allow, Step::Page(page.clone()));
            }
            rules = sitemaps.follow.iter().fold(rules, |rules, follow| rules.sitemap(follow));
            rules = if sitemaps.alternates { rules.alternates() } else { rules };
            rules = if let Some(since) = sitemaps.since { rules.since(since) } else { rules };
        }
        Ok(Declared { declaration: self.clone(), arguments, sitemaps: rules })
    }

    /// The domains that pages may come from.
    pub(crate) fn domains(&self, given: &BTreeMap<String, Value>) -> Result<Vec<String>> {
        let arguments = self.given(given)?;
        Ok(self.domains.iter().flat_map(|domain| domain.expand(&arguments)).collect())
    }

    /// All arguments as text: those that are given, and the defaults of the others.
    fn given(&self, given: &BTreeMap<String, Value>) -> Result<BTreeMap<String, String>> {
        let name = &self.name;
        if let Some(unknown) = given.keys().find(|key| !self.arguments.contains_key(*key)) {
            let known: Vec<&str> = self.arguments.keys().map(String::as_str).collect();
            let hint = match nearest(unknown, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "the spider takes none".to_owned(),
                None => format!("known: {}", known.join(", ")),
            };
            let message = format!("spider `{name}` has no argument `{unknown}`; {hint}");
            return Err(Error::Setting { key: format!("spiders.{name}.{unknown}"), message });
        }
        let mut arguments = BTreeMap::new();
        for (key, default) in &self.arguments {
            let value = given.get(key).map(text_of).or_else(|| default.clone());
            let value = value.ok_or_else(|| Error::MissingArgument { spider: name.clone(), key: key.clone() })?;
            arguments.insert(key.clone(), value);
        }
        Ok(arguments)
    }
}

impl Sitemaps {
    fn check(sitemaps: definition::Sitemaps, known: &[&str], kinds: &[&str]) -> Result<Self, Fault> {
        let compile = |path: &[&str], text: &str| pattern(text).map(drop).map_err(|error| Fault::new(path, error));
        for (number, rule) in sitemaps.rules.iter().enumerate() {
            let path =
                |key: &'static str| ["sitemaps".to_owned(), "rules".to_owned(), number.to_string(), key.to_owned()];
            compile(&path("allow").each_ref().map(String::as_str), &rule.allow)?;
            check_kind(&path("page").each_ref().map(String::as_str), &rule.page, kinds)?;
        }
        for follow in &sitemaps.follow.0 {
            compile(&["sitemaps", "follow"], follow)?;
        }
        let since = |text: &String| {
            moment(text).ok_or_else(|| Fault::new(&["sitemaps", "since"], format!("`{text}` is no date and no time")))
        };
        let urls = templates(&["sitemaps", "urls"], &sitemaps.urls.0, known, true)?;
        if urls.is_empty() || sitemaps.rules.is_empty() {
            let key = if urls.is_empty() { "urls" } else { "rules" };
            return Err(Fault::new(&["sitemaps", key], "is empty, so that nothing would be read"));
        }
        Ok(Self {
            urls,
            since: sitemaps.since.as_ref().map(since).transpose()?,
            rules: sitemaps.rules.into_iter().map(|rule| (rule.allow, rule.page)).collect(),
            follow: sitemaps.follow.0,
            alternates: sitemaps.alternates,
        })
    }
}

impl Spider for Declared {
    const NAME: &'static str = "declared";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        let starts = self.declaration.start.iter().map(|start| start.expand(&self.arguments)).collect::<Vec<_>>();
        if let Some(begin) = &self.declaration.begin {
            let step = Step::Page(begin.clone());
            out.seeds(
                starts
                    .into_iter()
                    .flatten()
                    .filter_map(move |url| Some((url::Url::parse(url.trim()).ok()?, step.clone()))),
            );
        }
        for url in self.declaration.sitemaps.iter().flat_map(|sitemaps| &sitemaps.urls) {
            url.expand(&self.arguments).for_each(|url| self.sitemaps.start(url.as_str(), out));
        }
    }

    fn parse(&self, step: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        match step {
            Step::Sitemap(level) => self.sitemaps.follow(level, page, out),
            Step::Page(name) => match self.declaration.kinds.get(&name) {
                Some(kind) => kind.read(&name, page, out),
                None => Err(Error::page(format!(
                    "the file of spider `{}` has no `[pages.{name}]` any more, which {} was to be read as",
                    self.declaration.name,
                    page.url()
                ))),
            },
        }
    }
}

/// A file's text with no arguments: how serde makes one.
impl TryFrom<String> for Declared {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Arc::new(Declaration::parse("spider", &text)?).spider(&BTreeMap::new())
    }
}

/// An argument's default; none where it is an empty table.
fn default_of(path: &[&str], value: &Value) -> Result<Option<String>, Fault> {
    match value {
        Value::Table(table) if table.is_empty() => Ok(None),
        Value::Table(_) | Value::Array(_) => {
            Err(Fault::new(path, "is a text or a number, its default; or `{}`, if it must be given"))
        }
        value => Ok(Some(text_of(value))),
    }
}

fn templates(path: &[&str], texts: &[String], known: &[&str], is_url: bool) -> Result<Vec<Template>, Fault> {
    let mut templates = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let number = number.to_string();
        let path = [path, &[&number]].concat();
        let template = Template::parse(&path, text, known)?;
        if is_url && template.is_fixed() {
            template.first_url(&BTreeMap::new()).map_err(|what| Fault::new(&path, what))?;
        }
        templates.push(template);
    }
    Ok(templates)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
