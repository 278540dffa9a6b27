//! A cookie that may go into a jar, and what it is refused for (RFC 6265bis, section 5.7).

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::Settings;
use super::line::{Line, SameSite, is_control};

/// A cookie whose place is known.
///
/// Name, value and path are octets, as on the wire, each written as the character of its number: a server gets back
/// what it has sent, whatever encoding that was.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cookie {
    pub(super) name: String,
    pub(super) value: String,
    /// A host, or a domain that stands for all below it; as a URL writes it.
    pub(super) domain: String,
    pub(super) host_only: bool,
    pub(super) path: String,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: Option<SameSite>,
    /// None for the end of the session.
    #[serde(with = "in_seconds")]
    pub(super) expires: Option<Timestamp>,
}

/// Why a cookie was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A control byte stands in it.
    Control,
    /// It has neither name nor value.
    Empty,
    /// `max_cookie`.
    TooLarge,
    /// `max_per_response`.
    TooMany,
    /// It is for a domain that its host is not in.
    Domain,
    /// It is for a domain below which anybody may have a name.
    PublicSuffix,
    /// It is `Secure` and comes over http.
    Insecure,
    /// It comes over http and would hide one that is `Secure`.
    Hides,
    /// Its name begins with `__Secure-` or `__Host-`, and it is not what that promises.
    Prefix,
    /// A file has it, and its time is over.
    Expired,
}

impl Refusal {
    /// The figure that it is counted as.
    pub(super) fn stat(self) -> &'static str {
        match self {
            Self::Control => "cookies/ignored_count/control_byte",
            Self::Empty => "cookies/ignored_count/empty",
            Self::TooLarge => "cookies/ignored_count/too_large",
            Self::TooMany => "cookies/ignored_count/too_many",
            Self::Domain => "cookies/ignored_count/domain",
            Self::PublicSuffix => "cookies/ignored_count/public_suffix",
            Self::Insecure => "cookies/ignored_count/insecure",
            Self::Hides => "cookies/ignored_count/hides_secure",
            Self::Prefix => "cookies/ignored_count/prefix",
            Self::Expired => "cookies/ignored_count/expired",
        }
    }
}

impl Cookie {
    /// What a response from `url` sets with this line.
    pub(super) fn received(line: &Line<'_>, url: &Url, now: Timestamp, settings: &Settings) -> Result<Self, Refusal> {
        let host = url.host_str().ok_or(Refusal::Domain)?;
        if line.secure && !is_secure(url) {
            return Err(Refusal::Insecure);
        }
        let domain = std::str::from_utf8(line.domain).ok().filter(|domain| domain.is_ascii()).ok_or(Refusal::Domain)?;
        let path = line.path.filter(|path| path.starts_with(b"/"));
        let cookie = Self {
            name: octets(line.name),
            value: octets(line.value),
            domain: host.to_owned(),
            host_only: true,
            path: path.map_or_else(|| default_path(url).to_owned(), octets),
            secure: line.secure,
            http_only: line.http_only,
            same_site: line.same_site,
            expires: expiry(line, now).map(|expires| capped(expires, now, settings)),
        };
        cookie.of_domain(&domain.to_ascii_lowercase(), url)?.checked(path.is_some())
    }

    /// What a file has.
    pub(super) fn brought(mut self, now: Timestamp, settings: &Settings) -> Result<Self, Refusal> {
        let texts = [&self.name, &self.value, &self.path];
        // what a header would have ended at cannot have come in one
        if texts.iter().any(|text| text.contains(';') || !text.chars().all(is_octet)) || self.name.contains('=') {
            return Err(Refusal::Control);
        }
        if self.name.is_empty() && self.value.is_empty() {
            return Err(Refusal::Empty);
        }
        let length = |text: &str| text.chars().count();
        if length(&self.name) + length(&self.value) > settings.max_cookie || length(&self.path) > settings.max_attribute
        {
            return Err(Refusal::TooLarge);
        }
        if self.expires.is_some_and(|expires| expires <= now) {
            return Err(Refusal::Expired);
        }
        self.expires = self.expires.map(|expires| capped(expires, now, settings));
        if !self.path.starts_with('/') {
            "/".clone_into(&mut self.path);
        }
        // as if the domain's own host had set it
        let url = Url::parse(&format!("https://{}/", self.domain)).map_err(|_| Refusal::Domain)?;
        let is_host = |host: &&str| url.as_str() == format!("https://{host}/");
        let host = url.host_str().filter(is_host).ok_or(Refusal::Domain)?;
        let domain = if self.host_only { String::new() } else { host.to_owned() };
        let this = Self { domain: host.to_owned(), host_only: true, ..self };
        this.of_domain(&domain, &url)?.checked(true)
    }

    /// Where it goes by its domain attribute; empty is its own host.
    fn of_domain(self, domain: &str, url: &Url) -> Result<Self, Refusal> {
        let is_name = matches!(url.host(), Some(Host::Domain(_)));
        if domain.is_empty() || (!is_name && domain == self.domain) {
            return Ok(self);
        }
        if is_public_suffix(domain) {
            return if domain == self.domain { Ok(self) } else { Err(Refusal::PublicSuffix) };
        }
        if !is_name || !domain_matches(&self.domain, domain) {
            return Err(Refusal::Domain);
        }
        Ok(Self { domain: domain.to_owned(), host_only: false, ..self })
    }

    /// Holds it to what its name promises.
    fn checked(self, has_path: bool) -> Result<Self, Refusal> {
        let begins =
            |text: &str, prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        // a nameless cookie's value stands where a name is looked for
        let promise = if self.name.is_empty() { &self.value } else { &self.name };
        let is_kept = match () {
            () if begins(promise, "__Secure-") => self.secure && !self.name.is_empty(),
            () if begins(promise, "__Host-") => {
                self.secure && self.host_only && has_path && self.path == "/" && !self.name.is_empty()
            }
            () => true,
        };
        if is_kept { Ok(self) } else { Err(Refusal::Prefix) }
    }
}

/// A time as seconds since the epoch.
mod in_seconds {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        time.map(Timestamp::as_second).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let seconds = Option::<i64>::deserialize(deserializer)?;
        Ok(seconds.map(|seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)))
    }
}

// a value is a secret
impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie").field("name", &self.name).field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// Octets as text: each the character of its number.
pub(super) fn octets(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// And back.
pub(super) fn to_octets(text: &str) -> impl Iterator<Item = u8> {
    text.chars().map(|octet| u8::try_from(octet).unwrap_or(b'?'))
}

fn is_octet(octet: char) -> bool {
    u8::try_from(octet).is_ok_and(|octet| !is_control(octet))
}

/// Over https and nothing else: a name or an address of this machine is not safer than it is.
pub(super) fn is_secure(url: &Url) -> bool {
    url.scheme() == "https"
}

/// RFC 6265, section 5.1.3, for two names.
pub(super) fn domain_matches(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// RFC 6265, section 5.1.4.
pub(super) fn path_matches(path: &str, cookie: &str) -> bool {
    path.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie.ends_with('/'))
}

/// RFC 6265, section 5.1.4: up to the last slash, and never less than the first.
fn default_path(url: &Url) -> &str {
    let path = url.path();
    path.rfind('/').filter(|at| *at > 0).map_or("/", |at| &path[..at])
}

/// Whether anybody may have a name below this (publicsuffix.org, private section and the rule for unknown names included).
fn is_public_suffix(domain: &str) -> bool {
    let name = domain.trim_end_matches('.');
    psl::suffix(name.as_bytes()).is_none_or(|suffix| suffix.as_bytes().len() == name.len())
}

/// `Max-Age` over `Expires`.
fn expiry(line: &Line<'_>, now: Timestamp) -> Option<Timestamp> {
    match line.max_age {
        Some(seconds) if seconds <= 0 => Some(Timestamp::MIN),
        Some(seconds) => {
            let second = now.as_second().saturating_add(seconds);
            Some(Timestamp::from_second(second).unwrap_or(Timestamp::MAX))
        }
        None => line.expires,
    }
}

fn capped(expires: Timestamp, now: Timestamp, settings: &Settings) -> Timestamp {
    let latest = now.saturating_add(settings.max_life).unwrap_or(Timestamp::MAX);
    expires.min(latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(line: &str, from: &str) -> Result<Cookie, Refusal> {
        let (url, settings) = (Url::parse(from).expect("a URL"), Settings::default());
        Cookie::received(&Line::parse(line.as_bytes(), &settings)?, &url, Timestamp::UNIX_EPOCH, &settings)
    }

    fn domain(line: &str, from: &str) -> Result<(String, bool), Refusal> {
        receive(line, from).map(|cookie| (cookie.domain, cookie.host_only))
    }

    #[test]
    fn c07_supercookies_are_refused() {
        for (attribute, from) in [
            ("com", "http://a.com/"),
            (".com", "http://a.com/"),
            ("COM", "http://a.com/"),
            ("co.UK", "http://shop.co.uk/"),
            ("github.io", "http://me.github.io/"),
            ("com.", "http://a.com./"),
            ("uk.com", "http://a.uk.com/"),
            ("s3.amazonaws.com", "http://bucket.s3.amazonaws.com/"),
            // of *.ck all but www.ck
            ("example.ck", "http://a.example.ck/"),
            ("xn--55qx5d.cn", "http://xn--85x722f.xn--55qx5d.cn/"),
            ("xn--p1ai", "http://xn--e1afmkfd.xn--p1ai/"),
            // no list has it, and it may be a registry all the same
            ("unlisted", "http://a.unlisted/"),
        ] {
            let line = format!("a=b; Domain={attribute}");
            assert_eq!(receive(&line, from), Err(Refusal::PublicSuffix), "{attribute} from {from}");
        }
    }

    #[test]
    fn c07_a_public_suffix_may_set_its_own() {
        for host in ["github.io", "co.uk", "com", "localhost"] {
            let set = domain(&format!("a=b; Domain={host}"), &format!("https://{host}/"));
            assert_eq!(set, Ok((host.to_owned(), true)), "{host}");
        }
        let shared = |domain: &str| Ok((domain.to_owned(), false));
        assert_eq!(domain("a=b; Domain=.Me.github.IO", "http://x.me.github.io/"), shared("me.github.io"));
        assert_eq!(domain("a=b; Domain=www.ck", "http://a.www.ck/"), shared("www.ck"));
        assert_eq!(domain("a=b; Domain=city.kawasaki.jp", "http://a.city.kawasaki.jp/"), shared("city.kawasaki.jp"));
    }

    #[test]
    fn a_domain_is_the_hosts_own_or_one_above_it() {
        let own = |host: &str| Ok((host.to_owned(), true));
        assert_eq!(domain("a=b", "http://x.a.example/"), own("x.a.example"));
        assert_eq!(domain("a=b; Domain=; Path=/", "http://x.a.example/"), own("x.a.example"));
        assert_eq!(domain("a=b; Domain=a.example; Domain=", "http://x.a.example/"), own("x.a.example"));
        assert_eq!(domain("a=b; Domain=127.0.0.1", "http://127.0.0.1/"), own("127.0.0.1"));
        assert_eq!(domain("a=b; Domain=[::1]", "http://[::1]/"), own("[::1]"));
        for (attribute, from) in [
            ("y.a.example", "http://x.a.example/"),
            ("xx.a.example", "http://x.a.example/"),
            ("b.example", "http://a.example/"),
            ("a.example", "http://aa.example/"),
            ("a.example.", "http://a.example/"),
            ("a.example:80", "http://a.example/"),
            ("\"a.example\"", "http://a.example/"),
            ("ä.example", "http://xn--4ca.example/"),
            ("0.0.1", "http://127.0.0.1/"),
        ] {
            let set = domain(&format!("a=b; Domain={attribute}"), from);
            assert_eq!(set, Err(Refusal::Domain), "{attribute} from {from}");
        }
    }

    #[test]
    fn c10_a_secure_cookie_comes_over_https_only_and_loopback_is_not_https() {
        assert!(receive("a=b; Secure", "https://a.example/").is_ok());
        for from in ["http://a.example/", "http://localhost/", "http://127.0.0.1/"] {
            assert_eq!(receive("a=b; Secure", from), Err(Refusal::Insecure), "{from}");
        }
    }

    #[test]
    fn c10_a_name_keeps_its_promise() {
        let from = "https://a.example/x/y";
        for line in [
            "__Secure-a=b; Secure",
            "__sEcUrE-a=b; Secure; Domain=a.example",
            "__Host-a=b; Secure; Path=/",
            "__hOsT-a=b; secure; path=/; HttpOnly",
        ] {
            assert!(receive(line, from).is_ok(), "{line}");
        }
        for line in [
            "__Secure-a=b",
            "__SECURE-a=b; Path=/",
            "__Host-a=b; Path=/",
            "__Host-a=b; Secure",
            "__Host-a=b; Secure; Path=/x",
            "__host-a=b; Secure; Path=/; Domain=a.example",
            "__Secure-a; Secure",
            "=__Host-a=b; Secure; Path=/",
        ] {
            assert_eq!(receive(line, from), Err(Refusal::Prefix), "{line}");
        }
        // the path is / here, but nobody has said so
        assert_eq!(receive("__Host-a=b; Secure", "https://a.example/"), Err(Refusal::Prefix));
        assert_eq!(receive("__Secure-a=b; Secure", "http://a.example/"), Err(Refusal::Insecure));
    }

    #[test]
    fn c09_no_cookie_lives_longer_than_400_days() {
        let day = 24 * 3600;
        let expires = |line: &str| {
            let cookie = receive(line, "http://a.example/").expect("a cookie");
            cookie.expires.map(Timestamp::as_second)
        };
        assert_eq!(expires("a=b"), None);
        assert_eq!(expires("a=b; Max-Age=60"), Some(60));
        assert_eq!(expires("a=b; Max-Age=60; Expires=Thu, 01 Jan 2099 00:00:00 GMT"), Some(60));
        assert_eq!(expires("a=b; Expires=Thu, 01 Jan 1970 00:01:00 GMT"), Some(60));
        for line in ["Max-Age=99999999999", "Max-Age=99999999999999999999999", "Expires=Fri, 31 Dec 9999 23:59:59 GMT"]
        {
            assert_eq!(expires(&format!("a=b; {line}")), Some(400 * day), "{line}");
        }
        assert!(expires("a=b; Max-Age=0").is_some_and(|second| second < 0));
        assert!(expires("a=b; Max-Age=-9223372036854775808").is_some_and(|second| second < 0));
    }

    #[test]
    fn paths_default_to_the_pages_folder() {
        let path = |line: &str, from: &str| receive(line, from).expect("a cookie").path;
        for (from, folder) in [
            ("http://a.example", "/"),
            ("http://a.example/a", "/"),
            ("http://a.example/a/", "/a"),
            ("http://a.example/a/b?c=/d/e", "/a"),
        ] {
            for line in ["a=b", "a=b; Path", "a=b; Path=", "a=b; Path=x", "a=b; Path=/x; Path=\"/y\""] {
                assert_eq!(path(line, from), folder, "{line} from {from}");
            }
        }
        for (path, cookie, is_match) in [
            ("/", "/", true),
            ("/a", "/", true),
            ("/a", "/a", true),
            ("/a/b", "/a", true),
            ("/a/b", "/a/", true),
            ("/a", "/a/", false),
            ("/ab", "/a", false),
            ("/", "/a", false),
            ("/A", "/a", false),
        ] {
            assert_eq!(path_matches(path, cookie), is_match, "{path} and {cookie}");
        }
    }
}
