//! What serde does with a struct and its fields, as far as an item must know.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr, Result, Token, parenthesized};

use crate::names::Case;

/// Of the whole struct or enum.
pub(super) struct Container {
    /// How its names are written.
    pub(super) case: Option<Case>,
}

/// Of a field or a variant.
#[derive(Default)]
pub(super) struct Serialised {
    /// Its name, if it is another.
    pub(super) name: Option<String>,
    /// Whether it is never there.
    pub(super) skipped: bool,
    /// Whether it is not always there.
    pub(super) may_miss: bool,
    /// Whether a function of the author's writes it.
    pub(super) by_function: bool,
}

impl Container {
    pub(super) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut case = None;
        each(attributes, |meta| {
            if meta.path.is_ident("rename_all") {
                case = text_for_serialising(meta)?.and_then(|name| Case::of(&name));
                return Ok(());
            }
            for (refused, why) in [
                ("transparent", "its fields would not be its own"),
                ("into", "another type would say its fields"),
                ("tag", "a field would be added that the item does not have"),
                ("untagged", "the words of an enum would not be written"),
            ] {
                if meta.path.is_ident(refused) {
                    return Err(meta.error(format!("`serde({refused})` is not for items: {why}")));
                }
            }
            pass(meta)
        })?;
        Ok(Self { case })
    }
}

impl Serialised {
    pub(super) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        each(attributes, |meta| {
            if meta.path.is_ident("rename") {
                found.name = text_for_serialising(meta)?.or(found.name.take());
            } else if meta.path.is_ident("skip") || meta.path.is_ident("skip_serializing") {
                found.skipped = true;
            } else if meta.path.is_ident("skip_serializing_if") {
                found.may_miss = true;
                pass(meta)?;
            } else if meta.path.is_ident("serialize_with") || meta.path.is_ident("with") || meta.path.is_ident("getter")
            {
                found.by_function = true;
                pass(meta)?;
            } else if meta.path.is_ident("flatten") {
                return Err(meta.error(
                    "a flattened field hides which fields the item has; write them out, or drop `flatten` and nest them",
                ));
            } else {
                pass(meta)?;
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// Every entry of every `#[serde(…)]`.
fn each(attributes: &[Attribute], mut see: impl FnMut(&ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| see(&meta))?;
    }
    Ok(())
}

/// `= "…"`, or of `(serialize = "…", deserialize = "…")` the first.
fn text_for_serialising(meta: &ParseNestedMeta<'_>) -> Result<Option<String>> {
    if meta.input.peek(Token![=]) {
        return Ok(Some(meta.value()?.parse::<LitStr>()?.value()));
    }
    let mut found = None;
    meta.parse_nested_meta(|side| {
        let text = side.value()?.parse::<LitStr>()?.value();
        if side.path.is_ident("serialize") {
            found = Some(text);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Goes on behind an entry that says nothing of fields.
fn pass(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let inner;
        parenthesized!(inner in meta.input);
        inner.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}
