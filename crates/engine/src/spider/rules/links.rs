//! From links to steps: each link by the first rule that lets it through.

use std::collections::HashSet;

use crate::page::{Links, Page};
use crate::spider::{Output, Spider};

/// What a page's links lead to: a row of [filters](Links), each with the step that its links are for. The first that lets
/// a link through decides; a link that none lets through is left out.
///
/// ```
/// use std::sync::LazyLock;
///
/// use dragline::page::Links;
/// use dragline::prelude::*;
/// use dragline::spider::LinkRules;
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// enum Step {
///     List,
///     Book,
/// }
///
/// static RULES: LazyLock<LinkRules<Step>> = LazyLock::new(|| {
///     LinkRules::new()
///         .leave(Links::new().allow("/login"))
///         .follow(Links::new().allow(r"/page-\d+"), Step::List)
///         .follow(Links::new().allow("/catalogue/"), Step::Book)
/// });
///
/// #[derive(Deserialize)]
/// struct Shop {
///     url: Url,
/// }
///
/// impl Spider for Shop {
///     const NAME: &'static str = "shop";
///     type Step = Step;
///
///     fn start(&self, out: &mut Output<Self>) {
///         out.follow(&self.url, Step::List);
///     }
///
///     fn parse(&self, step: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
///         match step {
///             Step::List => RULES.follow_links(page, out),
///             Step::Book => {}
///         }
///         Ok(())
///     }
/// }
///
/// let page = Page::from_html("http://shop.example/catalogue/page-1", "<a href=page-2>Next</a> <a href=b>A book</a>
///     <a href=/login>Sign in</a> <a href=/terms>Terms</a>");
/// let mut out = Output::<Shop>::for_page(&page);
/// RULES.follow_links(&page, &mut out);
/// assert_eq!(out.steps(), [Step::List, Step::Book]);
/// ```
#[derive(Debug, Clone)]
pub struct LinkRules<T> {
    /// Without a step, what is let through is left.
    rules: Vec<(Links, Option<T>)>,
}

impl<T> Default for LinkRules<T> {
    fn default() -> Self {
        Self { rules: Vec::new() }
    }
}

impl<T: Clone> LinkRules<T> {
    /// No rules yet: nothing is followed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Links that this filter lets through are followed, and their pages are for this step.
    #[must_use]
    pub fn follow(mut self, links: Links, step: T) -> Self {
        self.rules.push((links, Some(step)));
        self
    }

    /// Links that this filter lets through are left, whatever later rules say.
    #[must_use]
    pub fn leave(mut self, links: Links) -> Self {
        self.rules.push((links, None));
        self
    }

    /// Follows the links of a page: those of the first rule in the order of the page, then those of the second.
    ///
    /// A filter that is none lets nothing through, and fails the page with a message that names it.
    pub fn follow_links<S: Spider<Step = T>>(&self, page: &Page, out: &mut Output<S>) {
        let mut taken = HashSet::new();
        for (links, step) in &self.rules {
            for link in page.links_by(links) {
                let is_new = taken.insert(link.url.clone());
                if let Some(step) = step.as_ref().filter(|_| is_new) {
                    out.follow(link.url, step.clone());
                }
            }
        }
    }
}
