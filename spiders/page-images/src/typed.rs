//! What somebody has typed in where a page is asked for, and the URLs that may be meant by it.

use std::str::FromStr;

use dragline::message::FailureKind;
use dragline::message::urls::registrable_domain;
use serde::{Deserialize, Deserializer};
use url::Url;

/// The places where the page may be, the likeliest first; at least one.
///
/// What has a scheme is meant as it stands. What has none may be on `https` or on `http`, and a name that somebody has
/// registered (`example.co.uk`) on `www.` of either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    places: Vec<Url>,
}

/// Why a text names no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTyped {
    /// There is nothing.
    #[error("it is empty: the address of a page is needed")]
    Empty,
    /// It is no address.
    #[error("it is no address of the web: {0}")]
    NoUrl(url::ParseError),
    /// It is one, but not of a page that can be asked for.
    #[error("`{0}` is not fetched: http or https is needed")]
    Scheme(String),
}

impl Typed {
    /// The places, the likeliest first.
    #[must_use]
    pub fn places(&self) -> &[Url] {
        &self.places
    }
}

impl FromStr for Typed {
    type Err = NotTyped;

    fn from_str(text: &str) -> Result<Self, NotTyped> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NotTyped::Empty);
        }
        if let Some(scheme) = scheme_of(text) {
            return match scheme {
                "http" | "https" => Ok(Self { places: vec![Url::parse(text).map_err(NotTyped::NoUrl)?] }),
                other => Err(NotTyped::Scheme(other.to_owned())),
            };
        }
        let bare = text.trim_start_matches('/');
        let parse = |scheme: &str| Url::parse(&format!("{scheme}://{bare}")).map_err(NotTyped::NoUrl);
        let mut places = vec![parse("https")?, parse("http")?];
        if let Some(name) = places[0].domain().filter(|name| registrable_domain(&places[0]) == Some(*name)) {
            let name = format!("www.{name}");
            for place in 0..2 {
                let mut url = places[place].clone();
                // a name stays one with a label before it, or it is too long and left out
                if url.set_host(Some(&name)).is_ok() {
                    places.push(url);
                }
            }
        }
        Ok(Self { places })
    }
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The scheme, in small letters, where there is one: `example.com:80` has none, and `http:example.com` is what browsers
/// take for `http://example.com`.
fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let known = ["http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known));
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    known.or_else(|| Some(scheme).filter(|_| is_scheme && rest.starts_with("//")))
}

/// The places that are left once one has come to this. Only where nobody answers is the page looked for elsewhere: an
/// answer is one, and a certificate that cannot be trusted is not passed over.
#[must_use]
pub(crate) fn after(failed: &Url, failure: FailureKind, later: &[Url]) -> Vec<Url> {
    use FailureKind::{
        BadFraming, Connect, ConnectTimeout, DnsNxdomain, DnsTemporary, HeadTimeout, RobotsUnreachable, Tls,
    };
    match failure {
        // on http it has no address either
        DnsNxdomain => later.iter().filter(|url| url.host() != failed.host()).cloned().collect(),
        Connect | ConnectTimeout | HeadTimeout | DnsTemporary | Tls | BadFraming | RobotsUnreachable => later.to_vec(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> String {
        match text.parse::<Typed>() {
            Ok(typed) => typed.places().iter().map(Url::as_str).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_missing_scheme_is_completed_and_www_is_put_before_names_that_are_registered() {
        let example = "https://example.com/a?b http://example.com/a?b https://www.example.com/a?b \
                       http://www.example.com/a?b";
        assert_eq!(places(" example.com/a?b\n"), example);
        assert_eq!(places("//example.com/a?b"), example);
        assert_eq!(places("www.example.com"), "https://www.example.com/ http://www.example.com/");
        assert_eq!(places("blog.example.com"), "https://blog.example.com/ http://blog.example.com/");
        assert_eq!(places("localhost:8000/x"), "https://localhost:8000/x http://localhost:8000/x");
        assert_eq!(places("127.0.0.1"), "https://127.0.0.1/ http://127.0.0.1/");
        assert_eq!(places("[::1]:80/"), "https://[::1]:80/ http://[::1]/");
        assert_eq!(places("b\u{fc}cher.example").split(' ').nth(2), Some("https://www.xn--bcher-kva.example/"));
        assert_eq!(places("co.uk"), "https://co.uk/ http://co.uk/");
    }

    #[test]
    fn what_has_a_scheme_is_meant_as_it_stands() {
        assert_eq!(places("HTTP://Example.com"), "http://example.com/");
        assert_eq!(places("https:example.com"), "https://example.com/");
        assert_eq!(places("http:/example.com/x"), "http://example.com/x");
    }

    #[test]
    fn what_is_no_page_is_told() {
        assert_eq!(places(" \t "), "it is empty: the address of a page is needed");
        assert_eq!(places("ftp://example.com"), "`ftp` is not fetched: http or https is needed");
        for text in ["//", "http://", "javascript:alert(1)", "data:text/html,x", "a b", "http://[", "x:99999", "/"] {
            let told = places(text);
            assert!(told.starts_with("it is no address of the web: "), "{text}: {told}");
        }
    }

    #[test]
    fn another_place_is_looked_at_only_where_nobody_answers() {
        let typed: Typed = "example.com".parse().expect("an address");
        let [https, later @ ..] = typed.places() else { panic!("four places") };
        let next = |kind| after(https, kind, later).first().map(Url::to_string);
        assert_eq!(next(FailureKind::Connect).as_deref(), Some("http://example.com/"));
        assert_eq!(next(FailureKind::Tls).as_deref(), Some("http://example.com/"));
        assert_eq!(next(FailureKind::DnsNxdomain).as_deref(), Some("https://www.example.com/"));
        for kind in [
            FailureKind::TlsCertExpired,
            FailureKind::TlsCertUntrusted,
            FailureKind::TlsCertWrongHost,
            FailureKind::HttpStatus,
            FailureKind::BlockedAddress,
            FailureKind::TooLarge,
        ] {
            assert_eq!(next(kind), None, "{kind}");
        }
    }
}
