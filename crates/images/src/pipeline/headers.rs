//! The headers of answers that items carry: names, or all but those that are secrets.

use std::fmt;
use std::str::FromStr;

use dragline::message::mask;
use http::{HeaderMap, HeaderName};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Which headers an item carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderPick {
    /// All but those that are secrets, such as `Set-Cookie`: `"*"`.
    All,
    /// The one of this name; its value is hidden if it is a secret.
    Named(HeaderName),
}

impl FromStr for HeaderPick {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "*" => Ok(Self::All),
            name => name
                .parse()
                .map(Self::Named)
                .map_err(|_| format!("`{name}` is not a header's name: letters, digits and `-`, or `*` for all")),
        }
    }
}

impl fmt::Display for HeaderPick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "*",
            Self::Named(name) => name.as_str(),
        })
    }
}

impl<'de> Deserialize<'de> for HeaderPick {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for HeaderPick {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The headers that are wanted, in the order in which they came, without their secrets.
pub(super) fn picked(wanted: &[HeaderPick], headers: &HeaderMap) -> Vec<(String, String)> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let is_wanted = |name: &HeaderName, is_secret: bool| {
        wanted.iter().any(|pick| match pick {
            HeaderPick::All => !is_secret,
            HeaderPick::Named(named) => named == name,
        })
    };
    let shown = headers.iter().filter(|(name, value)| is_wanted(name, mask::is_secret_header(name, value)));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    shown.map(|(name, value)| (name.to_string(), text(&mask::header(name, value)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "image/png"),
            ("etag", "\"7\""),
            ("set-cookie", "session=canary"),
            ("x-note", "a"),
            ("x-note", "b"),
            ("link", "<http://a.example/?token=canary>; rel=next"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    fn names(wanted: &[&str]) -> String {
        let wanted: Vec<HeaderPick> = wanted.iter().map(|name| name.parse().expect("a name")).collect();
        let picked = picked(&wanted, &headers());
        assert!(!format!("{picked:?}").contains("canary"), "{picked:?}");
        picked.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn headers_are_picked_by_name_or_all_without_their_secrets() {
        assert_eq!(names(&[]), "");
        assert_eq!(names(&["ETag", "x-note", "x-other"]), "etag x-note x-note");
        assert_eq!(names(&["*"]), "content-type etag x-note x-note link");
        assert_eq!(names(&["set-cookie"]), "set-cookie", "its name is no secret");
    }

    #[test]
    fn what_is_no_name_is_told() {
        let error = "a b".parse::<HeaderPick>().expect_err("a space");
        assert!(error.contains("`a b`"), "{error}");
    }
}
