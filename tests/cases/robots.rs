//! Robots.txt: who may ask for what, how fast and when, as Google's and Scrapy's parsers answer.

use std::time::Duration;

use dragline::downloader::robots::{Robots, VisitTime};
use serde_json::{Value, json};
use url::Url;

use crate::{bytes, check};

/// A path stands for itself on any host.
fn url(text: &Value) -> Url {
    let base = Url::parse("http://site.local/").expect("a URL");
    base.join(text.as_str().expect("a URL")).expect("a URL")
}

fn clock(time: Duration) -> Value {
    let minutes = time.as_secs() / 60;
    json!(format!("{:02}:{:02}:00", minutes / 60, minutes % 60))
}

fn hours(hours: VisitTime) -> (Value, Value) {
    (clock(hours.from), clock(hours.until))
}

/// What Dragline answers where the case says `want`.
fn answer(robots: &Robots, case: &Value) -> Value {
    let agent = case["ua"].as_str().unwrap_or_default();
    match case["fn"].as_str().expect("a name") {
        "allowed" => json!(robots.allows(agent, &url(&case["url"]))),
        "crawl_delay" => json!(robots.crawl_delay(agent).map(|delay| delay.as_secs_f64())),
        "request_rate" => json!(robots.request_rate(agent).map(|rate| {
            let (start, end) = rate.hours.map_or((Value::Null, Value::Null), hours);
            json!({"requests": rate.requests, "seconds": rate.per.as_secs(), "start_time": start, "end_time": end})
        })),
        "visit_time" => json!(robots.visit_time(agent).map(|time| {
            let (start, end) = hours(time);
            json!({"start_time": start, "end_time": end})
        })),
        "sitemaps" => json!(robots.sitemaps()),
        "preferred_host" => json!(robots.preferred_host()),
        "file" => json!({"sitemaps": robots.sitemaps(), "preferred_host": robots.preferred_host()}),
        other => panic!("no such case: {other}"),
    }
}

/// The probes and delays of a whole file that come out otherwise.
fn differences(robots: &Robots, case: &Value) -> Vec<String> {
    let list = |name: &str| case[name].as_array().cloned().unwrap_or_default();
    let probes = list("probes").into_iter().filter_map(|probe| {
        let ours = robots.allows(probe[0].as_str().expect("a name"), &url(&probe[1]));
        (json!(ours) != probe[2]).then(|| format!("{probe}"))
    });
    let delays = list("delays").into_iter().filter_map(|delay| {
        let ours = robots.crawl_delay(delay[0].as_str().expect("a name")).map(|delay| delay.as_secs_f64());
        (ours != delay[1].as_f64()).then(|| format!("{delay}"))
    });
    probes.chain(delays).collect()
}

#[test]
fn robots_are_heeded_as_their_writers_mean_them() {
    check("robots.jsonl", |case| {
        let robots = Robots::parse(&bytes(&case["robots"]));
        let ours = answer(&robots, case);
        let differences = differences(&robots, case);
        if ours == case["want"] && differences.is_empty() { Ok(()) } else { Err(format!("{ours} {differences:?}")) }
    });
}
