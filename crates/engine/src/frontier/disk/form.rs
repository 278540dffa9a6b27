//! How a job is written down: rows with a checksum each, and a version over all of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::frontier::ledger::{Failure, Totals};
use crate::frontier::{Failed, FeedId, Position, Seq};
use crate::message::Record;

/// The format that this build writes. Every older one is read: 1 did not say how a run ended ([`MetaOne`]), 2 had requests
/// without reach and options.
pub(super) const FORMAT: u32 = 3;

/// What a job is, beside its requests and records.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Meta {
    /// The key of its fingerprints.
    pub(super) key: u64,
    pub(super) spider: String,
    /// Milliseconds since the epoch.
    pub(super) created: u64,
    pub(super) runs: u64,
    pub(super) commits: u64,
    pub(super) totals: Totals,
    /// Fingerprints in the segments.
    pub(super) seen: u64,
    pub(super) stats: BTreeMap<String, u64>,
    pub(super) last_seq: Seq,
    pub(super) exported: Vec<(FeedId, Seq, Option<Position>)>,
    /// How the last run ended; none if it did not get so far. Since format 2.
    pub(super) ended: Option<String>,
}

/// [`Meta`] in format 1.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MetaOne {
    pub(super) key: u64,
    pub(super) spider: String,
    pub(super) created: u64,
    pub(super) runs: u64,
    pub(super) commits: u64,
    pub(super) totals: Totals,
    pub(super) seen: u64,
    pub(super) stats: BTreeMap<String, u64>,
    pub(super) last_seq: Seq,
    pub(super) exported: Vec<(FeedId, Seq, Option<Position>)>,
}

impl From<MetaOne> for Meta {
    fn from(one: MetaOne) -> Self {
        let MetaOne { key, spider, created, runs, commits, totals, seen, stats, last_seq, exported } = one;
        Self { key, spider, created, runs, commits, totals, seen, stats, last_seq, exported, ended: None }
    }
}

impl Meta {
    /// The books of a job that has not begun.
    pub(super) fn new(spider: &str, key: u64, now: SystemTime) -> Self {
        Self {
            key,
            spider: spider.to_owned(),
            created: millis(now),
            runs: 0,
            commits: 0,
            totals: Totals::default(),
            seen: 0,
            stats: BTreeMap::new(),
            last_seq: Seq(0),
            exported: Vec::new(),
            ended: None,
        }
    }

    /// Reads it as the format has it; none if it is damaged.
    pub(super) fn read(format: u32, row: &[u8]) -> Option<Self> {
        let row = unseal(row)?;
        match format {
            1 => postcard::from_bytes::<MetaOne>(row).ok().map(Self::from),
            _ => postcard::from_bytes(row).ok(),
        }
    }
}

/// A host's row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HostRow<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) waiting: u64,
    pub(super) done: u64,
    pub(super) failed: u64,
    /// Milliseconds since the epoch.
    pub(super) not_before: Option<u64>,
}

impl HostRow<'_> {
    /// A host of which nothing is known yet.
    pub(super) fn new(name: String) -> Self {
        Self { name: name.into(), waiting: 0, done: 0, failed: 0, not_before: None }
    }
}

/// A failed request's row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FailedRow<'a> {
    pub(super) what: Failed,
    pub(super) at: u64,
    #[serde(borrow)]
    pub(super) written: &'a [u8],
}

impl<'a> From<&'a Failure> for FailedRow<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self { what: failure.what.clone(), at: millis(failure.at), written: &failure.written }
    }
}

/// A row with its checksum behind it.
pub(super) fn seal(mut row: Vec<u8>) -> Vec<u8> {
    row.extend_from_slice(&checksum(&row));
    row
}

/// A serialised row with its checksum. Postcard writes all that is written here.
pub(super) fn sealed(row: &impl Serialize) -> Vec<u8> {
    seal(postcard::to_allocvec(row).unwrap_or_default())
}

/// The row, if its checksum is right.
pub(super) fn unseal(row: &[u8]) -> Option<&[u8]> {
    let (row, sum) = row.split_last_chunk::<4>()?;
    (checksum(row) == *sum).then_some(row)
}

/// Reads a serialised row; none if it is damaged.
pub(super) fn unsealed<'a, T: Deserialize<'a>>(row: &'a [u8]) -> Option<T> {
    postcard::from_bytes(unseal(row)?).ok()
}

/// A number that stands for something serialised.
pub(super) fn fingerprint(of: &impl Serialize) -> u64 {
    xxh3_64(&postcard::to_allocvec(of).unwrap_or_default())
}

fn checksum(row: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = xxh3_64(row).to_le_bytes();
    [a, b, c, d]
}

/// Records as one row: kind, page and fields of each.
pub(super) fn records<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<u8> {
    let json: Vec<_> = records.map(|record| (record, record.json().unwrap_or(Cow::Borrowed(b"{}")))).collect();
    let rows: Vec<(&str, &str, &[u8])> =
        json.iter().map(|(record, json)| (&*record.kind, record.page.as_str(), &**json)).collect();
    sealed(&rows)
}

/// The records of such a row; none if it is damaged.
pub(super) fn read_records(row: &[u8]) -> Option<Vec<Record>> {
    let rows: Vec<(&str, &str, &[u8])> = unsealed(row)?;
    let mut pages: BTreeMap<&str, Arc<Url>> = BTreeMap::new();
    (rows.into_iter())
        .map(|(kind, page, json)| {
            let known = pages.get(page).cloned();
            let url = match known {
                Some(url) => url,
                None => pages.entry(page).or_insert(Arc::new(Url::parse(page).ok()?)).clone(),
            };
            Record::from_json(kind, url, Bytes::copy_from_slice(json))
        })
        .collect()
}

/// Fingerprints as one row.
pub(super) fn segment(fingerprints: &[u64]) -> Vec<u8> {
    seal(fingerprints.iter().flat_map(|fingerprint| fingerprint.to_le_bytes()).collect())
}

/// The fingerprints of such a row; none if it is damaged.
pub(super) fn read_segment(row: &[u8]) -> Option<impl Iterator<Item = u64>> {
    Some(unseal(row)?.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)))
}

/// Milliseconds since the epoch.
pub(super) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The time so many milliseconds after the epoch.
pub(super) fn time(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_row_is_known() {
        let row = sealed(&("a", 7_u32));
        assert_eq!(unsealed::<(&str, u32)>(&row), Some(("a", 7)));
        for at in 0..row.len() {
            let mut damaged = row.clone();
            damaged[at] ^= 0x10;
            assert_eq!(unseal(&damaged), None, "byte {at}");
        }
        assert_eq!(unseal(&row[..3]), None);
    }

    #[test]
    fn records_come_back_as_they_went() {
        let page = Arc::new(Url::parse("http://a.example/1").expect("a URL"));
        let json = Bytes::from_static(br#"{"z":1,"a":"\u00e4"}"#);
        let record = Record::from_json("thing", page, json.clone()).expect("a record");
        let row = records([&record, &record].into_iter());
        let back = read_records(&row).expect("records");
        assert_eq!((back.len(), back[1].kind.as_ref()), (2, "thing"));
        assert_eq!(*back[1].json().expect("JSON"), json);
    }
}
