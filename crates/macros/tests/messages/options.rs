//! Options that are none, and options that cannot stand together.

use dragline::prelude::*;

#[derive(Extract)]
struct Book {
    #[css("h1", tirm)]
    title: String,
    #[css("p.price", parse = "prize")]
    price: f64,
    #[css("p.stock", parse = "integer", trim)]
    stock: u32,
    #[css("li", first)]
    tags: Vec<String>,
    #[css("p", default = String::new())]
    description: Option<String>,
    #[css("h2", with = read, trim)]
    subtitle: String,
    #[css("h3", raw, html)]
    text: String,
    #[css("h4", join)]
    names: String,
    #[css("h5", trim = true)]
    blurb: String,
}

#[derive(Extract)]
struct Shop {
    #[url]
    #[css("a")]
    url: Url,
    #[css(title)]
    name: String,
    #[css = "h1"]
    city: String,
    #[css("p", default = 0)]
    #[default]
    stars: u8,
}

fn main() {}
