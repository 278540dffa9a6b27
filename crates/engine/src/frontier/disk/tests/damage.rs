//! Damaged files: what is changed in a job's file is found, and what can be saved of it is.

use std::collections::BTreeMap;
use std::fs;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::double::Double;
use super::*;
use crate::frontier::disk::form::{self, Meta, MetaOne, sealed};
use crate::frontier::disk::{FILE, Job, repair};
use crate::frontier::ledger::Totals;
use crate::frontier::{Failed, FeedId, Position, Progress};

/// Mutations of a job in one run of the tests; `DRAGLINE_MUTATIONS` of them where that is set, as `tests/run --soak` does.
const MUTATIONS: u64 = 600;

/// A job with something in every table.
async fn sample(folder: &Path) -> Progress {
    let disk = reopened(folder).await;
    disk.attach(vec![FeedId("feed".to_owned())]).await.expect("attached");
    disk.exported(&FeedId("feed".to_owned()), Seq(0), Position("0".to_owned())).await.expect("exported");
    let mut later = wish("http://b/later");
    later.due = Some(SystemTime::now() + Duration::from_secs(3600));
    let wishes = (0..3000).map(|n| wish(&format!("http://h{}/pages/{n}", n % 9))).chain([later]).collect();
    disk.seed(wishes, true).await.expect("seeded");
    for lease in disk.lease(Want { hosts: 4, requests: 50, refill: Vec::new() }).await.expect("leased") {
        let settlements = lease.requests.iter().enumerate().map(|(number, leased)| match number % 5 {
            0 => settlement(lease.id, leased.id, Outcome::Failed(Failed::new("http_status"))),
            _ => Settlement { records: vec![record(number as u64)], ..settlement(lease.id, leased.id, Outcome::Done) },
        });
        disk.settle(settlements.collect()).await.expect("settled");
    }
    disk.flush().await.expect("flushed");
    let progress = at_rest(disk.progress().await.expect("progress"));
    disk.close("shutdown").await.expect("closed");
    progress
}

/// Without what is not written down: who is out, and fractions of a millisecond.
fn at_rest(progress: Progress) -> Progress {
    let next_due = progress.next_due.map(|due| form::time(form::millis(due)));
    Progress { leased: 0, next_due, ..progress }
}

/// What a job holds, read from one end to the other.
async fn contents(disk: &Disk) -> (Progress, usize, usize) {
    let mut requests = 0;
    for lease in disk.lease(Want { hosts: 99, requests: 99_999, refill: Vec::new() }).await.expect("leased") {
        requests += lease.requests.len();
    }
    let records = disk.drain(Seq(0), 99_999).await.expect("drained").len();
    let progress = disk.progress().await.expect("progress");
    (at_rest(progress), requests, records)
}

#[tokio::test]
async fn a_changed_file_is_refused_or_holds_what_it_held() {
    let folder = tempfile::tempdir().expect("a folder");
    let job = folder.path().join("job");
    let whole = sample(&job).await;
    let bytes = fs::read(job.join(FILE)).expect("the file");
    let mutations = std::env::var("DRAGLINE_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(MUTATIONS);
    let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
    let mut wounds: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..mutations {
        let mut random = StdRng::seed_from_u64(seed);
        let mutated = mutate(bytes.clone(), &mut random);
        let double = Arc::new(Double::default());
        double.put(Path::new(FILE), mutated.clone());
        // a folder that is always there, and a lock for each
        let run = folder.path().join("runs").join(seed.to_string());
        let disk = Disk::on(options(&run), double.clone());
        match disk.open().await {
            Ok(_) => {
                // it may be the commit before the last one, which differs only in how the run ended
                let (progress, requests, records) = contents(&disk).await;
                assert_eq!(
                    (&progress, requests as u64, records),
                    (&whole, whole.pending - 1, whole.outbox),
                    "seed {seed}"
                );
                *ends.entry("as it was").or_default() += 1;
            }
            Err(FrontierError::Job(JobError::Damaged { .. })) => {
                *ends.entry("refused").or_default() += 1;
                if seed % 5 == 0 {
                    let run = folder.path().join("repaired").join(seed.to_string());
                    fs::create_dir_all(&run).expect("a folder");
                    fs::write(run.join(FILE), &mutated).expect("written");
                    let end = mend(&run, &whole).await;
                    *ends.entry(end).or_default() += 1;
                    // what a file lost behind a cut, or with its first page, is luck; of a wound within, most is saved
                    if mutated.len() == bytes.len() && mutated[..4096] == bytes[..4096] {
                        *wounds.entry(end).or_default() += 1;
                    }
                    fs::remove_dir_all(run).expect("removed");
                }
            }
            Err(error) => panic!("seed {seed}: {error}"),
        }
        disk.close("shutdown").await.ok();
        fs::remove_dir_all(run).ok();
    }
    assert!(ends["refused"] > mutations / 10 && ends["as it was"] > mutations / 10, "{ends:?}");
    assert!(wounds["saved in part"] > wounds.get("beyond repair").copied().unwrap_or(0), "{wounds:?} of {ends:?}");
}

fn mutate(mut bytes: Vec<u8>, random: &mut StdRng) -> Vec<u8> {
    let at = random.random_range(0..bytes.len());
    match random.random_range(0..6) {
        0 => bytes[at] ^= 1 << random.random_range(0..8),
        1 => bytes[at] = random.random(),
        2 => bytes.truncate(at),
        3 => {
            let end = (at + random.random_range(1..5000)).min(bytes.len());
            bytes[at..end].fill(0);
        }
        4 => {
            let end = (at + random.random_range(1..100)).min(bytes.len());
            random.fill(&mut bytes[at..end]);
        }
        // where the structure is: the first pages
        _ => bytes[at % 4096] = random.random(),
    }
    bytes
}

/// Repairs a job and holds what is said to be lost against what is there.
async fn mend(folder: &Path, whole: &Progress) -> &'static str {
    let repaired = match repair(folder) {
        Ok(repaired) => repaired,
        Err(JobError::Beyond { .. }) => return "beyond repair",
        Err(error) => panic!("{error}"),
    };
    let disk = reopened(folder).await;
    let (progress, requests, records) = contents(&disk).await;
    disk.close("shutdown").await.expect("closed");
    let delayed = u64::from(progress.next_due.is_some());
    assert_eq!((requests as u64 + delayed, records as u64), (repaired.requests, repaired.records));
    assert_eq!(progress.scheduled, progress.done + progress.failed + progress.skipped + progress.pending);
    let lost = repaired.lost_requests + repaired.lost_records + repaired.lost_fingerprints + repaired.lost_failed;
    if lost == 0 && !repaired.was_whole {
        assert_eq!((progress.pending, progress.outbox), (whole.pending, whole.outbox));
        return "saved whole";
    }
    "saved in part"
}

#[tokio::test]
async fn a_job_of_an_older_format_opens_and_one_of_a_newer_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path()).await;
    let path = folder.path().join(FILE);
    let table: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("meta");
    let write = |format: u32, rest: Option<Vec<u8>>| {
        let database = redb::Database::open(&path).expect("opened");
        let transaction = database.begin_write().expect("begun");
        {
            let mut table = transaction.open_table(table).expect("the table");
            table.insert("format", &format.to_le_bytes()[..]).expect("written");
            if let Some(rest) = rest {
                table.insert("meta", &*rest).expect("written");
            }
        }
        transaction.commit().expect("committed");
    };
    // format 1 did not know how the last run ended
    let summary = Job::at(folder.path()).expect("a job").summary().expect("its summary");
    let totals =
        Totals { scheduled: summary.scheduled, done: summary.done, failed: summary.failed, ..Totals::default() };
    let old = Meta::new("test", 7, SystemTime::UNIX_EPOCH);
    let one = MetaOne {
        key: old.key,
        spider: old.spider,
        created: old.created,
        runs: 3,
        commits: 9,
        totals,
        seen: old.seen,
        stats: old.stats,
        last_seq: old.last_seq,
        exported: old.exported,
    };
    write(1, Some(sealed(&one)));
    let disk = reopened(folder.path()).await;
    let progress = disk.progress().await.expect("progress");
    assert_eq!((progress.scheduled, progress.done), (summary.scheduled, summary.done));
    disk.close("finished").await.expect("closed");
    assert_eq!(Job::at(folder.path()).expect("a job").summary().expect("its summary").runs, 4);
    assert!(folder.path().join("job.format1").exists(), "what it was is kept");
    write(99, None);
    let newer = Disk::new(options(folder.path())).open().await.expect_err("newer").to_string();
    assert!(newer.contains("has format 99, and this build reads formats up to 3: use a newer Dragline"), "{newer}");
    let unrepaired = repair(folder.path()).expect_err("newer").to_string();
    assert!(unrepaired.contains("format 99"), "{unrepaired}");
}

#[tokio::test]
async fn failed_requests_are_listed_and_put_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = sample(folder.path()).await;
    let job = Job::at(folder.path()).expect("a job");
    let mut listed = 0;
    job.failed(|failed| {
        assert_eq!(failed.what.kind, "http_status");
        assert!(failed.request.is_some());
        listed += 1;
        true
    })
    .expect("listed");
    assert_eq!((listed, whole.failed), (40, 40));
    assert_eq!(job.retry(|failed| failed.what.kind == "connect").expect("nothing"), 0);
    assert_eq!(job.retry(|failed| failed.request.as_ref().is_some_and(|r| &*r.host() == "h1")).expect("some"), 10);
    assert_eq!(job.retry(|_| true).expect("the rest"), 30);
    let summary = job.summary().expect("a summary");
    assert_eq!((summary.failed, summary.pending, summary.failures.len()), (0, whole.pending + 40, 0));
    let disk = reopened(folder.path()).await;
    let (progress, requests, _) = contents(&disk).await;
    assert_eq!((progress.failed, requests as u64), (0, whole.pending + 40 - 1));
}
