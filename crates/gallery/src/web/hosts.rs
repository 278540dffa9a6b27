//! Under which names the gallery is known. A page elsewhere that has its own name lead to this machine (DNS rebinding)
//! sends that name, and so is told apart before anything is looked up.

use std::net::{IpAddr, SocketAddr};

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Uri};

/// The names of a gallery.
#[derive(Debug)]
pub(crate) struct Hosts {
    /// Where it listens.
    bound: SocketAddr,
    /// `gallery.hosts`, in small letters: each with a port or without.
    named: Vec<String>,
}

/// Which of its names a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// One of this machine itself: `localhost`, `127.0.0.1`, `[::1]`.
    Own,
    /// The address that it listens on, or one of `gallery.hosts`.
    Given,
}

impl Hosts {
    /// Those of a gallery that listens there.
    pub(crate) fn new(bound: SocketAddr, named: &[String]) -> Self {
        Self { bound, named: named.iter().map(|name| name.trim().to_ascii_lowercase()).collect() }
    }

    /// Which name a request has that has come to an address; none if it is none of ours, or there are several.
    pub(crate) fn name(&self, uri: &Uri, headers: &HeaderMap, reached: SocketAddr) -> Option<Name> {
        let mut given = headers.get_all(HOST).iter();
        let host = given.next()?.to_str().ok()?;
        if given.next().is_some() || uri.authority().is_some_and(|target| !target.as_str().eq_ignore_ascii_case(host)) {
            return None;
        }
        self.known(host, reached)
    }

    fn known(&self, host: &str, reached: SocketAddr) -> Option<Name> {
        let authority: Authority = host.parse().ok()?;
        let (name, port) = (authority.host().to_ascii_lowercase(), authority.port_u16());
        // what stands behind the name is a port, and nothing before it: no user, and no number that none can have
        if authority.as_str().contains('@') || (port.is_none() && authority.as_str() != authority.host()) {
            return None;
        }
        let is_own_port = port.is_none_or(|port| port == self.bound.port());
        let address: Option<IpAddr> = name.trim_start_matches('[').trim_end_matches(']').parse().ok();
        let is_own = name == "localhost" || address == Some(IpAddr::from([127, 0, 0, 1])) || name == "[::1]";
        if is_own && is_own_port {
            return Some(Name::Own);
        }
        // where it listens on all addresses: the one by which the request came
        let is_reached = address.is_some_and(|address| {
            !address.is_unspecified() && (address == self.bound.ip() || address == reached.ip().to_canonical())
        });
        let with_port = authority.as_str().to_ascii_lowercase();
        let is_named = self.named.iter().any(|named| *named == name || *named == with_port);
        ((is_reached && is_own_port) || is_named).then_some(Name::Given)
    }

    /// Whether none of the names is known beyond this machine.
    pub(crate) fn are_own(&self) -> bool {
        let name = |named: &str| named.rsplit_once(':').map_or(named, |(name, _)| name).to_owned();
        let is_own = |name: &str| {
            let address: Option<IpAddr> = name.trim_start_matches('[').trim_end_matches(']').parse().ok();
            name == "localhost" || name.ends_with(".localhost") || address.is_some_and(|address| address.is_loopback())
        };
        self.named.iter().all(|named| is_own(named) || is_own(&name(named)))
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{Hosts, Name};

    fn hosts(bound: &str, named: &[&str]) -> Option<Hosts> {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        Some(Hosts::new(bound.parse().ok()?, &named))
    }

    fn known(bound: &str, named: &[&str], reached: &str, host: &str) -> Option<Name> {
        let reached: SocketAddr = reached.parse().ok()?;
        hosts(bound, named)?.known(host, reached)
    }

    #[test]
    fn w03_the_names_of_this_machine_are_known_with_its_port_or_none() {
        for host in ["localhost", "LOCALHOST:8321", "127.0.0.1:8321", "127.0.0.1", "[::1]:8321", "[::1]"] {
            assert_eq!(known("127.0.0.1:8321", &[], "127.0.0.1:8321", host), Some(Name::Own), "{host}");
        }
    }

    #[test]
    fn w03_all_others_are_not() {
        for host in [
            "evil.example",
            "evil.example:8321",
            "localhost:80",
            "127.0.0.1:80",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "user@localhost",
            "localhost:",
            "localhost:99999",
            "",
            "localhost/",
            "127.1",
            "2130706433",
            "0.0.0.0:8321",
            "localhost.",
            "[::1",
            "[::ffff:127.0.0.1]",
        ] {
            assert_eq!(known("127.0.0.1:8321", &[], "127.0.0.1:8321", host), None, "{host}");
        }
    }

    #[test]
    fn names_that_were_given_are_known_and_so_is_the_address_that_was_reached() {
        let named = ["Gallery.Example.org", "other.example:8443"];
        let of = |host| known("0.0.0.0:8321", &named, "192.0.2.7:8321", host);
        for host in
            ["gallery.example.org", "gallery.example.org:443", "other.example:8443", "192.0.2.7:8321", "192.0.2.7"]
        {
            assert_eq!(of(host), Some(Name::Given), "{host}");
        }
        for host in ["other.example", "192.0.2.8:8321", "192.0.2.7:80", "0.0.0.0:8321"] {
            assert_eq!(of(host), None, "{host}");
        }
    }

    #[test]
    fn names_of_this_machine_make_no_public_gallery() {
        let are_own = |named: &[&str]| hosts("127.0.0.1:1", named).is_some_and(|hosts| hosts.are_own());
        assert!(are_own(&[]) && are_own(&["gallery.localhost:80", "127.0.0.2"]));
        assert!(!are_own(&["gallery.example.org"]) && !are_own(&["localhost", "192.0.2.1:80"]));
    }
}
