//! The gallery as a server: who may ask, what is answered.

mod api;
mod app;
mod archive;
mod assets;
mod media;
mod pages;
mod selection;
mod serve;
mod visitor;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use dragline::error::{Error, Result};
use dragline::{Layers, Registry};
use tokio::net::TcpListener;

pub(crate) use app::App;
pub(crate) use visitor::Visitor;

use crate::scans::Scans;

/// The gallery, listening.
pub struct Gallery {
    listener: TcpListener,
    app: Arc<App>,
}

/// What the operator has to know when the gallery listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where browsers find it.
    pub url: String,
    /// The token that was made just now; it is told this once.
    pub token: Option<String>,
}

impl Gallery {
    /// Listens; answers nobody yet. The registry is that of the runner, the layers are the operator's.
    ///
    /// # Errors
    /// If a setting cannot be, or the address is taken.
    pub async fn bind(registry: Registry, layers: Layers) -> Result<Self> {
        let scans = Scans::new(registry, layers)?;
        let bind = scans.settings().bind.clone();
        let cannot = |error| Error::setting("gallery.bind", format!("= `{bind}` cannot be listened on: {error}"));
        let listener = TcpListener::bind(&bind).await.map_err(cannot)?;
        let app = Arc::new(App::new(scans));
        Ok(Self { listener, app })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn address(&self) -> Result<SocketAddr> {
        self.listener.local_addr().map_err(Error::other)
    }

    /// What the operator has to know.
    ///
    /// # Errors
    /// If the system does not say where it listens.
    pub fn told(&self) -> Result<Told> {
        Ok(Told { url: format!("http://{}/", self.address()?), token: None })
    }

    /// Answers until `stop` comes to its end.
    ///
    /// # Errors
    /// If the copies cannot be taken away.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let settings = self.app.scans.settings().clone();
        serve::serve(self.listener, router(self.app), &settings, stop).await;
        Ok(())
    }
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(pages::routes())
        .merge(api::routes())
        .merge(media::routes())
        .merge(archive::routes())
        .merge(assets::routes())
        .with_state(app)
}
