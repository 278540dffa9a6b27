//! The books of a shop: list pages lead to books, and to the next list.

use dragline::prelude::*;

/// What the spider is given: `-a url=…`, or `url = …` under `[spiders.{{name}}]`.
#[derive(Deserialize)]
pub struct {{Type}} {
    url: Url,
}

/// What kind of page comes next.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub enum Step {
    List,
    Book,
}

/// What the spider finds, and where.
#[derive(Debug, Serialize, Deserialize, PartialEq, Item, Extract)]
pub struct Book {
    #[url]
    pub url: Url,
    #[css("h1")]
    pub title: String,
    #[css("p.price_color", parse = "price")]
    pub price: f64,
    #[css("#product_description + p")]
    pub description: Option<String>,
}

impl Spider for {{Type}} {
    const NAME: &'static str = "{{name}}";
    const ITEMS: &'static [ItemType] = &[ItemType::of::<Book>()];
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&self.url, Step::List);
    }

    fn parse(&self, step: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        match step {
            Step::List => {
                out.follow_all(page.css("article.product_pod h3 a"), Step::Book);
                out.follow_all(page.css("li.next a"), Step::List);
            }
            Step::Book => out.item(page.extract::<Book>()?),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(step: Step, html: &str) -> Output<{{Type}}> {
        let page = Page::from_html("http://shop.example/page", html);
        let mut out = Output::for_page(&page);
        let spider = {{Type}} {
            url: page.url().clone(),
        };
        spider
            .parse(step, &page, &mut out)
            .expect("the page is understood");
        out
    }

    #[test]
    fn a_list_leads_to_its_books_and_to_the_next_list() {
        let out = parse(Step::List, include_str!("../tests/pages/{{name}}-list.html"));
        assert_eq!(out.steps(), [Step::Book, Step::Book, Step::List]);
    }

    #[test]
    fn a_page_is_a_book() {
        let out = parse(Step::Book, include_str!("../tests/pages/{{name}}-book.html"));
        let book: Book = out.records()[0].to().expect("a book");
        assert_eq!(
            (book.title.as_str(), book.price),
            ("A Light in the Attic", 51.77)
        );
    }
}
