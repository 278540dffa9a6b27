//! Items that cannot be.

use dragline::prelude::*;

#[derive(Serialize, Item)]
#[item(kid = "book")]
struct Kind {
    title: String,
}

#[derive(Serialize, Item)]
struct Options {
    #[item(mim = 0)]
    price: f64,
    #[item(pattern = "[")]
    isbn: String,
    #[item(format = "e-mail")]
    author: String,
    #[item(schema = "{")]
    extra: String,
    #[item(any, min = 1)]
    other: u8,
    #[item(min = 3, max = 2)]
    rating: u8,
    #[item(min_length = "1")]
    title: String,
}

#[derive(Serialize, Item)]
struct Flat {
    #[serde(flatten)]
    inner: Kind,
}

#[derive(Serialize, Item)]
struct Pair(u8, u8);

#[derive(Serialize, Item)]
enum Binding {
    Hardback,
    Other(String),
}

fn main() {}
