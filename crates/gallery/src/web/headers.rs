//! The headers of answers: which pictures a page may show.

use http::HeaderValue;

/// The most origins that a policy names. A header has its limits, and what is over it is shown from copies.
const MOST_ORIGINS: usize = 64;

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
