//! The fields of a form and what each would send (WHATWG HTML, section 4.10.21.4, "constructing the entry list").

use std::collections::HashMap;

use scraper::ElementRef;

use super::button::Button;
use super::census::Control;
use crate::message::urls::Encoding;

/// One name with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: String,
    /// Whether the field takes a file; nobody has chosen one, so that its value is empty.
    pub(super) is_file: bool,
}

/// A place in the order of a form.
#[derive(Debug, Clone)]
pub(super) enum Slot {
    Field(Entry),
    /// A button, by its number: it is sent if it is pressed.
    Button(usize),
}

/// What the controls of a form send, in order, and its buttons.
pub(super) fn read(controls: &[Control<'_>], encoding: &'static Encoding) -> (Vec<Slot>, Vec<Button>) {
    let mut reader = Reader { encoding, chosen: chosen(controls), slots: Vec::new(), buttons: Vec::new() };
    for (at, control) in controls.iter().enumerate() {
        if !control.is_barred {
            reader.see(at, control.element);
        }
    }
    (reader.slots, reader.buttons)
}

/// Of each group of radio buttons the one that stays checked: the last.
fn chosen<'a>(controls: &[Control<'a>]) -> HashMap<&'a str, usize> {
    let is_checked = |element: &ElementRef<'_>| element.attr("checked").is_some() && kind(element) == "radio";
    let radios = controls.iter().enumerate().filter(|(_, control)| is_checked(&control.element));
    radios.filter_map(|(at, control)| Some((control.element.attr("name")?, at))).collect()
}

struct Reader<'a> {
    encoding: &'static Encoding,
    chosen: HashMap<&'a str, usize>,
    slots: Vec<Slot>,
    buttons: Vec<Button>,
}

impl Reader<'_> {
    fn see(&mut self, at: usize, element: ElementRef<'_>) {
        let name = element.attr("name").unwrap_or_default();
        match element.value().name() {
            "button" => match &*kind(&element) {
                "button" | "reset" => {}
                // what is missing or unknown sends
                _ => self.button(element, false),
            },
            "textarea" => self.field(name, element.text().collect()),
            "select" => self.select(name, element),
            _ => self.input(at, name, element),
        }
    }

    fn input(&mut self, at: usize, name: &str, element: ElementRef<'_>) {
        let value = element.attr("value");
        match &*kind(&element) {
            "submit" => self.button(element, false),
            "image" => self.button(element, true),
            "button" | "reset" => {}
            "checkbox" if element.attr("checked").is_some() => self.field(name, value.unwrap_or("on").to_owned()),
            "radio" if self.chosen.get(name) == Some(&at) => self.field(name, value.unwrap_or("on").to_owned()),
            "checkbox" | "radio" => {}
            "file" if !name.is_empty() => {
                self.slots.push(Slot::Field(Entry { name: name.to_owned(), value: String::new(), is_file: true }));
            }
            "file" => {}
            "hidden" if name.eq_ignore_ascii_case("_charset_") => self.field(name, self.encoding.name().to_owned()),
            kind => self.field(name, sanitised(kind, value.unwrap_or_default())),
        }
    }

    /// The options that are chosen; of a list that drops down there is always one, unless all are disabled.
    fn select(&mut self, name: &str, element: ElementRef<'_>) {
        let options: Vec<ElementRef<'_>> = element
            .descendants()
            .filter_map(ElementRef::wrap)
            .filter(|below| below.value().name() == "option")
            .collect();
        let is_selected = |option: &&ElementRef<'_>| option.attr("selected").is_some();
        let is_many = element.attr("multiple").is_some();
        let chosen: Vec<&ElementRef<'_>> = if is_many {
            options.iter().filter(is_selected).collect()
        } else {
            let size = element.attr("size").and_then(|size| size.trim_ascii().parse().ok()).unwrap_or(1_u32);
            let first = || options.iter().find(|option| size <= 1 && !is_disabled(option));
            options.iter().rfind(is_selected).or_else(first).into_iter().collect()
        };
        for option in chosen.into_iter().filter(|option| !is_disabled(option)) {
            let words = || option.text().collect::<String>();
            let value = option.attr("value").map(str::to_owned);
            self.field(name, value.unwrap_or_else(|| words().split_ascii_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }

    fn button(&mut self, element: ElementRef<'_>, is_image: bool) {
        self.slots.push(Slot::Button(self.buttons.len()));
        self.buttons.push(Button::new(element, is_image));
    }

    fn field(&mut self, name: &str, value: String) {
        if !name.is_empty() {
            self.slots.push(Slot::Field(Entry { name: name.to_owned(), value, is_file: false }));
        }
    }
}

/// An element's type, in lower case.
fn kind(element: &ElementRef<'_>) -> String {
    element.attr("type").unwrap_or_default().to_ascii_lowercase()
}

fn is_disabled(option: &ElementRef<'_>) -> bool {
    let group = option.parent().and_then(ElementRef::wrap).filter(|parent| parent.value().name() == "optgroup");
    option.attr("disabled").is_some() || group.is_some_and(|group| group.attr("disabled").is_some())
}

/// The value that a browser shows for the one that stands there (section 4.10.5.1, "value sanitization algorithm").
/// Dates and times are left as they are.
fn sanitised(kind: &str, value: &str) -> String {
    let line = || value.replace(['\n', '\r'], "");
    match kind {
        "hidden" | "date" | "month" | "week" | "time" | "datetime-local" => value.to_owned(),
        "url" | "email" => line().trim_ascii().to_owned(),
        "number" => if is_number(value) { value } else { "" }.to_owned(),
        "range" => if is_number(value) { value } else { "50" }.to_owned(),
        "color" => {
            if is_color(value) {
                value.to_ascii_lowercase()
            } else {
                "#000000".to_owned()
            }
        }
        _ => line(),
    }
}

fn is_number(text: &str) -> bool {
    let is_plain =
        !text.starts_with('+') && !text.ends_with('.') && text.bytes().all(|byte| b"0123456789.-+eE".contains(&byte));
    is_plain && text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
