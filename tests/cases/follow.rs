//! Where a response leads: Scrapy's `urljoin`, `follow` and `follow_all`. What it takes for an error when it runs, as
//! following nothing, does not compile here.

use bytes::Bytes;
use dragline::page::Page;
use dragline::prelude::{Deserialize, Output, Result, Serialize, Spider, Url};
use dragline::spider::Target;
use serde_json::Value;

use crate::{bytes, check_only, links};

#[derive(Deserialize)]
struct Follower;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Step;

impl Spider for Follower {
    const NAME: &'static str = "follower";
    type Step = Step;

    fn start(&self, _out: &mut Output<Self>) {}

    fn parse(&self, _step: Step, _page: &Page, _out: &mut Output<Self>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn follow() {
    check_only("responses.jsonl", &["urljoin", "follow", "follow_all"], |case| {
        let url = Url::parse(case["url"].as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
        let page = links::page(case, &url)?;
        let (arg, want) = (&case["arg"], &case["want"]);
        let ours = match case["fn"].as_str().unwrap_or_default() {
            "urljoin" => join(&page, arg).map(|url| vec![url]),
            "follow" => followed(case, &page, arg).map(|url| vec![url]),
            _ => all(case, &page, arg),
        };
        let want = match want {
            Value::String(url) => Some(vec![url.as_str()]),
            Value::Array(urls) => Some(urls.iter().filter_map(Value::as_str).collect()),
            Value::Object(want) => want.get("url").and_then(Value::as_str).map(|url| vec![url]),
            _ => None,
        };
        let want: Option<Vec<Url>> = want.map(|urls| urls.into_iter().filter_map(|url| Url::parse(url).ok()).collect());
        if ours.as_ref().ok() == want.as_ref() { Ok(()) } else { Err(format!("{ours:?}")) }
    });
}

fn join(page: &Page, reference: &Value) -> Result<Url, String> {
    page.join(reference.as_str().ok_or("no text")?).map_err(|error| error.to_string())
}

fn followed(case: &Value, page: &Page, arg: &Value) -> Result<Url, String> {
    if arg.is_string() {
        return join(page, arg);
    }
    if arg["link"].is_string() {
        return join(page, &arg["link"]);
    }
    if let Some(text) = arg["text"].as_str() {
        let is_it = |value: &str| value == text || value.trim() == text.trim();
        let node = page.css("a::attr(href), area::attr(href), img::attr(src), ::text").iter();
        let node = node.into_iter().find(|node| is_it(&node.raw())).ok_or("no such text")?;
        return request(node);
    }
    let tag = arg["tag"].as_str().ok_or("nothing")?;
    let attrs: Vec<_> = arg["attrs"].as_object().into_iter().flatten().collect();
    let written: String = attrs.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    let is_it = |node: &dragline::prelude::Node<'_>| {
        node.attrs().count() == attrs.len()
            && attrs.iter().all(|(name, value)| node.attr(name).map(str::trim) == value.as_str().map(str::trim))
    };
    if let Some(node) = page.css(tag).iter().find(is_it) {
        return request(node);
    }
    // one that the suite made by itself
    let mut body = bytes(&case["body"]);
    body.extend(format!("<{tag}{written}>").into_bytes());
    let page = Page::new(page.url().clone(), page.status(), http::HeaderMap::new(), Bytes::from(body), 0);
    request(page.css(tag).iter().find(is_it).ok_or("no such element")?)
}

fn request(target: impl Target) -> Result<Url, String> {
    target.check().map_err(|error| error.to_string())?;
    target.resolve(None).map(|request| request.url).map_err(|error| error.to_string())
}

fn all(case: &Value, page: &Page, arg: &Value) -> Result<Vec<Url>, String> {
    let mut out = Output::<Follower>::for_page(page);
    match (arg["css"].as_str(), arg["xpath"].as_str()) {
        (Some(_), Some(_)) => return Err("there is no such call".to_owned()),
        (Some(css), None) => out.follow_all(page.css(css), Step),
        (None, Some(xpath)) => out.follow_all(page.xpath(xpath), Step),
        (None, None) => {
            let of = |list: &Value, leads: bool| -> Result<Vec<Url>, String> {
                let list = list.as_array().into_iter().flatten();
                let urls = list.map(|arg| followed(case, page, arg));
                if leads { Ok(urls.flatten().collect()) } else { urls.collect() }
            };
            let urls = match (arg["urls"].is_array(), arg["selection"].is_array()) {
                (true, _) => of(&arg["urls"], false)?,
                (_, true) => of(&arg["selection"], true)?,
                _ => return Err("there is no such call".to_owned()),
            };
            out.follow_all(urls, Step);
        }
    }
    Ok(out.requests().iter().map(|request| request.url.clone()).collect())
}
