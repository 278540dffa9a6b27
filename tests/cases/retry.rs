//! What Scrapy's own suite asks of retries.

use std::sync::Arc;

use dragline::downloader::middlewares::{Retry, retry};
use dragline::downloader::{Inbound, Keep};
use dragline::hosts::{self, Hosts};
use dragline::message::{Failure, FailureKind, Response};
use http::StatusCode;
use serde_json::Value;

use crate::check;
use crate::wire::{inbound, is_same, request};

fn judge(case: &Value) -> Result<(), String> {
    let (given, args) = (&case["settings"], &case["args"]);
    let adjust = args["priority_adjust"].as_i64().or(given["priority_adjust"].as_i64());
    let mut settings = retry::Settings {
        times: u32::try_from(given["times"].as_u64().expect("a number")).expect("a few"),
        priority_adjust: i32::try_from(adjust.unwrap_or(-1)).expect("a few"),
        ..retry::Settings::default()
    };
    if let Some(codes) = given["codes"].as_array() {
        settings.statuses = codes.iter().map(|code| code.as_u64().expect("a status") as u16).collect();
    }
    let mut wish = request(&case["request"]);
    if let Some(times) = args["max_retry_times"].as_u64() {
        wish.options_mut().retries = Some(u32::try_from(times).expect("a few"));
    }
    let outcome = match case["exception"].as_str() {
        // what calls it from a spider has a reason of its own
        None => {
            let status = case["status"].as_u64().unwrap_or(503) as u16;
            Ok(Response::new(wish.url.clone(), StatusCode::from_u16(status).expect("a status")))
        }
        Some(exception) => {
            let kind = match exception {
                "connect" => FailureKind::Connect,
                "closed" | "lost" => FailureKind::IncompleteBody,
                "timeout" => FailureKind::TotalTimeout,
                // Scrapy does not tell a name that does not exist from one that nobody answers for
                "dns" => FailureKind::DnsTemporary,
                other => panic!("{other}"),
            };
            Err(Failure::new(kind, wish.url.clone(), exception))
        }
    };
    let layer = Retry::new(settings, Hosts::new(16, hosts::Settings::default()), Arc::default()).expect("settings");
    match (inbound(&layer, &wish, &Keep::page(1 << 20), outcome), &case["want"]) {
        (Inbound::Pass(Ok(_)), Value::String(want)) if want == "response" => Ok(()),
        (Inbound::Pass(Err(_)), Value::Null) => Ok(()),
        (Inbound::Pass(_), Value::Null) if case["fn"] == "get_retry_request" => Ok(()),
        (Inbound::Again(next), want) if want["url"].is_string() => is_same(&next, want),
        (verdict, _) => Err(format!("{verdict:?}")),
    }
}

#[test]
fn what_may_pass_is_tried_again_as_often_as_scrapy_does() {
    check("retry.jsonl", judge);
}
