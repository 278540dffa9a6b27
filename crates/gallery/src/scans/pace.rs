//! How often a session may begin a scan.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// What is counted.
const MINUTE: Duration = Duration::from_secs(60);
/// Sessions that are remembered before those are forgotten that have begun none for a minute.
const TIDY: usize = 1024;

/// When sessions have begun scans in the last minute.
#[derive(Debug, Default)]
pub(super) struct Pace(HashMap<String, VecDeque<Instant>>);

impl Pace {
    /// How long a session has to wait until it may begin another one; none if it may now.
    pub(super) fn wait(&mut self, session: &str, most: u32, now: Instant) -> Option<Duration> {
        let begun = self.0.get_mut(session)?;
        forget(begun, now);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        // there is room again when so many of the last ones are older than a minute
        let due = *begun.get(begun.len().checked_sub(most)?)? + MINUTE;
        Some(due.saturating_duration_since(now))
    }

    /// A session begins one.
    pub(super) fn note(&mut self, session: &str, now: Instant) {
        if self.0.len() >= TIDY && !self.0.contains_key(session) {
            self.0.retain(|_, begun| {
                forget(begun, now);
                !begun.is_empty()
            });
        }
        self.0.entry(session.to_owned()).or_default().push_back(now);
    }
}

fn forget(begun: &mut VecDeque<Instant>, now: Instant) {
    while begun.front().is_some_and(|at| now.saturating_duration_since(*at) >= MINUTE) {
        begun.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w08_a_session_begins_so_many_in_any_minute() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        for seconds in [0, 10, 20] {
            assert_eq!(pace.wait("a", 3, at(seconds)), None, "{seconds}");
            pace.note("a", at(seconds));
        }
        assert_eq!(pace.wait("a", 3, at(25)), Some(Duration::from_secs(35)));
        assert_eq!(pace.wait("b", 3, at(25)), None, "another session");
        assert_eq!(pace.wait("a", 3, at(60)), None);
        pace.note("a", at(60));
        assert_eq!(pace.wait("a", 3, at(61)), Some(Duration::from_secs(9)));
    }

    #[test]
    fn sessions_that_were_away_for_a_minute_are_forgotten() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        for number in 0..TIDY {
            pace.note(&number.to_string(), begin);
        }
        pace.note("late", begin + MINUTE);
        assert_eq!(pace.0.len(), 1);
    }
}
