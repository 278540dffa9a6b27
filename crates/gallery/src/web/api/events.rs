//! What happens in a scan, as it happens: server-sent events (WHATWG HTML, section 9.2).
//!
//! `scan` has the scan as a whole, `image` a picture, and `end` the scan when it is over, after which nothing comes. The
//! last event of those that came together has the number of the change as its `id`; whoever comes back with it in
//! `Last-Event-ID` is told what has changed since.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use http::HeaderMap;
use serde_json::Value;

use super::{find, shape};
use crate::scan::{Phase, Scan, Watcher};
use crate::web::problem::Problem;
use crate::web::{App, Visitor};

/// What changes in between is told together.
const PAUSE: Duration = Duration::from_millis(50);
/// How often something is said at least, so that whoever has left is noticed.
const PULSE: Duration = Duration::from_secs(15);

struct Told {
    app: Arc<App>,
    visitor: Visitor,
    scan: Arc<Scan>,
    version: u64,
    waiting: VecDeque<Event>,
    end: Ending,
    /// As long as somebody looks, the scan goes on.
    _watcher: Watcher,
}

#[derive(PartialEq, Eq)]
enum Ending {
    Open,
    Told,
}

/// `GET /api/scans/{id}/events`.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let scan = find(&app, &visitor, &id)?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or(0);
    // a number that is not reached yet is of another time
    let version = if last > scan.since(u64::MAX).version { 0 } else { last };
    let pulse = PULSE.min(app.scans.settings().idle_timeout / 4);
    let watcher = scan.watch();
    let told = Told { app, visitor, scan, version, waiting: VecDeque::new(), end: Ending::Open, _watcher: watcher };
    let events = unfold(told, |mut told| async move { Some((Ok(told.next().await?), told)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(pulse)))
}

impl Told {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.end == Ending::Told {
                return None;
            }
            let is_over = self.scan.is_over();
            if !is_over {
                self.scan.changed(self.version).await;
                tokio::time::sleep(PAUSE).await;
            }
            self.look();
        }
    }

    /// Takes what has changed.
    fn look(&mut self) {
        let changes = self.scan.since(self.version);
        self.version = changes.version;
        let (app, scan) = (&self.app, &self.scan);
        let is_over = matches!(scan.head().phase, Phase::Ended(_));
        let images = changes.pictures.iter().map(|picture| ("image", shape::image(app, &self.visitor, scan, picture)));
        let mut events: Vec<(&str, Value)> = images.collect();
        if is_over {
            self.end = Ending::Told;
            events.push(("end", shape::scan(app, scan)));
        } else if changes.head.is_some() {
            events.push(("scan", shape::scan(app, scan)));
        }
        let last = events.len().saturating_sub(1);
        for (place, (name, data)) in events.into_iter().enumerate() {
            let event = Event::default().event(name).data(data.to_string());
            self.waiting.push_back(if place == last { event.id(self.version.to_string()) } else { event });
        }
    }
}
