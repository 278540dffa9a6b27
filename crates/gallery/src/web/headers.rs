//! The headers of every answer: nothing runs that is not ours, nothing is kept, nobody frames it or learns where it was.

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The most origins that a policy names. A header has its limits, and what is over it is shown from copies.
const MOST_ORIGINS: usize = 64;

/// What every answer has; where one has its own already, that stays.
const ALWAYS: [(HeaderName, &str); 7] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
];

/// Of the origins of pictures, those that a policy can name: a page says them of itself, so each is looked at by its
/// characters (`;` is one that a host's name may have), and they are not more than a header holds.
pub(crate) fn allowed(origins: &[String]) -> Vec<&str> {
    let can_be_named = |origin: &&str| {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        // not IPv6: a policy has no form for it
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
        host.is_some_and(|host| !host.is_empty() && host.len() <= 260 && host.bytes().all(is_plain))
    };
    origins.iter().map(String::as_str).filter(can_be_named).take(MOST_ORIGINS).collect()
}

/// The policy of a page that shows pictures from these origins, as [`allowed`] gives them, and from here.
pub(crate) fn policy(origins: &[&str]) -> HeaderValue {
    let mut pictures = "'self'".to_owned();
    for origin in origins {
        pictures.push(' ');
        pictures.push_str(origin);
    }
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src {pictures}; connect-src 'self'; form-action \
         'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Gives an answer what it does not have.
pub(super) fn complete(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(CONTENT_SECURITY_POLICY).or_insert_with(|| policy(&[]));
}

#[cfg(test)]
mod tests {
    use super::{allowed, policy};

    #[test]
    fn w04_an_origin_cannot_add_to_the_policy() {
        let hostile =
            ["http://a;script-src", "http://a b", "https://*", "data:x", "http://[::1]:80", "http://a,b", "http://"];
        assert!(allowed(&hostile.map(str::to_owned)).is_empty());
        let plain = ["https://a.example".to_owned(), "http://b-c.example:8080".to_owned()];
        let text = policy(&allowed(&plain));
        let text = text.to_str().unwrap_or_default();
        assert!(text.contains("img-src 'self' https://a.example http://b-c.example:8080; connect-src"), "{text}");
    }

    #[test]
    fn a_policy_names_no_more_origins_than_a_header_holds() {
        let many: Vec<String> = (0..2000).map(|number| format!("https://{number}.example")).collect();
        assert_eq!(allowed(&many).len(), 64);
    }
}
