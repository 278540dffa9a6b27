//! Which host and path is what: the list, the pages, the pictures.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::header::{HOST, SET_COOKIE};
use http::{HeaderValue, StatusCode};

use crate::answer::{Answer, Asked};
use crate::hotlink::exhibits;
use crate::hotlink::kinds::{self, Kind, SLOWEST};
use crate::hotlink::pages::{self, Photos};
use crate::hotlink::paint;
use crate::hotlink::visit::{COOKIE, Visit, jpeg};
use crate::log::Log;
use crate::server::Pages;

/// How many pictures are counted; beyond it the count begins anew.
const MAX_COUNTED: usize = 100_000;

pub(crate) struct Site {
    slow: Duration,
    counts: Mutex<HashMap<String, u64>>,
    log: Arc<Log>,
}

impl Site {
    pub(crate) fn new(slow: Duration, log: Arc<Log>) -> Self {
        Self { slow: slow.min(SLOWEST), counts: Mutex::default(), log }
    }

    /// What was asked, a line each: milliseconds since 1970, method, status, host, path, referrer, user agent, with tabs
    /// between them.
    fn asked(&self) -> String {
        let mut lines = String::new();
        for entry in self.log.requests() {
            let field = |field: Option<String>| field.unwrap_or_default().replace('\t', " ");
            let (method, status) = (&entry.method, entry.status.as_u16());
            let (referer, agent) = (field(entry.referer), field(entry.user_agent));
            let at = entry.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
            // Writing to a String does not fail.
            let _ = writeln!(lines, "{at}\t{method}\t{status}\t{}\t{}\t{referer}\t{agent}", entry.host, entry.path);
        }
        lines
    }

    /// How often this was called with the same key before.
    pub(crate) fn count(&self, key: String) -> u64 {
        // a count is whole whatever has panicked
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MAX_COUNTED {
            counts.clear();
        }
        let count = counts.entry(key).or_default();
        *count += 1;
        *count - 1
    }

    fn of_kind(&self, asked: &Asked, (place, kind): (usize, &'static Kind), base: String, name: &str) -> Answer {
        match name {
            "" => {
                let cookie = HeaderValue::try_from(format!("{COOKIE}=yes; Path={base}")).expect("a path of ASCII");
                Answer::html(pages::kind(kind, &base)).with(SET_COOKIE, cookie)
            }
            "blocked.jpg" => jpeg(paint::stripes(300, 200)),
            "login" => Answer::html(pages::login()),
            _ => match Photos::NAMES.iter().position(|photo| *photo == name) {
                Some(number) => {
                    let (index, name) = (place * Photos::NAMES.len() + number, Photos::NAMES[number]);
                    (kind.play)(&Visit { asked, site: self, slow: self.slow, index, name, base })
                }
                None => Answer::not_found(),
            },
        }
    }
}

impl Pages for Site {
    fn get(&self, asked: &Asked) -> Answer {
        let host = asked.header(HOST).unwrap_or_default().to_ascii_lowercase();
        let (host, port) = host.rfind(':').map_or((host.as_str(), ""), |at| host.split_at(at));
        let path = asked.path();
        if let Some(found) = host.strip_suffix(".localhost").and_then(kinds::named) {
            return self.of_kind(asked, found, "/".to_owned(), path.strip_prefix('/').unwrap_or_default());
        }
        let below = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        match (path, below.and_then(|(name, file)| Some((kinds::named(name)?, file)))) {
            (_, Some((found, file))) => self.of_kind(asked, found, format!("/{}/", found.1.name), file),
            ("/", None) => Answer::html(pages::start(port)),
            ("/all", None) => {
                let cookie = HeaderValue::try_from(format!("{COOKIE}=yes; Path=/")).expect("a path of ASCII");
                Answer::html(pages::all(port)).with(SET_COOKIE, cookie)
            }
            ("/log", None) => Answer::new(StatusCode::OK, "text/plain; charset=utf-8", self.asked()),
            _ => exhibits::answer(asked, port).unwrap_or_else(Answer::not_found),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;

    fn status(site: &Site, url: &str, fields: &[(&str, &str)]) -> StatusCode {
        let (host, path) = url.split_at(url.find('/').expect("a path"));
        let request =
            fields.iter().fold(Request::builder().uri(path).header("host", host), |request, (name, value)| {
                request.header(*name, *value)
            });
        let parts = request.body(()).expect("a request").into_parts().0;
        site.get(&Asked { parts, body: Bytes::new() }).status
    }

    #[test]
    fn a_picture_is_served_to_the_pages_of_its_host_and_to_the_start_page() {
        crate::pictures::prepare();
        let site = Site::new(Duration::ZERO, Log::keeping());
        let url = "referer-403.localhost:80/photo.jpg";
        for (referer, want) in [
            ("http://referer-403.localhost:80/", 200),
            ("http://www.localhost:80/all", 200),
            ("http://open.localhost:80/", 403),
            ("https://example.org/", 403),
            ("", 403),
        ] {
            assert_eq!(status(&site, url, &[("referer", referer)]), want, "{referer}");
        }
        assert_eq!(status(&site, url, &[]), 403);
        assert_eq!(status(&site, "www.localhost:80/cookie/photo.jpg", &[]), 403);
        assert_eq!(status(&site, "www.localhost:80/cookie/photo.jpg", &[("cookie", "visited=yes")]), 200);
    }

    #[test]
    fn a_path_that_nobody_has_is_not_found() {
        let site = Site::new(Duration::ZERO, Log::keeping());
        for url in ["open.localhost/nothing.jpg", "www.localhost/nothing/", "www.localhost/robots.txt", "other/x"] {
            assert_eq!(status(&site, url, &[]), 404, "{url}");
        }
        for url in ["open.localhost/", "www.localhost/", "www.localhost/all", "127.0.0.1:80/", "www.localhost/open/"] {
            assert_eq!(status(&site, url, &[]), 200, "{url}");
        }
    }

    #[test]
    fn each_page_to_scan_has_all_its_pictures() {
        crate::pictures::prepare();
        let site = Site::new(Duration::ZERO, Log::keeping());
        for exhibit in exhibits::EXHIBITS.iter().filter(|exhibit| exhibit.name != "closed") {
            assert!(kinds::named(exhibit.name).is_none(), "{} is a kind, too", exhibit.name);
            let page = text(&site, exhibit.name);
            let own = page
                .split(['"', '\'', '(', ')', ' ', ',', ';', '&'])
                .filter(|url| url.starts_with(&format!("/{}/", exhibit.name)));
            let own: std::collections::BTreeSet<&str> =
                own.map(|url| url.split('?').next().unwrap_or_default()).collect();
            for path in own.iter().filter(|path| !path.ends_with(".woff2")) {
                assert_eq!(status(&site, &format!("www.localhost:80{path}"), &[]), 200, "{path}");
            }
        }
        assert_eq!(text(&site, "many?n=500").matches("<img").count(), 500);
        assert_eq!(status(&site, "www.localhost/closed", &[]), 403);
    }

    fn text(site: &Site, path: &str) -> String {
        let request = Request::builder().uri(format!("/{path}")).header("host", "www.localhost:80").body(());
        let parts = request.expect("a request").into_parts().0;
        site.get(&Asked { parts, body: Bytes::new() }).text().to_owned()
    }

    #[test]
    fn what_is_limited_is_limited_picture_by_picture() {
        crate::pictures::prepare();
        let site = Site::new(Duration::ZERO, Log::keeping());
        let ask = |path: &str| status(&site, &format!("limited.localhost{path}"), &[]).as_u16();
        assert_eq!([(); 3].map(|()| ask("/photo.jpg")), [200, 200, 429]);
        assert_eq!(ask("/lazy.jpg"), 200);
    }
}
