//! Asking for something beside the crawl: an image, a login form. It waits for the host's turn like everybody, and
//! goes through the same middlewares; redirects and retries are followed on the spot.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::{Admission, Downloader, Exchange, Keep, Reason};
use crate::hosts::{Door, Hosts, Turn};
use crate::message::{Failure, FailureKind, Request, Response};

/// The way to the wire for components. Cheap to clone.
#[derive(Clone)]
pub struct Fetch {
    downloader: Arc<Downloader>,
    hosts: Arc<Hosts>,
    door: Door,
    /// Turns true when the crawl is to end: then nobody waits for what is far off.
    stop: watch::Receiver<bool>,
}

/// What was fetched, and the place that it has taken among those that may be held at once.
#[derive(Debug)]
pub struct Held {
    /// The response.
    pub response: Response,
    /// Drop this when the body is no longer held.
    pub place: OwnedSemaphorePermit,
}

/// What came of a request, and the way that led there.
#[derive(Debug)]
pub struct Trace {
    /// The request as it went out last; its `redirects` are the way.
    pub request: Request,
    /// What came of it.
    pub outcome: Result<Response, Failure>,
}

impl Fetch {
    /// For the crawl's components.
    #[must_use]
    pub fn new(downloader: Arc<Downloader>, hosts: Arc<Hosts>, stop: watch::Receiver<bool>) -> Self {
        Self { downloader, hosts, door: Door::Crawl, stop }
    }

    /// The same, for signing in: passes where a host is held for that.
    #[must_use]
    pub fn signing_in(&self) -> Self {
        Self { door: Door::SignIn, ..self.clone() }
    }

    /// The same, for what must be known of a host before anything else is asked: no middleware is asked whether it may.
    #[must_use]
    pub fn before_all(&self) -> Self {
        Self { door: Door::Robots, ..self.clone() }
    }

    /// Fetches a page: redirects are followed, failures retried, the body is held in memory.
    ///
    /// # Errors
    /// The last failure, once the retries are used up. A status other than 2xx is one, but for 304 if the request asks
    /// whether something has changed (`If-None-Match`, `If-Modified-Since`).
    pub async fn fetch(&self, request: Request) -> Result<Response, Failure> {
        let (response, _) = self.follow(request, &self.downloader.keep_page(), None).await?;
        Ok(response)
    }

    /// The same, with its own limit.
    ///
    /// # Errors
    /// As [`Fetch::fetch`].
    pub async fn fetch_within(&self, request: Request, keep: &Keep) -> Result<Response, Failure> {
        let (response, _) = self.follow(request, keep, None).await?;
        Ok(response)
    }

    /// Fetches anything, with its own limit, a place for what is large, and only so many bodies held at once: when
    /// there is no place left, the host waits, and not the memory.
    ///
    /// # Errors
    /// As [`Fetch::fetch`].
    pub async fn fetch_into(&self, request: Request, keep: &Keep, places: &Arc<Semaphore>) -> Result<Held, Failure> {
        match self.follow(request, keep, Some(places)).await? {
            (response, Some(place)) => Ok(Held { response, place }),
            (response, None) => Err(Failure::new(FailureKind::Internal, response.url, "the places are closed")),
        }
    }

    /// Fetches whatever there is, and tells the way there: a response of any status is one.
    pub async fn trace(&self, mut request: Request, keep: &Keep) -> Trace {
        let outcome = self.chase(&mut request, keep, None).await;
        Trace { request, outcome: outcome.map(|(response, _)| response) }
    }

    /// Waits until the crawl is to end. For components that have begun something long, and can leave it at any time.
    pub async fn stopped(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop).await.is_err() {
            // whoever could say so is gone, and has not said it
            std::future::pending::<()>().await;
        }
    }

    async fn follow(
        &self,
        mut request: Request,
        keep: &Keep,
        places: Option<&Arc<Semaphore>>,
    ) -> Result<(Response, Option<OwnedSemaphorePermit>), Failure> {
        // who asks whether something has changed takes "no" for an answer
        let asks =
            [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE].iter().any(|name| request.headers.contains_key(name));
        match self.chase(&mut request, keep, places).await? {
            (response, place) if asks && response.status == StatusCode::NOT_MODIFIED => Ok((response, place)),
            (response, _) if !response.status.is_success() => Err(Failure::status(response.status, response.url)),
            found => Ok(found),
        }
    }

    async fn chase(
        &self,
        request: &mut Request,
        keep: &Keep,
        places: Option<&Arc<Semaphore>>,
    ) -> Result<(Response, Option<OwnedSemaphorePermit>), Failure> {
        // what breaks off goes on where it broke, attempt after attempt
        let resume = Some(keep.resume.clone().unwrap_or_default());
        let keep = &Keep { resume, ..keep.clone() };
        loop {
            self.admit(request).await?;
            let turn = self.wait(request).await?;
            let place = match places {
                Some(places) => places.clone().acquire_owned().await.ok(),
                None => None,
            };
            let exchange = self.downloader.exchange(request, keep, &turn).await;
            drop(turn);
            *request = match exchange {
                Exchange::Answered(response) => return Ok((response, place)),
                Exchange::Failed(failure) => return Err(failure),
                Exchange::Dropped(reason) => {
                    return Err(skipped(request, &reason));
                }
                // each redirect and retry counts itself in the request, so this ends
                Exchange::Again(next) => next,
            };
        }
    }

    /// Waits until the middlewares let the request take its turn.
    async fn admit(&self, request: &Request) -> Result<(), Failure> {
        if self.door == Door::Robots {
            return Ok(());
        }
        let mut waited = false;
        loop {
            match self.downloader.admit(request) {
                Admission::Send => return Ok(()),
                // what is fetched first gives up at once when the crawl is to end: asking again would never end
                Admission::Wait if waited && *self.stop.borrow() => return Err(stopped(request)),
                Admission::Wait => {
                    waited = true;
                    Box::pin(self.downloader.prepare(request, self)).await;
                }
                Admission::Later(at) => {
                    let mut stop = self.stop.clone();
                    tokio::select! {
                        () = tokio::time::sleep_until(at) => {}
                        Ok(_) = stop.wait_for(|stop| *stop) => return Err(stopped(request)),
                    }
                }
                Admission::Drop(reason) => return Err(skipped(request, &reason)),
                Admission::Fail(kind, detail) => return Err(Failure::new(kind, request.url.clone(), detail)),
            }
        }
    }

    /// Waits until the request is due and has its host's turn. When the crawl is to end, what waits for a back-off or
    /// for a host that rests gives up; what is only in line stays in line.
    async fn wait(&self, request: &Request) -> Result<Turn, Failure> {
        let mut stop = self.stop.clone();
        if let Some(wait) = request.due.and_then(|due| due.duration_since(SystemTime::now()).ok()) {
            tokio::select! {
                () = tokio::time::sleep(wait.max(Duration::from_millis(1))) => {}
                Ok(_) = stop.wait_for(|stop| *stop) => return Err(stopped(request)),
            }
        }
        let host = request.host();
        let turn = self.hosts.turn(&host, self.door);
        let given_up = async {
            // the sender lives as long as the crawl
            let _ = stop.wait_for(|stop| *stop).await;
            while self.hosts.rests_until(&host).is_none() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::select! {
            biased;
            turn = turn => Ok(turn),
            () = given_up => Err(stopped(request)),
        }
    }
}

fn stopped(request: &Request) -> Failure {
    Failure::new(FailureKind::Stopped, request.url.clone(), "the crawl ended before its time came")
}

fn skipped(request: &Request, reason: &Reason) -> Failure {
    Failure::new(FailureKind::Skipped, request.url.clone(), format!("not sent: {}", reason.0))
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch").field("door", &self.door).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::downloader::{Client, Dns, Limits, Middleware, Tls, dialer};
    use crate::hosts;
    use async_trait::async_trait;

    /// Never knows what it must know first.
    struct Unprepared;

    impl fmt::Display for Unprepared {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("unprepared")
        }
    }

    #[async_trait]
    impl Middleware for Unprepared {
        fn admit(&self, _request: &Request) -> Admission {
            Admission::Wait
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_for_robots_gives_up_when_the_crawl_is_to_end() {
        let hosts = Hosts::new(1, hosts::Settings::default());
        let (limits, dns, tls) = (Limits::default(), Dns::default(), Tls::default());
        let client = Client::new(limits, dialer::Settings::default(), &dns, &tls, hosts.clone()).expect("a client");
        let patience = Duration::from_secs(1);
        let downloader = Downloader::new(vec![Arc::new(Unprepared)], client, hosts.clone(), patience, Arc::default());
        let stop = watch::Sender::new(true);
        let fetch = Fetch::new(Arc::new(downloader), hosts, stop.subscribe());
        let request = Request::get("http://a.example/".parse().expect("a URL"));
        let failure = fetch.fetch(request).await.expect_err("it gives up");
        assert_eq!(failure.kind, FailureKind::Stopped);
    }
}
