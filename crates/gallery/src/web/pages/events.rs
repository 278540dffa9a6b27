//! What changes while a scan runs, for the script of its page: pieces of HTML by the same templates as the page.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::{HeaderMap, StatusCode};

use super::tile::tile;
use super::view::{Folds, View, root};
use super::{progress, results};
use crate::scan::{Changes, Scan, Watcher};
use crate::web::{App, Visitor};

/// The least time between two events: what changes meanwhile goes together.
const PAUSE: Duration = Duration::from_millis(50);
/// The most pictures of an event, so that a script never has to work for long.
const MOST_TILES: usize = 100;

/// Who is told, and what they know.
struct Listener {
    app: Arc<App>,
    visitor: Visitor,
    scan: Arc<Scan>,
    version: u64,
    /// Those tiles that have changed and were not sent yet, by their numbers.
    waiting: BTreeSet<usize>,
    end: End,
    is_first: bool,
    _watcher: Watcher,
}

/// What a listener knows of a scan's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Unseen,
    Seen,
    Told,
}

/// `GET /scans/{id}/events?after=…`: `scan` (the head), `pictures` (tiles), `end`.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(scan) = app.scans.get(&visitor.session, &id) else { return StatusCode::NOT_FOUND.into_response() };
    let last = headers.get("last-event-id").and_then(|last| last.to_str().ok()).map(str::to_owned);
    let after = || {
        let query = query.unwrap_or_default();
        let after = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after");
        after.map(|(_, value)| value.into_owned())
    };
    let version = last.or_else(after).and_then(|version| version.parse().ok()).unwrap_or(0);
    let _watcher = scan.watch();
    let (waiting, end, is_first) = (BTreeSet::new(), End::Unseen, true);
    let listener = Listener { app, visitor, scan, version, waiting, end, is_first, _watcher };
    let events = stream::unfold(listener, |mut listener| async {
        let events = listener.next().await?;
        Some((stream::iter(events.into_iter().map(Ok::<_, Infallible>)), listener))
    });
    let events = futures_util::StreamExt::flatten(events);
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

impl Listener {
    /// The next events; none when all was told.
    async fn next(&mut self) -> Option<Vec<Event>> {
        if self.end == End::Told {
            return None;
        }
        if !std::mem::take(&mut self.is_first) {
            tokio::time::sleep(PAUSE).await;
        }
        if self.waiting.is_empty() && !self.scan.is_over() {
            self.scan.changed(self.version).await;
        }
        // in this order: what comes after the end was seen is told as well
        let is_over = self.scan.is_over();
        let changes = self.scan.since(self.version);
        Some(self.tell(changes, is_over))
    }

    fn tell(&mut self, changes: Changes, is_over: bool) -> Vec<Event> {
        let all = self.scan.pictures();
        let view = View::new(&self.app, &self.visitor, &self.scan);
        let mut events = Vec::new();
        self.waiting.extend(changes.pictures.iter().map(|picture| root(&all, picture)));
        if is_over && self.end == End::Unseen {
            self.end = End::Seen;
            // a scan that is over says otherwise of those that it did not come to
            self.waiting
                .extend(all.iter().filter(|picture| picture.report.is_none()).map(|picture| root(&all, picture)));
        }
        if !self.waiting.is_empty() {
            let folds = Folds::of(&all);
            let now: Vec<usize> = self.waiting.iter().copied().take(MOST_TILES).collect();
            let mut html = String::new();
            for number in &now {
                self.waiting.remove(number);
                if let Some(picture) = all.get(*number) {
                    html.push_str(&tile(&view, picture, &folds).into_string());
                }
            }
            events.push(Event::default().event("pictures").data(html));
        }
        if let Some(head) = &changes.head {
            let before = self.app.scans.before(&self.scan);
            let html = progress::show(&self.scan, head, before, &self.visitor.token).into_string();
            events.push(Event::default().event("scan").data(html + &results::all(&view, head).into_string()));
        }
        self.version = changes.version;
        // whoever comes again is told what waits by what has changed since: only then is this the last that they know
        if self.waiting.is_empty() {
            events = events.into_iter().map(|event| event.id(self.version.to_string())).collect();
            if is_over {
                self.end = End::Told;
                events.push(Event::default().event("end").data("over"));
            }
        }
        events
    }
}
