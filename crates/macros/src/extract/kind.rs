//! What a field's type says of how often it is there.

use syn::{GenericArgument, PathArguments, Type};

/// How often something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Often {
    /// Once: missing is an error.
    Once,
    /// Perhaps.
    Perhaps,
    /// As often as it is found.
    Many,
    /// As often as it is found, and none at all is `None`.
    PerhapsMany,
}

/// A field's type, taken apart.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) often: Often,
    /// What is within `Option` and `Vec`.
    pub(super) inner: Type,
}

/// What collects many.
const COLLECTIONS: [&str; 5] = ["Vec", "VecDeque", "BTreeSet", "HashSet", "LinkedList"];

impl Kind {
    pub(super) fn of(kind: &Type) -> Self {
        let within = |kind: &Type, names: &[&str]| argument(kind, names).cloned();
        match within(kind, &["Option"]) {
            Some(perhaps) => match within(&perhaps, &COLLECTIONS) {
                Some(inner) => Self { often: Often::PerhapsMany, inner },
                None => Self { often: Often::Perhaps, inner: perhaps },
            },
            None => match within(kind, &COLLECTIONS) {
                Some(inner) => Self { often: Often::Many, inner },
                None => Self { often: Often::Once, inner: kind.clone() },
            },
        }
    }

    pub(super) fn is_many(&self) -> bool {
        matches!(self.often, Often::Many | Often::PerhapsMany)
    }

    /// Whether one value of it is a number, of which an empty text is none.
    pub(super) fn is_number(&self) -> bool {
        const NUMBERS: [&str; 14] =
            ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64"];
        last(&self.inner).is_some_and(|last| NUMBERS.iter().any(|number| last.ident == number))
    }

    /// Whether one value of it is any JSON, lists too.
    pub(super) fn is_json(&self) -> bool {
        !self.is_many() && last(&self.inner).is_some_and(|last| last.ident == "Value")
    }
}

fn last(kind: &Type) -> Option<&syn::PathSegment> {
    match kind {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        Type::Group(group) => last(&group.elem),
        _ => None,
    }
}

fn argument<'t>(kind: &'t Type, names: &[&str]) -> Option<&'t Type> {
    let segment = last(kind).filter(|last| names.iter().any(|name| last.ident == name))?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}
