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
    #[serde(default = "kodak")]
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
#[derive(Debug, Serialize, Deserialize, PartialEq)]
pub struct Photo {
    /// The page of the album that it is on.
    pub page: u32,
    /// Kodak's name for it: `picture_` and a UUID.
    pub picture: String,
    /// The original.
    pub image_urls: Vec<String>,
}

impl Item for Photo {
    const KIND: &'static str = "photo";
}

impl Spider for KodakPulse {
    const NAME: &'static str = "kodak-pulse";
    const SETTINGS: &'static str = r#"
        pipelines.order = ["images"]
        pipelines.images.store = "photos"
    "#;
    type Step = Step;

    async fn open(&self, session: &Session) -> Result<()> {
        let form = [("username", self.username.as_str()), ("password", self.password.expose())];
        let home = session.page(Request::post(self.site.clone()).form(form)).await?;
        if is_login_form(&home) {
            return Err(Error::sign_in(
                home.css("p.error").text_opt().unwrap_or("the login form came back".to_owned()),
            ));
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
    fn pictures(&self, page: u32) -> Url {
        let mut url = self.site.clone();
        url.set_path("/Frame/AllPictures");
        url.set_query(Some(&format!("p={page}")));
        url
    }
}

fn is_login_form(page: &Page) -> bool {
    !page.css("input[name=password]").is_empty()
}

#[expect(clippy::expect_used, reason = "a literal that parses")]
fn kodak() -> Url {
    Url::parse("https://www.kodakpulse.com/").expect("a URL")
}
