//! A spider that begins at the URLs that a file names: many hosts in one crawl, and pictures of any page.

use std::path::PathBuf;

use dragline::prelude::*;

/// The pages of a list.
#[derive(Deserialize)]
pub(crate) struct Listed {
    /// A file with a URL in each line.
    file: PathBuf,
    /// Follow each page's links, wherever they lead.
    #[serde(default)]
    follow: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    Page,
}

/// One page, and the pictures that it shows.
#[derive(Serialize)]
struct Seen {
    url: Url,
    image_urls: Vec<Url>,
}

impl Item for Seen {
    const KIND: &'static str = "seen";
}

impl Spider for Listed {
    const NAME: &'static str = "listed";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        let list = std::fs::read_to_string(&self.file).unwrap_or_default();
        for line in list.lines() {
            out.follow(line, Step::Page);
        }
    }

    fn parse(&self, Step::Page: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        if self.follow {
            for link in page.links() {
                out.follow(&link, Step::Page);
            }
        }
        let images = page.css("img");
        let image_urls = images.iter().filter_map(|image| page.join(image.attr("src")?).ok()).collect();
        out.item(Seen { url: page.url().clone(), image_urls });
        Ok(())
    }
}
