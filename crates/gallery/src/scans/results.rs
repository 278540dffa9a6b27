//! Which results go: those that have been there for long enough, and the oldest where there are too many.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Instant;

use super::{At, State};
use crate::scan::ScanId;
use crate::settings::Settings;

/// The scans whose results go now.
pub(super) fn expired(state: &State, settings: &Settings, now: Instant) -> Vec<ScanId> {
    let ended = state.slots.iter().filter_map(|(id, slot)| match slot.at {
        At::Ended(at) => Some((at, id, &*slot.session, slot.scan.head().bytes)),
        At::Waiting | At::Running => None,
    });
    let mut ended: Vec<_> = ended.collect();
    ended.sort_unstable_by_key(|(at, ..)| Reverse(*at));
    let (mut bytes, mut all, mut own) = (0_u64, 0, HashMap::<&str, usize>::new());
    let mut go = Vec::new();
    for (at, id, session, size) in ended {
        let is_old = now.saturating_duration_since(at) >= settings.expires;
        let of_session = own.entry(session).or_default();
        let has_room = all < settings.results
            && *of_session < settings.session_results
            && bytes.saturating_add(size) <= settings.max_results.as_u64();
        if is_old || !has_room {
            go.push(id.clone());
            continue;
        }
        (bytes, all, *of_session) = (bytes + size, all + 1, *of_session + 1);
    }
    go
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bytesize::ByteSize;

    use super::*;
    use crate::scan::{Options, Scan};
    use crate::scans::{Line, Pace, Slot};

    /// Scans, each by its session, its bytes, and how many seconds ago it ended.
    fn state(now: Instant, scans: &[(&str, u64, Option<u64>)]) -> State {
        let slots = scans.iter().enumerate().map(|(number, (session, bytes, ended))| {
            let id = ScanId(number.to_string());
            let scan = Arc::new(Scan::new(id.clone(), Options::new("a.example"), Duration::ZERO));
            scan.update(|head| head.bytes = *bytes);
            let at = ended.map_or(At::Running, |ago| At::Ended(now - Duration::from_secs(ago)));
            (id, Slot { session: (*session).to_owned(), scan, at })
        });
        let (slots, line) = (slots.collect(), Line::new(1, 1));
        State { slots, line, pace: Pace::default(), threads: 0, is_closed: false }
    }

    fn gone(scans: &[(&str, u64, Option<u64>)], settings: &Settings) -> Vec<String> {
        let now = Instant::now() + Duration::from_secs(100_000);
        let mut gone: Vec<String> = expired(&state(now, scans), settings, now).into_iter().map(|id| id.0).collect();
        gone.sort();
        gone
    }

    #[test]
    fn results_go_when_their_time_is_over() {
        let scans = [("a", 1, Some(3599)), ("a", 1, Some(3600)), ("a", 1, None)];
        assert_eq!(gone(&scans, &Settings::default()), ["1"]);
    }

    #[test]
    fn w08_the_oldest_results_go_where_there_are_too_many() {
        let scans =
            [("a", 10, Some(40)), ("a", 10, Some(30)), ("b", 10, Some(20)), ("a", 10, Some(10)), ("c", 99, None)];
        let settings = Settings { session_results: 2, ..Settings::default() };
        assert_eq!(gone(&scans, &settings), ["0"]);
        let settings = Settings { results: 3, ..Settings::default() };
        assert_eq!(gone(&scans, &settings), ["0"]);
        let settings = Settings { max_results: ByteSize::b(25), ..Settings::default() };
        assert_eq!(gone(&scans, &settings), ["0", "1"]);
    }
}
