//! Names to addresses: pinned ones (`dns.hosts`, `--resolve`) first, then the system's.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde::{Deserialize, Serialize};
use url::Url;

/// `[dns]`: where names lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dns {
    /// Names that are not looked up: `"www.example.com" = "127.0.0.1:8443"`. A key may name a port, `"host:443"`; a
    /// value without a port keeps the URL's.
    pub hosts: BTreeMap<String, String>,
}

/// An entry of `dns.hosts` that says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`dns.hosts.\"{key}\"` = `{value}` {what}")]
pub struct PinError {
    key: String,
    value: String,
    what: &'static str,
}

/// A name has no address. Wrapped by the client; found again in the chain of causes.
#[derive(Debug, thiserror::Error)]
#[error("no address for `{0}`")]
pub(super) struct NoAddress(String);

/// The pinned names, read.
#[derive(Debug, Clone, Default)]
pub(super) struct Pins {
    by_name: HashMap<String, SocketAddr>,
    by_port: BTreeMap<(String, u16), SocketAddr>,
}

impl Pins {
    pub(super) fn read(dns: &Dns) -> Result<Self, PinError> {
        let mut pins = Self::default();
        for (key, value) in &dns.hosts {
            let error = |what| PinError { key: key.clone(), value: value.clone(), what };
            let bare = value.trim_start_matches('[').trim_end_matches(']');
            let address = (value.parse::<SocketAddr>().ok())
                .or_else(|| bare.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0)))
                .ok_or_else(|| error("is not an address: write `127.0.0.1`, `127.0.0.1:8443` or `[::1]:8443`"))?;
            match key.rsplit_once(':').map(|(name, port)| (name, port.parse::<u16>())) {
                None => {
                    pins.by_name.insert(key.to_ascii_lowercase(), address);
                }
                Some((name, Ok(port))) => {
                    // the client overrides a pinned port by one that the URL writes out, which it must for all but these
                    if !matches!(port, 80 | 443) && address.port() != 0 && address.port() != port {
                        return Err(error("cannot lead to another port: that works for ports 80 and 443"));
                    }
                    pins.by_port.insert((name.to_ascii_lowercase(), port), address);
                }
                Some((_, Err(_))) => return Err(error("has a port that is not a number")),
            }
        }
        Ok(pins)
    }

    /// The names that are pinned for one port only; each needs a client of its own, for a resolver never sees a port.
    pub(super) fn by_port(&self) -> impl Iterator<Item = (&(String, u16), SocketAddr)> {
        self.by_port.iter().map(|(key, address)| (key, *address))
    }

    /// The key under which a URL is pinned for its port.
    pub(super) fn port_key(&self, url: &Url) -> Option<(String, u16)> {
        if self.by_port.is_empty() {
            return None;
        }
        let key = (url.host_str()?.to_owned(), url.port_or_known_default()?);
        self.by_port.contains_key(&key).then_some(key)
    }

    /// These pins, and one more.
    pub(super) fn with(&self, name: &str, address: SocketAddr) -> Self {
        let mut pins = self.clone();
        pins.by_name.insert(name.to_owned(), address);
        pins
    }
}

/// The client's resolver.
#[derive(Debug)]
pub(super) struct Resolver(pub(super) Arc<Pins>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        if let Some(address) = self.0.by_name.get(name.as_str()) {
            let addresses: Addrs = Box::new(std::iter::once(*address));
            return Box::pin(std::future::ready(Ok(addresses)));
        }
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let addresses: Vec<SocketAddr> = found.map_err(|_| NoAddress(name.as_str().to_owned()))?.collect();
            if addresses.is_empty() {
                return Err(NoAddress(name.as_str().to_owned()).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &str, value: &str) -> Result<Pins, PinError> {
        Pins::read(&Dns { hosts: BTreeMap::from([(key.to_owned(), value.to_owned())]) })
    }

    #[test]
    fn a_name_is_pinned_with_and_without_ports() {
        let pins = read("www.Example.com", "127.0.0.1:8443").expect("pins");
        assert_eq!(pins.by_name["www.example.com"], "127.0.0.1:8443".parse().expect("an address"));
        assert!(read("a", "[::1]").is_ok() && read("a", "::1").is_ok() && read("a:443", "127.0.0.1:8443").is_ok());
        let pins = read("a:443", "127.0.0.1:8443").expect("pins");
        let key = |url: &str| pins.port_key(&Url::parse(url).expect("a URL"));
        assert_eq!((key("https://a/"), key("http://a/")), (Some(("a".to_owned(), 443)), None));
    }

    #[test]
    fn a_pin_that_says_nothing_is_named() {
        let error = read("a", "localhost").expect_err("not an address");
        assert!(error.to_string().starts_with("`dns.hosts.\"a\"` = `localhost` is not an address"), "{error}");
        assert!(read("a:8080", "127.0.0.1:9090").is_err());
        assert!(read("a:b", "127.0.0.1").is_err());
    }
}
