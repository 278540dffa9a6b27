//! Forms: what a browser would send, and what to send in its place.

mod button;
mod census;
mod encode;
mod entries;
mod find;
mod owners;

use std::fmt;
use std::sync::Arc;

use url::Url;

pub use button::Button;
use button::Click;
use encode::Enctype;
use entries::{Entry, Slot};

use crate::error::{Error, Result};
use crate::message::urls::Encoding;
use crate::message::{Method, Request, mask};

/// A form of a page: where it leads to, and its fields with the values that they have.
///
/// What is sent is what a browser sends (WHATWG HTML, section 4.10.21): fields in the order of the page, without those that
/// are disabled or not chosen, and with the first button, as if somebody had pressed Enter. A field that is [set](Form::set)
/// stays where it was, one that is new comes last.
///
/// It is a value of its own, which outlives its page, so that signing in reads:
///
/// ```
/// use dragline::prelude::*;
///
/// async fn sign_in(session: &Session, site: Url, password: &str) -> Result<()> {
///     let form = session.get(site).await?.form("form.login")?;
///     let home = session.page(form.set("user", "me").set("password", password).request()?).await?;
///     match home.form("form.login") {
///         Ok(_) => Err(Error::sign_in("the login form came back")),
///         Err(_) => Ok(()),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Form {
    name: Option<String>,
    id: Option<String>,
    number: usize,
    /// Where it was found.
    page: Arc<Url>,
    /// What its action is relative to.
    base: Arc<Url>,
    action: String,
    method: Method,
    enctype: Enctype,
    encoding: &'static Encoding,
    slots: Vec<Slot>,
    buttons: Vec<Button>,
    click: Click,
    changes: Vec<Change>,
    /// What the user asked for instead of the form and its button.
    own_action: Option<Url>,
    own_method: Option<Method>,
}

/// What the user wants to be sent in the place of what stands there.
#[derive(Clone)]
enum Change {
    Set(String, Vec<String>),
    Add(String, String),
    Remove(String),
}

impl Form {
    /// Its name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its id, if it has one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Sends this value in the place of all that the form has of this name; a new name comes last.
    #[must_use]
    pub fn set(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.change(Change::Set(name.into(), vec![value.into()]))
    }

    /// Sends these values in the place of all that the form has of this name: a choice of many.
    #[must_use]
    pub fn set_all<V: Into<String>>(self, name: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        self.change(Change::Set(name.into(), values.into_iter().map(Into::into).collect()))
    }

    /// Sends a value beside all others.
    #[must_use]
    pub fn add(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.change(Change::Add(name.into(), value.into()))
    }

    /// Sends nothing of this name.
    #[must_use]
    pub fn remove(self, name: impl Into<String>) -> Self {
        self.change(Change::Remove(name.into()))
    }

    fn change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// The buttons that send this form, in order, without those that are disabled.
    #[must_use]
    pub fn buttons(&self) -> &[Button] {
        &self.buttons
    }

    /// The button that is pressed.
    #[must_use]
    pub fn clicked(&self) -> Option<&Button> {
        match self.click {
            Click::Nothing => None,
            Click::Number(number) => self.buttons.get(number),
        }
    }

    /// Presses the button that a CSS selector matches, which is held against each button alone: `[value=Delete]`,
    /// `button.primary`.
    ///
    /// # Errors
    /// If it matches no button, or more than one, or is no selector.
    pub fn click(self, selector: &str) -> Result<Self> {
        let matches = button::matcher(selector)?;
        self.click_one(&format!("matches `{selector}`"), |button| matches(button))
    }

    /// Presses the button of this name.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn click_named(self, name: &str) -> Result<Self> {
        self.click_one(&format!("is named `{name}`"), |button| button.name == name)
    }

    /// Presses a button by its number, the first being 0.
    ///
    /// # Errors
    /// If there are not so many.
    pub fn click_number(mut self, number: usize) -> Result<Self> {
        if number >= self.buttons.len() {
            return Err(self.no_button("no button", &format!("has number {number}")));
        }
        self.click = Click::Number(number);
        Ok(self)
    }

    /// Presses no button: its name and value are not sent.
    #[must_use]
    pub fn no_click(mut self) -> Self {
        self.click = Click::Nothing;
        self
    }

    fn click_one(mut self, what: &str, is_meant: impl Fn(&Button) -> bool) -> Result<Self> {
        let mut meant = (0..self.buttons.len()).filter(|number| is_meant(&self.buttons[*number]));
        match (meant.next(), meant.next()) {
            (Some(number), None) => {
                self.click = Click::Number(number);
                Ok(self)
            }
            (None, _) => Err(self.no_button("no button", what)),
            (Some(_), Some(_)) => Err(self.no_button("more than one button", what)),
        }
    }

    fn no_button(&self, how_many: &str, what: &str) -> Error {
        let all = find::listed(self.buttons.iter().map(ToString::to_string));
        Error::page(format!("{how_many} of the form {} on {} {what} ({all})", self.label(), self.page))
    }

    /// Sends to somewhere else, relative to the page, whatever form and button say.
    ///
    /// # Errors
    /// If it is not a URL.
    pub fn with_action(mut self, action: &str) -> Result<Self> {
        self.own_action = Some(self.resolve(action)?);
        Ok(self)
    }

    /// Sends by this method, whatever form and button say. Anything but `POST` puts the fields into the URL.
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.own_method = Some(method);
        self
    }

    /// Where it leads to: the button's own `formaction`, else the form's `action`, else its page.
    ///
    /// # Errors
    /// If that is not a URL.
    pub fn action(&self) -> Result<Url> {
        match &self.own_action {
            Some(url) => Ok(url.clone()),
            None => self.resolve(self.clicked().and_then(|button| button.action.as_deref()).unwrap_or(&self.action)),
        }
    }

    fn resolve(&self, reference: &str) -> Result<Url> {
        let reference = reference.trim_ascii();
        if reference.is_empty() {
            // the page, and not its `<base>` (WHATWG HTML, section 4.10.21.3, step 13)
            return Ok((*self.page).clone());
        }
        let wrong = |error| {
            let action = reference.escape_debug();
            Error::page(format!("the form {} on {} sends to `{action}`: {error}", self.label(), self.page))
        };
        self.base.join(reference).map_err(wrong)
    }

    /// How it is sent: `GET` unless the button's `formmethod` or the form's `method` is `POST`.
    #[must_use]
    pub fn method(&self) -> Method {
        let own = self.own_method.as_ref();
        let by_button = || self.clicked().and_then(|button| button.method.as_ref());
        own.or_else(by_button).unwrap_or(&self.method).clone()
    }

    /// What is sent, in order: each name with its value.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        self.entries().into_iter().map(|entry| (entry.name, entry.value)).collect()
    }

    fn entries(&self) -> Vec<Entry> {
        let clicked = match self.click {
            Click::Nothing => None,
            Click::Number(number) => Some(number),
        };
        let mut entries: Vec<Entry> = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            match slot {
                Slot::Field(entry) => entries.push(entry.clone()),
                Slot::Button(number) if Some(*number) == clicked => entries.extend(self.buttons[*number].entries()),
                Slot::Button(_) => {}
            }
        }
        for change in &self.changes {
            match change {
                Change::Set(name, values) => {
                    let is_file = entries.iter().any(|entry| entry.name == *name && entry.is_file);
                    let place = entries.iter().position(|entry| entry.name == *name);
                    entries.retain(|entry| entry.name != *name);
                    let place = place.unwrap_or(entries.len());
                    let new = values.iter().map(|value| Entry { name: name.clone(), value: value.clone(), is_file });
                    entries.splice(place..place, new);
                }
                Change::Add(name, value) => {
                    entries.push(Entry { name: name.clone(), value: value.clone(), is_file: false });
                }
                Change::Remove(name) => entries.retain(|entry| entry.name != *name),
            }
        }
        entries
    }

    /// The request that sends it.
    ///
    /// # Errors
    /// If it leads to what is no http(s) URL, or if it would have to send a file.
    pub fn request(&self) -> Result<Request> {
        let action = self.action()?;
        if !matches!(action.scheme(), "http" | "https") {
            let what = format!("sends to `{}:`, which is not http(s)", action.scheme());
            return Err(Error::page(format!("the form {} on {} {what}", self.label(), self.page)));
        }
        let entries = self.entries();
        let enctype = self.clicked().and_then(|button| button.enctype).unwrap_or(self.enctype);
        let method = self.method();
        if method != Method::POST {
            return Ok(encode::urlencoded(Request::new(method, action), self.encoding, &entries));
        }
        let request = Request::post(action);
        Ok(match enctype {
            Enctype::Urlencoded => encode::urlencoded(request, self.encoding, &entries),
            Enctype::Plain => encode::plain(request, self.encoding, &entries),
            Enctype::Multipart => {
                if let Some(file) = entries.iter().find(|entry| entry.is_file && !entry.value.is_empty()) {
                    let name = file.name.escape_debug();
                    let what = format!("the field `{name}` of the form {} on {}", self.label(), self.page);
                    return Err(Error::page(format!("{what} is a file, and files are not sent")));
                }
                encode::multipart(request, self.encoding, &entries)
            }
        })
    }

    /// How to name it to people: `#login`, `search`, `number 2`.
    fn label(&self) -> String {
        find::label(self.id.as_deref(), self.name.as_deref(), self.number)
    }
}

// by hand: fields have passwords in them
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.entries().into_iter().map(|entry| entry.name).collect();
        f.debug_struct("Form")
            .field("form", &self.label())
            .field("page", &mask::Shown(&self.page))
            .field("method", &self.method())
            .field("action", &mask::text(&self.action))
            .field("fields", &names)
            .field("buttons", &self.buttons)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
