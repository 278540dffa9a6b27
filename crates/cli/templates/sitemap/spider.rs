//! The books of a shop whose sitemaps name them: robots.txt leads to the sitemaps, and those to the books.

use std::sync::LazyLock;

use dragline::prelude::*;
use dragline::spider::{Level, SitemapRules};

/// What the spider is given: `-a url=https://shop.example/robots.txt`, or that of a sitemap, or `url = …` under `[spiders.{{name}}]`.
#[derive(Deserialize)]
pub struct {{Type}} {
    url: Url,
}

/// What kind of page comes next.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub enum Step {
    Sitemap(Level),
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

/// What the URLs of sitemaps lead to. One that no rule lets through is left.
static RULES: LazyLock<SitemapRules<Step>> = LazyLock::new(|| {
    SitemapRules::new(Step::Sitemap).page(r"/catalogue/.+/index\.html$", Step::Book)
});

impl Spider for {{Type}} {
    const NAME: &'static str = "{{name}}";
    const ITEMS: &'static [ItemType] = &[ItemType::of::<Book>()];
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        RULES.start(&self.url, out);
    }

    fn parse(&self, step: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        match step {
            Step::Sitemap(level) => RULES.follow(level, page, out)?,
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
    fn a_sitemap_leads_to_its_books() {
        let sitemap = include_str!("../tests/pages/{{name}}-sitemap.xml");
        assert_eq!(
            parse(Step::Sitemap(Level::default()), sitemap).steps(),
            [Step::Book, Step::Book]
        );
    }

    #[test]
    fn a_page_is_a_book() {
        let out = parse(
            Step::Book,
            include_str!("../tests/pages/{{name}}-book.html"),
        );
        let book: Book = out.records()[0].to().expect("a book");
        assert_eq!(
            (book.title.as_str(), book.price),
            ("A Light in the Attic", 51.77)
        );
    }
}
