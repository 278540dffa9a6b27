//! Keeps the crawl on its site: what leads elsewhere is not sent, redirects included.
//!
//! Photographs often lie on another host than their pages. What no step waits for (images, files) is therefore let
//! through unless hosts are named for it.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::downloader::{Admission, Hooks, Middleware, Reason};
use crate::error::Error;
use crate::message::Request;
use crate::stats::Stats;

/// `[middlewares.offsite]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The domains that pages may come from, each with what lies below it; empty is every domain.
    pub domains: Vec<String>,
    /// The domains that images and files may come from beside `domains`; empty is every domain.
    pub media: Vec<String>,
}

/// Drops what is off the site.
#[derive(Debug)]
pub struct Offsite {
    domains: HashSet<Box<str>>,
    media: HashSet<Box<str>>,
    /// Hashes of the hosts that were refused.
    refused: Mutex<HashSet<u64>>,
    stats: Arc<Stats>,
}

impl Offsite {
    /// # Errors
    /// If an entry of the settings is not a domain, nor a URL with one.
    pub fn new(settings: &Settings, stats: Arc<Stats>) -> Result<Self, Error> {
        let read = |key: &str, entries: &[String]| -> Result<HashSet<Box<str>>, Error> {
            let entries = entries.iter().map(|entry| {
                let what = || format!("has `{entry}`, which is not a domain: write it as \"example.com\"");
                domain(entry).ok_or_else(|| Error::setting(&format!("middlewares.offsite.{key}"), what()))
            });
            entries.collect()
        };
        let (domains, media) = (read("domains", &settings.domains)?, read("media", &settings.media)?);
        Ok(Self { domains, media, refused: Mutex::default(), stats })
    }

    fn allows(&self, request: &Request) -> bool {
        let is_media = request.step.0.is_empty();
        if if is_media { self.media.is_empty() } else { self.domains.is_empty() } {
            return true;
        }
        // what the spider sends whatever was sent before, it means; a redirect is not its own idea
        if request.options().offsite || request.unfiltered && request.redirects.is_empty() {
            return true;
        }
        let Some(host) = request.url.host_str() else { return false };
        let host = host.strip_suffix('.').unwrap_or(host);
        is_within(host, &self.domains) || is_media && is_within(host, &self.media)
    }

    fn count(&self, request: &Request) {
        self.stats.add("offsite/filtered", 1);
        let host = xxh3_64(request.url.host_str().unwrap_or_default().as_bytes());
        if self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(host) {
            self.stats.add("offsite/domains", 1);
            tracing::debug!(host = request.url.host_str(), "not of the site: nothing is asked there");
        }
    }
}

/// The domain that an entry means: itself, the host of a URL, or what stands before a port. `*.` and a leading or last
/// dot say nothing that a domain does not.
fn domain(entry: &str) -> Option<Box<str>> {
    let entry = entry.trim();
    let url = match entry.contains("://") {
        true => Url::parse(entry),
        false => Url::parse(&format!("http://{}", entry.trim_start_matches('/'))),
    };
    let url = url.ok()?;
    let host = url.host_str()?;
    let host = host.strip_prefix("*.").or_else(|| host.strip_prefix('.')).unwrap_or(host);
    let host = host.strip_suffix('.').unwrap_or(host);
    (!host.is_empty() && !host.contains('*')).then(|| host.into())
}

/// Whether the host is one of the domains or lies below one.
fn is_within(host: &str, domains: &HashSet<Box<str>>) -> bool {
    let mut rest = Some(host);
    while let Some(name) = rest {
        if domains.contains(name) {
            return true;
        }
        rest = name.split_once('.').map(|(_, rest)| rest);
    }
    false
}

impl fmt::Display for Offsite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("offsite")
    }
}

#[async_trait]
impl Middleware for Offsite {
    fn hooks(&self) -> Hooks {
        Hooks::NONE
    }

    fn admit(&self, request: &Request) -> Admission {
        if self.allows(request) {
            return Admission::Send;
        }
        self.count(request);
        Admission::Drop(Reason("offsite"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Redirect, Sealed};
    use bytes::Bytes;

    fn offsite(domains: &[&str], media: &[&str]) -> Offsite {
        let owned = |entries: &[&str]| entries.iter().map(|entry| (*entry).to_owned()).collect();
        Offsite::new(&Settings { domains: owned(domains), media: owned(media) }, Arc::default()).expect("domains")
    }

    fn page(url: &str) -> Request {
        let mut request = Request::get(Url::parse(url).expect("a URL"));
        request.step = Sealed(Bytes::from_static(b"0"));
        request
    }

    #[test]
    fn a_site_is_its_domains_and_what_lies_below_them() {
        let site = offsite(
            &["example.com", "http://b.example:8080/path", "c.example:81", ".D.example.", "münchen.example"],
            &[],
        );
        for url in [
            "https://example.com/",
            "http://www.example.com:8000/",
            "http://EXAMPLE.com./",
            "http://b.example/",
            "http://c.example/",
            "http://x.d.example/",
            "http://xn--mnchen-3ya.example/",
        ] {
            assert_eq!(site.admit(&page(url)), Admission::Send, "{url}");
        }
        for url in ["http://notexample.com/", "http://example.com.evil/", "http://example/", "http://[::1]/", "data:,x"]
        {
            assert_eq!(site.admit(&page(url)), Admission::Drop(Reason("offsite")), "{url}");
        }
        site.admit(&page("http://example/2"));
        assert_eq!((site.stats.count("offsite/filtered"), site.stats.count("offsite/domains")), (6, 5));
        assert_eq!(offsite(&[], &[]).admit(&page("http://anywhere.example/")), Admission::Send);
    }

    #[test]
    fn what_is_meant_passes_and_a_redirect_is_not_meant() {
        let site = offsite(&["a.example"], &[]);
        let mut request = page("http://b.example/");
        request.options_mut().offsite = true;
        assert_eq!(site.admit(&request), Admission::Send);
        let mut request = page("http://b.example/").unfiltered();
        assert_eq!(site.admit(&request), Admission::Send);
        let url = request.url.clone();
        request.redirects.push(Redirect { url, status: 302, sets_cookie: false });
        assert_eq!(site.admit(&request), Admission::Drop(Reason("offsite")));
    }

    #[test]
    fn images_may_come_from_anywhere_unless_hosts_are_named_for_them() {
        let image = |url: &str| Request::get(Url::parse(url).expect("a URL"));
        let site = offsite(&["a.example"], &[]);
        assert_eq!(site.admit(&image("https://cdn.example/1.jpg")), Admission::Send);
        let site = offsite(&["a.example"], &["cdn.example"]);
        assert_eq!(site.admit(&image("https://eu.cdn.example/1.jpg")), Admission::Send);
        assert_eq!(site.admit(&image("https://a.example/1.jpg")), Admission::Send);
        assert_eq!(site.admit(&image("https://b.example/1.jpg")), Admission::Drop(Reason("offsite")));
        assert_eq!(site.admit(&page("https://cdn.example/")), Admission::Drop(Reason("offsite")));
    }

    #[test]
    fn what_is_not_a_domain_is_refused_with_the_cure() {
        for entry in ["", "http://", "a b", "*", "exa*mple.com"] {
            let settings = Settings { domains: vec![entry.to_owned()], media: Vec::new() };
            let error = Offsite::new(&settings, Arc::default()).expect_err(entry).to_string();
            assert!(
                error.contains("`middlewares.offsite.domains` has") && error.contains("\"example.com\""),
                "{error}"
            );
        }
    }
}
