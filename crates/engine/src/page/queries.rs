//! Queries, compiled once per thread: a spider uses the same few on every page.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use dragline_query::{Query, QueryError};

use super::Page;
use crate::error::{Error, Result};

/// Compiled queries that a thread keeps.
const KEPT: usize = 1000;

/// A CSS selector.
pub(super) fn css(page: &Page, text: &str) -> Option<Arc<Query>> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, Arc<Query>>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| compile(known, page, text, Query::css))
}

/// An XPath expression.
pub(super) fn xpath(page: &Page, text: &str) -> Option<Arc<Query>> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, Arc<Query>>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| compile(known, page, text, Query::xpath))
}

fn compile(
    known: &mut HashMap<Box<str>, Arc<Query>>,
    page: &Page,
    text: &str,
    parse: impl Fn(&str) -> Result<Query, QueryError>,
) -> Option<Arc<Query>> {
    if let Some(query) = known.get(text) {
        return Some(query.clone());
    }
    match parse(text) {
        Ok(query) => {
            if known.len() >= KEPT {
                known.clear();
            }
            let query = Arc::new(query);
            known.insert(text.into(), query.clone());
            Some(query)
        }
        Err(error) => {
            page.set_fault(Error::page(error));
            None
        }
    }
}
