//! The books of <http://books.toscrape.com> by rules: what a link says leads to a list or to a book.

use std::sync::LazyLock;

use dragline::prelude::*;

static RULES: LazyLock<LinkRules<Step>> = LazyLock::new(|| {
    LinkRules::new()
        .follow(Links::new().allow(r"/page-\d+\.html$"), Step::List)
        .follow(Links::new().allow(r"/catalogue/[^/]+/index\.html$"), Step::Book)
});

/// A bookshop.
#[derive(Deserialize)]
pub struct Shelf {
    url: Url,
}

/// What a page is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// A list: its links are followed.
    List,
    /// A book.
    Book,
}

/// One book.
#[derive(Debug, PartialEq, Serialize, Deserialize, Item, Extract)]
pub struct Book {
    /// Its page.
    #[url]
    pub url: Url,
    /// Its title.
    #[css("h1")]
    pub title: String,
    /// Its price in pounds.
    #[css("article p.price_color", parse = "price")]
    pub price: f64,
}

impl Spider for Shelf {
    const NAME: &'static str = "shelf";
    const ITEMS: &'static [ItemType] = &[ItemType::of::<Book>()];
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&self.url, Step::List);
    }

    fn parse(&self, step: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        match step {
            Step::List => RULES.follow_links(page, out),
            Step::Book => out.item(page.extract::<Book>()?),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(step: Step, url: &str, html: &str) -> Output<Shelf> {
        let page = Page::from_html(url, html);
        let mut out = Output::for_page(&page);
        Shelf { url: page.url().clone() }.parse(step, &page, &mut out).expect("understood");
        out
    }

    #[test]
    fn a_list_leads_to_the_next_list_and_to_its_books() {
        let out = parse(Step::List, "http://books.example/", include_str!("../tests/pages/list.html"));
        let steps = out.steps();
        assert_eq!((steps.len(), &steps[0], &steps[1]), (21, &Step::List, &Step::Book));
        assert_eq!(out.requests()[0].url.as_str(), "http://books.example/catalogue/page-2.html");
    }

    #[test]
    fn a_book_is_its_page() {
        let url = "http://books.example/catalogue/smrgsbord-fjrd-a-novel_17/index.html";
        let out = parse(Step::Book, url, include_str!("../tests/pages/product.html"));
        let book: Book = out.records()[0].to().expect("a book");
        assert_eq!((book.title.as_str(), book.price), ("Smörgåsbord: Fjørd: A Novel", 44.93));
    }
}
