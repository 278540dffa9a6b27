//! Every page of a site: its title and its links. What one tries first on one's own site.

use dragline::prelude::*;

/// A site, from one of its pages.
#[derive(Deserialize)]
pub struct Site {
    url: Url,
    /// Stay on the host of `url`.
    #[serde(default = "yes")]
    same_host: bool,
    /// How many links away from `url` to go; all the way if it is not given.
    max_depth: Option<u32>,
}

/// There is one kind of page.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub enum Step {
    /// A page.
    Page,
}

/// One page.
#[derive(Debug, Serialize, Deserialize, PartialEq, Item)]
#[item(kind = "page")]
pub struct SitePage {
    /// Its URL, after redirects.
    pub url: Url,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Where it links to, in its own order.
    pub links: Vec<Url>,
}

impl Spider for Site {
    const NAME: &'static str = "site";
    const ITEMS: &'static [ItemType] = &[ItemType::of::<SitePage>()];
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&self.url, Step::Page);
    }

    fn parse(&self, Step::Page: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        let links: Vec<Url> = page.links().collect();
        if self.max_depth.is_none_or(|max_depth| page.depth() < max_depth) {
            out.follow_all(links.iter().filter(|link| self.covers(link)), Step::Page);
        }
        let mut url = page.url().clone();
        url.set_fragment(None);
        out.item(SitePage { url, title: page.title(), links });
        Ok(())
    }
}

impl Site {
    fn covers(&self, link: &Url) -> bool {
        !self.same_host || (link.host() == self.url.host() && link.port() == self.url.port())
    }
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str =
        "<title> A  page </title><a href='b'>b</a><a href='b#top'>b</a><a href='http://other.example/'>c</a>";

    fn parse(same_host: bool, max_depth: Option<u32>) -> Output<Site> {
        let page = Page::from_html("http://a.example/a#here", HTML);
        let mut out = Output::for_page(&page);
        let site = Site { url: page.url().clone(), same_host, max_depth };
        site.parse(Step::Page, &page, &mut out).expect("understood");
        out
    }

    #[test]
    fn a_page_gives_its_title_and_all_its_links() {
        let page: SitePage = parse(true, None).records()[0].to().expect("a page");
        assert_eq!((page.url.as_str(), page.title.as_deref()), ("http://a.example/a", Some("A page")));
        let links: Vec<&str> = page.links.iter().map(Url::as_str).collect();
        assert_eq!(links, ["http://a.example/b", "http://a.example/b#top", "http://other.example/"]);
    }

    #[test]
    fn only_the_own_host_is_followed_unless_asked() {
        assert!(parse(true, None).requests().iter().all(|request| &*request.host() == "a.example"));
        assert_eq!(parse(false, None).requests().len(), 3);
    }

    #[test]
    fn nothing_is_followed_from_the_last_depth() {
        assert_eq!(parse(true, Some(0)).requests().len(), 0);
        assert_eq!(parse(true, Some(1)).requests().len(), 2);
    }
}
