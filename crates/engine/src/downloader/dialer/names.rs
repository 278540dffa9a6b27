//! Names to addresses: pinned ones (`dns.hosts`, `--resolve`) first, then this machine's own names, then DNS through a
//! cache that keeps each answer for its time to live. However many ask at once, a name is asked for once.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::system_conf::read_system_conf;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::own::{self, Own};
use super::{PinError, Pins};
use crate::downloader::explain::of_system;
use crate::message::FailureKind;

/// How long one server may think before another is asked, at most.
const SERVER: Duration = Duration::from_secs(3);
/// For how long an answer is kept, whatever it says.
const KEPT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));
/// Answers that are kept.
const CACHE: u64 = 10_000;

/// `[dns]`: where names lead.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dns {
    /// Who is asked.
    pub resolver: Asked,
    /// Servers to ask instead of those of `/etc/resolv.conf`: `"192.0.2.1"` or `"192.0.2.1:5353"`.
    pub servers: Vec<String>,
    /// How long a name may take.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// The most addresses of a name that are tried.
    pub max_addresses: usize,
    /// Names that are not looked up: `"www.example.com" = "127.0.0.1:8443"`. A key may name a port, `"host:443"`; a
    /// value without a port keeps the URL's.
    pub hosts: BTreeMap<String, String>,
}

/// Who looks names up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Asked {
    /// Dragline, with a cache of its own.
    #[default]
    Own,
    /// The system's resolver: for names that only it knows (mDNS, split networks).
    System,
}

impl Default for Dns {
    fn default() -> Self {
        let timeout = Duration::from_secs(10);
        Self { resolver: Asked::Own, servers: Vec::new(), timeout, max_addresses: 16, hosts: BTreeMap::new() }
    }
}

/// A name that leads nowhere. Wrapped by the client; found again in the chain of causes.
#[derive(Debug, Clone, thiserror::Error)]
pub(in crate::downloader) enum NameError {
    /// It does not exist, or has no address.
    #[error("no address for `{0}`")]
    Unknown(String),
    /// Nobody could say, for now.
    #[error("no answer about `{name}`: {why}")]
    Temporary {
        /// Whether it is the servers, or this machine that cannot ask them.
        kind: FailureKind,
        /// The name.
        name: String,
        /// What went wrong.
        why: String,
    },
}

type Answer = Result<Arc<[SocketAddr]>, NameError>;

/// All that is known of names.
pub(in crate::downloader) struct Names {
    dns: Dns,
    servers: Vec<SocketAddr>,
    pins: Pins,
    /// Made at the first question: it needs the runtime. None if the machine has no configuration for it.
    resolver: OnceLock<Option<Own>>,
    /// Names that are being asked for.
    asked: Mutex<HashMap<String, Shared<BoxFuture<'static, Answer>>>>,
}

impl Names {
    /// # Errors
    /// If a pin or a server says nothing.
    pub(in crate::downloader) fn new(dns: &Dns) -> Result<Self, PinError> {
        let server = |text: &String| {
            let address = text.parse().or_else(|_| text.parse().map(|ip: IpAddr| SocketAddr::new(ip, 53)));
            address.map_err(|_| PinError::server(text))
        };
        Ok(Self {
            servers: dns.servers.iter().map(server).collect::<Result<_, _>>()?,
            pins: Pins::read(&dns.hosts)?,
            dns: dns.clone(),
            resolver: OnceLock::new(),
            asked: Mutex::default(),
        })
    }

    pub(in crate::downloader) fn pins(&self) -> &Pins {
        &self.pins
    }

    /// The addresses of a name; port 0 where the URL's own is meant.
    pub(in crate::downloader) async fn addresses(self: &Arc<Self>, name: &str) -> Answer {
        if let Some(address) = self.pins.by_name(name) {
            return Ok([address].into());
        }
        let bare = name.strip_suffix('.').unwrap_or(name);
        // RFC 6761, section 6.3: such names never leave the machine
        if bare == "localhost" || bare.ends_with(".localhost") {
            let [v4, v6] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            return Ok([SocketAddr::new(v4, 0), SocketAddr::new(v6, 0)].into());
        }
        let answer = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            match asked.get(name) {
                Some(answer) => answer.clone(),
                None => {
                    let (names, wanted) = (self.clone(), name.to_owned());
                    let answer = async move {
                        let answer = names.look_up(&wanted).await;
                        names.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(&wanted);
                        answer
                    };
                    let answer = answer.boxed().shared();
                    asked.insert(name.to_owned(), answer.clone());
                    answer
                }
            }
        };
        answer.await
    }

    async fn look_up(&self, name: &str) -> Answer {
        let temporary =
            |why: String| NameError::Temporary { kind: FailureKind::DnsTemporary, name: name.to_owned(), why };
        let found = match self.resolver.get_or_init(|| self.own_resolver()) {
            Some(own) => timeout(self.dns.timeout, own::addresses(own, name)).await,
            None => timeout(self.dns.timeout, system(name)).await,
        };
        let limit = self.dns.timeout.as_secs_f64();
        let mut addresses =
            found.unwrap_or_else(|_| Err(temporary(format!("none within `dns.timeout` = {limit}s"))))?;
        if addresses.is_empty() {
            return Err(NameError::Unknown(name.to_owned()));
        }
        // the connection is tried over both families at once (RFC 8305), the first one first
        addresses.sort_by_key(IpAddr::is_ipv4);
        addresses.dedup();
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, 0)).collect())
    }

    /// How many addresses of a name are tried.
    pub(in crate::downloader) fn most(&self) -> usize {
        self.dns.max_addresses.max(1)
    }

    fn own_resolver(&self) -> Option<Own> {
        if self.dns.resolver == Asked::System {
            return None;
        }
        let warn = |error: &NetError| {
            tracing::warn!(%error, "names are looked up by the system: its DNS settings cannot be read");
        };
        self.build().inspect_err(warn).ok()
    }

    fn build(&self) -> Result<Own, NetError> {
        let (config, mut options) = if self.servers.is_empty() {
            read_system_conf()?
        } else {
            let mut config = ResolverConfig::default();
            config.name_servers = self.servers.iter().map(|server| name_server(*server)).collect();
            (config, ResolverOpts::default())
        };
        options.timeout = SERVER.min(self.dns.timeout);
        options.attempts = 2;
        options.cache_size = CACHE;
        (options.positive_min_ttl, options.positive_max_ttl) = (Some(KEPT.0), Some(KEPT.1));
        (options.negative_min_ttl, options.negative_max_ttl) = (Some(KEPT.0), Some(KEPT.1));
        let port = |server: &NameServerConfig| server.connections.first().map_or(53, |connection| connection.port);
        let servers = config.name_servers.iter().map(|server| SocketAddr::new(server.ip, port(server))).collect();
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        Ok(Own { resolver: builder.with_options(options).build()?, servers })
    }
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    server.connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].into();
    for connection in &mut server.connections {
        connection.port = address.port();
    }
    server
}

/// The system says neither why nor for how long.
async fn system(name: &str) -> Result<Vec<IpAddr>, NameError> {
    match tokio::net::lookup_host((name, 0)).await {
        Ok(found) => Ok(found.map(|address| address.ip()).collect()),
        Err(error) if error.to_string().contains("emporary") => {
            let kind = of_system(&error).unwrap_or(FailureKind::DnsTemporary);
            Err(NameError::Temporary { kind, name: name.to_owned(), why: error.to_string() })
        }
        Err(_) => Err(NameError::Unknown(name.to_owned())),
    }
}
