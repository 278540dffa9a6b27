//! The clients that open sockets: one for each way to a server, since proxy, trust and what may be dialled belong to a
//! client and not to a request. This is the only file that makes one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use url::Url;

use super::dialer::{Guard, Names, Policy, Settings as Dialer};
use super::tls::{Tls, Trust};
use super::{ClientError, Limits};
use crate::message::Reach;

/// HTTP/2 header lists may be this long (RFC 9113, `SETTINGS_MAX_HEADER_LIST_SIZE`).
const HEADER_LIST: u32 = 64 * 1024;
/// Clients beside the two that most requests use. Each has a pool; the one that was used longest ago goes.
const MOST: usize = 64;

/// A way to a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Way {
    /// What may be dialled.
    pub(super) reach: Reach,
    /// The proxy.
    pub(super) proxy: Option<Url>,
    /// The name that is pinned for one port, and where it leads.
    pub(super) pin: Option<(String, SocketAddr)>,
    /// Whether certificates must be trusted.
    pub(super) verify: bool,
    /// HTTP/2 may be spoken.
    pub(super) http2: bool,
}

/// The clients, made as they are needed.
pub(super) struct Clients {
    limits: Limits,
    dialer: Arc<Dialer>,
    names: Arc<Names>,
    trust: Trust,
    per_host: usize,
    anywhere: OnceLock<reqwest::Client>,
    public: OnceLock<reqwest::Client>,
    others: Mutex<Others>,
}

#[derive(Default)]
struct Others {
    clients: HashMap<Way, (u64, reqwest::Client)>,
    uses: u64,
}

impl Clients {
    /// # Errors
    /// If a root certificate cannot be read, or the client cannot be made.
    pub(super) fn new(
        limits: Limits,
        dialer: Arc<Dialer>,
        names: Arc<Names>,
        tls: &Tls,
        per_host: usize,
    ) -> Result<Self, ClientError> {
        let (trust, others) = (Trust::read(tls)?, Mutex::default());
        let (anywhere, public) = (OnceLock::new(), OnceLock::new());
        let clients = Self { limits, dialer, names, trust, per_host, anywhere, public, others };
        // what is wrong with it is to be said before the crawl begins
        let _ = clients.anywhere.set(clients.build(&clients.plain(Reach::Anywhere))?);
        Ok(clients)
    }

    /// The client for a way.
    pub(super) fn of(&self, way: &Way) -> Result<reqwest::Client, ClientError> {
        let lasting = match way.reach {
            _ if *way != self.plain(way.reach) => None,
            // nothing is refused by reach: both would dial the same
            _ if self.dialer.policy != Policy::Pivot => Some(&self.anywhere),
            Reach::Anywhere => Some(&self.anywhere),
            Reach::Public => Some(&self.public),
        };
        if let Some(lasting) = lasting {
            return match lasting.get() {
                Some(client) => Ok(client.clone()),
                None => {
                    let client = self.build(way)?;
                    Ok(lasting.get_or_init(|| client).clone())
                }
            };
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.uses += 1;
        let now = others.uses;
        if let Some((used, client)) = others.clients.get_mut(way) {
            *used = now;
            return Ok(client.clone());
        }
        let client = self.build(way)?;
        if others.clients.len() >= MOST
            && let Some(oldest) = others.clients.iter().min_by_key(|(_, (used, _))| *used).map(|(way, _)| way.clone())
        {
            others.clients.remove(&oldest);
        }
        others.clients.insert(way.clone(), (now, client.clone()));
        Ok(client)
    }

    /// The way of most requests.
    pub(super) fn plain(&self, reach: Reach) -> Way {
        Way { reach, proxy: None, pin: None, verify: true, http2: self.limits.http2 }
    }

    fn build(&self, way: &Way) -> Result<reqwest::Client, ClientError> {
        let guard = Guard {
            names: self.names.clone(),
            settings: self.dialer.clone(),
            reach: way.reach,
            pin: way.pin.clone(),
            proxy: way.proxy.as_ref().and_then(|proxy| proxy.host_str().map(str::to_owned)),
        };
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.trust.config(way.verify, way.http2)?)
            .dns_resolver(guard)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(self.limits.connect_timeout)
            .http1_max_headers(self.limits.max_headers)
            .http2_max_header_list_size(HEADER_LIST)
            .pool_max_idle_per_host(self.per_host.max(1))
            .local_address(self.dialer.bind)
            .tcp_nodelay(true);
        if !way.http2 {
            builder = builder.http1_only();
        }
        if let Some(proxy) = &way.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(ClientError::Client)?);
        }
        builder.build().map_err(ClientError::Client)
    }
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clients").field("limits", &self.limits).field("dialer", &self.dialer).finish_non_exhaustive()
    }
}
