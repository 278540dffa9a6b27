//! The forms of a page, and which controls are whose (WHATWG HTML, section 4.10.17.3, "reset the form owner").

use std::collections::HashMap;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Html};

use super::owners::owners;
use crate::page::Page;

/// A form, and its controls in the order of the page.
#[derive(Debug)]
pub(super) struct Owner<'a> {
    pub(super) element: ElementRef<'a>,
    pub(super) controls: Vec<Control<'a>>,
}

/// `<input>`, `<button>`, `<select>` or `<textarea>`.
#[derive(Debug)]
pub(super) struct Control<'a> {
    pub(super) element: ElementRef<'a>,
    /// Whether it sends nothing, for it is disabled, or within a `<datalist>`.
    pub(super) is_barred: bool,
}

/// All forms of a page, in order.
pub(super) fn take(page: &Page) -> Vec<Owner<'_>> {
    let tree = page.tree();
    let mut walk = Walk::default();
    for edge in tree.tree.root().traverse() {
        match edge {
            Edge::Open(node) => _ = ElementRef::wrap(node).map(|element| walk.open(element)),
            Edge::Close(node) => _ = ElementRef::wrap(node).map(|element| walk.close(element)),
        }
    }
    let Walk { mut forms, controls, .. } = walk;
    if forms.is_empty() {
        return forms;
    }
    let numbers: HashMap<NodeId, usize> = forms.iter().enumerate().map(|(at, form)| (form.element.id(), at)).collect();
    // by an id, whether that is a form's or not
    let is_named = controls.iter().any(|(_, control)| control.element.attr("form").is_some());
    let by_id = if is_named { ids(tree) } else { HashMap::new() };
    // by the parser, which lets a form go on where its element had to end
    let is_lost =
        |(form, control): &(Option<usize>, Control<'_>)| form.is_none() && control.element.attr("form").is_none();
    let by_parser = if controls.iter().any(is_lost) { owners(page) } else { HashMap::new() };
    for (around, control) in controls {
        let owner = match control.element.attr("form") {
            Some(id) => by_id.get(id).and_then(|node| numbers.get(node)).copied(),
            None => by_parser.get(&control.element.id()).and_then(|node| numbers.get(node)).copied().or(around),
        };
        if let Some(number) = owner {
            forms[number].controls.push(control);
        }
    }
    forms
}

/// The first element of each id.
fn ids(tree: &Html) -> HashMap<&str, NodeId> {
    let mut ids = HashMap::new();
    for element in tree.tree.root().descendants().filter_map(ElementRef::wrap) {
        if let Some(id) = element.value().id() {
            ids.entry(id).or_insert(element.id());
        }
    }
    ids
}

#[derive(Debug, Default)]
struct Walk<'a> {
    forms: Vec<Owner<'a>>,
    controls: Vec<(Option<usize>, Control<'a>)>,
    /// The forms that are open here; none for a `<template>`, whose content is of no form around it.
    around: Vec<Option<usize>>,
    /// How many disabled `<fieldset>`s are open here whose first `<legend>` is not.
    disabled: usize,
    datalists: usize,
}

impl<'a> Walk<'a> {
    fn open(&mut self, element: ElementRef<'a>) {
        match element.value().name() {
            "form" => {
                self.around.push(Some(self.forms.len()));
                self.forms.push(Owner { element, controls: Vec::new() });
            }
            "template" => self.around.push(None),
            "datalist" => self.datalists += 1,
            "fieldset" if element.attr("disabled").is_some() => self.disabled += 1,
            "legend" if is_exempt(element) => self.disabled -= 1,
            "input" | "button" | "select" | "textarea" => {
                let is_barred = element.attr("disabled").is_some() || self.disabled > 0 || self.datalists > 0;
                self.controls.push((self.around.last().copied().flatten(), Control { element, is_barred }));
            }
            _ => {}
        }
    }

    fn close(&mut self, element: ElementRef<'a>) {
        match element.value().name() {
            "form" | "template" => _ = self.around.pop(),
            "datalist" => self.datalists -= 1,
            "fieldset" if element.attr("disabled").is_some() => self.disabled -= 1,
            "legend" if is_exempt(element) => self.disabled += 1,
            _ => {}
        }
    }
}

/// Whether this is the first `<legend>` of a disabled `<fieldset>`: what is in it is not disabled.
fn is_exempt(legend: ElementRef<'_>) -> bool {
    let is = |element: ElementRef<'_>, name: &str| element.value().name() == name;
    let fieldset = legend.parent().and_then(ElementRef::wrap).filter(|parent| is(*parent, "fieldset"));
    fieldset.is_some_and(|fieldset| fieldset.attr("disabled").is_some())
        && !legend.prev_siblings().filter_map(ElementRef::wrap).any(|before| is(before, "legend"))
}
