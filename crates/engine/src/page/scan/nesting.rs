//! Which elements are open, as far as links depend on it.
//!
//! The tree builder of browsers (WHATWG HTML, section 13.2.6) mends broken pages. It *copies* a link that is open where
//! something around it ends, *moves* what stands in a table but in no cell, and *drops* what a list of choices or a set of
//! frames cannot hold. Whatever leads there is asked of the tree. A paragraph that may be open counts as one that is.

use std::ops::Range;

use super::markup::{Markup, Tag, Token, attributes};
use super::names::{Kind, holds_html, leaves_foreign};
use super::{Anchor, Scan};
use crate::page::Limits;

/// A pass over a text.
pub(super) struct Nesting<'t> {
    text: &'t str,
    limits: &'t Limits,
    markup: Markup<'t>,
    found: Scan,
    /// The link that is open, by its number.
    link: Option<usize>,
    /// What is open within that link.
    inside: Vec<(&'t str, Kind)>,
    /// What bounds the search for an open element.
    scopes: Vec<Scope<'t>>,
    /// Whether a paragraph may be open within the innermost scope.
    paragraph: bool,
    /// What is open of SVG or MathML; a link with its number.
    foreign: Vec<(&'t str, Option<usize>)>,
    /// Within `<select>`.
    choices: bool,
}

/// A table, a cell, a caption, a button, an object.
struct Scope<'t> {
    kind: Kind,
    name: &'t str,
    /// Whether a paragraph may be open around it.
    paragraph: bool,
}

/// The tree has to be asked.
struct Unsure;

type Sure = Result<(), Unsure>;

impl<'t> Nesting<'t> {
    /// Goes through a text; none where only the tree knows.
    pub(super) fn read(text: &'t str, limits: &'t Limits) -> Option<Scan> {
        // it means something else in each state of the tokenizer
        if memchr::memchr(0, text.as_bytes()).is_some() {
            return None;
        }
        let mut nesting = Self {
            text,
            limits,
            markup: Markup::new(text),
            found: Scan::default(),
            link: None,
            inside: Vec::new(),
            scopes: Vec::new(),
            paragraph: false,
            foreign: Vec::new(),
            choices: false,
        };
        while let Some(token) = nesting.markup.next(|_| ()) {
            let sure = match token {
                Token::Start(tag) if !nesting.foreign.is_empty() => nesting.start_in_foreign(&tag),
                Token::End(tag) if !nesting.foreign.is_empty() => nesting.end_in_foreign(&tag),
                Token::Start(tag) => nesting.start(&tag, Kind::of(tag.name)),
                Token::End(tag) => nesting.end(&tag, Kind::of(tag.name)),
                Token::Cdata if nesting.foreign.is_empty() => Ok(()),
                Token::Cdata => Err(Unsure),
            };
            sure.ok()?;
        }
        let end = nesting.markup.end();
        nesting.close_link(end);
        for link in std::mem::take(&mut nesting.foreign).into_iter().filter_map(|(_, link)| link) {
            nesting.found.links[link].inner.end = end;
        }
        Some(nesting.found)
    }

    fn start(&mut self, tag: &Tag<'t>, kind: Kind) -> Sure {
        if self.is_cut(tag) {
            return Err(Unsure);
        }
        if self.choices {
            return self.start_in_choices(tag, kind);
        }
        if kind.ends_paragraph() {
            self.end_paragraph(kind)?;
        }
        match kind {
            Kind::Odd => return Err(Unsure),
            _ if kind.is_moved_by_tables() && self.is_in_table() => return Err(Unsure),
            Kind::Select | Kind::Option | Kind::Nobr if self.link.is_some() => return Err(Unsure),
            Kind::A => self.start_a(tag)?,
            Kind::Area => _ = self.add_link(tag),
            Kind::Meta => self.found.metas.push(tag.attributes()),
            Kind::Link => self.found.relations.push(tag.attributes()),
            Kind::Title | Kind::Escapable | Kind::Raw | Kind::Xmp | Kind::Script => self.skip_raw(tag, kind)?,
            Kind::Foreign if tag.is_self_closing => {}
            Kind::Foreign => self.foreign.push((tag.name, None)),
            Kind::Select => self.choices = true,
            Kind::Table | Kind::Section | Kind::Row | Kind::Cell | Kind::Caption | Kind::Column => {
                self.start_in_table(tag, kind)?;
            }
            Kind::Button | Kind::Object => self.start_scope(tag, kind)?,
            Kind::Empty | Kind::Rule | Kind::Document => {}
            _ if self.link.is_some() => self.start_in_link(tag, kind)?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, tag: &Tag<'t>, kind: Kind) -> Sure {
        if self.choices {
            self.choices = kind != Kind::Select;
            return if matches!(kind, Kind::Select | Kind::Option | Kind::Script) { Ok(()) } else { Err(Unsure) };
        }
        match kind {
            Kind::A if self.inside.iter().any(|(_, kind)| kind.is_special()) => return Err(Unsure),
            Kind::A => self.close_link(tag.begin),
            Kind::Table | Kind::Section | Kind::Row | Kind::Cell | Kind::Caption => self.end_in_table(tag, kind)?,
            _ if kind.is_never_open() => {}
            _ => self.end_in_link(tag)?,
        }
        match kind {
            Kind::P => self.paragraph = false,
            Kind::Button | Kind::Object => self.end_scope(tag, kind),
            _ => {}
        }
        Ok(())
    }

    /// Whether the tree has less of a tag than there is.
    fn is_cut(&self, tag: &Tag<'t>) -> bool {
        let Limits { attributes: most, attribute_size, .. } = *self.limits;
        let place = tag.attributes();
        // no attribute is shorter than a space and a letter
        place.len() >= attribute_size.min(most.saturating_mul(2)) && {
            let mut found = attributes(&self.text[place]).enumerate();
            found.any(|(number, (_, value))| number >= most || value.len() > attribute_size)
        }
    }

    fn start_in_choices(&mut self, tag: &Tag<'t>, kind: Kind) -> Sure {
        match kind {
            Kind::Option | Kind::Rule => Ok(()),
            Kind::Script => self.skip_raw(tag, kind),
            _ => Err(Unsure),
        }
    }

    /// A paragraph ends before a block, and takes the link with it that is in it.
    fn end_paragraph(&mut self, kind: Kind) -> Sure {
        if self.link.is_some() && self.paragraph {
            return Err(Unsure);
        }
        // a form within a form is none, and a table may stand in a paragraph on a page without a document type
        if !matches!(kind, Kind::Form | Kind::Table) {
            self.paragraph = kind == Kind::P;
        }
        Ok(())
    }

    fn start_a(&mut self, tag: &Tag<'t>) -> Sure {
        if !self.inside.is_empty() {
            return Err(Unsure);
        }
        self.close_link(tag.begin);
        self.link = self.add_link(tag);
        Ok(())
    }

    /// Keeps a link, if it is one; empty for now.
    fn add_link(&mut self, tag: &Tag<'t>) -> Option<usize> {
        let mut attributes = attributes(&self.text[tag.attributes()]);
        attributes.find(|(name, _)| name.eq_ignore_ascii_case("href"))?;
        let is_foreign = !self.foreign.is_empty();
        self.found.links.push(Anchor { attributes: tag.attributes(), inner: tag.end..tag.end, is_foreign });
        Some(self.found.links.len() - 1)
    }

    fn close_link(&mut self, at: usize) {
        if let Some(link) = self.link.take() {
            self.found.links[link].inner.end = at;
        }
        self.inside.clear();
    }

    fn skip_raw(&mut self, tag: &Tag<'t>, kind: Kind) -> Sure {
        let text = self.markup.raw(tag.name);
        if kind == Kind::Title && self.found.title.is_none() {
            self.found.title = Some(tag.end..tag.end + text.len());
        }
        // the states of "script data double escaped": the end tag may be that of a script within
        let comment = (kind == Kind::Script).then(|| memchr::memmem::find(text.as_bytes(), b"<!--")).flatten();
        if comment.is_some_and(|at| mentions(&text[at..], "<script")) { Err(Unsure) } else { Ok(()) }
    }

    fn start_in_link(&mut self, tag: &Tag<'t>, kind: Kind) -> Sure {
        let last = self.inside.last().map(|(_, kind)| *kind);
        let fits = match kind {
            Kind::Item => last == Some(Kind::List),
            Kind::Heading => last != Some(Kind::Heading),
            Kind::Ruby => !matches!(last, Some(Kind::Ruby | Kind::Item | Kind::P)),
            _ => true,
        };
        self.inside.push((tag.name, kind));
        if fits { Ok(()) } else { Err(Unsure) }
    }

    /// What ends within a link must have begun in it.
    fn end_in_link(&mut self, tag: &Tag<'t>) -> Sure {
        if self.link.is_none() {
            return Ok(());
        }
        let fits = self.inside.pop().is_some_and(|(name, _)| tag.is(name));
        if fits { Ok(()) } else { Err(Unsure) }
    }
}

/// Scopes: tables, and what is like them.
impl<'t> Nesting<'t> {
    /// Whether what comes next stands in a table and in none of its cells.
    fn is_in_table(&self) -> bool {
        self.scopes.last().is_some_and(|scope| scope.kind == Kind::Table)
    }

    /// The innermost table, cell or caption.
    fn of_table(&self) -> Option<(usize, &Scope<'t>)> {
        let is_of_table = |kind| matches!(kind, Kind::Table | Kind::Cell | Kind::Caption);
        self.scopes.iter().enumerate().rfind(|(_, scope)| is_of_table(scope.kind))
    }

    fn push_scope(&mut self, tag: &Tag<'t>, kind: Kind) {
        let paragraph = std::mem::take(&mut self.paragraph);
        self.scopes.push(Scope { kind, name: tag.name, paragraph });
    }

    /// Ends this scope and those within. A link that is open in a cell ends with it, and for good: but not one that holds
    /// an object, whose mark in the list of formatting is taken for that of the cell.
    fn pop_scopes(&mut self, length: usize, at: usize) -> Sure {
        if self.inside.iter().any(|(_, kind)| *kind == Kind::Object) {
            return Err(Unsure);
        }
        let outermost = self.scopes.drain(length..).next();
        if let Some(scope) = outermost {
            self.paragraph = scope.paragraph;
            self.close_link(at);
        }
        Ok(())
    }

    fn start_in_table(&mut self, tag: &Tag<'t>, kind: Kind) -> Sure {
        let innermost = self.of_table().map(|(index, scope)| (index, scope.kind));
        match (kind, innermost) {
            (Kind::Table, _) if self.link.is_some() => return Err(Unsure),
            (Kind::Table, Some((index, Kind::Table))) => self.pop_scopes(index, tag.begin)?,
            (Kind::Table, _) => {}
            // outside of a table there is no such thing
            (_, None) => return Ok(()),
            (_, Some((index, Kind::Table))) => self.pop_scopes(index + 1, tag.begin)?,
            (_, Some((index, _))) => self.pop_scopes(index, tag.begin)?,
        }
        if matches!(kind, Kind::Table | Kind::Cell | Kind::Caption) {
            self.push_scope(tag, kind);
        }
        Ok(())
    }

    fn end_in_table(&mut self, tag: &Tag<'t>, kind: Kind) -> Sure {
        let innermost = self.of_table().map(|(index, scope)| (index, scope.kind, tag.is(scope.name)));
        match (kind, innermost) {
            (Kind::Table, Some(_)) => {
                let table = self.scopes.iter().rposition(|scope| scope.kind == Kind::Table);
                self.pop_scopes(table.unwrap_or_default(), tag.begin)?;
            }
            // it may be the end of another section than this
            (Kind::Section, Some((_, Kind::Cell, _))) if self.link.is_some() => return Err(Unsure),
            (Kind::Section | Kind::Row, Some((index, Kind::Cell, _)))
            | (Kind::Cell, Some((index, Kind::Cell, true)))
            | (Kind::Caption, Some((index, Kind::Caption, _))) => self.pop_scopes(index, tag.begin)?,
            _ => {}
        }
        Ok(())
    }

    fn start_scope(&mut self, tag: &Tag<'t>, kind: Kind) -> Sure {
        let again = kind == Kind::Button && self.scopes.last().is_some_and(|scope| scope.kind == Kind::Button);
        if self.link.is_some() {
            if again {
                return Err(Unsure);
            }
            self.inside.push((tag.name, kind));
        }
        if again {
            self.end_scope(tag, kind);
        }
        self.push_scope(tag, kind);
        Ok(())
    }

    fn end_scope(&mut self, tag: &Tag<'t>, kind: Kind) {
        let mut within = self.scopes.iter().enumerate().rev();
        let open = within.find(|(_, scope)| kind == Kind::Button || scope.kind != Kind::Button);
        let length = open.filter(|(_, scope)| tag.is(scope.name)).map(|(index, _)| index);
        if let Some(scope) = length.and_then(|length| self.scopes.drain(length..).next()) {
            self.paragraph = scope.paragraph;
        }
    }
}

/// SVG and MathML.
impl<'t> Nesting<'t> {
    fn start_in_foreign(&mut self, tag: &Tag<'t>) -> Sure {
        let is_html = self.foreign.last().is_some_and(|(name, _)| holds_html(name));
        if self.is_cut(tag) || is_html || leaves_foreign(tag.name) {
            return Err(Unsure);
        }
        let is_link = matches!(Kind::of(tag.name), Kind::A | Kind::Area);
        let link = if is_link { self.add_link(tag) } else { None };
        if !tag.is_self_closing {
            self.foreign.push((tag.name, link));
        }
        Ok(())
    }

    fn end_in_foreign(&mut self, tag: &Tag<'t>) -> Sure {
        let (name, link) = self.foreign.pop().ok_or(Unsure)?;
        if let Some(link) = link {
            self.found.links[link].inner.end = tag.begin;
        }
        if tag.is(name) { Ok(()) } else { Err(Unsure) }
    }
}

/// Whether a text has this in it, in whatever case.
fn mentions(text: &str, what: &str) -> bool {
    let starts = memchr::memchr_iter(b'<', text.as_bytes());
    starts.map(|at| at..at + what.len()).any(|place: Range<usize>| {
        text.as_bytes().get(place).is_some_and(|found| found.eq_ignore_ascii_case(what.as_bytes()))
    })
}
