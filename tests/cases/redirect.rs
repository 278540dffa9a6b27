//! What Scrapy's own suite asks of redirects and refreshes.

use std::sync::Arc;
use std::time::Duration;

use dragline::downloader::middlewares::{MetaRefresh, Redirects, meta_refresh, redirect};
use dragline::downloader::{Inbound, Keep};
use serde_json::Value;

use crate::check;
use crate::wire::{inbound, is_same, request, response};

fn judge(case: &Value) -> Result<(), String> {
    let settings = &case["settings"];
    let rules = redirect::Settings {
        limit: settings["max_times"].as_u64().map_or(20, |times| usize::try_from(times).expect("a few")),
        priority_adjust: i32::try_from(settings["priority_adjust"].as_i64().unwrap_or(2)).expect("a few"),
        ..redirect::Settings::default()
    };
    let (mut wish, answer) = (request(&case["request"]), response(&case["response"]));
    // a spider that handles a status is a request that wants the redirect itself
    let handled = settings["handle_httpstatus_list"].as_array().into_iter().flatten();
    if handled.filter_map(Value::as_u64).any(|status| status == u64::from(answer.status.as_u16())) {
        wish.options_mut().redirects = Some(0);
    }
    let keep = Keep::page(1 << 20);
    let verdict = if case["fn"] == "redirect" {
        let layer = Redirects::new(rules, 8192, Arc::default()).expect("settings");
        inbound(&layer, &wish, &keep, Ok(answer))
    } else {
        let tags = settings["ignore_tags"].as_array().into_iter().flatten();
        let refresh = meta_refresh::Settings {
            ignore_tags: tags.map(|tag| tag.as_str().expect("a tag").to_owned()).collect(),
            max_delay: Duration::from_secs(settings["maxdelay"].as_u64().unwrap_or(100)),
            ..meta_refresh::Settings::default()
        };
        let layer = MetaRefresh::new(refresh, rules, 8192, Arc::default()).expect("settings");
        inbound(&layer, &wish, &keep, Ok(answer))
    };
    match (verdict, &case["want"]) {
        (Inbound::Pass(Ok(_)), Value::String(want)) if want == "response" => Ok(()),
        (Inbound::Pass(Err(_)), want) if want["error"].is_string() => Ok(()),
        (Inbound::Again(next), want) if want["url"].is_string() => is_same(&next, want),
        (verdict, _) => Err(format!("{verdict:?}")),
    }
}

#[test]
fn redirects_lead_where_scrapy_goes() {
    check("redirect.jsonl", judge);
}
