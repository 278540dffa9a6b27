//! Stores of pictures on FTP servers: `store = "ftp://user@host/photos"`, and `ftps://…` for the same in TLS.
//!
//! An object is sent under a name for the time being and renamed when all of it is there. The password comes from the
//! environment (`FTP_PASSWORD`), or from the URI, and is in no message either way. Connections are passive, and one is
//! kept for as long as the crawl lasts.

mod address;
mod facts;
mod session;
mod store;

use std::sync::Arc;

use dragline_store::{Backend, Options, Store};

use crate::address::Address;
use crate::store::Server;

/// FTP, plain or in TLS.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ftp;

impl Backend for Ftp {
    fn schemes(&self) -> &'static [&'static str] {
        &["ftp", "ftps"]
    }

    fn store(&self, uri: &str, _options: &Options) -> Result<Arc<dyn Store>, String> {
        Ok(Arc::new(Server::new(Address::of(uri)?)))
    }
}
