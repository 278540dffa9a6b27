//! Where a connection may lead. Whatever asks (a page, a redirect, robots.txt, an image, `open`), the address that is
//! about to be dialled is looked at: one that the URL writes out in `check`, one that a name leads to in the resolver of
//! the client that then dials exactly that address. Nothing is looked up twice, so nothing can change in between.

pub mod address;
mod guard;
mod names;
mod own;
mod pins;
mod ports;

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

pub use names::Dns;
pub use pins::PinError;
pub use ports::is_bad as is_bad_port;

pub(super) use guard::{Blocked, Guard};
pub(super) use names::{NameError, Names};
pub(super) use pins::Pins;

use crate::message::{Failure, FailureKind, Reach, Request};

/// `[dialer]`: which addresses may be dialled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Who may reach what.
    pub policy: Policy,
    /// Networks that may be dialled whatever the policy says.
    pub allow_net: Vec<IpNet>,
    /// Ports that a page must not lead to, beside those that browsers refuse.
    pub refuse_ports: Vec<u16>,
    /// The local address that connections come from; empty leaves it to the system.
    #[serde(with = "bind")]
    pub bind: Option<IpAddr>,
}

/// Who may reach which addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Globally routable addresses only.
    Strict,
    /// What the operator names may lie anywhere; a page from a public address leads to public addresses only.
    #[default]
    Pivot,
    /// Any address.
    Off,
}

impl Settings {
    /// Whether a request of this reach may be sent to this address.
    #[must_use]
    pub fn allows(&self, address: IpAddr, reach: Reach) -> bool {
        let is_free = match self.policy {
            Policy::Off => true,
            Policy::Pivot => reach == Reach::Anywhere,
            Policy::Strict => false,
        };
        // a mapped address is the IPv4 address that is dialled
        is_free || address::is_global(address) || self.allow_net.iter().any(|net| net.contains(&address.to_canonical()))
    }

    /// Whether names must be looked up here although a proxy would do it.
    pub(super) fn restricts(&self, reach: Reach) -> bool {
        self.policy == Policy::Strict || (self.policy == Policy::Pivot && reach == Reach::Public)
    }

    /// Scheme, port and an address that the URL writes out.
    pub(super) fn check(&self, request: &Request) -> Result<(), Failure> {
        let url = &request.url;
        let fail = |kind, detail: String| Err(Failure::new(kind, url.clone(), detail));
        if !matches!(url.scheme(), "http" | "https") {
            return fail(FailureKind::BadScheme, format!("`{}` is not fetched: http and https are", url.scheme()));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let from_page = request.referrer.is_some() || !request.redirects.is_empty();
        if (from_page && ports::is_bad(port)) || self.refuse_ports.contains(&port) {
            return fail(FailureKind::BadPort, format!("no page may lead to port {port}"));
        }
        match literal(url) {
            Some(address) if !self.allows(address, request.reach) => {
                fail(FailureKind::BlockedAddress, self.refusal(&address.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Why an address was refused.
    pub(super) fn refusal(&self, what: &str) -> String {
        let cure = "`--allow-net NETWORK` or `dialer.policy` = \"off\" allows it";
        match self.policy {
            Policy::Strict => format!("{what} is not a public address, and `dialer.policy` = \"strict\": {cure}"),
            _ => format!("{what} is not a public address, and a page from a public one led there: {cure}"),
        }
    }
}

/// The address that a URL writes out, in whichever spelling: the URL parser has read it.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

mod bind {
    //! An address, or an empty string for none.

    use std::net::IpAddr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bind: &Option<IpAddr>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&bind.map(|address| address.to_string()).unwrap_or_default())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| D::Error::custom(format!("`{text}` is not an address"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(settings: &Settings, url: &str, reach: Reach) -> Option<FailureKind> {
        let request = Request { reach, ..Request::get(Url::parse(url).expect("a URL")) };
        settings.check(&request).err().map(|failure| failure.kind)
    }

    #[test]
    fn s01_literal_addresses_in_every_spelling() {
        let strict = Settings { policy: Policy::Strict, ..Settings::default() };
        for host in [
            "127.1",
            "0",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "127。0。0。1",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[::7f00:1]",
            "169.254.169.254",
            "[fd00:ec2::254]",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "a@127.0.0.1",
            "127.0.0.1.",
            "1.1.1.1:80\\@127.2.2.2",
        ] {
            let url = format!("http://{host}/");
            let expected = (host != "1.1.1.1:80\\@127.2.2.2").then_some(FailureKind::BlockedAddress);
            assert_eq!(check(&strict, &url, Reach::Anywhere), expected, "{url}");
        }
    }

    #[test]
    fn s04_a_public_page_does_not_lead_into_a_private_network() {
        let pivot = Settings::default();
        let local = "http://127.0.0.1:8080/";
        assert_eq!(check(&pivot, local, Reach::Anywhere), None);
        assert_eq!(check(&pivot, local, Reach::Public), Some(FailureKind::BlockedAddress));
        let widened = Settings { allow_net: vec!["127.0.0.0/8".parse().expect("a network")], ..pivot };
        assert_eq!(check(&widened, local, Reach::Public), None);
        assert_eq!(check(&widened, "http://[::ffff:127.0.0.1]/", Reach::Public), None);
        assert_eq!(check(&widened, "http://10.0.0.1/", Reach::Public), Some(FailureKind::BlockedAddress));
    }

    #[test]
    fn s06_and_s07_other_schemes_and_ports() {
        let settings = Settings::default();
        for url in ["file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "jar:http://a.example!/b"] {
            assert_eq!(check(&settings, url, Reach::Anywhere), Some(FailureKind::BadScheme), "{url}");
        }
        let mut request = Request::get(Url::parse("http://a.example:25/").expect("a URL"));
        assert!(settings.check(&request).is_ok(), "the operator may");
        request.referrer = Some(Url::parse("http://a.example/").expect("a URL"));
        assert_eq!(settings.check(&request).expect_err("a page may not").kind, FailureKind::BadPort);
    }
}
