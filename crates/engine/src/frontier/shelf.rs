//! Queued requests in the order of their keys, in layers: what has changed since the last commit, what is being
//! committed, and what lies below on disk. Without a disk there is one layer, and it holds everything.

use std::collections::{BTreeMap, HashSet};
use std::iter::Peekable;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::FrontierError;
use super::key::Key;

/// The written form of a request.
pub(super) type Written = Arc<[u8]>;

/// Changes by key; none is the end of what lies in the layers below.
pub(super) type Changes = BTreeMap<Key, Option<Written>>;

/// The layer on disk, as of the last commit.
pub(super) trait Below: Send {
    /// Shows the entries with keys from `from` on and before `to`, in order, until `visit` breaks.
    fn scan(
        &self,
        shelf: Name,
        from: &Key,
        to: &Key,
        visit: &mut dyn FnMut(&Key, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), FrontierError>;
}

/// Which shelf: the name of its table on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// By host, priority and rank.
    Queue,
    /// By due time.
    Delayed,
}

/// One ordered set of requests.
#[derive(Debug)]
pub(super) struct Shelf {
    name: Name,
    fresh: Changes,
    /// Keys that were put into `fresh` over an entry of a layer below: taking them out again leaves a mark there.
    over: HashSet<Key>,
    writing: Option<Arc<Changes>>,
}

impl Shelf {
    pub(super) fn new(name: Name) -> Self {
        Self { name, fresh: Changes::new(), over: HashSet::new(), writing: None }
    }

    /// Puts a request in.
    pub(super) fn put(&mut self, key: Key, written: Written) {
        if let Some(None) = self.fresh.insert(key, Some(written)) {
            self.over.insert(key);
        }
    }

    /// Takes a request out, wherever it lies.
    pub(super) fn remove(&mut self, key: &Key) {
        let is_only_here = matches!(self.fresh.get(key), Some(Some(_))) && !self.over.remove(key);
        if is_only_here {
            self.fresh.remove(key);
        } else {
            self.fresh.insert(*key, None);
        }
    }

    /// Shows what is there from `from` on and before `to`, in order, until `visit` breaks.
    pub(super) fn scan(
        &self,
        from: &Key,
        to: &Key,
        below: Option<&dyn Below>,
        visit: &mut dyn FnMut(&Key, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), FrontierError> {
        let mut above = self.above(from, to).peekable();
        let mut enough = ControlFlow::Continue(());
        if let Some(below) = below {
            below.scan(self.name, from, to, &mut |key, written| {
                enough = show_before(&mut above, Some(key), visit);
                if enough.is_continue() {
                    // what lies above hides what lies below
                    enough = match above.next_if(|(at, _)| *at == key) {
                        Some((_, Some(newer))) => visit(key, newer),
                        Some((_, None)) => ControlFlow::Continue(()),
                        None => visit(key, written),
                    };
                }
                enough
            })?;
        }
        if enough.is_continue() {
            let _ = show_before(&mut above, None, visit);
        }
        Ok(())
    }

    /// The two layers in memory as one.
    fn above<'a>(&'a self, from: &Key, to: &Key) -> impl Iterator<Item = (&'a Key, &'a Option<Written>)> + use<'a> {
        let mut fresh = self.fresh.range(*from..*to).peekable();
        let range = *from..*to;
        let mut writing = self.writing.iter().flat_map(move |changes| changes.range(range.clone())).peekable();
        std::iter::from_fn(move || match (fresh.peek(), writing.peek()) {
            (Some((a, _)), Some((b, _))) if a == b => {
                writing.next();
                fresh.next()
            }
            (Some((a, _)), Some((b, _))) if a > b => writing.next(),
            (Some(_), _) => fresh.next(),
            (None, _) => writing.next(),
        })
    }

    /// Hands the changes over to be committed. They stay in sight until [`committed`](Self::committed).
    pub(super) fn commit(&mut self) -> Arc<Changes> {
        let changes = Arc::new(std::mem::take(&mut self.fresh));
        self.over.clear();
        self.writing = Some(changes.clone());
        changes
    }

    /// What was handed over lies on disk now.
    pub(super) fn committed(&mut self) {
        self.writing = None;
    }
}

/// Shows what lies above and comes before a key, or all of it.
fn show_before<'a>(
    above: &mut Peekable<impl Iterator<Item = (&'a Key, &'a Option<Written>)>>,
    before: Option<&Key>,
    visit: &mut dyn FnMut(&Key, &[u8]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    while let Some((key, written)) = above.next_if(|(key, _)| before.is_none_or(|before| *key < before)) {
        if let Some(written) = written {
            visit(key, written)?;
        }
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A layer below that holds these keys.
    struct Disk(Vec<u8>);

    impl Below for Disk {
        fn scan(
            &self,
            _shelf: Name,
            from: &Key,
            to: &Key,
            visit: &mut dyn FnMut(&Key, &[u8]) -> ControlFlow<()>,
        ) -> Result<(), FrontierError> {
            for key in self.0.iter().map(|number| key(*number)).filter(|key| (from..to).contains(&key)) {
                if visit(&key, b"below").is_break() {
                    break;
                }
            }
            Ok(())
        }
    }

    fn key(number: u8) -> Key {
        let mut key = [0; 16];
        key[15] = number;
        key
    }

    fn seen(shelf: &Shelf, below: &[u8], from: u8, to: u8) -> Vec<(u8, String)> {
        let mut seen = Vec::new();
        let disk = Disk(below.to_vec());
        let mut visit = |key: &Key, written: &[u8]| {
            seen.push((key[15], String::from_utf8_lossy(written).into_owned()));
            ControlFlow::Continue(())
        };
        shelf.scan(&key(from), &key(to), Some(&disk), &mut visit).expect("scanned");
        seen
    }

    fn entries(list: &[(u8, &str)]) -> Vec<(u8, String)> {
        list.iter().map(|(key, text)| (*key, (*text).to_owned())).collect()
    }

    #[test]
    fn three_layers_are_seen_as_one_and_the_newest_counts() {
        let mut shelf = Shelf::new(Name::Queue);
        shelf.put(key(2), b"writing"[..].into());
        shelf.put(key(5), b"writing"[..].into());
        shelf.put(key(9), b"writing"[..].into());
        shelf.commit();
        shelf.put(key(1), b"fresh"[..].into());
        shelf.put(key(5), b"fresh"[..].into());
        shelf.remove(&key(9));
        shelf.remove(&key(4));
        let all = entries(&[(1, "fresh"), (2, "writing"), (3, "below"), (5, "fresh"), (7, "below")]);
        assert_eq!(seen(&shelf, &[3, 4, 7], 0, 99), all);
        assert_eq!(seen(&shelf, &[3, 4, 7], 3, 6), all[2..4]);
    }

    #[test]
    fn what_comes_and_goes_between_two_commits_leaves_no_trace() {
        let mut shelf = Shelf::new(Name::Queue);
        shelf.put(key(1), b"a"[..].into());
        shelf.remove(&key(1));
        assert!(shelf.fresh.is_empty());
        // but what lies below must be taken out there, also when it was put anew in between
        shelf.remove(&key(2));
        shelf.put(key(2), b"again"[..].into());
        assert_eq!(seen(&shelf, &[2], 0, 9), entries(&[(2, "again")]));
        shelf.remove(&key(2));
        assert_eq!(seen(&shelf, &[2], 0, 9), []);
        assert_eq!(*shelf.commit(), Changes::from([(key(2), None)]));
    }
}
