//! Texts to values: by a built-in name, by `FromStr`, by a function of the spider's author.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::page::Node;
use crate::page::extract::values::{read, shown};
use crate::page::extract::{date, number};

/// A text by `FromStr`.
///
/// # Errors
/// If it does not read.
pub fn from_text<T: FromStr<Err: Display>>(text: &str) -> Result<T> {
    read(text, short_name::<T>())
}

/// A text by one of the built-in ways, then by `FromStr`.
///
/// # Errors
/// If it does not read.
pub fn built_in<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T> {
    let normal = match name {
        "price" => number::price(text),
        "number" => number::number(text),
        "integer" => number::integer(text),
        "date" => date::date(text),
        _ => None,
    };
    let normal = normal.ok_or_else(|| Error::page(format!("`{}` is no {name}", shown(text))))?;
    let what = short_name::<T>();
    normal.parse().map_err(|error| Error::page(format!("`{}` of `{}` is no `{what}`: {error}", normal, shown(text))))
}

fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}

/// What a function of a field may give: the value, perhaps the value, or a reason why not.
#[diagnostic::on_unimplemented(
    message = "a function for a field of `{T}` gives a `{T}`, an `Option` or a `Result` of it, and not a `{Self}`",
    label = "gives a `{Self}`"
)]
pub trait Answer<T> {
    /// The value, or nothing.
    ///
    /// # Errors
    /// Those of the function.
    fn answer(self) -> Result<Option<T>>;
}

impl<T> Answer<T> for T {
    fn answer(self) -> Result<Option<T>> {
        Ok(Some(self))
    }
}

impl<T> Answer<T> for Option<T> {
    fn answer(self) -> Result<Option<T>> {
        Ok(self)
    }
}

impl<T, E: Display + 'static> Answer<T> for Result<T, E> {
    fn answer(self) -> Result<Option<T>> {
        self.map(Some).map_err(error)
    }
}

impl<T, E: Display + 'static> Answer<T> for Result<Option<T>, E> {
    fn answer(self) -> Result<Option<T>> {
        self.map_err(error)
    }
}

/// Ours as it is: `Error::SignedOut` means more than its text.
fn error<E: Display + 'static>(error: E) -> Error {
    let text = error.to_string();
    (Box::new(error) as Box<dyn Any>).downcast::<Error>().map_or_else(|_| Error::page(text), |error| *error)
}

/// What a function has made of a text.
///
/// # Errors
/// If it has made nothing of it.
pub fn made<T>(text: &str, answer: impl Answer<T>) -> Result<T> {
    match answer.answer() {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(Error::page(format!("`{}` does not read", shown(text)))),
        Err(Error::Page(what)) => Err(Error::page(format!("`{}` does not read: {what}", shown(text)))),
        Err(other) => Err(other),
    }
}

/// What a function of `map` may give.
#[diagnostic::on_unimplemented(
    message = "a function of `map` makes a text of a text, and not a `{Self}`",
    label = "gives a `{Self}`",
    note = "a text is a `String`, a `&str`, a `Cow<str>`, or an `Option` or a `Result` of one; `parse = function` makes other values"
)]
pub trait Mapped {
    /// The text, or nothing.
    ///
    /// # Errors
    /// Those of the function.
    fn mapped(self) -> Result<Option<String>>;
}

impl Mapped for String {
    fn mapped(self) -> Result<Option<String>> {
        Ok(Some(self))
    }
}

impl Mapped for &str {
    fn mapped(self) -> Result<Option<String>> {
        Ok(Some(self.to_owned()))
    }
}

impl Mapped for Cow<'_, str> {
    fn mapped(self) -> Result<Option<String>> {
        Ok(Some(self.into_owned()))
    }
}

impl<M: Mapped> Mapped for Option<M> {
    fn mapped(self) -> Result<Option<String>> {
        self.map_or(Ok(None), Mapped::mapped)
    }
}

impl<M: Mapped, E: Display + 'static> Mapped for Result<M, E> {
    fn mapped(self) -> Result<Option<String>> {
        self.map_err(error)?.mapped()
    }
}

/// Tells the compiler what a closure of a text takes.
pub fn of_text<R, F: Fn(&str) -> R>(function: F) -> F {
    function
}

/// Tells the compiler what a closure of a node takes.
pub fn of_node<R, F: Fn(&Node<'_>) -> R>(function: F) -> F {
    function
}
