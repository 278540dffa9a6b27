//! The jars as a job keeps them.

use cookie_store::serde::json;
use cookie_store::{CookieDomain, CookieExpiration};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cookie::{Cookie, octets};

/// The version of this form. The first was one jar in `cookie_store`'s own, a list.
const VERSION: u8 = 2;

/// All jars of a job.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    version: u8,
    /// A hash of the file that the job has begun with.
    pub(super) file: Option<u64>,
    /// Each with its name, but for the default one; cookies in the order in which they came.
    pub(super) jars: Vec<(Option<String>, Vec<Cookie>)>,
}

impl Kept {
    pub(super) fn new(file: Option<u64>, jars: Vec<(Option<String>, Vec<Cookie>)>) -> Self {
        Self { version: VERSION, file, jars }
    }

    pub(super) fn write(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok()
    }

    /// Reads both forms; none for what is neither.
    pub(super) fn read(kept: &[u8]) -> Option<Self> {
        match kept.first()? {
            b'[' => Some(Self::new(None, vec![(None, first_version(kept)?)])),
            _ => serde_json::from_slice(kept).ok().filter(|kept: &Self| kept.version == VERSION),
        }
    }
}

fn first_version(kept: &[u8]) -> Option<Vec<Cookie>> {
    let jar = json::load(kept).ok()?;
    let cookie = |cookie: &cookie_store::Cookie<'static>| {
        let (domain, host_only) = match &cookie.domain {
            CookieDomain::HostOnly(host) => (host.clone(), true),
            CookieDomain::Suffix(domain) => (domain.clone(), false),
            CookieDomain::NotPresent | CookieDomain::Empty => return None,
        };
        Some(Cookie {
            name: octets(cookie.name().as_bytes()),
            value: octets(cookie.value().as_bytes()),
            domain,
            host_only,
            path: octets(cookie.path.as_bytes()),
            secure: cookie.secure().unwrap_or(false),
            http_only: cookie.http_only().unwrap_or(false),
            same_site: None,
            expires: match &cookie.expires {
                CookieExpiration::AtUtc(at) => Timestamp::from_second(at.unix_timestamp()).ok(),
                CookieExpiration::SessionEnd => None,
            },
        })
    };
    Some(jar.iter_any().filter_map(cookie).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_version_is_read() {
        let kept = br#"[
          {"raw_cookie": "session=1; HttpOnly; Secure; Path=/", "path": ["/", true],
           "domain": {"HostOnly": "a.example"}, "expires": "SessionEnd"},
          {"raw_cookie": "lang=en; Domain=a.example", "path": ["/x", false],
           "domain": {"Suffix": "a.example"}, "expires": {"AtUtc": "2100-08-03T00:38:37Z"}}
        ]"#;
        let kept = Kept::read(kept).expect("jars");
        let [(None, cookies)] = &kept.jars[..] else { panic!("one jar") };
        assert_eq!((&*cookies[0].name, &*cookies[0].value, &*cookies[0].domain), ("session", "1", "a.example"));
        assert!(cookies[0].host_only && cookies[0].secure && cookies[0].http_only && cookies[0].expires.is_none());
        assert!(!cookies[1].host_only && cookies[1].path == "/x" && cookies[1].expires.is_some());
    }

    #[test]
    fn what_is_no_jar_is_none() {
        for kept in [&b""[..], b"garbage", b"[", b"[1]", b"{}", br#"{"version":3,"file":null,"jars":[]}"#, &[0xFF; 9]] {
            assert!(Kept::read(kept).is_none(), "{kept:?}");
        }
    }
}
