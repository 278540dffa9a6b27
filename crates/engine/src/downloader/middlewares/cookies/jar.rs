//! One jar: `cookie_store` holds the cookies, and beside it stands what RFC 6265bis asks for and it has no room for:
//! their order, when they were last sent, and how long they live by a clock that is passed in.

use std::cmp::Reverse;
use std::collections::HashMap;

use cookie_store::{CookieStore, RawCookie};
use jiff::Timestamp;
use url::{Host, Url};

use super::Settings;
use super::cookie::{Cookie, Refusal, domain_matches, is_secure, path_matches, to_octets};
use super::line::SameSite;

/// Room for a usual `Cookie` header, in bytes.
const USUAL: usize = 256;

/// The cookies of one user, so to speak.
#[derive(Default)]
pub(super) struct Jar {
    /// Those of a host alone. Two stores, for a host and a domain of one name may each have a cookie of one name and
    /// path, and `cookie_store` would take them for one.
    own: CookieStore,
    /// Those of a domain and all below it.
    shared: CookieStore,
    /// What else is known of them, by their domain, in no order.
    entries: HashMap<Box<str>, Vec<Entry>>,
    count: usize,
    /// Counts what happens, so that it is known what was first and what was last.
    ticks: u64,
    /// Room for [`Jar::write`] to sort in.
    found: Vec<Found>,
}

/// One cookie, but for its value.
pub(super) struct Entry {
    name: Box<str>,
    path: Box<str>,
    host_only: bool,
    secure: bool,
    same_site: Option<SameSite>,
    expires: Option<Timestamp>,
    created: u64,
    used: u64,
}

/// A cookie that is to be sent.
struct Found {
    /// Longer paths first, then those that were there first (RFC 6265bis, section 5.8.3).
    order: (Reverse<usize>, u64),
    /// Where its domain begins in the host.
    domain: usize,
    index: usize,
}

/// What came of a cookie that was put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Put {
    /// The jar is another than before.
    pub(super) changed: bool,
    /// Cookies that had to go, for there were too many of their domain.
    pub(super) over_domain: u64,
    /// And in the jar.
    pub(super) over_jar: u64,
}

impl Entry {
    fn is_alive(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }

    fn is(&self, cookie: &Cookie) -> bool {
        *self.name == *cookie.name && *self.path == *cookie.path && self.host_only == cookie.host_only
    }
}

impl Jar {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes a cookie that came from `url`, if it may be taken.
    pub(super) fn receive(
        &mut self,
        cookie: &Cookie,
        url: &Url,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<Put, Refusal> {
        if !is_secure(url) && self.would_hide(cookie, now) {
            return Err(Refusal::Hides);
        }
        Ok(self.put(cookie, now, settings))
    }

    /// Puts a cookie in, over one of the same name, path and domain. One that is expired takes that out.
    pub(super) fn put(&mut self, cookie: &Cookie, now: Timestamp, settings: &Settings) -> Put {
        let before = self.find(cookie);
        let known = before.and_then(|at| self.entries.get(&*cookie.domain)?.get(at));
        if cookie.expires.is_some_and(|expires| expires <= now) {
            let changed = before.is_some_and(|at| self.take_out(&cookie.domain, at));
            return Put { changed, ..Put::default() };
        }
        let changed = known.is_none_or(|entry| {
            let same =
                (entry.secure, entry.same_site, entry.expires) == (cookie.secure, cookie.same_site, cookie.expires);
            !same
                || self.raw(&cookie.domain, entry).is_none_or(|raw| {
                    raw.value() != cookie.value || raw.http_only().unwrap_or(false) != cookie.http_only
                })
        });
        let created = known.filter(|entry| entry.is_alive(now)).map(|entry| entry.created);
        if !self.keep(cookie) {
            return Put::default();
        }
        self.ticks += 1;
        let entry = Entry {
            name: cookie.name.as_str().into(),
            path: cookie.path.as_str().into(),
            host_only: cookie.host_only,
            secure: cookie.secure,
            same_site: cookie.same_site,
            expires: cookie.expires,
            created: created.unwrap_or(self.ticks),
            used: self.ticks,
        };
        let entries = self.entries.entry(cookie.domain.as_str().into()).or_default();
        match before {
            Some(at) => entries[at] = entry,
            None => {
                entries.push(entry);
                self.count += 1;
            }
        }
        Put { changed, ..self.evict(&cookie.domain, now, settings) }
    }

    /// Appends the pairs that a request to `url` carries to its line; `own` says which names it has brought along.
    /// Returns how many there was no room for.
    pub(super) fn write(
        &mut self,
        url: &Url,
        now: Timestamp,
        settings: &Settings,
        own: &[&[u8]],
        line: &mut Vec<u8>,
    ) -> u64 {
        let Some(host) = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")) else { return 0 };
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        self.search(url, host, now, &mut found);
        found.sort_unstable_by_key(|found| found.order);
        let (mut pairs, mut left_out) = (own.len(), 0);
        if !found.is_empty() {
            line.reserve(USUAL);
        }
        self.ticks += 1;
        for Found { domain, index, .. } in &found {
            let domain = &host[*domain..];
            let Some(entry) = self.entries.get_mut(domain).and_then(|entries| entries.get_mut(*index)) else {
                continue;
            };
            let store = if entry.host_only { &self.own } else { &self.shared };
            let Some(cookie) = store.get_any(domain, &entry.path, &entry.name) else { continue };
            let (name, value) = cookie.name_value();
            if own.iter().any(|own| to_octets(name).eq(own.iter().copied())) {
                continue;
            }
            let separator: &[u8] = if line.is_empty() { b"" } else { b"; " };
            let length = separator.len() + name.chars().count() + "=".len() + value.chars().count();
            if pairs >= settings.max_pairs || line.len() + length > settings.max_header {
                left_out += 1;
                continue;
            }
            pairs += 1;
            entry.used = self.ticks;
            line.extend_from_slice(separator);
            line.extend(to_octets(name));
            if !name.is_empty() {
                line.push(b'=');
            }
            line.extend(to_octets(value));
        }
        self.found = found;
        left_out
    }

    fn search(&self, url: &Url, host: &str, now: Timestamp, found: &mut Vec<Found>) {
        let is_name = matches!(url.host(), Some(Host::Domain(_)));
        let above = host.match_indices('.').map(|(dot, _)| dot + 1).filter(|_| is_name);
        for at in std::iter::once(0).chain(above) {
            for (index, entry) in self.entries.get(&host[at..]).into_iter().flatten().enumerate() {
                if (at == 0 || !entry.host_only)
                    && (is_secure(url) || !entry.secure)
                    && path_matches(url.path(), &entry.path)
                    && entry.is_alive(now)
                {
                    found.push(Found { order: (Reverse(entry.path.len()), entry.created), domain: at, index });
                }
            }
        }
    }

    /// All that are alive, those first that were there first.
    pub(super) fn cookies(&self, now: Timestamp) -> Vec<Cookie> {
        let mut all: Vec<_> = (self.entries.iter())
            .flat_map(|(domain, entries)| entries.iter().map(move |entry| (&**domain, entry)))
            .filter(|(_, entry)| entry.is_alive(now))
            .collect();
        all.sort_unstable_by_key(|(_, entry)| entry.created);
        let cookie = |(domain, entry): (&str, &Entry)| {
            let raw = self.raw(domain, entry)?;
            Some(Cookie {
                name: String::from(&*entry.name),
                value: raw.value().to_owned(),
                domain: domain.to_owned(),
                host_only: entry.host_only,
                path: String::from(&*entry.path),
                secure: entry.secure,
                http_only: raw.http_only().unwrap_or(false),
                same_site: entry.same_site,
                expires: entry.expires,
            })
        };
        all.into_iter().filter_map(cookie).collect()
    }

    /// Whether a cookie that came over http would hide one that is `Secure` (RFC 6265bis, section 5.7).
    fn would_hide(&self, cookie: &Cookie, now: Timestamp) -> bool {
        !cookie.secure
            && self.entries.iter().any(|(domain, entries)| {
                (domain_matches(&cookie.domain, domain) || domain_matches(domain, &cookie.domain))
                    && entries.iter().any(|entry| {
                        entry.secure
                            && *entry.name == *cookie.name
                            && path_matches(&cookie.path, &entry.path)
                            && entry.is_alive(now)
                    })
            })
    }

    fn find(&self, cookie: &Cookie) -> Option<usize> {
        self.entries.get(&*cookie.domain)?.iter().position(|entry| entry.is(cookie))
    }

    fn raw(&self, domain: &str, entry: &Entry) -> Option<&RawCookie<'static>> {
        let store = if entry.host_only { &self.own } else { &self.shared };
        store.get_any(domain, &entry.path, &entry.name).map(|cookie| &**cookie)
    }

    /// Gives it to the store; false if the store does not take it.
    fn keep(&mut self, cookie: &Cookie) -> bool {
        let Ok(url) = Url::parse(&format!("https://{}/", cookie.domain)) else { return false };
        let mut raw = RawCookie::new(cookie.name.as_str(), cookie.value.as_str());
        raw.set_path(cookie.path.as_str());
        raw.set_secure(cookie.secure);
        raw.set_http_only(cookie.http_only);
        if !cookie.host_only {
            raw.set_domain(cookie.domain.as_str());
        }
        let store = if cookie.host_only { &mut self.own } else { &mut self.shared };
        // it is not told when they expire: it would ask its own clock
        store.insert_raw(&raw, &url).is_ok() && store.contains_any(&cookie.domain, &cookie.path, &cookie.name)
    }

    fn take_out(&mut self, domain: &str, at: usize) -> bool {
        let Some(entries) = self.entries.get_mut(domain) else { return false };
        let entry = entries.swap_remove(at);
        let store = if entry.host_only { &mut self.own } else { &mut self.shared };
        store.remove(domain, &entry.path, &entry.name);
        if entries.is_empty() {
            self.entries.remove(domain);
        }
        self.count -= 1;
        true
    }

    /// Makes room (RFC 6265bis, section 5.7): first what is expired, then of a domain that has too many what is not
    /// `Secure`, then the rest of it, then anybody's; each time what was not sent for the longest.
    fn evict(&mut self, domain: &str, now: Timestamp, settings: &Settings) -> Put {
        let mut put = Put::default();
        while self.entries.get(domain).is_some_and(|entries| entries.len() > settings.max_per_domain) {
            let entries = self.entries.get(domain).into_iter().flatten().enumerate();
            let first = entries.min_by_key(|(_, entry)| (entry.is_alive(now), entry.secure, entry.used));
            let Some((at, is_alive)) = first.map(|(at, entry)| (at, entry.is_alive(now))) else { break };
            self.take_out(domain, at);
            put.over_domain += u64::from(is_alive);
        }
        while self.count > settings.max_per_jar {
            let all = (self.entries.iter())
                .flat_map(|(domain, entries)| entries.iter().enumerate().map(move |entry| (domain, entry)));
            let first = all.min_by_key(|(_, (_, entry))| (entry.is_alive(now), entry.used));
            let Some((domain, at, is_alive)) =
                first.map(|(domain, (at, entry))| (domain.clone(), at, entry.is_alive(now)))
            else {
                break;
            };
            self.take_out(&domain, at);
            put.over_jar += u64::from(is_alive);
        }
        put
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::downloader::middlewares::cookies::line::Line;

    fn put(jar: &mut Jar, from: &str, line: &str, at: i64) -> Result<Put, Refusal> {
        let (url, settings) = (Url::parse(from).expect("a URL"), settings());
        let now = Timestamp::from_second(at).expect("a time");
        let line = Line::parse(line.as_bytes(), &settings)?;
        jar.receive(&Cookie::received(&line, &url, now, &settings)?, &url, now, &settings)
    }

    fn sent(jar: &mut Jar, to: &str, at: i64) -> String {
        let (url, mut line) = (Url::parse(to).expect("a URL"), Vec::new());
        let now = Timestamp::from_second(at).expect("a time");
        jar.write(&url, now, &settings(), &[], &mut line);
        String::from_utf8(line).expect("text")
    }

    fn settings() -> Settings {
        Settings { max_per_domain: 3, max_per_jar: 5, ..Settings::default() }
    }

    #[test]
    fn longer_paths_go_first_then_those_that_were_there_first() {
        let mut jar = Jar::default();
        for line in ["a=1; Path=/x", "b=1; Domain=a.example", "c=1"] {
            assert!(put(&mut jar, "https://www.a.example/", line, 0).expect("taken").changed);
        }
        assert_eq!(sent(&mut jar, "https://www.a.example/x/y", 0), "a=1; b=1; c=1");
        assert!(put(&mut jar, "https://www.a.example/", "b=2; Domain=a.example", 0).expect("taken").changed);
        assert_eq!(sent(&mut jar, "https://www.a.example/", 0), "b=2; c=1", "a new value keeps the place");
        assert!(!put(&mut jar, "https://www.a.example/", "c=1", 0).expect("taken").changed, "nothing new");
    }

    #[test]
    fn a_host_and_a_domain_of_one_name_are_two_places() {
        let mut jar = Jar::default();
        for line in ["a=own", "a=shared; Domain=a.example"] {
            assert!(put(&mut jar, "https://a.example/", line, 0).is_ok());
        }
        assert_eq!(sent(&mut jar, "https://a.example/", 0), "a=own; a=shared");
        assert_eq!(sent(&mut jar, "https://www.a.example/", 0), "a=shared");
        for other in ["https://aa.example/", "https://example/", "ftp://a.example/", "data:a.example"] {
            assert_eq!(sent(&mut jar, other, 0), "", "{other}");
        }
        assert!(put(&mut jar, "https://a.example/", "a=; Max-Age=0", 0).expect("taken").changed);
        assert_eq!(sent(&mut jar, "https://a.example/", 0), "a=shared");
    }

    #[test]
    fn c10_http_neither_sees_nor_hides_a_secure_cookie() {
        let mut jar = Jar::default();
        assert!(put(&mut jar, "https://www.a.example/", "a=1; Secure; Path=/login; Domain=a.example", 0).is_ok());
        assert_eq!(sent(&mut jar, "http://www.a.example/login", 0), "");
        for (from, line) in [
            ("http://www.a.example/", "a=2; Path=/login; Domain=a.example"),
            ("http://a.example/", "a=2; Path=/login/x"),
            ("http://x.www.a.example/", "a=2; Path=/login"),
            ("http://a.example/", "a=; Max-Age=0; Path=/login; Domain=a.example"),
        ] {
            assert_eq!(put(&mut jar, from, line, 0), Err(Refusal::Hides), "{line} from {from}");
        }
        // these would not be taken for it
        for (from, line) in [
            ("http://a.example/", "a=2; Path=/"),
            ("http://a.example/", "b=2; Path=/login"),
            ("http://b.example/", "a=2"),
        ] {
            assert!(put(&mut jar, from, line, 0).is_ok(), "{line} from {from}");
        }
        assert_eq!(sent(&mut jar, "https://www.a.example/login", 0), "a=1");
        assert!(put(&mut jar, "https://a.example/", "a=3; Path=/login; Domain=a.example", 0).is_ok());
        assert_eq!(sent(&mut jar, "http://www.a.example/login", 0), "a=3");
    }

    #[test]
    fn c08_what_was_not_sent_for_the_longest_goes_first() {
        let mut jar = Jar::default();
        for line in ["a=1; Path=/a", "b=1; Path=/b", "c=1; Path=/c"] {
            assert_eq!(put(&mut jar, "https://a.example/", line, 0).expect("taken").over_domain, 0);
        }
        assert_eq!(sent(&mut jar, "https://a.example/a", 0), "a=1");
        assert_eq!(put(&mut jar, "https://a.example/", "d=1", 0).expect("taken").over_domain, 1);
        assert_eq!(sent(&mut jar, "https://a.example/b", 0), "d=1");
        // what is Secure stays longest
        assert!(put(&mut jar, "https://a.example/", "c=1; Path=/c; Secure", 0).is_ok());
        for name in ["e", "f", "g"] {
            assert!(put(&mut jar, "https://a.example/", &format!("{name}=1"), 0).is_ok());
        }
        assert_eq!(sent(&mut jar, "https://a.example/c", 0), "c=1; f=1; g=1");
    }

    #[test]
    fn c08_a_full_jar_lets_go_of_what_is_expired_and_then_of_the_oldest() {
        let mut jar = Jar::default();
        for host in ["a", "b", "c", "d"] {
            assert!(put(&mut jar, &format!("https://{host}.example/"), "x=1", 0).is_ok());
        }
        assert!(put(&mut jar, "https://e.example/", "x=1; Max-Age=5", 0).is_ok());
        assert_eq!(put(&mut jar, "https://f.example/", "x=1", 9).expect("taken").over_jar, 0, "e had ended");
        assert_eq!(sent(&mut jar, "https://a.example/", 9), "x=1");
        assert_eq!(put(&mut jar, "https://g.example/", "x=1", 9).expect("taken").over_jar, 1);
        assert_eq!(sent(&mut jar, "https://b.example/", 9), "");
        assert_eq!((jar.count, jar.cookies(Timestamp::UNIX_EPOCH).len()), (5, 5));
    }

    #[test]
    fn a_cookie_ends_in_time() {
        let mut jar = Jar::default();
        assert!(put(&mut jar, "https://a.example/", "a=1; Max-Age=5", 100).is_ok());
        assert_eq!((sent(&mut jar, "https://a.example/", 104), sent(&mut jar, "https://a.example/", 105)).1, "");
        assert_eq!(sent(&mut jar, "https://a.example/", 104), "a=1");
        assert!(!put(&mut jar, "https://a.example/", "b=1; Max-Age=0", 100).expect("taken").changed);
        assert!(put(&mut jar, "https://a.example/", "a=1; Max-Age=-1", 100).expect("taken").changed);
        assert!(jar.is_empty() && jar.entries.is_empty());
    }
}
