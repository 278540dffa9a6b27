//! Every photograph of a Kodak Pulse album, as it was uploaded.
//!
//! Signs in, walks `/Frame/AllPictures` page by page, and asks for the original (`~a~`) of each thumbnail (`~t~`).

use dragline::prelude::*;

/// A full page has this many thumbnails; one with fewer is the last.
const PAGE: usize = 48;

/// The album of one account.
#[derive(Deserialize)]
pub struct KodakPulse {
    username: String,
    password: Secret,
    site: Url,
}

/// The pages of the album.
#[derive(Debug, Serialize, Deserialize, PartialEq)]
pub enum Step {
    /// A page of thumbnails.
    Pictures {
        /// Counted from 1.
        page: u32,
    },
}

/// One photograph.
#[derive(Debug, Serialize, Deserialize, PartialEq, Item)]
pub struct Photo {
    /// The page of the album that it is on.
    pub page: u32,
    /// Kodak's name for it: `picture_` and a UUID.
    pub picture: String,
    /// The original.
    pub image_urls: Vec<String>,
}

impl Spider for KodakPulse {
    const NAME: &'static str = "kodak-pulse";
    const ITEMS: &'static [ItemType] = &[ItemType::of::<Photo>()];
    const SETTINGS: &'static str = r#"
        spiders.kodak-pulse.site = "https://www.kodakpulse.com/"
        pipelines.order = ["images"]
        pipelines.images.store = "photos"
        # robots.txt is for crawlers of the public; this is its user's own account
        middlewares.robots.obey = false
    "#;
    type Step = Step;

    async fn open(&self, session: &Session) -> Result<()> {
        let form = [("username", self.username.as_str()), ("password", self.password.expose())];
        let home = session.page(Request::post(self.site.clone()).form(form)).await?;
        if is_login_form(&home) {
            let said = home.css("p.error").text_opt();
            return Err(Error::sign_in(said.as_deref().unwrap_or("the login form came back")));
        }
        Ok(())
    }

    fn start(&self, out: &mut Output<Self>) {
        out.follow(self.pictures(1), Step::Pictures { page: 1 });
    }

    fn parse(&self, Step::Pictures { page }: Step, html: &Page, out: &mut Output<Self>) -> Result<()> {
        if is_login_form(html) {
            return Err(Error::SignedOut);
        }
        let mut thumbnails = 0;
        for image in html.css("img[src*=cloudfront]").iter() {
            thumbnails += 1;
            out.item(Photo {
                page,
                picture: image.attr("id").unwrap_or_default().to_owned(),
                image_urls: image.attr("src").map(|src| src.replace("~t~", "~a~")).into_iter().collect(),
            });
        }
        if thumbnails >= PAGE {
            out.follow(self.pictures(page + 1), Step::Pictures { page: page + 1 });
        }
        Ok(())
    }
}

impl KodakPulse {
    fn pictures(&self, page: u32) -> String {
        format!("{}Frame/AllPictures?p={page}", self.site)
    }
}

fn is_login_form(page: &Page) -> bool {
    !page.css("input[name=password]").is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(html: &str) -> (Result<()>, Output<KodakPulse>) {
        let page = Page::from_html("https://www.kodakpulse.com/Frame/AllPictures?p=7", html);
        let site = page.join("/").expect("a URL");
        let spider = KodakPulse { username: "me".to_owned(), password: Secret::new("secret"), site };
        let mut out = Output::for_page(&page);
        (spider.parse(Step::Pictures { page: 7 }, &page, &mut out), out)
    }

    #[test]
    fn a_full_page_gives_48_originals_and_leads_to_the_next() {
        let (result, out) = parse(include_str!("../tests/pages/full.html"));
        result.expect("understood");
        assert_eq!(out.records().len(), 48);
        let photo: Photo = out.records()[0].to().expect("a photo");
        assert_eq!(photo.page, 7);
        assert!(photo.picture.starts_with("picture_"));
        let [original] = &photo.image_urls[..] else { panic!("one original") };
        assert!(original.starts_with("http://d2e6lg84of5d93.cloudfront.net/26~a~"), "{original}");
        assert_eq!(out.steps(), [Step::Pictures { page: 8 }]);
        assert_eq!(out.requests()[0].url.as_str(), "https://www.kodakpulse.com/Frame/AllPictures?p=8");
    }

    #[test]
    fn a_short_page_is_the_last_one() {
        let (result, out) = parse(include_str!("../tests/pages/last.html"));
        result.expect("understood");
        assert_eq!((out.records().len(), out.requests().len()), (1374 - 28 * 48, 0));
    }

    #[test]
    fn a_page_past_the_end_gives_nothing_and_its_furniture_is_no_photograph() {
        let (result, out) = parse(include_str!("../tests/pages/empty.html"));
        result.expect("understood");
        assert_eq!((out.records().len(), out.requests().len()), (0, 0));
    }

    #[test]
    fn the_login_form_in_place_of_a_page_means_signed_out() {
        let (result, out) = parse(include_str!("../tests/pages/login.html"));
        assert!(matches!(result, Err(Error::SignedOut)));
        assert!(out.records().is_empty());
    }
}
