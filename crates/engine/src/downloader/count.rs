//! What goes over the wire and comes back, under Scrapy's names.

use http::{HeaderMap, Method, StatusCode};

use crate::message::{Request, Response};
use crate::stats::{Name, Stats};

/// A request that is sent.
pub(super) fn count_request(request: &Request, stats: &Stats) {
    let bytes = wire_size(&request.headers)
        + request.method.as_str().len()
        + request.url.as_str().len()
        + " HTTP/1.1\r\n".len()
        + request.body.len();
    let method = match request.method {
        Method::GET => Name::from("downloader/request_method_count/GET"),
        Method::POST => Name::from("downloader/request_method_count/POST"),
        ref other => Name::from(format!("downloader/request_method_count/{other}")),
    };
    stats.add_all([
        (Name::from("downloader/request_count"), 1),
        (Name::from("downloader/request_bytes"), bytes as u64),
        (method, 1),
    ]);
}

/// A response that came.
pub(super) fn count_response(response: &Response, stats: &Stats) {
    let status = match response.status {
        StatusCode::OK => Name::from("downloader/response_status_count/200"),
        status => Name::from(format!("downloader/response_status_count/{}", status.as_u16())),
    };
    let bytes = wire_size(&response.headers) as u64 + response.body.len();
    stats.add_all([
        (Name::from("downloader/response_count"), 1),
        (Name::from("downloader/response_bytes"), bytes),
        (status, 1),
    ]);
}

/// An estimate of the head's size, as Scrapy's.
pub(super) fn wire_size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}
