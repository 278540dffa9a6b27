//! The ways of asking for a page: some sites refuse one and serve another.

use std::fmt;

use dragline::downloader::middlewares::headers;
use dragline::message::ReferrerPolicy;
use dragline::message::mask::Shown;
use dragline::prelude::*;

/// What browsers accept for a page.
const PAGE_ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
/// What browsers accept for a style sheet.
const SHEET_ACCEPT: &str = "text/css,*/*;q=0.1";

/// Who asks for a page.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, PartialEq, Eq, Item)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// A browser, into which somebody has typed the address.
    #[default]
    Typed,
    /// A browser on the site's front page.
    FromFront,
    /// A plain client, which says that it is Dragline.
    Plain,
}

/// A page that is asked for.
#[derive(Clone, Serialize, Deserialize, PartialEq)]
pub struct Visit {
    /// Its URL.
    pub url: Url,
    /// Who asks.
    pub manner: Manner,
    /// How many links lie between the first page and this one.
    pub depth: u32,
    /// Where else it may be, the likeliest first.
    pub later: Vec<Url>,
    /// What came of asking so far.
    pub tried: Vec<Tried>,
}

/// One way in which a page was asked for, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Item)]
pub struct Tried {
    /// The URL.
    pub url: Url,
    /// Who asked.
    pub manner: Manner,
    /// The stable name of the failure.
    pub reason: String,
    /// The status, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

// by hand: a URL may have a secret
impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut visit = f.debug_struct("Visit");
        visit.field("url", &Shown(&self.url)).field("manner", &self.manner).field("depth", &self.depth);
        visit.finish_non_exhaustive()
    }
}

impl Manner {
    /// Who asks next.
    fn next(self) -> Option<Self> {
        match self {
            Self::Typed => Some(Self::FromFront),
            Self::FromFront => Some(Self::Plain),
            Self::Plain => None,
        }
    }
}

impl Visit {
    /// The first time that somebody asks for the first page.
    pub(crate) fn first(places: &[Url]) -> Option<Self> {
        let (url, later) = places.split_first()?;
        let (url, later) = (url.clone(), later.to_vec());
        Some(Self { url, manner: Manner::default(), depth: 0, later, tried: Vec::new() })
    }

    /// A page to which one leads that was had in some manner.
    pub(crate) fn further(&self, url: Url) -> Self {
        Self { url, manner: self.manner, depth: self.depth + 1, later: Vec::new(), tried: Vec::new() }
    }

    /// The request.
    pub(crate) fn request(&self) -> Request {
        let mut request = asked(Request::get(self.url.clone()), PAGE_ACCEPT);
        let is_linked = self.depth > 0;
        match self.manner {
            Manner::Typed => {
                let site = if is_linked { "same-origin" } else { "none" };
                request = fetch_metadata(request, "document", "navigate", site);
            }
            Manner::FromFront => {
                request = fetch_metadata(request, "document", "navigate", "same-origin");
                request.referrer = (!is_linked).then(|| front_of(&self.url));
            }
            Manner::Plain => {
                let agent = headers::Settings::default().default.remove("user-agent").unwrap_or_default();
                if let Ok(agent) = HeaderValue::try_from(agent) {
                    request = request.header(header::USER_AGENT, agent);
                }
                request = request.header(header::ACCEPT, HeaderValue::from_static("*/*"));
            }
        }
        if !is_linked && self.manner != Manner::FromFront {
            // else the page would be said to lead to itself
            request.options_mut().referrer_policy = Some(ReferrerPolicy::NoReferrer);
        }
        if !self.later.is_empty() {
            // who asks elsewhere next does not ask twice here
            request.options_mut().retries = Some(0);
        }
        if !self.tried.is_empty() { request.unfiltered() } else { request }
    }

    /// How to ask once more after this failure; the failures so far if there is no other way.
    pub(crate) fn after(mut self, failure: &Failure) -> Result<Self, Vec<Tried>> {
        let status = failure.status.map(|status| status.as_u16());
        let (url, manner, reason) = (self.url.clone(), self.manner, failure.kind.to_string());
        self.tried.push(Tried { url, manner, reason, status });
        let is_refusal = failure.kind == FailureKind::HttpStatus && status.is_some_and(may_be_refused);
        if self.depth > 0 {
            // a site is asked in other ways for the page that somebody wants to see, and not for all its links
            return Err(self.tried);
        }
        if is_refusal && let Some(manner) = self.manner.next() {
            return Ok(Self { manner, later: Vec::new(), ..self });
        }
        let mut later = crate::typed::after(&self.url, failure.kind, &self.later);
        if later.is_empty() {
            return Err(self.tried);
        }
        let url = later.remove(0);
        Ok(Self { url, later, ..self })
    }
}

/// The request for a style sheet.
pub(crate) fn sheet(url: Url) -> Request {
    fetch_metadata(asked(Request::get(url), SHEET_ACCEPT), "style", "no-cors", "same-site")
}

fn asked(request: Request, accept: &'static str) -> Request {
    request.header(header::ACCEPT, HeaderValue::from_static(accept))
}

/// What browsers say of a request on https (Fetch Metadata).
fn fetch_metadata(request: Request, dest: &'static str, mode: &'static str, site: &'static str) -> Request {
    if request.url.scheme() != "https" {
        return request;
    }
    let fields = [("sec-fetch-dest", dest), ("sec-fetch-mode", mode), ("sec-fetch-site", site)];
    fields.into_iter().fold(request, |request, (name, value)| {
        request.header(header::HeaderName::from_static(name), HeaderValue::from_static(value))
    })
}

/// Whether a status may depend on who asks. That there is none, or none any more, does not.
fn may_be_refused(status: u16) -> bool {
    matches!(status, 400..=499 | 503 | 999) && !matches!(status, 404 | 410 | 413 | 414)
}

/// The front page of a URL's origin.
fn front_of(url: &Url) -> Url {
    let mut front = url.clone();
    front.set_path("/");
    front.set_query(None);
    front.set_fragment(None);
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn visit(text: &str) -> Visit {
        let typed: crate::Typed = text.parse().expect("an address");
        Visit::first(typed.places()).expect("a place")
    }

    fn status(visit: &Visit, status: u16) -> Failure {
        Failure::status(StatusCode::from_u16(status).expect("a status"), visit.url.clone())
    }

    fn failure(visit: &Visit, kind: FailureKind) -> Failure {
        Failure::new(kind, visit.url.clone(), "it went wrong")
    }

    #[test]
    fn a_refused_page_is_asked_for_in_each_manner_once() {
        for refused in [401, 403, 406, 429, 503, 999] {
            let mut visit = visit("http://a.example/x?y");
            let mut manners = vec![visit.manner];
            let tried = loop {
                match visit.clone().after(&status(&visit, refused)) {
                    Ok(next) => visit = next,
                    Err(tried) => break tried,
                }
                manners.push(visit.manner);
                assert!(visit.request().unfiltered, "it was asked for before");
            };
            assert_eq!(manners, [Manner::Typed, Manner::FromFront, Manner::Plain], "{refused}");
            assert!(tried.iter().all(|tried| tried.status == Some(refused)) && tried.len() == 3);
        }
    }

    #[test]
    fn what_is_not_there_is_asked_for_once() {
        for gone in [404, 410, 500] {
            let visit = visit("http://a.example/");
            assert_eq!(visit.clone().after(&status(&visit, gone)).expect_err("final").len(), 1, "{gone}");
        }
    }

    #[test]
    fn a_page_is_looked_for_where_it_may_be_and_asked_once_there() {
        let https = visit("example.com/x");
        assert_eq!(https.request().options().retries, Some(0));
        let http = https.clone().after(&failure(&https, FailureKind::Connect)).expect("another place");
        assert_eq!(http.url.as_str(), "http://example.com/x");
        assert_eq!(http.clone().after(&failure(&http, FailureKind::TlsCertExpired)).expect_err("told").len(), 2);
        let www = http.clone().after(&failure(&http, FailureKind::DnsNxdomain)).expect("another place");
        assert_eq!(www.url.as_str(), "https://www.example.com/x");
        let last = www.clone().after(&failure(&www, FailureKind::Tls)).expect("another place");
        assert_eq!((last.url.as_str(), last.request().options().retries), ("http://www.example.com/x", None));
        assert_eq!(last.clone().after(&failure(&last, FailureKind::Connect)).expect_err("final").len(), 4);
        let refused = last.clone().after(&status(&last, 403)).expect("another manner");
        assert_eq!((refused.url, refused.manner), (last.url, Manner::FromFront));
    }

    #[test]
    fn manners_differ_in_what_servers_see() {
        let visit = visit("https://a.example/x?y");
        let seen = |manner| {
            let request = Visit { manner, ..visit.clone() }.request();
            let field = |name: &str| request.headers.get(name).map(|value| value.to_str().expect("text").to_owned());
            let agent = field("user-agent").map(|agent| agent[..9].to_owned());
            let is_silent = request.options().referrer_policy == Some(ReferrerPolicy::NoReferrer);
            (agent, field("sec-fetch-site"), request.referrer.map(String::from), is_silent)
        };
        let site = |site: &str| Some(site.to_owned());
        assert_eq!(seen(Manner::Typed), (None, site("none"), None, true));
        assert_eq!(seen(Manner::FromFront), (None, site("same-origin"), site("https://a.example/"), false));
        assert_eq!(seen(Manner::Plain), (site("dragline/"), None, None, true));
    }

    #[test]
    fn a_linked_page_is_asked_for_as_the_first_one_was_had_and_in_no_other_way() {
        let first = Visit { manner: Manner::Plain, ..visit("http://a.example/") };
        let linked = first.further(Url::parse("http://a.example/2").expect("a URL"));
        assert_eq!((linked.manner, linked.depth), (Manner::Plain, 1));
        assert!(linked.clone().after(&status(&linked, 403)).is_err());
    }
}
