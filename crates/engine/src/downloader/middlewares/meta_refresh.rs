//! Pages that lead on by themselves: `<meta http-equiv=refresh>` and the `Refresh` header (HTML standard, section 4.2.5.3,
//! "shared declarative refresh steps"). Followed at once, as redirects with the method `GET`.

mod find;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytesize::ByteSize;
use encoding_rs::UTF_8;
use http::{HeaderName, Method, header};
use serde::{Deserialize, Serialize};
use url::Url;

use super::redirect::{self, Onward, is_same_page, is_web, sets_cookie};
use crate::downloader::{Hooks, Inbound, Middleware, Trip};
use crate::error::Error;
use crate::message::urls::join;
use crate::message::{Body, Failure, Request, Response, markup};
use crate::stats::Stats;

const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// `[middlewares.meta-refresh]`. The rest is as `[middlewares.redirect]` says, and the hops count together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A page that would wait for as long as this, or longer, is an answer like others.
    #[serde(with = "humantime_serde")]
    pub max_delay: Duration,
    /// Elements in which a refresh does not count.
    pub ignore_tags: Vec<String>,
    /// How much of a page is looked at.
    pub max_scan: ByteSize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_delay: Duration::from_secs(100),
            ignore_tags: vec!["noscript".to_owned()],
            max_scan: ByteSize::kib(64),
        }
    }
}

/// Makes the request that a refresh asks for.
#[derive(Debug)]
pub struct MetaRefresh {
    settings: Settings,
    onward: Onward,
}

impl MetaRefresh {
    /// Follows refreshes by these settings and by those of redirects, to URLs of at most `max_url` bytes.
    ///
    /// # Errors
    /// If the settings of redirects make no sense.
    pub fn new(
        settings: Settings,
        redirects: redirect::Settings,
        max_url: usize,
        stats: Arc<Stats>,
    ) -> Result<Self, Error> {
        Ok(Self { settings, onward: Onward::new(redirects, max_url, stats)? })
    }

    fn follow(&self, wish: &Request, response: &Response) -> Result<Option<Request>, Failure> {
        let may_lead_on = response.status.is_success()
            && wish.options().redirects != Some(0)
            && wish.method != Method::HEAD
            && is_web(&wish.url);
        if !may_lead_on {
            return Ok(None);
        }
        let Some(target) = self.target(&wish.url, response).filter(is_web) else { return Ok(None) };
        // a page that only loads itself again is an answer, unless it has just set the cookie that it waits for
        let reloads = wish.method == Method::GET && is_same_page(&wish.url, &target) && !sets_cookie(wish, response);
        if reloads { Ok(None) } else { self.onward.request(wish, response, target).map(Some) }
    }

    /// Where the response leads on to, if it does so in time.
    fn target(&self, page: &Url, response: &Response) -> Option<Url> {
        if !is_html(response) {
            return None;
        }
        if let Some(value) = response.headers.get(REFRESH)
            && let Some(refresh) = markup::refresh(&redirect::text(value))
        {
            return (refresh.delay < self.settings.max_delay).then(|| join(page, refresh.place, UTF_8).ok()).flatten();
        }
        let Body::Memory(body) = &response.body else { return None };
        let most = usize::try_from(self.settings.max_scan.as_u64()).unwrap_or(usize::MAX);
        let head = &body[..body.len().min(most)];
        let content_type = response.header(header::CONTENT_TYPE.as_str());
        let text = find::worth_reading(head, content_type)?;
        let ignored: Vec<&str> = self.settings.ignore_tags.iter().map(String::as_str).collect();
        let (delay, target) = markup::meta_refresh(&text, page, &ignored, usize::MAX)?;
        (delay < self.settings.max_delay).then_some(target)
    }
}

/// Whether a browser would show it as a page; what says nothing of itself may be one.
fn is_html(response: &Response) -> bool {
    let Some(value) = response.headers.get(header::CONTENT_TYPE) else { return true };
    let kind = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    kind.eq_ignore_ascii_case(b"text/html") || kind.eq_ignore_ascii_case(b"application/xhtml+xml")
}

impl fmt::Display for MetaRefresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("meta-refresh")
    }
}

#[async_trait]
impl Middleware for MetaRefresh {
    fn hooks(&self) -> Hooks {
        Hooks::BACK
    }

    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        let Ok(response) = &outcome else { return Inbound::Pass(outcome) };
        match self.follow(trip.wish, response) {
            Ok(Some(next)) => Inbound::Again(next),
            Ok(None) => Inbound::Pass(outcome),
            Err(failure) => Inbound::Pass(Err(failure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::FailureKind;
    use bytes::Bytes;
    use http::{HeaderValue, StatusCode};

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn page(wish: &Request, body: &str) -> Response {
        let mut response = Response::new(wish.url.clone(), StatusCode::OK);
        response.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("Text/HTML; charset=utf-8"));
        response.body = Body::Memory(Bytes::copy_from_slice(body.as_bytes()));
        response
    }

    fn follow(wish: &Request, response: &Response) -> Result<Option<Request>, Failure> {
        let redirects = redirect::Settings::default();
        let refresh = MetaRefresh::new(Settings::default(), redirects, 8192, Arc::default()).expect("settings");
        refresh.follow(wish, response)
    }

    fn to(body: &str) -> Option<String> {
        let wish = Request::get(url("http://a.example/dir/page"));
        follow(&wish, &page(&wish, body)).expect("no failure").map(|next| next.url.to_string())
    }

    #[test]
    fn a_page_leads_on_as_in_browsers() {
        let refresh = |content: &str| to(&format!("<head><meta http-equiv=\"refresh\" content=\"{content}\"></head>"));
        for content in ["0;url=/b", "5; URL='/b' ", "0,/b", ".5 ; url = /b", "2.7;/b", " 0 url=/b", "0;url=/b'"] {
            let is_quoted_at_its_end = content.ends_with('\'');
            let place = if is_quoted_at_its_end { "http://a.example/b'" } else { "http://a.example/b" };
            assert_eq!(refresh(content).as_deref(), Some(place), "{content}");
        }
        assert_eq!(refresh("0;url='/b'x").as_deref(), Some("http://a.example/b"));
        assert_eq!(refresh("0;ux").as_deref(), Some("http://a.example/dir/ux"));
        for content in ["100;url=/b", "-1;url=/b", "x;url=/b", "5", "5;", "5;url=", "5x;/b", "", "0;url=page"] {
            assert_eq!(refresh(content), None, "{content}");
        }
        assert_eq!(refresh(&format!("{};url=/b", "9".repeat(50))), None);
    }

    #[test]
    fn only_what_is_an_element_counts() {
        let meta = "<meta http-equiv=refresh content='0;/b'>";
        for body in [
            format!("<!-- {meta} -->"),
            format!("<noscript>{meta}</noscript>"),
            format!("<script>x = \"{meta}\"</script>"),
            format!("<style>{meta}</style>"),
            format!("<title>{meta}</title>"),
            format!("<textarea>{meta}</textarea>"),
            format!("<template><template></template>{meta}</template>"),
            format!("<plaintext>{meta}"),
            format!("{}{meta}", " ".repeat(64 * 1024)),
            meta.trim_end_matches('>').to_owned(),
        ] {
            assert_eq!(to(&body), None, "{body}");
        }
        for body in [
            meta.to_uppercase().replace("/B", "/b"),
            format!("<p title=\"a>b\">{meta}"),
            format!("<noscript></noscript>{meta}"),
            "<meta content='0;/&#98;' http-equiv='ReFresh'>".to_owned(),
            "<meta http-equiv=refresh content=x><meta http-equiv=refresh content='0;/b'>".to_owned(),
        ] {
            assert_eq!(to(&body).as_deref(), Some("http://a.example/b"), "{body}");
        }
        let base = "<base href='javascript:1'><base href='http://b.example/x/'>";
        assert_eq!(to(&format!("{base}<meta http-equiv=refresh content='0;c'>")), Some("http://b.example/x/c".into()));
        let base = "<base target=x><base href='http://b.example/x/'><base href='/no/'>";
        assert_eq!(to(&format!("{base}<meta http-equiv=refresh content='0;c'>")), Some("http://b.example/x/c".into()));
    }

    #[test]
    fn c12_refreshes_and_redirects_count_together() {
        let mut wish = Request::post(url("http://a.example/dir/page")).form([("a", "b")]);
        let next = follow(&wish, &page(&wish, "<meta http-equiv=refresh content='0;/b'>")).expect("followed");
        let next = next.expect("a request");
        assert_eq!((&next.method, next.body.len(), next.redirects.len()), (&Method::GET, 0, 1));
        let back = page(&next, "<meta http-equiv=refresh content='0;/b?'><meta>");
        let third = follow(&next, &back).expect("followed").expect("a request");
        let failure = follow(&third, &page(&third, "<meta http-equiv=refresh content='0;/b'>")).expect_err("a loop");
        assert_eq!(failure.kind, FailureKind::RedirectLoop);
        wish.redirects = vec![next.redirects[0].clone(); 20];
        let failure = follow(&wish, &page(&wish, "<meta http-equiv=refresh content='0;/c'>")).expect_err("too many");
        assert_eq!(failure.kind, FailureKind::TooManyRedirects);
    }

    #[test]
    fn c12_a_page_that_loads_itself_again_is_an_answer_until_it_sets_a_cookie() {
        let wish = Request::get(url("http://a.example/dir/page"));
        let mut page = page(&wish, "<meta http-equiv=refresh content='0;page'>");
        assert!(follow(&wish, &page).expect("passed").is_none());
        page.headers.insert(header::SET_COOKIE, HeaderValue::from_static("a=b"));
        assert!(follow(&wish, &page).expect("followed").is_some());
    }

    #[test]
    fn the_header_counts_as_the_element() {
        let wish = Request::get(url("http://a.example/dir/page"));
        let mut answer = page(&wish, "");
        answer.headers.insert("refresh", HeaderValue::from_static("0; url=caf%C3%A9"));
        let next = follow(&wish, &answer).expect("followed").expect("a request");
        assert_eq!(next.url.as_str(), "http://a.example/dir/caf%C3%A9");
        answer.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
        assert!(follow(&wish, &answer).expect("passed").is_none());
        let mut kept = wish.clone();
        kept.options_mut().redirects = Some(0);
        answer.headers.remove(header::CONTENT_TYPE);
        assert!(follow(&kept, &answer).expect("passed").is_none());
        answer.status = StatusCode::NOT_FOUND;
        assert!(follow(&wish, &answer).expect("passed").is_none());
    }

    #[test]
    fn s06_only_http_leaves_a_page() {
        for target in ["data:text/html,x", "file:///etc/passwd", "javascript:alert(1)", "s3://a/b", "http://"] {
            assert_eq!(to(&format!("<meta http-equiv=refresh content='0;url={target}'>")), None, "{target}");
        }
    }

    #[test]
    fn a_page_in_another_encoding_is_read_in_it() {
        let wish = Request::get(url("http://a.example/dir/page"));
        let mut answer = page(&wish, "");
        let text: Vec<u8> =
            "<meta http-equiv=refresh content='0;/b'>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        answer.body = Body::Memory([&b"\xff\xfe"[..], &text].concat().into());
        let next = follow(&wish, &answer).expect("followed").expect("a request");
        assert_eq!(next.url.as_str(), "http://a.example/b");
        answer.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; Charset=\"latin1\""));
        answer.body = Body::Memory(Bytes::from_static(b"<meta http-equiv=refresh content='0;/caf\xe9'>"));
        let next = follow(&wish, &answer).expect("followed").expect("a request");
        assert_eq!(next.url.as_str(), "http://a.example/caf%C3%A9");
    }
}
