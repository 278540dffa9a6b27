//! A field of a struct that is read from a page: where it stands, and what it is if it is not there.

use proc_macro2::Span;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, Expr, Ident, LitStr, Meta, Result, Token};

use super::kind::{Kind, Often};
use super::source::{Language, Source};
use super::steps::{Opt, Step};
use crate::item::name_of;

/// A field.
pub(super) struct Field<'f> {
    pub(super) ident: &'f Ident,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) place: Place,
    pub(super) default: Option<Default>,
}

/// Where it stands.
pub(super) enum Place {
    /// It is the page's URL.
    Url,
    /// In the first of these that has something.
    Sources(Vec<Source>),
}

/// What it is if it is nowhere.
pub(super) enum Default {
    /// Its type's default.
    OfType,
    This(Expr),
}

/// What the attributes say, as far as they are read.
#[derive(Default)]
struct Said {
    sources: Vec<Source>,
    url: Option<Span>,
    default: Option<(Default, Span)>,
    /// `#[extract(…)]`: of every place.
    shared: Vec<Opt>,
}

impl<'f> Field<'f> {
    pub(super) fn of(field: &'f syn::Field) -> Result<Self> {
        let Some(ident) = &field.ident else { return Err(Error::new_spanned(field, "a field needs a name")) };
        let kind = Kind::of(&field.ty);
        let mut said = Said::default();
        for attribute in &field.attrs {
            said.take(attribute)?;
        }
        let default = said.default.take();
        if let (Some((_, span)), Often::Perhaps | Often::PerhapsMany) = (&default, kind.often) {
            return Err(Error::new(
                *span,
                "an `Option` is `None` where nothing is there; with a default it would never be: take one of them away",
            ));
        }
        let place = said.place(field, default.is_some())?;
        if let Place::Sources(sources) = &place {
            sources.iter().try_for_each(|source| source.fits_kind(&kind))?;
        }
        Ok(Self { ident, name: name_of(ident), kind, place, default: default.map(|(default, _)| default) })
    }
}

impl Said {
    fn take(&mut self, attribute: &Attribute) -> Result<()> {
        let Some(name) = attribute.path().get_ident().map(ToString::to_string) else { return Ok(()) };
        let span = attribute.path().get_ident().map_or_else(Span::call_site, Ident::span);
        match name.as_str() {
            "css" | "xpath" | "jmespath" | "re" => {
                let language = Language::of(&name).unwrap_or(Language::Css);
                let parser = |input: ParseStream<'_>| self.query(language, &name, input);
                match &attribute.meta {
                    Meta::List(list) => parser.parse2(list.tokens.clone())?,
                    // `#[css = "h1"]`
                    _ => return Err(Error::new(span, format!("a query stands in parentheses: `#[{name}(\"…\")]`"))),
                }
            }
            "extract" => {
                let options =
                    attribute.parse_args_with(syn::punctuated::Punctuated::<Opt, Token![,]>::parse_terminated)?;
                self.shared.extend(options);
            }
            "url" => {
                attribute.meta.require_path_only()?;
                self.url = Some(span);
            }
            "default" => {
                let default = match &attribute.meta {
                    Meta::Path(_) => Default::OfType,
                    Meta::List(list) => Default::This(list.parse_args()?),
                    Meta::NameValue(pair) => Default::This(pair.value.clone()),
                };
                self.otherwise(default, span)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// `"h1", option, …`
    fn query(&mut self, language: Language, name: &str, input: ParseStream<'_>) -> Result<()> {
        let text: LitStr = input
            .parse()
            .map_err(|error| Error::new(error.span(), format!("a query is a text: `#[{name}(\"…\")]`")))?;
        let mut source = match self.sources.pop() {
            Some(last) if last.takes(language) => last,
            last => {
                self.sources.extend(last);
                Source::here()
            }
        };
        source.ask(language, text)?;
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let option: Opt = input.parse()?;
            let span = option.span;
            if let Some(default) = source.option(option)? {
                self.otherwise(Default::This(default), span)?;
            }
        }
        self.sources.push(source);
        Ok(())
    }

    fn otherwise(&mut self, default: Default, span: Span) -> Result<()> {
        match self.default.replace((default, span)) {
            Some(_) => Err(Error::new(span, "a field has one default")),
            None => Ok(()),
        }
    }

    fn place(mut self, field: &syn::Field, has_default: bool) -> Result<Place> {
        let alone = self.sources.is_empty() && !self.shared.is_empty();
        if alone {
            self.sources.push(Source::here());
        }
        for option in self.shared {
            for source in &mut self.sources {
                if source.option(option.clone())?.is_some() {
                    return Err(Error::new(option.span, "say a default of the whole field as `#[default(…)]`"));
                }
            }
        }
        match (self.url, self.sources.is_empty()) {
            (Some(span), false) => {
                Err(Error::new(span, "the field is the page's URL, or what a query finds: take one of them away"))
            }
            (Some(_), true) if has_default => {
                Err(Error::new_spanned(field, "a page always has its URL: take the default away"))
            }
            (Some(_), true) => Ok(Place::Url),
            (None, true) if !has_default => Err(Error::new_spanned(
                field.ident.as_ref(),
                format!(
                    "where on the page does `{}` stand? say `#[css(\"…\")]`, `#[xpath(\"…\")]`, `#[jmespath(\"…\")]`, `#[re(\"…\")]`, `#[url]` or `#[default]`",
                    field.ident.as_ref().map(name_of).unwrap_or_default()
                ),
            )),
            (None, _) => Ok(Place::Sources(self.sources)),
        }
    }
}

impl Source {
    /// Whether only this is asked: is anything there?
    pub(super) fn asks_whether(&self) -> bool {
        self.steps.iter().any(|(step, ..)| matches!(step, Step::Exists))
    }
}
