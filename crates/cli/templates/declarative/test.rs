//! The spider of spiders/{{name}}.toml against saved pages.

use std::path::Path;

use dragline::crawl::Found;
use dragline::{Layers, Registry, Trial};

fn read(step: &str, html: &str) -> Found {
    let file = Path::new("spiders/{{name}}.toml");
    let (registry, name) = Registry::new().declared(file).expect("a spider");
    let layers = Layers::new(dragline_cli::DEFAULTS).expect("settings");
    let trial = Trial::build(&registry, &name, &layers).expect("its arguments");
    let found = trial
        .read_html(step, "http://shop.example/page", html)
        .expect("a step");
    assert!(found.error.is_none(), "{:?}", found.error);
    found
}

#[test]
fn a_list_leads_to_its_books_and_to_the_next_list() {
    let found = read("Page(list)", include_str!("pages/{{name}}-list.html"));
    let urls: Vec<_> = found
        .requests
        .iter()
        .map(|request| request.url.path())
        .collect();
    assert_eq!(
        urls,
        [
            "/catalogue/attic_1/index.html",
            "/catalogue/velvet_2/index.html",
            "/catalogue/page-2.html"
        ]
    );
}

#[test]
fn a_page_is_a_book() {
    let mut found = read("Page(book)", include_str!("pages/{{name}}-book.html"));
    let book = found.records[0].fields();
    assert_eq!(book["title"], "A Light in the Attic");
    assert_eq!(book["price"], 51.77);
}
