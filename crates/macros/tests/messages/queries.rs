//! Queries that are none.

use dragline::prelude::*;

#[derive(Extract)]
struct Book {
    #[css("h1[")]
    title: String,
    #[css("p.price::txt")]
    price: f64,
    #[xpath("//td[1")]
    stock: u32,
    #[jmespath("offers[")]
    offer: String,
    #[css("p", re = "(")]
    rating: u8,
    #[css("h1..x")]
    #[css("h2")]
    subtitle: Option<String>,
}

fn main() {}
