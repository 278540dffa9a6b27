//! The notes of an account: signs in before the first request, and again when the site has signed it out.

use dragline::prelude::*;

/// What the spider is given: `-a site=… -a username=…`. A password that is not given is asked for; one for machines is
/// `password = { env = "MY_PASSWORD" }` under `[spiders.{{name}}]`.
#[derive(Deserialize)]
pub struct {{Type}} {
    site: Url,
    username: String,
    password: Secret,
}

/// What kind of page comes next.
#[derive(Debug, Serialize, Deserialize, PartialEq)]
pub enum Step {
    Notes { page: u32 },
}

/// What the spider finds.
#[derive(Debug, Serialize, Deserialize, PartialEq, Item)]
pub struct Note {
    pub page: u32,
    pub text: String,
}

impl Spider for {{Type}} {
    const NAME: &'static str = "{{name}}";
    const ITEMS: &'static [ItemType] = &[ItemType::of::<Note>()];
    type Step = Step;

    async fn open(&self, session: &Session) -> Result<()> {
        let form = session.get(self.site.join("login")?).await?.form("form")?;
        let form = form
            .set("username", &self.username)
            .set("password", self.password.expose());
        let home = session.page(form.request()?).await?;
        if is_login_form(&home) {
            let why = home.css(".error").text_opt();
            return Err(Error::sign_in(
                why.unwrap_or("the login form came back".to_owned()),
            ));
        }
        Ok(())
    }

    fn start(&self, out: &mut Output<Self>) {
        if let Ok(notes) = self.site.join("notes") {
            out.follow(notes, Step::Notes { page: 1 });
        }
    }

    fn parse(
        &self,
        Step::Notes { page: number }: Step,
        page: &Page,
        out: &mut Output<Self>,
    ) -> Result<()> {
        if is_login_form(page) {
            return Err(Error::SignedOut);
        }
        for note in page.css("li.note").iter() {
            out.item(Note {
                page: number,
                text: note.text(),
            });
        }
        if let Some(next) = page.css("a[rel=next]").link_opt() {
            out.follow(next, Step::Notes { page: number + 1 });
        }
        Ok(())
    }
}

fn is_login_form(page: &Page) -> bool {
    !page.css("input[type=password]").is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(html: &str) -> (Result<()>, Output<{{Type}}>) {
        let page = Page::from_html("http://notes.example/notes", html);
        let mut out = Output::for_page(&page);
        let (username, password) = ("me".to_owned(), Secret::new("secret"));
        let spider = {{Type}} {
            site: page.url().clone(),
            username,
            password,
        };
        (spider.parse(Step::Notes { page: 1 }, &page, &mut out), out)
    }

    #[test]
    fn a_page_of_notes_gives_each_and_leads_to_the_next() {
        let (result, out) = parse(include_str!("../tests/pages/{{name}}-notes.html"));
        result.expect("understood");
        let note: Note = out.records()[0].to().expect("a note");
        assert_eq!((out.records().len(), note.text.as_str()), (2, "Buy milk"));
        assert_eq!(out.steps(), [Step::Notes { page: 2 }]);
    }

    #[test]
    fn the_login_form_in_place_of_a_page_means_signed_out() {
        let (result, _) = parse(include_str!("../tests/pages/{{name}}-login.html"));
        assert!(matches!(result, Err(Error::SignedOut)));
    }
}
