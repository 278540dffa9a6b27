//! Hosts that are asked straight: what stands in `no_proxy`, in all the forms that are about.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

/// The hosts that no proxy is used for.
#[derive(Debug, Default)]
pub(super) struct Exceptions {
    all: bool,
    names: Vec<Name>,
    networks: Vec<(IpNet, Option<u16>)>,
}

#[derive(Debug)]
struct Name {
    /// Without a leading dot: a domain is meant with all that lies below it.
    domain: String,
    port: Option<u16>,
}

impl Exceptions {
    /// Adds an entry: `*`, a domain with or without a leading dot or `*.`, an address, a network; each may have a port.
    /// False if it is none of these.
    pub(super) fn add(&mut self, entry: &str) -> bool {
        let entry = entry.trim();
        if entry == "*" {
            self.all = true;
            return true;
        }
        if let Ok(network) = entry.parse() {
            self.networks.push((network, None));
            return true;
        }
        let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
        if let Ok(address) = bare.parse::<IpAddr>() {
            self.networks.push((address.into(), None));
            return true;
        }
        let (name, port) = match entry.rsplit_once(':') {
            Some((name, port)) => match port.parse() {
                Ok(port) => (name, Some(port)),
                Err(_) => return false,
            },
            None => (entry, None),
        };
        let name = name.strip_prefix("*.").unwrap_or(name).trim_start_matches('.');
        // read as a URL's host is read, so that both are spelled alike
        match Host::parse(name) {
            Ok(Host::Domain(domain)) => {
                let domain = domain.trim_end_matches('.').to_owned();
                let is_one = !domain.is_empty() && !domain.contains('*');
                if is_one {
                    self.names.push(Name { domain, port });
                }
                is_one
            }
            Ok(Host::Ipv4(address)) => {
                self.networks.push((IpAddr::V4(address).into(), port));
                true
            }
            Ok(Host::Ipv6(address)) => {
                self.networks.push((IpAddr::V6(address).into(), port));
                true
            }
            Err(_) => false,
        }
    }

    /// Whether a URL's host is one of them.
    pub(super) fn has(&self, url: &Url) -> bool {
        let fits = |port: Option<u16>| port.is_none() || port == url.port_or_known_default();
        let is_in = |address: IpAddr| self.networks.iter().any(|(net, port)| fits(*port) && net.contains(&address));
        self.all
            || match url.host() {
                Some(Host::Domain(host)) => {
                    let host = host.trim_end_matches('.');
                    self.names.iter().any(|name| {
                        let rest = host.strip_suffix(name.domain.as_str());
                        fits(name.port) && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                    })
                }
                Some(Host::Ipv4(address)) => is_in(address.into()),
                Some(Host::Ipv6(address)) => is_in(address.into()),
                None => false,
            }
    }
}
