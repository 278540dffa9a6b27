//! What a decision of robots.txt costs: the worst file for one rule, and the worst one for many.
#![expect(clippy::expect_used, reason = "a benchmark's own data")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use dragline::downloader::robots::Robots;
use url::Url;

fn decisions(criterion: &mut Criterion) {
    let url = Url::parse(&format!("http://a.example/{}", "a".repeat(8 * 1024))).expect("a URL");
    let wildcards = format!("User-agent: *\nDisallow: /{}b\n", "*a".repeat(64));
    let rules = Robots::parse(wildcards.as_bytes()).rules("dragline");
    criterion.bench_function("64 wildcards, path of 8 KiB", |bencher| bencher.iter(|| rules.allows(black_box(&url))));

    let many: String = (0..5_000).map(|number| format!("Disallow: /folder-{number}/*.php$\n")).collect();
    let rules = Robots::parse(format!("User-agent: *\n{many}").as_bytes()).rules("dragline");
    let page = Url::parse("http://a.example/folder-x/page.html?q=1").expect("a URL");
    criterion.bench_function("5,000 rules, a usual path", |bencher| bencher.iter(|| rules.allows(black_box(&page))));
}

criterion_group!(benches, decisions);
criterion_main!(benches);
