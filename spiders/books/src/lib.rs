//! The books of <http://books.toscrape.com>, or of a shop that looks like it: list pages lead to product pages.

use dragline::prelude::*;

/// A bookshop.
#[derive(Deserialize)]
pub struct Books {
    url: Url,
}

/// The two kinds of pages.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub enum Step {
    /// Twenty books and a link to the next twenty.
    List,
    /// One book.
    Product,
}

/// One book.
#[derive(Debug, Serialize, Deserialize, PartialEq, Item, Extract)]
pub struct Book {
    /// Its page.
    #[url]
    pub url: Url,
    /// Its title.
    #[css("h1")]
    pub title: String,
    /// Its price in pounds.
    #[css("article p.price_color", parse = "price")]
    #[item(min = 0)]
    pub price: f64,
    /// Copies in stock.
    #[css("article p.availability", parse = "integer")]
    pub stock: u32,
    /// One to five stars.
    #[css("article p.star-rating::attr(class)", parse = stars)]
    #[item(min = 1, max = 5)]
    pub rating: u8,
    /// Its universal product code.
    #[css("table td")]
    pub upc: String,
    /// What the shop says of it; some have none.
    #[css("#product_description + p")]
    pub description: Option<String>,
    /// Its cover, for `pipelines.order = ["images"]`.
    #[css("#product_gallery img")]
    pub image_urls: Vec<Url>,
}

impl Spider for Books {
    const NAME: &'static str = "books";
    const ITEMS: &'static [ItemType] = &[ItemType::of::<Book>()];
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&self.url, Step::List);
    }

    fn parse(&self, step: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        match step {
            Step::List => {
                out.follow_all(page.css("article.product_pod h3 a"), Step::Product);
                out.follow_all(page.css("li.next a"), Step::List);
            }
            Step::Product => out.item(page.extract::<Book>()?),
        }
        Ok(())
    }
}

/// `star-rating Three`
fn stars(class: &str) -> Option<u8> {
    let word = class.split_ascii_whitespace().last()?;
    (1..).zip(["One", "Two", "Three", "Four", "Five"]).find(|(_, name)| *name == word).map(|(stars, _)| stars)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(step: Step, url: &str, html: &str) -> (Result<()>, Output<Books>) {
        let page = Page::from_html(url, html);
        let mut out = Output::for_page(&page);
        (Books { url: page.url().clone() }.parse(step, &page, &mut out), out)
    }

    #[test]
    fn a_list_leads_to_its_books_and_to_the_next_list() {
        let (result, out) = parse(Step::List, "http://books.example/", include_str!("../tests/pages/list.html"));
        result.expect("understood");
        let steps = out.steps();
        assert_eq!((steps.len(), &steps[0], &steps[20]), (21, &Step::Product, &Step::List));
        assert_eq!(out.requests()[20].url.as_str(), "http://books.example/catalogue/page-2.html");
    }

    #[test]
    fn the_last_list_leads_to_its_books_only() {
        let url = "http://books.example/catalogue/page-50.html";
        let (result, out) = parse(Step::List, url, include_str!("../tests/pages/last.html"));
        result.expect("understood");
        assert!(out.steps().iter().all(|step| *step == Step::Product));
    }

    #[test]
    fn a_product_page_is_a_book() {
        let url = "http://books.example/catalogue/smrgsbord-fjrd-a-novel_17/index.html";
        let (result, out) = parse(Step::Product, url, include_str!("../tests/pages/product.html"));
        result.expect("understood");
        let book: Book = out.records()[0].to().expect("a book");
        assert_eq!(book.title, "Smörgåsbord: Fjørd: A Novel");
        assert_eq!((book.price, book.stock, book.rating, book.upc.as_str()), (44.93, 9, 5, "755e534dbf607086"));
        let cover = "http://books.example/media/cache/17.jpg";
        assert_eq!(book.image_urls.iter().map(Url::as_str).collect::<Vec<_>>(), [cover]);
        assert!(book.description.expect("a description").starts_with("She has until morning to decide."));
    }

    #[test]
    fn what_is_missing_is_named_with_its_page() {
        let (result, _) = parse(Step::Product, "http://books.example/17", "<article><p class='star-rating One'></p>");
        let error = result.expect_err("no title");
        let message = "field `title` of `Book`: nothing matches `h1` on http://books.example/17";
        assert_eq!(error.to_string(), message);
    }
}
