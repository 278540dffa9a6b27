//! The line: sessions take turns, and within one whoever came first goes first. No clock, no thread: it only says who is next.

use std::collections::{HashMap, VecDeque};

use crate::scan::ScanId;

/// Who waits and how many are under way.
#[derive(Debug)]
pub(super) struct Line {
    /// Under way at once, over all and of one session.
    at_once: usize,
    each: usize,
    /// The sessions with somebody who waits; the one whose turn it is stands first. None of their lists is empty.
    waiting: VecDeque<(String, VecDeque<ScanId>)>,
    /// How many of a session are under way; those that have none are not in it.
    running: HashMap<String, usize>,
}

impl Line {
    pub(super) fn new(at_once: usize, each: usize) -> Self {
        Self { at_once, each, waiting: VecDeque::new(), running: HashMap::new() }
    }

    /// Goes to the end of its session's list, and a session that is new to the line to the end of that.
    pub(super) fn enter(&mut self, session: &str, id: ScanId) {
        match self.waiting.iter_mut().find(|(name, _)| name == session) {
            Some((_, own)) => own.push_back(id),
            None => self.waiting.push_back((session.to_owned(), [id].into())),
        }
    }

    /// The next one whose turn has come, which is under way from now on, and its session, which goes to the line's end. A
    /// session that has enough under way keeps its place and is passed over.
    pub(super) fn next(&mut self) -> Option<(String, ScanId)> {
        if self.running() >= self.at_once {
            return None;
        }
        let place = self.waiting.iter().position(|(session, _)| self.running_of(session) < self.each)?;
        let (session, mut own) = self.waiting.remove(place)?;
        let id = own.pop_front()?;
        if !own.is_empty() {
            self.waiting.push_back((session.clone(), own));
        }
        *self.running.entry(session.clone()).or_default() += 1;
        Some((session, id))
    }

    /// One of a session is under way no more.
    pub(super) fn leave(&mut self, session: &str) {
        if let Some(count) = self.running.get_mut(session) {
            *count -= 1;
            if *count == 0 {
                self.running.remove(session);
            }
        }
    }

    /// Those who wait and need not any more go.
    pub(super) fn retain(&mut self, is_waiting: impl Fn(&ScanId) -> bool) {
        for (_, own) in &mut self.waiting {
            own.retain(&is_waiting);
        }
        self.waiting.retain(|(_, own)| !own.is_empty());
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.iter().map(|(_, own)| own.len()).sum()
    }

    /// Whether one more of this session would begin at once.
    pub(super) fn is_free_for(&self, session: &str) -> bool {
        let waits = self.waiting.iter().any(|(name, _)| name == session);
        !waits && self.running() < self.at_once && self.running_of(session) < self.each
    }

    /// How many go before one that waits, if all take turns; none if it does not wait.
    pub(super) fn before(&self, id: &ScanId) -> Option<usize> {
        let found = self.waiting.iter().enumerate().find_map(|(place, (_, own))| {
            let rounds = own.iter().position(|waiting| waiting == id)?;
            Some((place, rounds))
        });
        let (place, rounds) = found?;
        // in each round before its own everybody has a turn, and in its own those that stand further ahead
        let turns =
            |(at, (_, own)): (usize, &(String, VecDeque<ScanId>))| own.len().min(rounds + usize::from(at < place));
        Some(self.waiting.iter().enumerate().map(turns).sum())
    }

    /// Everybody who waits.
    pub(super) fn ids(&self) -> impl Iterator<Item = &ScanId> {
        self.waiting.iter().flat_map(|(_, own)| own)
    }

    fn running(&self) -> usize {
        self.running.values().sum()
    }

    fn running_of(&self, session: &str) -> usize {
        self.running.get(session).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> ScanId {
        ScanId(name.to_owned())
    }

    /// A line with these, each named by its session's letter and a number.
    fn line(at_once: usize, each: usize, names: &[&str]) -> Line {
        let mut line = Line::new(at_once, each);
        for name in names {
            line.enter(&name[..1], id(name));
        }
        line
    }

    /// The order in which they go, if each is over before the next one begins.
    fn order(mut line: Line) -> Vec<String> {
        let mut order = Vec::new();
        while let Some((session, ScanId(name))) = line.next() {
            line.leave(&session);
            order.push(name);
        }
        order
    }

    #[test]
    fn w08_sessions_take_turns_and_within_one_the_first_goes_first() {
        let names = ["a1", "a2", "a3", "b1", "c1", "b2"];
        assert_eq!(order(line(1, 1, &names)), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[test]
    fn w08_a_session_has_so_many_at_once_and_leaves_the_rest_to_others() {
        let mut line = line(4, 1, &["a1", "a2", "b1"]);
        let begun: Vec<ScanId> = std::iter::from_fn(|| line.next()).map(|(_, id)| id).collect();
        assert_eq!(begun, [id("a1"), id("b1")]);
        assert!(line.is_free_for("c") && !line.is_free_for("a"));
        line.leave("b");
        assert_eq!(line.next(), None, "it is not its turn that is missing");
        line.leave("a");
        assert_eq!(line.next(), Some(("a".to_owned(), id("a2"))));
    }

    #[test]
    fn w08_no_more_are_under_way_than_there_are_places() {
        let mut line = line(2, 2, &["a1", "a2", "b1", "c1"]);
        assert_eq!(std::iter::from_fn(|| line.next()).count(), 2);
        assert!(!line.is_free_for("d"));
        line.leave("b");
        assert_eq!(line.next().map(|(_, id)| id), Some(id("c1")));
        assert_eq!((line.next(), line.len()), (None, 1));
    }

    #[test]
    fn how_many_go_before_is_what_happens() {
        let names = ["a1", "a2", "a3", "b1", "c1", "b2", "a4", "d1", "d2"];
        let order = order(line(1, 1, &names));
        let line = line(1, 1, &names);
        for (place, name) in order.iter().enumerate() {
            assert_eq!(line.before(&id(name)), Some(place), "{name} of {order:?}");
        }
        assert_eq!(line.before(&id("z1")), None);
    }

    #[test]
    fn who_need_not_wait_any_more_takes_no_place() {
        let mut line = line(1, 1, &["a1", "b1", "b2"]);
        line.retain(|waiting| *waiting != id("a1") && *waiting != id("b1"));
        assert_eq!((line.len(), line.before(&id("b2"))), (1, Some(0)));
        assert_eq!(line.ids().collect::<Vec<_>>(), [&id("b2")]);
    }
}
