//! The books of <http://books.toscrape.com>, or of a shop that looks like it: list pages lead to product pages.

use dragline::prelude::*;

/// A bookshop.
#[derive(Deserialize)]
pub struct Books {
    url: Url,
}

/// The two kinds of pages.
#[derive(Debug, Serialize, Deserialize, PartialEq)]
pub enum Step {
    /// Twenty books and a link to the next twenty.
    List,
    /// One book.
    Product,
}

/// One book.
#[derive(Debug, Serialize, Deserialize, PartialEq)]
pub struct Book {
    /// Its page.
    pub url: Url,
    /// Its title.
    pub title: String,
    /// Its price in pounds.
    pub price: f64,
    /// Copies in stock.
    pub stock: u32,
    /// One to five stars.
    pub rating: u8,
    /// Its universal product code.
    pub upc: String,
    /// What the shop says of it; some have none.
    pub description: Option<String>,
}

impl Item for Book {
    const KIND: &'static str = "book";
}

impl Spider for Books {
    const NAME: &'static str = "books";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        out.follow(&self.url, Step::List);
    }

    fn parse(&self, step: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        match step {
            Step::List => {
                for link in page.css("article.product_pod h3 a").iter().filter_map(|book| book.link_opt()) {
                    out.follow(link, Step::Product);
                }
                if let Some(next) = page.css("li.next a").link_opt() {
                    out.follow(next, Step::List);
                }
                Ok(())
            }
            Step::Product => {
                out.item(book(page)?);
                Ok(())
            }
        }
    }
}

fn book(page: &Page) -> Result<Book> {
    let rating = page.css("article p.star-rating").attr("class")?;
    Ok(Book {
        url: page.url().clone(),
        title: page.css("h1").text()?,
        price: page.css("article p.price_color").text()?.trim_start_matches('£').parse()?,
        stock: digits(&page.css("article p.availability").text()?).parse()?,
        rating: stars(rating).ok_or_else(|| Error::page(format!("`{rating}` is no rating")))?,
        upc: page.css("table td").text()?,
        description: page.css("#product_description + p").text_opt(),
    })
}

/// `In stock (22 available)`
fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// `star-rating Three`
fn stars(class: &str) -> Option<u8> {
    let word = class.split_ascii_whitespace().last()?;
    (1..).zip(["One", "Two", "Three", "Four", "Five"]).find(|(_, name)| *name == word).map(|(stars, _)| stars)
}
