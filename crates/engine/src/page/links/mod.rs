//! The links of a page: all of them, or those that a filter lets through.

mod extensions;
mod filter;
mod one_or_many;
mod picked;
mod target;

pub use filter::Links;
use url::Url;

use self::picked::Picked;
use super::Page;
use super::head::has_word;
use crate::message::urls;

/// A link of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads, with its fragment.
    pub url: Url,
    /// All text that is in it, as it stands.
    pub text: String,
    /// Whether its `rel` says `nofollow`.
    pub nofollow: bool,
}

impl Page {
    /// The http(s) targets of all `<a href>` and `<area href>`, absolute, in document order, as often as they stand
    /// there.
    ///
    /// What is not a URL is counted as `links/bad_count` and left out; what comes after `traps.links_per_page` of them is
    /// counted as `links/over_limit_count`. No tree is built for this if the page's tags alone are enough.
    pub fn links(&self) -> impl Iterator<Item = Url> {
        let encoding = self.url_encoding();
        let mut room = self.limits.links;
        self.anchors().filter_map(move |anchor| {
            if room == 0 {
                self.lose("links/over_limit_count", 1);
                return None;
            }
            let href = anchor.attr("href")?;
            let Ok(url) = urls::join(self.base(), href.trim_ascii(), encoding) else {
                self.lose("links/bad_count", 1);
                return None;
            };
            let is_web = matches!(url.scheme(), "http" | "https");
            room -= usize::from(is_web);
            is_web.then_some(url)
        })
    }

    /// The links that a filter lets through, in document order.
    ///
    /// What is not a URL or one too many is counted, as by [`links`](Page::links). A filter with a pattern or selector
    /// that is none finds nothing and fails the page with a message that names it.
    #[must_use]
    pub fn links_by(&self, filter: &Links) -> Vec<Link> {
        if let Err(error) = filter.check() {
            self.set_fault(error);
            return Vec::new();
        }
        if filter.obeys_nofollow() && self.says_nofollow() {
            return Vec::new();
        }
        let mut picked = Picked::new(self, filter);
        if filter.is_plain() {
            for anchor in self.anchors() {
                if let Some(href) = anchor.attr("href") {
                    picked.offer(&href, &anchor);
                }
            }
        } else {
            picked.offer_regions();
        }
        picked.into_links()
    }

    /// `<meta name="robots" content="nofollow">`, or `none`.
    fn says_nofollow(&self) -> bool {
        self.meta("robots").is_some_and(|content| has_word(&content, "nofollow") || has_word(&content, "none"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Limits;

    #[test]
    fn links_are_absolute_and_what_is_none_is_counted() {
        let page = Page::from_html(
            "http://a.example/dir/page",
            r##"<a href="next">1</a> <A HREF=" /top#x ">2</A> <a href="mailto:a@b">3</a> <a href="http://[bad">4</a>
                <a name="no">5</a><map><area href="//b.example/"></map>"##,
        );
        let links: Vec<String> = page.links().map(String::from).collect();
        assert_eq!(links, ["http://a.example/dir/next", "http://a.example/top#x", "http://b.example/"]);
        assert_eq!(page.losses().collect::<Vec<_>>(), [("links/bad_count", 1)]);
    }

    #[test]
    fn p02_a_page_of_a_million_links_gives_ten_thousand() {
        let page = Page::from_html("http://a.example/", &"<a href=x>".repeat(1_000_000));
        assert_eq!(page.links().count(), 10_000);
        assert_eq!(page.losses().collect::<Vec<_>>(), [("links/over_limit_count", 990_000)]);
        let page = Page::from_html("http://a.example/", "<a href=1><a href=2><a href=3>");
        let page = page.within(Limits { links: 2, ..Limits::default() });
        assert_eq!(page.links_by(&Links::new()).len(), 2);
        assert_eq!(page.losses().collect::<Vec<_>>(), [("links/over_limit_count", 1)]);
    }
}
