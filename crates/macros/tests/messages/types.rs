//! Types that cannot be read from a page.

use dragline::prelude::*;

struct Colour;

#[derive(Extract)]
struct Book {
    #[css("p.colour")]
    colour: Colour,
}

#[derive(Extract)]
struct Parsed {
    #[css("p.colour", parse)]
    colour: Colour,
}

#[derive(Extract)]
struct Function {
    #[css("p.colour", parse = colour)]
    colour: Colour,
}

fn colour(_: &str) -> u8 {
    0
}

fn main() {}
