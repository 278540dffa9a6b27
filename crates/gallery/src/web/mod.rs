//! The gallery as a server: who may ask, what is answered.

mod serve;

mod access;
mod app;
mod guard;
mod hosts;
mod marks;
mod seal;
mod session;
mod visitor;

mod api;
mod archive;
mod assets;
mod login;
mod media;
mod pages;
mod selection;

mod headers;
mod problem;

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use dragline::error::{Error, Result};
use dragline::{Layers, Registry};
use tokio::net::TcpListener;

pub(crate) use app::App;
pub(crate) use visitor::Visitor;

use self::access::{Access, Found};
use self::app::Reach;
use crate::scans::Scans;
use crate::settings::{Copies, Settings};

/// The gallery, listening.
pub struct Gallery {
    listener: TcpListener,
    app: Arc<App>,
    told: Told,
}

/// What the operator has to know when the gallery listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where browsers find it.
    pub url: String,
    /// The token that was made just now; it is told this once.
    pub token: Option<String>,
    /// That another value of `gallery.copies` holds than the one that was set.
    pub copies: Option<Copies>,
}

impl Gallery {
    /// Listens; answers nobody yet. The registry is that of the runner, the layers are the operator's.
    ///
    /// # Errors
    /// If a setting cannot be, the address is taken, or others than this machine could ask and there is no access token.
    pub async fn bind(registry: Registry, layers: Layers) -> Result<Self> {
        let blame = layers.clone();
        let scans = Scans::new(registry, layers)?;
        let settings = scans.settings();
        let cannot = |error| {
            let what = format!("= `{}` cannot be listened on: {error}", settings.bind);
            blame.blame(Error::setting("gallery.bind", what))
        };
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host(&settings.bind).await.map_err(cannot)?.collect();
        // before anybody could connect
        let found = token(settings, &addresses).map_err(|error| blame.blame(error))?;
        let listener = TcpListener::bind(&*addresses).await.map_err(cannot)?;
        let bound = listener.local_addr().map_err(Error::other)?;
        scans.served_at(bound);
        let (access, token) = found.map_or((None, None), |found| (Some(found.access), found.told));
        let app = Arc::new(App::new(scans, bound, access));
        let told = Told { url: format!("http://{}/", shown(bound)), token, copies: copies(&app) };
        Ok(Self { listener, app, told })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn address(&self) -> Result<SocketAddr> {
        self.listener.local_addr().map_err(Error::other)
    }

    /// What the operator has to know.
    #[must_use]
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// Answers until `stop` comes to its end.
    ///
    /// # Errors
    /// If the copies cannot be taken away.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let (router, scans) = (router(self.app.clone()), self.app.scans.clone());
        serve::serve(self.listener, router, self.app, stop).await;
        scans.close();
        Ok(())
    }
}

/// The access token, where one is needed or given.
fn token(settings: &Settings, addresses: &[SocketAddr]) -> Result<Option<Found>> {
    let is_open = addresses.iter().any(|address| Reach::of(*address, &settings.hosts) == Reach::Others);
    match (settings.token_file.as_os_str().is_empty(), is_open) {
        (true, false) => Ok(None),
        (false, _) => Access::open(&settings.token_file).map(Some),
        (true, true) => {
            let (key, value) = match addresses.iter().all(|address| address.ip().to_canonical().is_loopback()) {
                false => ("gallery.bind", settings.bind.clone()),
                true => ("gallery.hosts", settings.hosts.join(", ")),
            };
            let what = format!(
                "= `{value}` lets others in than this machine, and they need a token: `--token-file FILE` names its \
                 file, which is made if it is not there"
            );
            Err(Error::setting(key, what))
        }
    }
}

/// What holds in place of what `gallery.copies` says.
fn copies(app: &App) -> Option<Copies> {
    (app.reach == Reach::Others && app.scans.settings().copies != Copies::Always).then_some(Copies::Always)
}

/// An address that a browser can go to: one of this machine where it listens on all.
fn shown(bound: SocketAddr) -> SocketAddr {
    let own: IpAddr = if bound.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    SocketAddr::new(if bound.ip().is_unspecified() { own } else { bound.ip() }, bound.port())
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(login::routes())
        .merge(pages::routes())
        .merge(api::routes())
        .merge(media::routes())
        .merge(archive::routes())
        .merge(assets::routes())
        .with_state(app)
}
