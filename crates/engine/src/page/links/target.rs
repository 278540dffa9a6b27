//! Where a node leads: what `follow` takes (Scrapy's `response.follow`).

use url::Url;

use crate::error::{Error, Result};
use crate::page::{Node, Selection};

impl Node<'_> {
    /// Whether it can be followed: `<a>`, `<area>` or `<link>` with an `href`, an attribute, a text.
    pub(crate) fn leads(&self) -> Result<()> {
        let (name, url) = (self.name(), self.page().url());
        if self.element().is_none() {
            return Ok(());
        }
        if !matches!(name, "a" | "area" | "link") {
            return Err(Error::page(format!(
                "`<{name}>` cannot be followed (but `<a>`, `<area>`, `<link>`, attributes and texts can) on {url}"
            )));
        }
        match self.attr("href") {
            Some(_) => Ok(()),
            None => Err(Error::page(format!("`<{name}>` has no attribute `href` on {url}"))),
        }
    }

    /// Where it leads, if it can be followed.
    pub(crate) fn target(&self) -> Result<Url> {
        self.leads()?;
        self.link()
    }
}

impl<'a> IntoIterator for &Selection<'a> {
    type Item = Node<'a>;
    type IntoIter = std::vec::IntoIter<Node<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter().collect::<Vec<_>>().into_iter()
    }
}

impl<'a> IntoIterator for Selection<'a> {
    type Item = Node<'a>;
    type IntoIter = std::vec::IntoIter<Node<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        (&self).into_iter()
    }
}
