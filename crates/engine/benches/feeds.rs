//! How fast records become JSON lines and CSV: bytes of the file a second, on one thread, into memory.
#![expect(clippy::expect_used, reason = "a benchmark's own data")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dragline::feed::{Encoder, Settings};
use dragline::message::{Item, Record};
use dragline::stats::Stats;
use serde::Serialize;

#[derive(Serialize)]
struct Book {
    url: String,
    title: String,
    price: f64,
    stock: u32,
    upc: String,
    tags: Vec<&'static str>,
    description: String,
}

impl Item for Book {
    const KIND: &'static str = "book";
}

fn records() -> Vec<Record> {
    let page = Arc::new("http://books.example/".parse().expect("a URL"));
    let book = |number: u32| Book {
        url: format!("http://books.example/catalogue/a-light-in-the-attic_{number}/index.html"),
        title: format!("A Light in the Attic, volume {number}"),
        price: f64::from(number) * 0.37,
        stock: number % 23,
        upc: format!("{:016x}", u64::from(number) * 0x9e37_79b9),
        tags: vec!["poetry", "children"],
        description: "It's hard to imagine a world without \"A Light in the Attic\", said the reviewer, and went on. "
            .repeat(3),
    };
    (0..5_000).map(|number| Record::from_item(&book(number), Arc::clone(&page)).expect("a record")).collect()
}

fn feeds(criterion: &mut Criterion) {
    let (sealed, stats) = (records(), Stats::default());
    // what a pipeline has looked into is no more the JSON that the parser thread wrote
    let mut open = sealed.clone();
    for record in &mut open {
        record.fields();
    }
    let mut group = criterion.benchmark_group("feeds");
    let formats = ["jsonl", "json", "csv", "xml"];
    let both = formats.iter().flat_map(|format| [(*format, "sealed", &sealed), (*format, "open", &open)]);
    for (format, state, records) in both {
        let settings = Settings::new(format!("x.{format}"));
        let mut out = Vec::new();
        let write = |out: &mut Vec<u8>| {
            let mut encoder = Encoder::new(format, &settings).expect("an encoder");
            out.clear();
            for record in records {
                encoder.encode(record, &stats, out).expect("encoded");
            }
        };
        write(&mut out);
        group.throughput(Throughput::Bytes(out.len() as u64));
        group.bench_function(format!("{format}/{state}"), |bencher| bencher.iter(|| write(black_box(&mut out))));
    }
    group.finish();
}

criterion_group!(benches, feeds);
criterion_main!(benches);
