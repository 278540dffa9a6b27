//! What may stand in a declared spider's file.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de::value::SeqAccessDeserializer};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Definition {
    /// By what it is known: in the report, to its job, in `[spiders.NAME]`.
    pub(super) name: String,
    /// The first URLs: `{args.NAME}` is an argument, `{1..9}` each of these numbers.
    #[serde(default)]
    pub(super) start: Texts,
    /// The kind of page that they are; the first one of the file if it is not said.
    pub(super) begin: Option<String>,
    /// The domains that pages may come from, each with what lies below it; without any, every domain.
    #[serde(default)]
    pub(super) domains: Texts,
    /// What `-a` gives: a default, or an empty table for what must be given.
    #[serde(default)]
    pub(super) arguments: BTreeMap<String, toml::Value>,
    /// Sitemaps to begin with.
    pub(super) sitemaps: Option<Sitemaps>,
    /// The kinds of pages.
    #[serde(default)]
    pub(super) pages: BTreeMap<String, PageKind>,
    /// Engine settings, as in any settings file. They are checked with all others.
    #[serde(default)]
    #[expect(dead_code, reason = "read as a layer of settings, with its lines")]
    pub(super) settings: toml::Table,
}

/// `[sitemaps]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sitemaps {
    /// Where they are; a robots.txt leads to those that it names.
    pub(super) urls: Texts,
    /// What their URLs lead to; the first that fits decides.
    pub(super) rules: Vec<SitemapRule>,
    /// The sitemaps of an index that are read; without any, all.
    #[serde(default)]
    pub(super) follow: Texts,
    /// The same pages in other languages too.
    #[serde(default)]
    pub(super) alternates: bool,
    /// What has not changed since then is left out: a date or time.
    pub(super) since: Option<String>,
}

/// `[[sitemaps.rules]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SitemapRule {
    /// A regular expression that finds something in the URL; without it, any URL.
    #[serde(default)]
    pub(super) allow: String,
    /// The kind of page.
    pub(super) page: String,
}

/// `[pages.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PageKind {
    /// What is kept of it.
    pub(super) items: Vec<Item>,
    /// Where it leads; the first rule that fits a link decides.
    pub(super) follow: Vec<Follow>,
    /// More of the same kind.
    pub(super) next: Option<Next>,
}

/// `[[pages.NAME.items]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    /// Its kind.
    pub(super) kind: String,
    /// What there is one item for each of; without it, the page is one item.
    pub(super) rows: Option<Query>,
    /// What it has, in this order.
    pub(super) fields: BTreeMap<String, Field>,
}

/// A question to a page; a text alone is a CSS selector.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct QueryTable {
    pub(super) css: Option<String>,
    pub(super) xpath: Option<String>,
    pub(super) jmespath: Option<String>,
}

/// A field; a text alone is a CSS selector.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FieldTable {
    pub(super) css: Option<String>,
    pub(super) xpath: Option<String>,
    pub(super) jmespath: Option<String>,
    /// What is known of the page itself.
    pub(super) page: Option<OfPage>,
    /// Always this.
    pub(super) value: Option<toml::Value>,
    /// What of a node.
    pub(super) take: Take,
    /// White space at both ends of `raw` and `html` goes.
    pub(super) trim: bool,
    /// What a regular expression finds: its group, or the whole.
    pub(super) re: Option<String>,
    /// Text to value; what is not there is an error.
    pub(super) map: Option<BTreeMap<String, toml::Value>>,
    pub(super) parse: Parse,
    /// All that is found, as a list.
    pub(super) many: bool,
    /// All that is found, as one text with this between.
    pub(super) join: Option<String>,
    /// False: null, if nothing is found.
    pub(super) required: Option<bool>,
    /// What it is if nothing is found.
    pub(super) default: Option<toml::Value>,
    /// What is found has fields of its own.
    pub(super) fields: Option<BTreeMap<String, Field>>,
}

/// What is known of the page itself.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OfPage {
    Url,
    Title,
    Status,
    Depth,
}

/// What of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Take {
    /// Its text as a browser shows it.
    #[default]
    Text,
    /// Its text as it stands.
    Raw,
    /// Its markup.
    Html,
}

/// What a text is read as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Parse {
    #[default]
    Text,
    /// The first number: `-1.5`.
    Number,
    /// The first whole number.
    Integer,
    /// The amount in `£1,234.50`, in `1.234,50 €`.
    Price,
    /// A day, as `2024-03-05`.
    Date,
    /// `true`, `yes`, `1`; `false`, `no`, `0`.
    Boolean,
    /// A URL, absolute.
    Url,
    Json,
}

/// `[[pages.NAME.follow]]`: the links of a page, by the words of [`Links`](crate::page::Links).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Follow {
    /// The kind of page that they lead to; without it they are left, whatever later rules say.
    pub(super) page: Option<String>,
    /// Within the elements that this finds only.
    #[serde(default)]
    pub(super) css: Texts,
    #[serde(default)]
    pub(super) xpath: Texts,
    /// Regular expressions; one of them finds something in the URL.
    #[serde(default)]
    pub(super) allow: Texts,
    /// None of them does.
    #[serde(default)]
    pub(super) deny: Texts,
    /// Regular expressions; one of them finds something in the link's text.
    #[serde(default)]
    pub(super) text: Texts,
    /// These domains and what lies below them only.
    #[serde(default)]
    pub(super) domains: Texts,
    /// Neither these domains nor what lies below them.
    #[serde(default)]
    pub(super) deny_domains: Texts,
}

/// `next`; a text alone is a CSS selector of links.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NextTable {
    /// The links to more.
    pub(super) css: Option<String>,
    pub(super) xpath: Option<String>,
    /// The name in the query that counts the pages.
    pub(super) query: Option<String>,
    /// Its value on a page whose URL does not say it.
    pub(super) first: Option<i64>,
    /// What it grows by.
    pub(super) step: Option<i64>,
    /// There is a next page while this selector finds something.
    #[serde(rename = "while")]
    pub(super) while_found: Option<String>,
}

/// A table, or a text that stands for one.
#[derive(Debug)]
pub(super) struct Short<T>(pub(super) T);

pub(super) type Query = Short<QueryTable>;
pub(super) type Field = Short<FieldTable>;
pub(super) type Next = Short<NextTable>;

impl From<&str> for QueryTable {
    fn from(css: &str) -> Self {
        Self { css: Some(css.to_owned()), ..Self::default() }
    }
}

impl From<&str> for FieldTable {
    fn from(css: &str) -> Self {
        Self { css: Some(css.to_owned()), ..Self::default() }
    }
}

impl From<&str> for NextTable {
    fn from(css: &str) -> Self {
        Self { css: Some(css.to_owned()), ..Self::default() }
    }
}

impl<'de, T: Deserialize<'de> + for<'a> From<&'a str>> Deserialize<'de> for Short<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShortVisitor(PhantomData))
    }
}

struct ShortVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + for<'a> From<&'a str>> Visitor<'de> for ShortVisitor<T> {
    type Value = Short<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CSS selector or a table")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Short<T>, E> {
        Ok(Short(T::from(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Short<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Short)
    }
}

/// A text, or a list of them.
#[derive(Debug, Default)]
pub(super) struct Texts(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextsVisitor;

        impl<'de> Visitor<'de> for TextsVisitor {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Texts, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Texts)
            }
        }

        deserializer.deserialize_any(TextsVisitor)
    }
}
