//! What Scrapy's suite asks of the `Referer` header.

use dragline::downloader::middlewares::Referrer;
use dragline::downloader::middlewares::referrer::Settings;
use dragline::downloader::{Middleware, Outbound};
use dragline::message::{ReferrerPolicy, Request};
use dragline::prelude::{HeaderValue, Url, header};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::check;

fn settings(policy: &Value) -> Result<Settings, String> {
    serde_json::from_value(json!({ "policy": policy })).map_err(|error| error.to_string())
}

/// What the request says, then what the page does, as `Output::follow` gives it to its links.
fn of_request(case: &Value) -> Option<ReferrerPolicy> {
    let meta = case["meta"].as_str().and_then(|policy| settings(&policy.into()).ok());
    meta.map(|settings| settings.policy).or_else(|| ReferrerPolicy::of_list(case["header"].as_str()?))
}

async fn referer(case: &Value) -> Result<(), String> {
    let referrer = Referrer::new(settings(&case["setting"])?);
    let url = |key: &str| Url::parse(case[key].as_str().expect("a URL")).expect("a URL");
    let mut request = Request::get(url("request_url"));
    request.referrer = Some(url("response_url"));
    if let Some(policy) = of_request(case) {
        request.options_mut().referrer_policy = Some(policy);
    }
    if let Some(own) = case["referer"].as_str() {
        request = request.header(header::REFERER, HeaderValue::try_from(own).expect("a header"));
    }
    let Outbound::Send(sent) = referrer.outbound(request).await else { return Err("not sent".to_owned()) };
    let ours = sent.headers.get(header::REFERER).map(|value| value.to_str().expect("text").to_owned());
    if ours.as_deref() == case["want"].as_str() { Ok(()) } else { Err(format!("{ours:?}")) }
}

fn policy(case: &Value) -> Result<(), String> {
    let ours = settings(&case["setting"]).map(|settings| of_request(case).unwrap_or(settings.policy));
    match (&case["want"], ours) {
        (Value::Object(_), Err(_)) => Ok(()),
        // Scrapy's own has a name of its own there, and is one of the eight here
        (Value::String(want), Ok(ours)) if settings(&want.as_str().into()).is_ok_and(|want| want.policy == ours) => {
            Ok(())
        }
        (_, ours) => Err(format!("{ours:?}")),
    }
}

#[test]
fn referrers_are_what_scrapy_sends() {
    let runtime = Runtime::new().expect("a runtime");
    check("referrer.jsonl", |case| match case["fn"].as_str() {
        Some("referer") => runtime.block_on(referer(case)),
        Some("policy") => policy(case),
        other => Err(format!("{other:?} is not known")),
    });
}
