//! Whose page a URL is.

use std::borrow::Cow;

use url::{Host, Url};

/// Whether a URL's host is one of these domains or lies below one (Scrapy's `url_is_from_any_domain`). A port counts
/// where it is not the scheme's own: `a.example` does not cover `http://a.example:8080/`, `a.example:8080` does. An
/// address is covered by itself alone.
#[must_use]
pub fn is_from_any_domain(url: &Url, domains: &[impl AsRef<str>]) -> bool {
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else { return false };
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_name = !matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)));
    domains.iter().any(|domain| {
        let domain = domain.as_ref().trim();
        let (name, port) = split_port(domain);
        let name = ascii(name);
        let covers = host.eq_ignore_ascii_case(&name) || is_name && is_below(host, &name);
        covers && port == url.port().or_else(|| port.and(url.port_or_known_default()))
    })
}

/// The part of a URL's host that somebody has registered: `example.co.uk` of `www.example.co.uk`, by the public suffix
/// list with its private section. None for addresses and for suffixes themselves.
#[must_use]
pub fn registrable_domain(url: &Url) -> Option<&str> {
    let Some(Host::Domain(name)) = url.host() else { return None };
    psl::domain_str(name.strip_suffix('.').unwrap_or(name))
}

fn is_below(host: &str, domain: &str) -> bool {
    let Some(at) = host.len().checked_sub(domain.len()).filter(|at| *at > 1) else { return false };
    !domain.is_empty() && host[..at].ends_with('.') && host[at..].eq_ignore_ascii_case(domain)
}

fn split_port(domain: &str) -> (&str, Option<u16>) {
    match domain.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && !port.is_empty() && !port.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (domain, None),
        },
        _ => (domain, None),
    }
}

/// The name as it stands in URLs.
fn ascii(name: &str) -> Cow<'_, str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    Host::parse(name).map_or(Cow::Borrowed(name), |host| Cow::Owned(host.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_covers_itself_and_what_lies_below() {
        for (url, domain, is) in [
            ("http://a.example/", "a.example", true),
            ("http://WWW.a.example/", "A.example", true),
            ("http://www.a.example./", "a.example.", true),
            ("http://ba.example/", "a.example", false),
            ("http://a.example:8080/", "a.example", false),
            ("http://www.a.example:8080/", "a.example:8080", true),
            ("https://a.example/", "a.example:443", true),
            ("http://127.0.0.1/", "0.0.1", false),
            ("http://[::1]:8080/", "[::1]:8080", true),
            ("http://[::1]/", "[::1]", true),
            ("http://www.bücher.example/", "bücher.example", true),
            ("http://a.example/", "", false),
            ("mailto:a@a.example", "a.example", false),
        ] {
            assert_eq!(is_from_any_domain(&Url::parse(url).expect("a URL"), &[domain]), is, "{url} {domain}");
        }
    }

    #[test]
    fn a_registrable_domain_is_what_somebody_owns() {
        for (url, domain) in [
            ("http://a.b.example.co.uk/", Some("example.co.uk")),
            ("http://joe.github.io./", Some("joe.github.io")),
            ("http://co.uk/", None),
            ("http://10.0.0.1/", None),
        ] {
            assert_eq!(registrable_domain(&Url::parse(url).expect("a URL")), domain);
        }
    }
}
