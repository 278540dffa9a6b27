//! Asking for something beside the crawl: an image, a login form. It waits for the host's turn like everybody, and
//! goes through the same middlewares; redirects and retries are followed on the spot.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Downloader, Exchange, Keep};
use crate::hosts::{Door, Hosts};
use crate::message::{Failure, FailureKind, Request, Response};

/// The way to the wire for components. Cheap to clone.
#[derive(Clone)]
pub struct Fetch {
    downloader: Arc<Downloader>,
    hosts: Arc<Hosts>,
    door: Door,
}

impl Fetch {
    /// For the crawl's components.
    #[must_use]
    pub fn new(downloader: Arc<Downloader>, hosts: Arc<Hosts>) -> Self {
        Self { downloader, hosts, door: Door::Crawl }
    }

    /// The same, for signing in: passes where a host is held for that.
    #[must_use]
    pub fn signing_in(&self) -> Self {
        Self { door: Door::SignIn, ..self.clone() }
    }

    /// Fetches a page: redirects are followed, failures retried, the body is held in memory.
    ///
    /// # Errors
    /// The last failure, once the retries are used up. A status other than 2xx is one.
    pub async fn fetch(&self, request: Request) -> Result<Response, Failure> {
        self.fetch_into(request, &self.downloader.keep_page()).await
    }

    /// Fetches anything, with its own limit and a place for what is large.
    ///
    /// # Errors
    /// As [`Fetch::fetch`].
    pub async fn fetch_into(&self, request: Request, keep: &Keep) -> Result<Response, Failure> {
        let mut request = request;
        loop {
            if let Some(wait) = request.due.and_then(|due| due.duration_since(SystemTime::now()).ok()) {
                tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
            }
            let turn = self.hosts.turn(&request.host(), self.door).await;
            let exchange = self.downloader.exchange(&request, keep).await;
            drop(turn);
            request = match exchange {
                Exchange::Answered(response) if response.status.is_success() => return Ok(response),
                Exchange::Answered(response) => return Err(Failure::status(response.status, response.url)),
                Exchange::Failed(failure) => return Err(failure),
                Exchange::Dropped(reason) => {
                    let detail = format!("not sent: {}", reason.0);
                    return Err(Failure::new(FailureKind::BadRequest, request.url, detail));
                }
                // each redirect and retry counts itself in the request, so this ends
                Exchange::Again(next) => next,
            };
        }
    }
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch").field("door", &self.door).finish_non_exhaustive()
    }
}
