//! When two requests are the same wish.
//!
//! Same method, same body, and URLs that are equal once the fragment is dropped, percent escapes are written one way
//! (RFC 3986, section 6.2.2: upper-case hex, unreserved characters plain) and the query's pairs are sorted by key and
//! value (as Scrapy does). Case of scheme and host, default ports and dot segments are the URL parser's work (WHATWG
//! URL). Headers do not count.

use http::Method;
use url::Url;
use xxhash_rust::xxh3::Xxh3;

use crate::message::Request;
pub use crate::message::urls::canonical;

/// Makes 64-bit fingerprints under a job's own key, so that nobody outside can make two URLs collide.
///
/// Two requests with one fingerprint are one wish. What counts, and what does not:
///
/// | | one wish | two wishes |
/// |---|---|---|
/// | case | `http://EXAMPLE.com/a`, `http://example.com/a` | `/a`, `/A` |
/// | scheme, port | `http://example.com:80/`, `http://example.com/` | `http:`, `https:`; port 80, port 8080 |
/// | dot segments, slash | `/b/../a`, `/a` | `/a`, `/a/` |
/// | percent escapes | `/%7euser`, `/~user`; `%2f`, `%2F` | `/a%2Fb`, `/a/b` |
/// | order of the query | `?b=2&a=1`, `?a=1&b=2` | `?a=1`, `?a=2` |
/// | form of the query | `?q=a+b`, `?q=a%20b`; `?`, none; `?a=1&&b=2`, `?a=1&b=2` | `?a=`, `?a=&a=` |
/// | names that are not ASCII | `http://bücher.example/`, `http://xn--bcher-kva.example/` | |
/// | user, trailing dot | | `http://joe@example.com/`, `http://example.com/`; `http://example.com./` |
/// | fragment | `/a#top`, `/a` | |
/// | method, body | | `GET`, `POST`; `POST` with two bodies |
/// | headers, priority, step | any of them | |
#[derive(Debug, Clone, Copy)]
pub struct Fingerprinter {
    key: u64,
}

impl Fingerprinter {
    /// The fingerprinter of a job.
    #[must_use]
    pub fn new(key: u64) -> Self {
        Self { key }
    }

    /// The fingerprint of a request.
    #[must_use]
    pub fn request(&self, request: &Request) -> u64 {
        self.of(&request.method, &request.url, &request.body)
    }

    /// The fingerprint of a `GET` of a URL.
    #[must_use]
    pub fn get(&self, url: &Url) -> u64 {
        self.of(&Method::GET, url, &[])
    }

    fn of(&self, method: &Method, url: &Url, body: &[u8]) -> u64 {
        let mut hash = Xxh3::with_seed(self.key);
        hash.update(method.as_str().as_bytes());
        hash.update(b" ");
        hash.update(canonical(url).as_bytes());
        if !body.is_empty() {
            // no URL has a space in it, so this cannot be taken for a longer one
            hash.update(b" ");
            hash.update(body);
        }
        hash.digest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(url: &str) -> u64 {
        Fingerprinter::new(7).get(&Url::parse(url).expect("a URL"))
    }

    #[test]
    fn spellings_of_one_page_are_one() {
        for (a, b) in [
            ("http://EXAMPLE.com:80/a", "http://example.com/a"),
            ("http://example.com/a#top", "http://example.com/a"),
            ("http://example.com/%7euser/%2f", "http://example.com/~user/%2F"),
            ("http://example.com/?b=2&a=1", "http://example.com/?a=1&b=2"),
            ("http://example.com/?q=a+b", "http://example.com/?q=a%20b"),
            ("http://example.com/a?", "http://example.com/a"),
            ("http://example.com/b/../a", "http://example.com/a"),
            ("http://example.com/?a=1&&b=2", "http://example.com/?a=1&b=2"),
            ("http://example.com/a%2fb", "http://example.com/a%2Fb"),
        ] {
            assert_eq!(fingerprint(a), fingerprint(b), "{a} and {b}");
        }
    }

    #[test]
    fn different_pages_are_two() {
        for (a, b) in [
            ("http://example.com/a", "http://example.com/A"),
            ("http://example.com/a", "https://example.com/a"),
            ("http://example.com/a", "http://example.com/a/"),
            ("http://example.com/a", "http://example.com:8080/a"),
            ("http://example.com/a%2Fb", "http://example.com/a/b"),
            ("http://example.com/?a=1", "http://example.com/?a=2"),
            ("http://example.com/?a=", "http://example.com/?a=&a="),
            ("http://example.com/%zz", "http://example.com/zz"),
        ] {
            assert_ne!(fingerprint(a), fingerprint(b), "{a} and {b}");
        }
    }

    #[test]
    fn method_and_body_count() {
        let url = Url::parse("http://example.com/").expect("a URL");
        let prints = Fingerprinter::new(7);
        let get = prints.request(&Request::get(url.clone()));
        let post = prints.request(&Request::post(url.clone()));
        let form = prints.request(&Request::post(url).form([("a", "b")]));
        assert!(get != post && post != form && get != form);
    }
}
