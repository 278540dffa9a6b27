//! A kind of page of a declared spider: what is kept of it, and where it leads.

use std::sync::Arc;

use dragline_query::{Query, pattern};
use serde_json::{Map, Value};
use url::Url;

use super::definition::{self, Short};
use super::field::{Field, Found, Reading, Source, fields, object, query};
use super::place::{Fault, Places};
use super::{Declared, Step};
use crate::error::{Error, Result};
use crate::page::{Links, Node, Page};
use crate::spider::{LinkRules, Output};

/// A kind of page, checked.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) items: Vec<Item>,
    follow: LinkRules<Step>,
    next: Option<Next>,
}

/// A kind of item.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) kind: String,
    rows: Option<Source>,
    pub(super) fields: Vec<Field>,
}

#[derive(Debug)]
enum Next {
    Links(Arc<Query>),
    Count { name: String, first: i64, step: i64, while_found: Arc<Query> },
}

impl Kind {
    pub(super) fn parse(
        path: &[&str],
        kind: &definition::PageKind,
        kinds: &[&str],
        places: &Places<'_>,
    ) -> Result<Self, Fault> {
        let mut items = Vec::new();
        for (number, item) in kind.items.iter().enumerate() {
            items.push(Item::parse(&[path, &["items", &number.to_string()]].concat(), item, places)?);
        }
        let mut follow = LinkRules::new();
        for (number, rule) in kind.follow.iter().enumerate() {
            let number = number.to_string();
            let path = [path, &["follow", &number]].concat();
            let links = links_of(&path, rule)?;
            follow = match &rule.page {
                Some(page) => {
                    check_kind(&[&path[..], &["page"]].concat(), page, kinds)?;
                    follow.follow(links, Step::Page(page.clone()))
                }
                None => follow.leave(links),
            };
        }
        let next = kind.next.as_ref().map(|next| Next::parse(&[path, &["next"]].concat(), next)).transpose()?;
        Ok(Self { items, follow, next })
    }

    /// Reads a page of this kind.
    ///
    /// # Errors
    /// If a field that must be there is not, or is not what it should be: the first of these. All else of the page is
    /// kept.
    pub(super) fn read(&self, name: &str, page: &Page, out: &mut Output<Declared>) -> Result<()> {
        let mut wrong = None;
        let reading = Reading::new(page);
        for item in &self.items {
            for fields in item.read(&reading) {
                match fields {
                    Ok(fields) => out.record(&item.kind, fields),
                    Err(what) => drop(wrong.get_or_insert(what)),
                }
            }
        }
        self.follow.follow_links(page, out);
        if let Some(next) = &self.next {
            next.links(page, out, |url, out| out.follow(url, Step::Page(name.to_owned())));
        }
        wrong.map_or(Ok(()), |what| Err(Error::page(what)))
    }
}

impl Item {
    fn parse(path: &[&str], item: &definition::Item, places: &Places<'_>) -> Result<Self, Fault> {
        let key = |key: &'static str| [path, &[key]].concat();
        if item.kind.trim().is_empty() {
            return Err(Fault::new(&key("kind"), "is empty"));
        }
        let rows = item.rows.as_ref().map(|rows| Source::of_rows(&key("rows"), rows)).transpose()?;
        let fields = fields(&key("fields"), &item.fields, places)?;
        if let Some(field) = fields.iter().find(|field| rows.is_none() && field.is_own()) {
            let path = [&key("fields")[..], &[&field.name]].concat();
            return Err(Fault::new(
                &path,
                "says nothing of where it is: give `css`, `xpath`, `jmespath`, `page` or `value`",
            ));
        }
        Ok(Self { kind: item.kind.clone(), rows, fields })
    }

    fn read<'a>(&'a self, reading: &'a Reading<'a>) -> impl Iterator<Item = Result<Map<String, Value>, String>> + 'a {
        let whole = Found::Node(reading.page.root());
        let rows = match &self.rows {
            Some(rows) => rows.find(reading, &whole),
            None => vec![whole],
        };
        rows.into_iter().map(|row| object(&self.fields, reading, &row))
    }
}

/// A rule's filter.
fn links_of(path: &[&str], rule: &definition::Follow) -> Result<Links, Fault> {
    let mut links = Links::new();
    let each = |key: &'static str, texts: &definition::Texts| -> Result<(), Fault> {
        let path = [path, &[key]].concat();
        let check = |text: &String| match key {
            "css" => Query::css(text).map(drop),
            "xpath" => Query::xpath(text).map(drop),
            "allow" | "deny" | "text" => pattern(text).map(drop),
            _ => Ok(()),
        };
        texts.0.iter().try_for_each(|text| check(text).map_err(|error| Fault::new(&path, error)))
    };
    let adds: [(&'static str, &definition::Texts, fn(Links, &str) -> Links); 7] = [
        ("css", &rule.css, Links::restrict_css),
        ("xpath", &rule.xpath, Links::restrict_xpath),
        ("allow", &rule.allow, Links::allow),
        ("deny", &rule.deny, Links::deny),
        ("text", &rule.text, Links::restrict_text),
        ("domains", &rule.domains, Links::allow_domains),
        ("deny_domains", &rule.deny_domains, Links::deny_domains),
    ];
    for (key, texts, add) in adds {
        each(key, texts)?;
        links = texts.0.iter().fold(links, |links, text| add(links, text));
    }
    Ok(links)
}

impl Next {
    fn parse(path: &[&str], next: &definition::Next) -> Result<Self, Fault> {
        let Short(table) = next;
        let links = query(path, table.css.as_deref(), table.xpath.as_deref())?;
        let counts = table.first.is_some() || table.step.is_some() || table.while_found.is_some();
        match (links, &table.query, &table.while_found) {
            (Some(links), None, None) if !counts => Ok(Self::Links(links)),
            (None, Some(name), Some(found)) => {
                let key = [path, &["while"]].concat();
                let while_found = Query::css(found).map_err(|error| Fault::new(&key, error))?;
                let (first, step) = (table.first.unwrap_or(1), table.step.unwrap_or(1));
                if step == 0 {
                    return Err(Fault::new(&[path, &["step"]].concat(), "of 0 leads nowhere"));
                }
                Ok(Self::Count { name: name.clone(), first, step, while_found: Arc::new(while_found) })
            }
            _ => Err(Fault::new(
                path,
                "is either the links to more (`css` or `xpath`), or a number to count on: `query` and `while`, \
                 with `first` and `step`",
            )),
        }
    }

    fn links(&self, page: &Page, out: &mut Output<Declared>, mut see: impl FnMut(Url, &mut Output<Declared>)) {
        match self {
            Self::Links(query) => {
                for node in page.root().select(query).iter() {
                    links_in(&node, page, out, &mut see);
                }
            }
            Self::Count { name, first, step, while_found } => {
                if page.root().select(while_found).is_empty() {
                    return;
                }
                let pairs: Vec<(String, String)> = page.url().query_pairs().into_owned().collect();
                let now = pairs.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.parse::<i64>().ok());
                let Some(then) = now.unwrap_or(*first).checked_add(*step) else { return };
                let mut url = page.url().clone();
                url.query_pairs_mut()
                    .clear()
                    .extend_pairs(pairs.iter().filter(|(key, _)| key != name))
                    .append_pair(name, &then.to_string());
                see(url, out);
            }
        }
    }
}

/// Makes sure that there is such a kind of page.
pub(super) fn check_kind(path: &[&str], name: &str, kinds: &[&str]) -> Result<(), Fault> {
    if kinds.contains(&name) {
        return Ok(());
    }
    Err(Fault::unknown(path, "kind of page", name, kinds.iter().copied()))
}

/// Where a node leads: itself, if it is a link, an attribute or a text; or else all links within it.
fn links_in(node: &Node<'_>, page: &Page, out: &mut Output<Declared>, mut see: impl FnMut(Url, &mut Output<Declared>)) {
    let mut follow = |reference: &str, out: &mut Output<Declared>| match page.join(reference) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => see(url, out),
        Ok(_) => {}
        Err(_) => out.count("links/bad_count"),
    };
    let within = node.css("a[href], area[href]");
    match node.attr("href") {
        Some(href) => follow(href, out),
        // an attribute or a text; the document has links within, or none
        None if node.name().is_empty() && within.is_empty() => follow(&node.raw(), out),
        None => within.iter().filter_map(|link| link.attr("href")).for_each(|href| follow(href, out)),
    }
}
