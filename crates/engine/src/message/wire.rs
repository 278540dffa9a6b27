//! A request as HTTP/1.1 has it on the wire, for people to read.

use url::Position;

use super::build::{lines, title};
use super::{Request, mask};

impl Request {
    /// The request as it looks in HTTP/1.1 before middlewares and client add theirs, with `***` for what is secret
    /// (Scrapy's `request_httprepr`).
    #[must_use]
    pub fn to_http(&self) -> Vec<u8> {
        self.as_http(true)
    }

    /// The same with its secrets.
    #[must_use]
    pub fn to_http_with_secrets(&self) -> Vec<u8> {
        self.as_http(false)
    }

    fn as_http(&self, is_masked: bool) -> Vec<u8> {
        let target = &self.url[Position::BeforePath..Position::AfterQuery];
        let target = if is_masked { mask::target(target) } else { target.into() };
        let mut out = format!("{} {target} HTTP/1.1\r\nHost: {}\r\n", self.method, self.host()).into_bytes();
        for (name, value) in lines(&self.headers, is_masked) {
            out.extend([title(name).as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        out.extend(b"\r\n");
        out.extend(self.shown_body(is_masked));
        out
    }

    /// The body; the values of secret fields of a form or of JSON as `***`, if they are to be masked.
    pub(super) fn shown_body(&self, is_masked: bool) -> Vec<u8> {
        let Some(text) = std::str::from_utf8(&self.body).ok().filter(|_| is_masked) else { return self.body.to_vec() };
        if let Ok(mut value) = serde_json::from_str::<serde_json::Value>(text) {
            if mask::json(&mut value) {
                return value.to_string().into_bytes();
            }
            return self.body.to_vec();
        }
        mask::form(text).into_owned().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    #[test]
    fn secrets_are_masked_unless_they_are_asked_for() {
        let url = Url::parse("https://joe:canary@a.example:8443/b?token=canary&c=1#d").expect("a URL");
        let request = Request::post(url).text_header("authorization", "canary").expect("a header");
        let form = request.clone().form([("name", "x"), ("password", "canary")]);
        let json = request.json(&serde_json::json!([{ "api_key": "canary" }])).expect("JSON");
        for request in [&form, &json] {
            let (shown, whole) = (request.to_http(), request.to_http_with_secrets());
            let (shown, whole) = (String::from_utf8_lossy(&shown), String::from_utf8_lossy(&whole));
            assert!(!shown.contains("canary") && whole.contains("Authorization: canary\r\n"), "{shown}");
            assert!(shown.starts_with("POST /b?token=***&c=1 HTTP/1.1\r\nHost: a.example:8443\r\n"), "{shown}");
            assert!(whole.starts_with("POST /b?token=canary&c=1 HTTP/1.1\r\n"), "{whole}");
        }
    }
}
