//! What a response's body is as JSON.

use dragline::page::Page;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use url::Url;

use super::{bytes, check_only};

#[test]
fn a_body_is_the_json_that_scrapy_reads() {
    check_only("responses.jsonl", &["json"], |case| {
        let url = Url::parse(case["url"].as_str().expect("a URL")).expect("a URL");
        let mut headers = HeaderMap::new();
        for header in case["headers"].as_array().into_iter().flatten() {
            let name = HeaderName::from_bytes(&bytes(&header[0])).expect("a name");
            headers.append(name, HeaderValue::from_bytes(&bytes(&header[1])).expect("a value"));
        }
        let page = Page::new(url, StatusCode::OK, headers, bytes(&case["body"]).into(), 0);
        match (page.json::<Value>(), case["want"]["error"].as_str()) {
            (Err(_), Some(_)) => Ok(()),
            (Ok(found), None) if found == case["want"] => Ok(()),
            (found, _) => Err(format!("{found:?}")),
        }
    });
}
