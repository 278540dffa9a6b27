//! Names that are pinned: `dns.hosts`, `--resolve`.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};

use url::Url;

/// An entry of `dns.hosts` that says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` = `{value}` {what}", if key.is_empty() { "dns.servers".to_owned() } else { format!("dns.hosts.\"{key}\"") })]
pub struct PinError {
    key: String,
    value: String,
    what: &'static str,
}

impl PinError {
    pub(super) fn server(value: &str) -> Self {
        Self {
            key: String::new(),
            value: value.to_owned(),
            what: "is not an address: write `192.0.2.1` or `192.0.2.1:53`",
        }
    }

    /// The setting that it is about.
    pub(in crate::downloader) fn setting(&self) -> &'static str {
        if self.key.is_empty() { "dns.servers" } else { "dns.hosts" }
    }
}

/// The pinned names, read.
#[derive(Debug, Clone, Default)]
pub(in crate::downloader) struct Pins {
    by_name: HashMap<String, SocketAddr>,
    by_port: BTreeMap<(String, u16), SocketAddr>,
}

impl Pins {
    pub(super) fn read(hosts: &BTreeMap<String, String>) -> Result<Self, PinError> {
        let mut pins = Self::default();
        for (key, value) in hosts {
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

    /// The address of a name.
    pub(super) fn by_name(&self, name: &str) -> Option<SocketAddr> {
        self.by_name.get(name).copied()
    }

    /// The address of a name that is pinned for one port only; each needs a client of its own, for a resolver never sees
    /// a port.
    pub(in crate::downloader) fn by_port(&self, key: &(String, u16)) -> Option<SocketAddr> {
        self.by_port.get(key).copied()
    }

    /// The key under which a URL is pinned for its port.
    pub(in crate::downloader) fn port_key(&self, url: &Url) -> Option<(String, u16)> {
        if self.by_port.is_empty() {
            return None;
        }
        let key = (url.host_str()?.to_owned(), url.port_or_known_default()?);
        self.by_port.contains_key(&key).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &str, value: &str) -> Result<Pins, PinError> {
        Pins::read(&BTreeMap::from([(key.to_owned(), value.to_owned())]))
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
