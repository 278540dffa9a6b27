//! The gallery is not told to scan itself (FAULTS, W07).

use std::net::{IpAddr, SocketAddr};

use dragline::message::urls::with_http;
use url::{Host, Url};

use crate::scan::{BadOptions, Options};

/// The page that somebody asks for must be one of the web, and not of the gallery.
///
/// # Errors
/// For people: what is wrong with it.
pub(super) fn check(options: &Options, hosts: &[String], served: Option<SocketAddr>) -> Result<(), BadOptions> {
    let bad = |what: String| Err(BadOptions { name: "url", what });
    let url = match Url::parse(&with_http(options.url.trim())) {
        Ok(url) => url,
        Err(error) => return bad(format!("is not the address of a page: {error}")),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return bad(format!("begins with `{}:`, and pages are had by http and https", url.scheme()));
    }
    if is_own(&url, hosts, served) {
        return bad("is the gallery itself: give the address of another site".to_owned());
    }
    Ok(())
}

/// Whether a URL leads to the gallery: to one of its names, or to the address that it is served at.
fn is_own(url: &Url, hosts: &[String], served: Option<SocketAddr>) -> bool {
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else { return false };
    let name = host.to_string();
    let name = name.trim_end_matches('.');
    let is_named = hosts.iter().any(|own| {
        let own = own.to_ascii_lowercase();
        // "gallery.example.org" is the gallery at whichever port a proxy has it, "gallery.example.org:8443" at that one
        own == name || own == format!("{name}:{port}")
    });
    is_named || served.is_some_and(|served| port == served.port() && leads_to(&host, served.ip()))
}

/// Whether a host is this machine's, as somebody who listens on `own` is found.
fn leads_to(host: &Host<&str>, own: IpAddr) -> bool {
    let is_here = own.is_loopback() || own.is_unspecified();
    let address = match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            return is_here && (name == "localhost" || name.ends_with(".localhost"));
        }
        Host::Ipv4(address) => IpAddr::from(*address),
        Host::Ipv6(address) => IpAddr::from(*address).to_canonical(),
    };
    address == own || is_here && (address.is_loopback() || address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str, served: &str) -> Option<String> {
        let hosts = ["Gallery.example.org".to_owned(), "other.example:8443".to_owned()];
        let served = Some(served.parse().expect("an address"));
        check(&Options::new(url), &hosts, served).err().map(|bad| bad.to_string())
    }

    #[test]
    fn w07_the_gallery_does_not_scan_itself() {
        for url in [
            "http://127.0.0.1:8321/",
            "127.0.0.1:8321",
            "http://0x7f.1:8321/scans",
            "http://[::1]:8321/",
            "http://[::ffff:127.0.0.1]:8321/",
            "http://0.0.0.0:8321/",
            "http://localhost:8321/",
            "http://LOCALHOST.:8321/",
            "http://a.localhost:8321/",
            "https://gallery.example.org/",
            "https://gallery.example.org.:9000/",
            "other.example:8443/a",
        ] {
            assert!(refusal(url, "127.0.0.1:8321").is_some_and(|what| what.contains("itself")), "{url}");
        }
        assert!(refusal("http://192.0.2.7/", "192.0.2.7:80").is_some());
        assert!(refusal("http://localhost/", "0.0.0.0:80").is_some());
        for url in ["http://localhost:3000/", "http://127.0.0.1/", "https://other.example/", "example.org:8321"] {
            assert_eq!(refusal(url, "127.0.0.1:8321"), None, "{url}");
        }
    }

    #[test]
    fn what_is_no_page_of_the_web_is_refused() {
        for url in
            ["file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "http://", "http://a b/", "http://[:1]/"]
        {
            assert!(refusal(url, "127.0.0.1:8321").is_some(), "{url}");
        }
    }
}
