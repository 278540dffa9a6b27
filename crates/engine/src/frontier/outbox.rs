//! Records that wait for the feeds, in sequence, and how far each feed is.

use std::collections::{BTreeMap, VecDeque};

use super::{Export, FeedId, Position, Seq};
use crate::message::Record;

/// How far each feed is.
pub(super) type Exported = BTreeMap<FeedId, (Seq, Option<Position>)>;

/// The records that not every feed has yet.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    records: VecDeque<(Seq, Record)>,
    /// What they come to.
    bytes: usize,
    last: Seq,
    /// Records up to here may be given out: the job has them for good.
    durable: Seq,
    exported: Exported,
}

impl Outbox {
    /// An outbox as a run before this one left it.
    pub(super) fn restored(records: VecDeque<(Seq, Record)>, last: Seq, exported: Exported) -> Self {
        let bytes = records.iter().map(|(_, record)| record.weight()).sum();
        Self { records, bytes, last, durable: last, exported }
    }

    /// Takes a record in.
    pub(super) fn push(&mut self, record: Record) {
        self.last.0 += 1;
        self.bytes += record.weight();
        self.records.push_back((self.last, record));
    }

    /// The number of the latest record.
    pub(super) fn last(&self) -> Seq {
        self.last
    }

    /// Says up to where records may be given out.
    pub(super) fn is_durable_to(&mut self, seq: Seq) {
        self.durable = seq;
    }

    /// Records after a place, whether or not they may be given out, `limit` at most.
    pub(super) fn after(&self, Seq(after): Seq, limit: usize) -> impl Iterator<Item = &(Seq, Record)> {
        // sequence numbers have no gaps, so the place is known
        let first = self.records.front().map_or(0, |(Seq(first), _)| *first);
        let skip = usize::try_from((after + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        self.records.iter().skip(skip).take(limit)
    }

    /// Records after a place that may be given out, `limit` at most.
    pub(super) fn drain(&self, after: Seq, limit: usize) -> Vec<(Seq, Record)> {
        self.after(after, limit).take_while(|(seq, _)| *seq <= self.durable).cloned().collect()
    }

    /// Names the feeds of this run and says how far each is.
    pub(super) fn attach(&mut self, feeds: Vec<FeedId>) -> Vec<Export> {
        let known = std::mem::take(&mut self.exported);
        let exports: Vec<Export> = (feeds.into_iter())
            .map(|feed| {
                let (upto, position) = known.get(&feed).cloned().unwrap_or_default();
                Export { feed, upto, position }
            })
            .collect();
        self.exported = exports.iter().map(|at| (at.feed.clone(), (at.upto, at.position.clone()))).collect();
        self.forget();
        exports
    }

    /// A feed has everything up to a place.
    pub(super) fn exported(&mut self, feed: &FeedId, upto: Seq, position: Position) {
        self.exported.insert(feed.clone(), (upto, Some(position)));
        self.forget();
    }

    /// How far each feed is.
    pub(super) fn feeds(&self) -> &Exported {
        &self.exported
    }

    /// Records that wait.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// What the records that wait come to.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The last record that every feed has.
    pub(super) fn everywhere(&self) -> Seq {
        self.exported.values().map(|(upto, _)| *upto).min().unwrap_or_default()
    }

    /// Forgets the records that every feed has.
    fn forget(&mut self) {
        let everywhere = self.everywhere();
        while self.records.front().is_some_and(|(seq, _)| *seq <= everywhere) {
            let size = self.records.pop_front().map_or(0, |(_, record)| record.weight());
            self.bytes -= size;
        }
    }
}
