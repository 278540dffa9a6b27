//! Curl commands.

use dragline::message::{Curl, Request, Shell};
use http::{HeaderMap, header};
use url::Url;

/// The input is a command. A request that was read from it is written as a command that reads as the same request, and
/// what is shown of it shows no password.
pub fn curl(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for shell in [Shell::Posix, Shell::Cmd] {
        let _ = Curl::parse_lenient(&text, shell);
    }
    let _ = Request::from_curl(&text);
    let Ok(request) = Request::from_curl_lenient(&text) else { return };
    let _ = request.to_curl();
    let command = request.to_curl_with_secrets();
    // a body with a NUL goes by a pipe, which is not read
    if request.body.contains(&0) {
        return;
    }
    let again =
        Curl::parse_of(&command, Shell::Posix).unwrap_or_else(|error| panic!("`{command}` is not read: {error}"));
    assert_eq!(parts(&again.request), parts(&request), "`{command}` is another request");
    let masked = Curl::parse_of(&request.to_curl(), Shell::Posix);
    assert!(masked.is_ok(), "`{}` is not read: {masked:?}", request.to_curl());
    let Some(secret) = request.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else { return };
    let token = secret.split(' ').next_back().unwrap_or_default();
    let is_elsewhere = text.matches(token).count() > 1;
    assert!(token.len() < 12 || is_elsewhere || !request.to_curl().contains(token), "a password is shown");
}

type Parts<'a> = (&'a str, &'a Url, &'a [u8], Vec<(&'a str, &'a [u8])>);

fn parts(request: &Request) -> Parts<'_> {
    (request.method.as_str(), &request.url, &request.body, lines(&request.headers))
}

/// In an order of their own; curl adds what a body is.
fn lines(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    let mut lines: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    lines.retain(|(name, _)| header::CONTENT_TYPE != **name);
    lines.sort();
    lines
}
