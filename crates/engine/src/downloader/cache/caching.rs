//! The rules and the store together: what answers a request, and what becomes of what comes back. All that touches
//! the disk runs off the thread that does the crawl's input and output.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use tokio::sync::OnceCell;

use super::answers::{Answers, Confirmed};
use super::{CacheError, Rules, Store, fields};
use crate::downloader::middlewares::cache::Settings;
use crate::downloader::{Inbound, Trip};
use crate::message::{Body, Failure, FailureKind, Request, Response};
use crate::stats::Stats;

/// What time it is.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What a look into the cache gave.
pub(in crate::downloader) enum Looked {
    /// It answers.
    Answer(Box<Response>),
    /// The server is to be asked whether this has changed.
    Ask(HeaderMap),
    /// The server is to be asked.
    Nothing,
}

/// A crawl's cache. Its parts are shared with the threads that read and write.
pub(in crate::downloader) struct Caching {
    answers: Arc<Answers>,
    store: OnceCell<Option<Arc<Store>>>,
    has_warned: AtomicBool,
}

impl Caching {
    pub(in crate::downloader) fn new(settings: Settings, stats: Arc<Stats>, clock: Clock) -> Self {
        let answers = Arc::new(Answers { rules: Rules::new(settings), stats, clock });
        Self { answers, store: OnceCell::new(), has_warned: AtomicBool::new(false) }
    }

    /// Whether a request may be answered by the cache and by nobody else.
    pub(in crate::downloader) fn asks_nobody(&self, request: &Request) -> bool {
        self.answers.rules.asks_nobody(request)
    }

    /// Whether the cache has an answer.
    pub(in crate::downloader) async fn look(&self, request: &Request) -> Looked {
        let stats = &self.answers.stats;
        let looked = match self.store().await.filter(|_| self.answers.rules.takes(request)) {
            None => Looked::Nothing,
            Some(store) => {
                let (answers, asked) = (self.answers.clone(), request.clone());
                let looked = self.off_thread("httpcache/retrieve_error", move || answers.look(&store, &asked)).await;
                if matches!(looked, None | Some(Looked::Nothing)) {
                    stats.add("httpcache/miss", 1);
                }
                looked.unwrap_or(Looked::Nothing)
            }
        };
        if !matches!(looked, Looked::Answer(_)) && self.asks_nobody(request) {
            stats.add("httpcache/ignore", 1);
            // RFC 9111, section 5.2.1.7; made a failure on its way back
            return Looked::Answer(Box::new(Response::new(request.url.clone(), StatusCode::GATEWAY_TIMEOUT)));
        }
        looked
    }

    /// What becomes of what the wire gave.
    pub(in crate::downloader) async fn came(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        let is_standard = self.answers.rules.is_standard();
        let Some(store) = self.store().await else { return Inbound::Pass(outcome) };
        if !self.answers.rules.takes(trip.sent) {
            if is_standard && let Ok(response) = &outcome {
                self.forget_changed(&store, trip.sent, response).await;
            }
            return Inbound::Pass(outcome);
        }
        let has_failed = match &outcome {
            Ok(response) if response.status == StatusCode::NOT_MODIFIED => {
                return self.not_modified(store, trip, outcome).await;
            }
            Ok(response) => response.status.is_server_error(),
            Err(failure) => failure.kind.is_transient() || failure.kind == FailureKind::DnsNxdomain,
        };
        if is_standard && has_failed {
            let (answers, store, sent) = (self.answers.clone(), store.clone(), trip.sent.clone());
            let stand_in = move || answers.stand_in(&store, &sent);
            if let Some(Some(response)) = self.off_thread("httpcache/retrieve_error", stand_in).await {
                return Inbound::Pass(Ok(response));
            }
        }
        match outcome {
            Ok(response) => Inbound::Pass(Ok(self.keep(store, trip.sent, response).await)),
            Err(failure) => Inbound::Pass(Err(failure)),
        }
    }

    /// The store, opened at the first call.
    pub(in crate::downloader) async fn store(&self) -> Option<Arc<Store>> {
        let open = || async {
            let answers = self.answers.clone();
            let opened = tokio::task::spawn_blocking(move || answers.open()).await;
            match opened {
                Ok(Ok(store)) => Some(Arc::new(store)),
                Ok(Err(error)) => {
                    tracing::warn!("{}; the crawl goes on without a cache", error.with_cause());
                    None
                }
                // `Store::open` catches its own panics
                Err(_) => None,
            }
        };
        self.store.get_or_init(open).await.clone()
    }

    async fn not_modified(&self, store: Arc<Store>, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        let Ok(mut response) = outcome else { return Inbound::Pass(outcome) };
        fields::set_date(&mut response.headers, self.answers.now());
        let (answers, at, sent, wish) = (self.answers.clone(), store.clone(), trip.sent.clone(), trip.wish.clone());
        let (headers, delay) = (response.headers.clone(), response.timing.head);
        let confirm = move || answers.confirm(&at, &sent, &wish, &headers, delay);
        match self.off_thread("httpcache/retrieve_error", confirm).await {
            Some(Confirmed::Answer(response)) => Inbound::Pass(Ok(*response)),
            Some(Confirmed::Gone) => Inbound::Again(trip.wish.clone()),
            Some(Confirmed::NotOurs) => Inbound::Pass(Ok(self.keep(store, trip.sent, response).await)),
            None => {
                // it cannot be read or written to: what cannot be taken out would be asked about for ever
                let mut again = trip.wish.clone();
                again.options_mut().uncached = true;
                Inbound::Again(again)
            }
        }
    }

    /// Keeps a response if it may be kept; gives it back with its date.
    async fn keep(&self, store: Arc<Store>, sent: &Request, mut response: Response) -> Response {
        fields::set_date(&mut response.headers, self.answers.now());
        let head = Response {
            version: response.version,
            headers: response.headers.clone(),
            reach: response.reach,
            timing: response.timing,
            ..Response::new(response.url.clone(), response.status)
        };
        let is_small = response.body.len() <= self.answers.rules.most();
        let (answers, sent) = (self.answers.clone(), sent.clone());
        let body = match &response.body {
            Body::Memory(bytes) => Ok(bytes.clone()),
            Body::File { file, .. } => Err(file.path().to_owned()),
        };
        let work = move || {
            let body = if is_small { Some(body.or_else(|path| std::fs::read(path).map(Bytes::from))) } else { None };
            answers.keep(&store, &sent, &head, body.and_then(Result::ok).as_deref())
        };
        // what cannot be kept is still an answer
        let _ = self.off_thread("httpcache/store_error", work).await;
        response
    }

    /// A method that changes things has done so: what is known of them is no longer true (RFC 9111, section 4.4).
    async fn forget_changed(&self, store: &Arc<Store>, sent: &Request, response: &Response) {
        let is_safe = matches!(sent.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
        if is_safe || !(response.status.is_success() || response.status.is_redirection()) {
            return;
        }
        let named = [header::LOCATION, header::CONTENT_LOCATION];
        let named = named.iter().filter_map(|name| sent.url.join(response.header(name.as_str())?).ok());
        let changed: Vec<_> = named.filter(|url| url.origin() == sent.url.origin()).chain([sent.url.clone()]).collect();
        let (store, stats) = (store.clone(), self.answers.stats.clone());
        let forget = move || {
            for url in changed {
                let gone = store.remove_url(&Request::get(url))?;
                if gone > 0 {
                    stats.add("httpcache/invalidate", gone);
                }
            }
            Ok(())
        };
        let _ = self.off_thread("httpcache/store_error", forget).await;
    }

    /// Does what blocks. What goes wrong is counted and said once; the crawl can do without.
    async fn off_thread<T: Send + 'static>(
        &self,
        count: &'static str,
        work: impl FnOnce() -> Result<T, CacheError> + Send + 'static,
    ) -> Option<T> {
        let what = match tokio::task::spawn_blocking(work).await {
            Ok(Ok(done)) => return Some(done),
            Ok(Err(error)) => error.with_cause(),
            Err(_) => "the cache panicked".to_owned(),
        };
        self.answers.stats.add(count, 1);
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!("{what}; this is counted from now on");
        }
        None
    }
}
