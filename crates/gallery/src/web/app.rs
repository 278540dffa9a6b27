//! What every answer is made of.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::Visitor;
use super::access::{Access, Attempts};
use super::hosts::Hosts;
use super::seal::Seal;
use super::session::Sessions;
use crate::scan::{BadOptions, Options, Scan};
use crate::scans::{Refused, Scans};
use crate::settings::Copies;

/// What every answer is made of.
pub(crate) struct App {
    pub(crate) scans: Scans,
    /// Archives that may be sent at once.
    pub(crate) archives: Arc<Semaphore>,
    pub(crate) sessions: Sessions,
    /// What names of copies and tokens of forms are sealed with.
    pub(crate) seal: Seal,
    pub(crate) hosts: Hosts,
    /// The access token; none where this machine alone is answered.
    pub(crate) access: Option<Access>,
    /// Wrong access tokens by now.
    pub(crate) attempts: Attempts,
    /// Who is answered.
    pub(crate) reach: Reach,
}

/// Who is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This machine alone.
    Own,
    /// Others, too: by the address that it listens on, or by a name in `gallery.hosts`.
    Others,
}

impl Reach {
    /// Who is answered at an address under the names of `gallery.hosts`.
    pub(crate) fn of(bound: SocketAddr, named: &[String]) -> Self {
        match bound.ip().to_canonical().is_loopback() && Hosts::new(bound, named).are_own() {
            true => Self::Own,
            false => Self::Others,
        }
    }
}

impl App {
    /// Of a gallery that listens at an address.
    pub(crate) fn new(scans: Scans, bound: SocketAddr, access: Option<Access>) -> Self {
        let settings = scans.settings();
        let sessions = Sessions::new(settings.sessions, bound.port());
        let (hosts, reach) = (Hosts::new(bound, &settings.hosts), Reach::of(bound, &settings.hosts));
        let attempts = Attempts::new(settings.logins_per_minute);
        let archives = Arc::new(Semaphore::new(settings.zips));
        Self { scans, archives, sessions, seal: Seal::new(), hosts, access, attempts, reach }
    }

    /// What forms of a session carry.
    pub(crate) fn form_token(&self, session: &str) -> String {
        self.seal.of(&["form", session])
    }

    /// Which pictures of a scan the browser has from here. Where others are answered these are all: no visitor's address
    /// goes to sites that somebody else has chosen.
    pub(crate) fn copies(&self, options: &Options) -> Copies {
        match self.reach {
            Reach::Own => options.copies.unwrap_or(self.scans.settings().copies),
            Reach::Others => Copies::Always,
        }
    }

    /// A visitor asks for a scan.
    ///
    /// # Errors
    /// If it makes no sense, there are too many, or robots.txt is to be passed over by somebody who may not.
    pub(crate) fn submit(&self, visitor: &Visitor, options: Options) -> Result<Arc<Scan>, Refused> {
        if !options.robots && !visitor.is_local {
            let what = "stays on: only who runs the gallery on the own machine passes robots.txt over";
            return Err(BadOptions { name: "robots", what: what.to_owned() }.into());
        }
        self.scans.submit(&visitor.session, options)
    }
}
