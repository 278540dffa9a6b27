//! An item that does not serialise, and one whose field has no known shape.

use dragline::prelude::*;

#[derive(Item)]
struct Book {
    title: String,
}

#[derive(Serialize)]
struct Colour;

#[derive(Serialize, Item)]
struct Cover {
    colour: Colour,
}

#[derive(Serialize)]
struct Forgotten {
    title: String,
}

fn parse(out: &mut Vec<ItemType>) {
    out.push(ItemType::of::<Forgotten>());
}

fn main() {}
