//! What a browser says of where a request comes from: `Origin` (RFC 6454) and `Sec-Fetch-*` (W3C Fetch Metadata). A page
//! elsewhere cannot leave them out, and a program that is no browser does not send them.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method};
use url::Url;

use super::guard::Zone;

/// From where a request comes, as its browser says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// Nothing is said: a program, or a browser that is too old to say it of what it asks for.
    Unsaid,
    /// A page of ours.
    Own,
    /// Nowhere: it was typed in, or is a bookmark.
    Typed,
    /// A page of ours or another that keeps to itself which: a form of a page without referrer, over plain HTTP.
    Hidden,
    /// A page elsewhere.
    Elsewhere,
}

impl From {
    /// From where a request comes.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = origins.next().map(|origin| origin.to_str().unwrap_or("?"));
        let site = headers.get("sec-fetch-site").map(|site| site.to_str().unwrap_or("?"));
        let is_own = |origin: &str| {
            headers.get(HOST).and_then(|host| host.to_str().ok()).is_some_and(|host| is_at(origin, host))
        };
        match (origin, site) {
            _ if origins.next().is_some() => Self::Elsewhere,
            (None, None) => Self::Unsaid,
            // pages that send no referrer have their forms say `null`, and browsers still tell same-origin apart
            (None | Some("null"), Some("same-origin")) => Self::Own,
            (None, Some("none")) => Self::Typed,
            (Some("null"), None) => Self::Hidden,
            (Some(origin), None | Some("same-origin" | "none")) if is_own(origin) => Self::Own,
            _ => Self::Elsewhere,
        }
    }

    /// Whether a request from there may be answered.
    pub(crate) fn may(self, method: &Method, headers: &HeaderMap, zone: Zone) -> Leave {
        let is_safe = method == Method::GET || method == Method::HEAD;
        match self {
            Self::Own | Self::Unsaid => Leave::Given,
            Self::Typed if is_safe => Leave::Given,
            // then it is the token of the session that tells; whoever has the access token needs no other page for it
            Self::Hidden if matches!(zone, Zone::Page | Zone::Login) => Leave::Given,
            // somebody has followed a link
            Self::Elsewhere if is_safe && matches!(zone, Zone::Page | Zone::Login) && is_navigation(headers) => {
                Leave::Again
            }
            Self::Typed | Self::Hidden | Self::Elsewhere => Leave::Refused,
        }
    }
}

/// Whether a request may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It may.
    Given,
    /// Not this one, which has come without the cookie; the same one may, from a page of ours.
    Again,
    /// It may not.
    Refused,
}

/// Whether a whole page is asked for, for a window of its own.
fn is_navigation(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|given| given == value);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document") && !headers.contains_key(ORIGIN)
}

/// Whether an origin is that of a host, as a request names it. Either scheme: a proxy in front may speak TLS.
fn is_at(origin: &str, host: &str) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    let host = Url::parse(&format!("{}://{host}/", origin.scheme()));
    matches!(origin.scheme(), "http" | "https") && host.is_ok_and(|host| host.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, Method};

    use super::{From, Leave};
    use crate::web::guard::Zone;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn w02_where_a_request_comes_from_is_told_by_its_marks() {
        for (origin, site, from) in [
            ("", "", From::Unsaid),
            ("http://localhost:8321", "", From::Own),
            ("http://localhost:8321", "same-origin", From::Own),
            ("https://localhost:8321", "same-origin", From::Own),
            ("null", "same-origin", From::Own),
            ("", "same-origin", From::Own),
            ("", "none", From::Typed),
            ("null", "", From::Hidden),
            ("null", "cross-site", From::Elsewhere),
            ("http://localhost:8321", "same-site", From::Elsewhere),
            ("http://localhost:80", "", From::Elsewhere),
            ("http://localhost", "", From::Elsewhere),
            ("http://evil.example", "", From::Elsewhere),
            ("http://evil.example", "same-origin", From::Elsewhere),
            ("http://localhost:8321.evil.example", "", From::Elsewhere),
            ("file://", "", From::Elsewhere),
            ("", "same-site", From::Elsewhere),
            ("", "cross-site", From::Elsewhere),
            ("", "unheard-of", From::Elsewhere),
        ] {
            let mut given = headers(&[("host", "localhost:8321")]);
            for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
                if !value.is_empty() {
                    given.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(From::of(&given), from, "{origin} {site}");
        }
    }

    #[test]
    fn w02_a_link_elsewhere_leads_to_pages_alone() {
        let link = headers(&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]);
        let framed = headers(&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")]);
        let may = |headers: &HeaderMap, method: Method, zone| From::Elsewhere.may(&method, headers, zone);
        assert_eq!(may(&link, Method::GET, Zone::Page), Leave::Again);
        assert_eq!(may(&link, Method::POST, Zone::Page), Leave::Refused);
        assert_eq!(may(&framed, Method::GET, Zone::Page), Leave::Refused);
        for zone in [Zone::Api, Zone::Media, Zone::Asset] {
            assert_eq!(may(&link, Method::GET, zone), Leave::Refused);
        }
    }
}
