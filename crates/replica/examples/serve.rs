//! Serves one site until it is killed: `cargo run --release -p dragline-replica --example serve -- kodak`.
//!
//! Prints the addresses, and for `kodak` writes the root certificate to the file given as second argument.

use std::error::Error;
use std::io::Write;

use dragline_replica::{books, graph, kodak};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let site = arguments.next().unwrap_or_default();
    let mut out = std::io::stdout();
    match &*site {
        "kodak" => {
            let kodak = kodak::Kodak::start(kodak::Options::default())?;
            writeln!(out, "https {}\nhttp {}", kodak.https(), kodak.http())?;
            if let Some(path) = arguments.next() {
                std::fs::write(path, kodak.root_certificate())?;
            }
            wait(kodak)
        }
        "books" => {
            let shop = books::Books::start(books::Options::default())?;
            writeln!(out, "{}", shop.url())?;
            wait(shop)
        }
        "graph" => {
            let graph = graph::Graph::start(graph::Options::default())?;
            writeln!(out, "{}", graph.url())?;
            wait(graph)
        }
        other => Err(format!("no site is called `{other}` (known: kodak, books, graph)").into()),
    }
}

/// Keeps the site, and with it its threads, for as long as the process lives.
fn wait<T>(_site: T) -> ! {
    loop {
        std::thread::park();
    }
}
