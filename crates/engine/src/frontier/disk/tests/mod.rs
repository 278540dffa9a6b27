//! The frontier on disk: as every frontier, and after everything that can happen to a disk and a process.

mod crashes;
mod damage;
mod double;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use url::Url;

use super::{Disk, JobError, Medium, Options};
use crate::frontier::{
    Durability, Frontier, FrontierError, LeaseId, Outcome, RequestId, Seq, Settings, Settlement, Want, conformance,
};
use crate::message::{Item, Record, Request};

fn options(folder: &Path) -> Options {
    let patience = Duration::from_secs(1);
    Options { folder: folder.to_owned(), spider: "test".to_owned(), settings: Settings::default(), patience }
}

fn wish(url: &str) -> Request {
    Request::get(url.parse().expect("a URL"))
}

fn settlement(lease: LeaseId, request: RequestId, outcome: Outcome) -> Settlement {
    Settlement { lease, request, outcome, children: Vec::new(), records: Vec::new(), counts: Vec::new() }
}

#[derive(serde::Serialize)]
struct Number {
    number: u64,
}

impl Item for Number {
    const KIND: &'static str = "number";
}

fn record(number: u64) -> Record {
    let page: Arc<Url> = Arc::new("http://a/".parse().expect("a URL"));
    Record::from_item(&Number { number }, page).expect("a record")
}

#[tokio::test]
async fn the_disk_is_a_frontier() {
    let folders = tempfile::tempdir().expect("a folder");
    let count = std::cell::Cell::new(0);
    for durability in [Durability::Normal, Durability::Strict] {
        conformance::run(|order| {
            count.set(count.get() + 1);
            let mut options = options(&folders.path().join(count.get().to_string()));
            (options.settings.order, options.settings.durability) = (order, durability);
            Disk::new(options)
        })
        .await;
    }
}

/// Opens the job that a run before this one left; its lock goes a moment after its owner.
async fn reopened(folder: &Path) -> Disk {
    for _ in 0..500 {
        let disk = Disk::new(options(folder));
        match disk.open().await {
            Ok(_) => return disk,
            Err(FrontierError::Job(JobError::Locked { .. })) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the lock stays");
}

#[tokio::test]
async fn a_closed_job_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = reopened(folder.path()).await;
    let mut later = wish("http://b/later");
    later.due = Some(SystemTime::now() + Duration::from_secs(3600));
    disk.seed(vec![wish("http://a/1"), wish("http://a/2"), later], true).await.expect("seeded");
    let lease = disk.lease(Want { hosts: 9, requests: 1, refill: Vec::new() }).await.expect("leased").remove(0);
    let done = Settlement {
        children: vec![wish("http://a/1"), wish("http://c/3")],
        records: vec![record(1), record(2)],
        counts: vec![("pages".into(), 1)],
        ..settlement(lease.id, lease.requests[0].id, Outcome::Done)
    };
    disk.settle(vec![done]).await.expect("settled");
    let before = disk.progress().await.expect("progress");
    disk.close("shutdown").await.expect("closed");

    let disk = reopened(folder.path()).await;
    let after = disk.progress().await.expect("progress");
    assert_eq!((after.leased, before.leased), (0, 0));
    assert_eq!(
        (after.scheduled, after.done, after.pending, after.outbox, after.seeds, after.started),
        (before.scheduled, 1, 3, 2, 3, true)
    );
    assert!(after.next_due.is_some_and(|due| due > SystemTime::now() + Duration::from_secs(3000)));
    assert_eq!(disk.counts().await.expect("counts"), [("pages".to_owned(), 1)]);
    assert_eq!(disk.submit(vec![wish("http://a/2"), wish("http://b/later")]).await.expect("submitted").seen, 2);
    let hosts: BTreeSet<String> = disk
        .lease(Want { hosts: 9, requests: 9, refill: Vec::new() })
        .await
        .expect("leased")
        .iter()
        .map(|lease| format!("{} {}", lease.host, lease.requests.len()))
        .collect();
    assert_eq!(hosts, BTreeSet::from(["a 1".to_owned(), "c 1".to_owned()]));
    assert_eq!(disk.drain(Seq(0), 9).await.expect("drained").len(), 2);
}

#[tokio::test]
async fn a_job_has_one_owner_and_one_spider() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = reopened(folder.path()).await;
    let second = Disk::new(options(folder.path())).open().await.expect_err("it is taken").to_string();
    assert!(second.contains("is in use by process ") && second.contains("crawling `test`"), "{second}");
    disk.close("shutdown").await.expect("closed");
    let other = Options { spider: "other".to_owned(), ..options(folder.path()) };
    let other = Disk::new(other).open().await.expect_err("another's").to_string();
    assert!(other.contains("is one of spider `test`, not of `other`"), "{other}");
    let full = tempfile::tempdir().expect("a folder");
    std::fs::write(full.path().join("letter.txt"), "to my mother").expect("written");
    let error = Disk::new(options(full.path())).open().await.expect_err("not a job").to_string();
    assert!(error.contains("holds other things and no job"), "{error}");
    assert_eq!(std::fs::read_dir(full.path()).expect("a folder").count(), 1, "nothing was put there");
}

#[tokio::test]
async fn the_seeds_of_a_million_stay_on_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = reopened(folder.path()).await;
    for thousand in 0..30 {
        let wishes = (0..1000).map(|n| wish(&format!("http://h{}/{thousand}/{n}", n % 7))).collect();
        disk.seed(wishes, false).await.expect("seeded");
    }
    disk.flush().await.expect("flushed");
    let mut met = BTreeSet::new();
    loop {
        let leases = disk.lease(Want { hosts: 3, requests: 100, refill: Vec::new() }).await.expect("leased");
        if leases.is_empty() {
            break;
        }
        for lease in leases {
            let requests = lease.requests.len();
            let done = lease.requests.into_iter().map(|leased| {
                assert!(met.insert(leased.request.url.to_string()), "{} came twice", leased.request.url);
                settlement(lease.id, leased.id, Outcome::Done)
            });
            let settled = disk.settle(done.collect()).await.expect("settled");
            assert!(settled.refused.is_empty() && requests > 0);
            disk.release(lease.id, crate::frontier::Pace::default()).await.expect("released");
        }
    }
    assert_eq!(met.len(), 30_000);
    assert_eq!(disk.progress().await.expect("progress").pending, 0);
}
