//! Crashes between any two calls, and disks that fail: a model of the job is held against what comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::double::Double;
use super::*;
use crate::frontier::{FeedId, Pace, Position, Progress};

/// What a user asks of a job: each page once, each record once.
#[derive(Default)]
struct Model {
    /// The feed, as a file would be: records by sequence.
    feed: Vec<u64>,
}

/// A disk on a double. The lock and the status file are real, in a folder that is thrown away.
fn disk(folder: &Path, double: &Arc<Double>, durability: Durability) -> Disk {
    let mut options = options(folder);
    options.settings.durability = durability;
    options.settings.commit = Duration::from_millis(2);
    options.settings.events = 7;
    let medium: Arc<dyn Medium> = double.clone();
    Disk::on(options, medium)
}

fn feed() -> FeedId {
    FeedId("feed".to_owned())
}

/// Crawls a little: pages 0 to 99, each with a record and links to two more, in steps; `steps` of them at most.
async fn crawl(disk: &Disk, model: &mut Model, random: &mut StdRng, steps: usize) -> Result<bool, FrontierError> {
    let export = disk.attach(vec![feed()]).await?.remove(0);
    let at = export.position.map_or(0, |position| position.0.parse().expect("a number"));
    assert!(at <= model.feed.len(), "the feed is never shorter than the job knows");
    model.feed.truncate(at);
    let mut upto = export.upto;
    if !disk.progress().await?.started {
        disk.seed(vec![wish("http://h0/0")], true).await?;
    }
    let mut leases: BTreeMap<LeaseId, Vec<(RequestId, u64)>> = BTreeMap::new();
    for _ in 0..steps {
        for lease in disk.lease(Want { hosts: 2, requests: 3, refill: leases.keys().copied().collect() }).await? {
            let pages = lease
                .requests
                .iter()
                .map(|leased| (leased.id, leased.request.url.path()[1..].parse().expect("a number")));
            leases.entry(lease.id).or_default().extend(pages);
        }
        let out: Vec<LeaseId> = leases.keys().copied().collect();
        let Some(lease) = out.get(random.random_range(0..out.len().max(1))) else {
            disk.flush().await?;
            upto = export_all(disk, model, upto).await?;
            assert!(upto.0 > 0);
            return Ok(disk.progress().await?.pending == 0);
        };
        let Some((id, page)) = leases.get_mut(lease).and_then(Vec::pop) else {
            leases.remove(lease);
            disk.release(*lease, Pace::default()).await?;
            continue;
        };
        let link = |to: u64| wish(&format!("http://h{}/{to}", to % 3));
        let children = [2 * page + 1, 2 * page + 2].into_iter().filter(|to| *to < 100).map(link).collect();
        let done = Settlement { children, records: vec![record(page)], ..settlement(*lease, id, Outcome::Done) };
        disk.settle(vec![done]).await?;
        if random.random_bool(0.3) {
            upto = export_all(disk, model, upto).await?;
        }
    }
    Ok(false)
}

/// Writes what may be written to the feed.
async fn export_all(disk: &Disk, model: &mut Model, upto: Seq) -> Result<Seq, FrontierError> {
    let records = disk.drain(upto, 100).await?;
    let last = records.last().map_or(upto, |(seq, _)| *seq);
    for (_, mut record) in records {
        model.feed.push(record.fields()["number"].as_u64().expect("a number"));
    }
    disk.exported(&feed(), last, Position(model.feed.len().to_string())).await?;
    Ok(last)
}

fn is_complete(model: &Model, progress: &Progress) {
    let pages: BTreeSet<u64> = model.feed.iter().copied().collect();
    assert_eq!((pages.len(), model.feed.len()), (100, 100), "each record once: {:?}", model.feed);
    assert_eq!((progress.scheduled, progress.done, progress.pending), (100, 100, 0));
}

/// Crashes after ever more steps, chained, until the crawl is through.
async fn crash_chain(seed: u64, power_cut: bool, durability: Durability) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = StdRng::seed_from_u64(seed);
    let (mut double, mut model) = (Arc::new(Double::default()), Model::default());
    for crash in 0.. {
        assert!(crash < 500, "the crawl gets on");
        // a folder each: the thread of the run before may hold its lock for a moment still
        let run = folder.path().join(crash.to_string());
        let disk = disk(&run, &double, durability);
        disk.open().await.unwrap_or_else(|error| panic!("seed {seed}, crash {crash}: {error}"));
        let steps = random.random_range(1..40 + crash);
        if crawl(&disk, &mut model, &mut random, steps).await.expect("crawled") {
            is_complete(&model, &disk.progress().await.expect("progress"));
            disk.close("finished").await.expect("closed");
            return;
        }
        double = if power_cut { double.after_a_crash(seed * 1000 + crash as u64) } else { double.after_a_kill() };
    }
}

#[tokio::test]
async fn killed_between_any_two_calls_it_loses_nothing_and_gives_nothing_twice() {
    for seed in 0..20 {
        crash_chain(seed, false, Durability::Normal).await;
    }
}

#[tokio::test]
async fn without_power_at_any_moment_it_loses_nothing_and_gives_nothing_twice() {
    for seed in 0..20 {
        crash_chain(seed, true, Durability::Normal).await;
        crash_chain(seed, true, Durability::Strict).await;
    }
}

#[tokio::test]
async fn a_full_disk_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let double = Arc::new(Double::default());
    let disk = Disk::on(Options { patience: Duration::from_secs(60), ..options(folder.path()) }, double.clone());
    disk.open().await.expect("opened");
    double.fail(double.calls() + 3, io::ErrorKind::StorageFull);
    disk.submit((0..50).map(|n| wish(&format!("http://a/{n}"))).collect()).await.expect("in the books");
    for _ in 0..1000 {
        if disk.is_behind() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(disk.is_behind(), "the crawl is told to wait");
    assert!(disk.lease(Want { hosts: 1, requests: 1, refill: Vec::new() }).await.expect("asked").is_empty());
    double.mend();
    disk.flush().await.expect("there is room again");
    assert!(!disk.is_behind());
    disk.close("shutdown").await.expect("closed");
    let again = reopen_on(folder.path(), &double).await;
    assert_eq!(again.progress().await.expect("progress").pending, 50);
}

#[tokio::test]
async fn a_disk_that_fails_ends_the_run_at_any_call_and_the_job_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    for (kind, patience) in [(io::ErrorKind::Other, 600), (io::ErrorKind::StorageFull, 0)] {
        for at in 0..60 {
            let run = folder.path().join(format!("{kind:?}-{at}"));
            let double = Arc::new(Double::default());
            let mut options = options(&run);
            options.patience = Duration::from_secs(patience);
            options.settings.commit = Duration::from_millis(1);
            let disk = Disk::on(options, double.clone());
            double.fail(at, kind);
            let mut random = StdRng::seed_from_u64(at as u64);
            let mut model = Model::default();
            let ended = match disk.open().await {
                Ok(_) => crawl(&disk, &mut model, &mut random, 1000).await.map(drop),
                Err(error) => Err(error),
            };
            let closed = disk.close("internal_error").await;
            let was_said = ended.is_err() || closed.is_err();
            drop(disk);
            let double = double.after_a_crash(at as u64);
            let disk = reopen_on(&run, &double).await;
            let done = disk.progress().await.expect("progress").done;
            assert!(was_said || done == 100, "call {at} failed, nobody said so, and {done} pages are done");
            assert!(crawl(&disk, &mut model, &mut random, 1000).await.expect("crawled"));
            is_complete(&model, &disk.progress().await.expect("progress"));
        }
    }
}

/// Opens a job once its lock is free.
async fn reopen_on(folder: &Path, double: &Arc<Double>) -> Disk {
    for _ in 0..500 {
        let disk = disk(folder, double, Durability::Normal);
        match disk.open().await {
            Ok(_) => return disk,
            Err(FrontierError::Job(JobError::Locked { .. })) => std::thread::sleep(Duration::from_millis(10)),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the lock stays");
}
