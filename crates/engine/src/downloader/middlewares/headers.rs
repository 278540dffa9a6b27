//! The headers that every request carries unless it brings its own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::downloader::{Hooks, Middleware, Outbound};
use crate::error::Error;
use crate::hosts::Hosts;
use crate::message::Request;

/// `[middlewares.headers]`.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Name and value of each header; an empty value is not sent.
    pub default: BTreeMap<String, String>,
}

// by hand: a value may be a password
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("default", &self.default.keys()).finish()
    }
}

impl Default for Settings {
    fn default() -> Self {
        let headers = [
            ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            ("accept-language", "en"),
            ("user-agent", concat!("dragline/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")")),
        ];
        Self { default: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into() }
    }
}

/// Adds the default headers.
pub struct Headers {
    headers: HeaderMap,
    /// Headers of single hosts, by the pattern of their rule.
    by_rule: BTreeMap<String, HeaderMap>,
    hosts: Arc<Hosts>,
}

impl Headers {
    /// # Errors
    /// If a name or value of the settings cannot stand in a header.
    pub fn new(settings: &Settings, hosts: Arc<Hosts>) -> Result<Self, Error> {
        let headers = read("middlewares.headers.default", plain(&settings.default))?;
        let mut by_rule = BTreeMap::new();
        for (pattern, rule) in hosts.settings().rules.iter().filter(|(_, rule)| !rule.headers.is_empty()) {
            let mut headers = read(
                &format!("hosts.\"{pattern}\".headers"),
                rule.headers.iter().map(|(name, value)| (name.as_str(), value.expose())),
            )?;
            // what is meant for one host may be a key to it
            headers.values_mut().for_each(|value| value.set_sensitive(true));
            by_rule.insert(pattern.clone(), headers);
        }
        Ok(Self { headers, by_rule, hosts })
    }
}

fn plain(headers: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

fn read<'a>(table: &str, written: impl Iterator<Item = (&'a str, &'a str)>) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let key = format!("{table}.{name}");
        let name = HeaderName::try_from(name)
            .map_err(|_| Error::setting(&key, "is not a header's name: letters, digits and `-`"))?;
        let value = HeaderValue::try_from(value)
            .map_err(|_| Error::setting(&key, "has a character that a header cannot carry"))?;
        if !value.is_empty() {
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.by_rule.keys();
        f.debug_struct("Headers")
            .field("headers", &self.headers.keys())
            .field("by_rule", &rules)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("headers")
    }
}

#[async_trait]
impl Middleware for Headers {
    fn hooks(&self) -> Hooks {
        Hooks::OUT
    }

    async fn outbound(&self, mut request: Request) -> Outbound {
        if !self.by_rule.is_empty() {
            let host = request.host();
            for pattern in self.hosts.settings().patterns(&host) {
                for (name, value) in self.by_rule.get(pattern).into_iter().flatten() {
                    request.headers.entry(name).or_insert_with(|| value.clone());
                }
            }
        }
        for (name, value) in &self.headers {
            request.headers.entry(name).or_insert_with(|| value.clone());
        }
        Outbound::Send(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    fn hosts(rules: &str) -> Arc<Hosts> {
        Hosts::new(1, toml::from_str(rules).expect("settings"))
    }

    #[tokio::test]
    async fn c02_a_hosts_own_headers_go_to_no_other() {
        let rules =
            "['*.a.example']\nheaders = { x-api-key = 'general' }\n['api.a.example']\nheaders = { x-api-key = 'own' }";
        let headers = Headers::new(&Settings::default(), hosts(rules)).expect("headers");
        for (url, expected) in [
            ("http://api.a.example/", Some("own")),
            ("http://www.a.example:8080/", Some("general")),
            ("http://a.example.b.example/", None),
        ] {
            let Outbound::Send(sent) = headers.outbound(Request::get(url.parse().expect("a URL"))).await else {
                panic!("sent")
            };
            let value = sent.headers.get("x-api-key");
            assert_eq!(value.map(|value| value.to_str().expect("text")), expected, "{url}");
            assert!(value.is_none_or(HeaderValue::is_sensitive));
        }
    }

    #[tokio::test]
    async fn a_requests_own_header_stays() {
        let headers = Headers::new(&Settings::default(), hosts("")).expect("headers");
        let request = Request::get("http://example.com/".parse().expect("a URL"))
            .header(header::ACCEPT_LANGUAGE, HeaderValue::from_static("fr"));
        let Outbound::Send(sent) = headers.outbound(request).await else { panic!("sent") };
        assert_eq!(sent.headers[header::ACCEPT_LANGUAGE], "fr");
        assert!(sent.headers[header::USER_AGENT].to_str().expect("text").starts_with("dragline/"));
    }

    #[test]
    fn a_header_that_cannot_be_is_named() {
        let settings = Settings { default: BTreeMap::from([("x-a".to_owned(), "a\r\nb".to_owned())]) };
        let error = Headers::new(&settings, hosts("")).expect_err("a line break");
        assert!(error.to_string().contains("`middlewares.headers.default.x-a`"), "{error}");
    }
}
