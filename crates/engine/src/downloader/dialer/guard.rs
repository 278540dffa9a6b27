//! The resolver of one client: names to the addresses that it then dials, none of which the policy refuses.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Names, Settings};
use crate::message::Reach;

/// A name leads to an address that may not be dialled. Wrapped by the client; found again in the chain of causes.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(in crate::downloader) struct Blocked(pub(in crate::downloader) String);

/// The resolver of the requests of one reach.
pub(in crate::downloader) struct Guard {
    pub(in crate::downloader) names: Arc<Names>,
    pub(in crate::downloader) settings: Arc<Settings>,
    pub(in crate::downloader) reach: Reach,
    /// A name that leads to this address for this client's port only.
    pub(in crate::downloader) pin: Option<(String, SocketAddr)>,
    /// The proxy, which the operator has named.
    pub(in crate::downloader) proxy: Option<String>,
}

impl Guard {
    /// The addresses of a name, if every one of them may be dialled: a name that leads here and there is refused whole.
    pub(in crate::downloader) async fn addresses(&self, name: &str) -> Result<Arc<[SocketAddr]>, Refused> {
        let addresses = match &self.pin {
            Some((pinned, address)) if pinned == name => [*address].into(),
            _ => self.names.addresses(name).await?,
        };
        let is_proxy = self.proxy.as_deref().is_some_and(|proxy| proxy == name);
        let refused = |address: &&SocketAddr| !is_proxy && !self.settings.allows(address.ip(), self.reach);
        match addresses.iter().find(refused) {
            Some(address) => Err(Blocked(self.settings.refusal(&format!("`{name}`: {}", address.ip()))).into()),
            None => Ok(addresses),
        }
    }
}

/// Why a name leads nowhere.
pub(in crate::downloader) type Refused = Box<dyn std::error::Error + Send + Sync>;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Self {
            names: self.names.clone(),
            settings: self.settings.clone(),
            reach: self.reach,
            pin: self.pin.clone(),
            proxy: self.proxy.clone(),
        };
        Box::pin(async move {
            let addresses = guard.addresses(name.as_str()).await?;
            let most = guard.names.most();
            let tried: Vec<SocketAddr> = addresses.iter().copied().take(most).collect();
            Ok(Box::new(tried.into_iter()) as Addrs)
        })
    }
}
