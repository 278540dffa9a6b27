//! Sitemaps: what is in a file, what a spider follows from it, what a body is once it is unpacked.

use dragline::downloader::robots::Robots;
use dragline::page::{Limits, Page, SitemapEntry, SitemapLimits};
use dragline::prelude::*;
use dragline::spider::{Level, SitemapRules};
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::{Map, Value, json};

use crate::{bytes, check};

#[derive(Deserialize)]
struct Walker;

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Step {
    Sitemap(Level),
    Call(String),
}

impl Spider for Walker {
    const NAME: &'static str = "walker";
    type Step = Step;

    fn start(&self, _: &mut Output<Self>) {}

    fn parse(&self, _: Step, _: &Page, _: &mut Output<Self>) -> Result<()> {
        Ok(())
    }
}

/// The page of a case. What Scrapy knows by the class of its response, a header says here.
fn page(case: &Value) -> Page {
    let mut headers = HeaderMap::new();
    for field in case["headers"].as_array().into_iter().flatten() {
        let name = HeaderName::from_bytes(&bytes(&field[0])).expect("a name");
        headers.append(name, HeaderValue::from_bytes(&bytes(&field[1])).expect("a value"));
    }
    if case["class"] == "xml" {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    }
    let url = Url::parse(case["url"].as_str().unwrap_or("http://site.local/sitemap.xml")).expect("a URL");
    let bytes = bytes(&case["body"]);
    let mut limits = Limits::default();
    if let Some(most @ 1..) = case["max_size"].as_u64() {
        limits.sitemap = SitemapLimits { bytes: usize::try_from(most).expect("a size"), ..limits.sitemap };
    }
    Page::new(url, StatusCode::OK, headers, bytes.into(), 0).within(limits)
}

fn entry(entry: SitemapEntry) -> Value {
    let mut fields = Map::from_iter([("loc".to_owned(), json!(entry.loc))]);
    for (name, value) in [("lastmod", entry.lastmod), ("changefreq", entry.changefreq), ("priority", entry.priority)] {
        fields.extend(value.map(|value| (name.to_owned(), json!(value))));
    }
    if !entry.alternates.is_empty() {
        let hrefs = entry.alternates.into_iter().map(|alternate| alternate.href);
        fields.insert("alternate".to_owned(), hrefs.collect());
    }
    // Scrapy has nothing of what lies deeper
    fields.extend(
        entry.extra.into_iter().filter(|(name, _)| !name.contains('/')).map(|(name, text)| (name, json!(text))),
    );
    Value::Object(fields)
}

fn followed(case: &Value) -> Value {
    let (page, options) = (page(case), &case["options"]);
    let mut rules = SitemapRules::new(Step::Sitemap);
    for rule in options["sitemap_rules"].as_array().expect("rules") {
        let callback = rule[1].as_str().expect("a callback").to_owned();
        rules = rules.page(rule[0].as_str().expect("an expression"), Step::Call(callback));
    }
    for follow in options["sitemap_follow"].as_array().expect("expressions") {
        rules = rules.sitemap(follow.as_str().expect("an expression"));
    }
    if options["sitemap_alternate_links"] == true {
        rules = rules.alternates();
    }
    let mut out = Output::<Walker>::for_page(&page);
    rules.follow(Level::default(), &page, &mut out).expect("rules");
    let name = |step| match step {
        Step::Sitemap(_) => "sitemap".to_owned(),
        Step::Call(name) => name,
    };
    out.requests().iter().zip(out.steps()).map(|(request, step)| json!([request.url, name(step)])).collect()
}

fn answer(case: &Value) -> Value {
    match case["fn"].as_str().expect("a name") {
        "sitemap" => {
            let page = page(case);
            let sitemap = page.sitemap();
            let kind = sitemap.kind().name().to_owned();
            json!({"type": kind, "entries": sitemap.map(entry).collect::<Value>()})
        }
        "robots" => {
            let base = case["base_url"].as_str().and_then(|base| Url::parse(base).ok());
            let robots = Robots::parse(&bytes(&case["body"]));
            let absolute =
                |url: &String| base.as_ref().and_then(|base| base.join(url).ok()).map_or(json!(url), |url| json!(url));
            robots.sitemaps().iter().map(absolute).collect()
        }
        "spider" => followed(case),
        _ => match page(case).sitemap_body() {
            Some(body) => json!(String::from_utf8_lossy(body)),
            None => Value::Null,
        },
    }
}

#[test]
fn sitemaps_are_what_scrapy_reads() {
    check("sitemaps.jsonl", |case| {
        let ours = answer(case);
        let same = match case["fn"].as_str() {
            Some("body") if !case["want"].is_null() => ours == json!(String::from_utf8_lossy(&bytes(&case["want"]))),
            // what is no XML at all is a sitemap of no kind
            Some("sitemap") if case["want"]["error"].is_string() => ours["type"] == "",
            _ => ours == case["want"],
        };
        if same { Ok(()) } else { Err(ours.to_string().chars().take(2000).collect()) }
    });
}
