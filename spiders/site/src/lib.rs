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
#[derive(Debug, Serialize, Deserialize, PartialEq)]
pub enum Step {
    /// A page.
    Page,
}

/// One page.
#[derive(Debug, Serialize, Deserialize, PartialEq)]
pub struct SitePage {
    /// Its URL, after redirects.
    pub url: Url,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Where it links to, in its own order.
    pub links: Vec<Url>,
}

impl Item for SitePage {
    const KIND: &'static str = "page";
}

impl Spider for Site {
    const NAME: &'static str = "site";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&self.url, Step::Page);
    }

    fn parse(&self, Step::Page: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        let links: Vec<Url> = page.links().collect();
        if self.max_depth.is_none_or(|max_depth| page.depth() < max_depth) {
            for link in links.iter().filter(|link| self.covers(link)) {
                out.follow(link, Step::Page);
            }
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
