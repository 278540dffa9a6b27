//! Fields that stand nowhere, and what has no fields.

use dragline::prelude::*;

#[derive(Extract)]
struct Book {
    #[css("h1")]
    title: String,
    price: f64,
}

#[derive(Extract)]
struct Price(f64);

#[derive(Extract)]
struct Nothing;

#[derive(Extract)]
enum Page {
    List,
    Product,
}

fn main() {}
