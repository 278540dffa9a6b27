//! The request of each way: what a browser sends for an image, and what a plain client does.

use std::time::Duration;

use dragline::message::urls::registrable_domain;
use dragline::message::{ReferrerPolicy, Request};
use http::{HeaderName, HeaderValue, header};
use url::{Host, Url};

use crate::hotlink::{Robots, Subject, Way};

/// The `User-Agent` of a browser.
pub const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
/// What browsers accept for an `<img>`.
pub const PICTURE_ACCEPT: &str = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";
/// What browsers accept for a page.
const PAGE_ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const PLAIN_AGENT: &str = concat!("dragline/", env!("CARGO_PKG_VERSION"));
const LANGUAGE: &str = "en-US,en;q=0.5";
/// Whose page shows a picture that is not theirs (RFC 2606). The second one is for pictures of the first.
const FOREIGN: [&str; 2] = ["example.org", "example.net"];

const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The request by which a browser visits a page that somebody has typed in: so that the page sets its cookies.
#[must_use]
pub fn page_request(url: Url) -> Request {
    let is_trusted = is_trustworthy(&url);
    let mut request = with(Request::get(url), &[(header::USER_AGENT, USER_AGENT), (header::ACCEPT, PAGE_ACCEPT)])
        .header(header::ACCEPT_LANGUAGE, HeaderValue::from_static(LANGUAGE));
    if is_trusted {
        request = with(request, &[(FETCH_DEST, "document"), (FETCH_MODE, "navigate"), (FETCH_SITE, "none")]);
    }
    let options = request.options_mut();
    options.uncached = true;
    options.offsite = true;
    request
}

/// The request for a subject in one of the ways.
pub(super) fn request(subject: &Subject, way: Way, robots: Robots, timeout: Duration) -> Request {
    let mut request = Request::get(subject.picture.clone());
    request.reach = subject.reach;
    request = match way {
        Way::Plain => with(request, &[(header::USER_AGENT, PLAIN_AGENT), (header::ACCEPT, "*/*")]),
        _ => with(
            request,
            &[(header::USER_AGENT, USER_AGENT), (header::ACCEPT, PICTURE_ACCEPT), (header::ACCEPT_LANGUAGE, LANGUAGE)],
        ),
    };
    let site = match way {
        Way::Page | Way::Cookieless | Way::Again => Some(site_of(&subject.page, &subject.picture)),
        Way::Foreign | Way::Bare => Some("cross-site"),
        Way::Plain => None,
    };
    if let Some(site) = site.filter(|_| is_trustworthy(&subject.picture)) {
        request = with(request, &[(FETCH_DEST, "image"), (FETCH_MODE, "no-cors"), (FETCH_SITE, site)]);
    }
    match way {
        Way::Foreign => request.referrer = Some(foreign(subject)),
        Way::Bare => {}
        Way::Page | Way::Plain | Way::Cookieless | Way::Again => request.referrer = Some(subject.page.clone()),
    }
    let policy = if way == Way::Foreign { ReferrerPolicy::default() } else { subject.policy.unwrap_or_default() };
    let options = request.options_mut();
    options.jar.clone_from(&subject.jar);
    options.via.clone_from(&subject.via);
    options.without_cookies = matches!(way, Way::Foreign | Way::Bare | Way::Cookieless);
    options.referrer_policy = Some(policy);
    options.retries = Some(0);
    options.uncached = true;
    options.offsite = true;
    options.despite_robots = robots == Robots::PassedOver;
    options.timeout = Some(timeout);
    request
}

/// A page of another site, whose scheme is the picture's: from https a browser would tell http nothing.
fn foreign(subject: &Subject) -> Url {
    let is_own = |name: &str| {
        [&subject.picture, &subject.page].into_iter().any(|url| registrable_domain(url).is_some_and(|own| own == name))
    };
    let name = if is_own(FOREIGN[0]) { FOREIGN[1] } else { FOREIGN[0] };
    let mut url = subject.picture.clone();
    url.set_fragment(None);
    url.set_query(None);
    url.set_path("/");
    let named = url.set_username("").is_ok() && url.set_password(None).is_ok();
    let placed = url.set_port(None).is_ok() && url.set_host(Some(name)).is_ok();
    debug_assert!(named && placed, "a http(s) URL takes a name");
    url
}

/// `Sec-Fetch-Site` (Fetch Metadata, section 2.3).
fn site_of(page: &Url, picture: &Url) -> &'static str {
    if page.origin() == picture.origin() {
        return "same-origin";
    }
    let own = |url: &Url| registrable_domain(url).map(str::to_owned).or_else(|| url.host_str().map(str::to_owned));
    match page.scheme() == picture.scheme() && own(page) == own(picture) {
        true => "same-site",
        false => "cross-site",
    }
}

/// Whether browsers say where a request comes from (Secure Contexts, section 3.1).
fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

fn with(request: Request, fields: &[(HeaderName, &'static str)]) -> Request {
    fields.iter().fold(request, |request, (name, value)| request.header(name.clone(), HeaderValue::from_static(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn asked(way: Way) -> Request {
        let subject = Subject::new(url("https://cdn.example.com/a.jpg"), url("https://www.example.com/album?p=2"));
        request(&subject, way, Robots::Obeyed, Duration::from_secs(1))
    }

    #[test]
    fn two_ways_differ_in_what_their_verdict_names() {
        let fields = |way: Way| {
            let request = asked(way);
            let field =
                |name: HeaderName| request.headers.get(name).map(|value| value.to_str().expect("text").to_owned());
            let referrer = request.referrer.as_ref().map(Url::to_string);
            (field(header::USER_AGENT), referrer, field(FETCH_SITE), request.options().without_cookies)
        };
        let browser = Some(USER_AGENT.to_owned());
        let page = Some("https://www.example.com/album?p=2".to_owned());
        let site = |site: &str| Some(site.to_owned());
        assert_eq!(fields(Way::Page), (browser.clone(), page.clone(), site("same-site"), false));
        assert_eq!(fields(Way::Again), fields(Way::Page));
        assert_eq!(fields(Way::Cookieless), (browser.clone(), page.clone(), site("same-site"), true));
        assert_eq!(fields(Way::Bare), (browser.clone(), None, site("cross-site"), true));
        let foreign = Some("https://example.org/".to_owned());
        assert_eq!(fields(Way::Foreign), (browser, foreign, site("cross-site"), true));
        assert_eq!(fields(Way::Plain), (Some(PLAIN_AGENT.to_owned()), page, None, false));
    }

    #[test]
    fn no_way_is_answered_from_a_cache_or_tried_twice() {
        for way in Way::ALL {
            let request = asked(way);
            let options = request.options();
            assert!(options.uncached && options.retries == Some(0) && !options.despite_robots, "{way}");
        }
    }

    #[test]
    fn a_foreign_page_is_foreign_and_leaves_no_secret() {
        let subject =
            Subject::new(url("http://me:pass@img.example.org:8080/a.jpg?token=1#x"), url("http://example.org/"));
        assert_eq!(foreign(&subject).as_str(), "http://example.net/");
    }

    #[test]
    fn sites_are_compared_as_browsers_do() {
        for (page, picture, want) in [
            ("https://a.example/x", "https://a.example/y.jpg", "same-origin"),
            ("https://a.example/x", "https://a.example:8443/y.jpg", "same-site"),
            ("https://www.a.co.uk/", "https://cdn.a.co.uk/y.jpg", "same-site"),
            ("https://a.co.uk/", "https://b.co.uk/y.jpg", "cross-site"),
            ("http://a.example/", "https://a.example/y.jpg", "cross-site"),
            ("http://127.0.0.1:1/", "http://127.0.0.1:2/y.jpg", "same-site"),
        ] {
            assert_eq!(site_of(&url(page), &url(picture)), want, "{page} {picture}");
        }
        assert!(!is_trustworthy(&url("http://a.example/")) && is_trustworthy(&url("http://open.localhost:8000/")));
    }
}
