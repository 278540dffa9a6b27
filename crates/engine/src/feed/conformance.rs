//! What every feed that can be read back has to do, whatever its format and its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::{Context, Feed, Plan};
use crate::message::{Item, Record};
use crate::stats::Stats;

/// A feed to be tested: opened in a folder of its own.
pub struct Case {
    /// How it is opened.
    pub plan: Plan,
    /// The numbers that it holds, read back as a stranger would.
    pub read: Box<dyn Fn() -> Vec<u64>>,
    /// The file whose end a crash may leave torn, if there is one.
    pub torn: Option<PathBuf>,
    /// What is written before the feed is finished can be read already.
    pub is_read_early: bool,
}

/// Runs the suite. Each part gets a new folder.
///
/// # Panics
/// If the feed does not keep what it promises.
pub async fn run(case: impl Fn(&Path) -> Case) {
    an_empty_feed_is_valid(&case).await;
    it_can_be_cut_back_to_its_very_begin(&case).await;
    what_came_after_a_position_is_forgotten(&case).await;
    a_torn_end_is_cut_off(&case).await;
    a_position_holds_for_more_than_one_crash(&case).await;
    a_file_that_was_cut_short_is_refused(&case).await;
}

/// The context of a job in a folder.
#[must_use]
pub fn context(folder: &Path) -> Context {
    Context {
        spider: "numbers".to_owned(),
        job: "job".to_owned(),
        started: Timestamp::from_second(1_795_255_200).unwrap_or_default(),
        spool: folder.join("spool"),
        resuming: false,
        closed: false,
        durable: true,
        items: Arc::default(),
        stats: Arc::new(Stats::default()),
    }
}

/// The record of a number.
///
/// # Panics
/// Never: a number serialises.
#[must_use]
pub fn record(number: u64) -> Record {
    record_of(&serde_json::json!({ "number": number, "text": format!("ö, \"{number}\"") }))
}

/// The record of fields.
///
/// # Panics
/// If they are none.
#[must_use]
#[expect(clippy::expect_used, reason = "a test's own fields")]
pub fn record_of(fields: &serde_json::Value) -> Record {
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Fields<'a>(&'a serde_json::Value);
    impl Item for Fields<'_> {
        const KIND: &'static str = "number";
    }
    let page = Arc::new("http://a.example/".parse().expect("a URL"));
    Record::from_item(&Fields(fields), page).expect("fields")
}

struct Scene {
    case: Case,
    context: Context,
    _folder: tempfile::TempDir,
}

#[expect(clippy::expect_used, reason = "a suite fails by panicking")]
impl Scene {
    fn new(case: &impl Fn(&Path) -> Case) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { case: case(folder.path()), context: context(folder.path()), _folder: folder }
    }

    async fn open(&self, is_resuming: bool) -> Box<dyn Feed> {
        let context = Context { resuming: is_resuming, ..self.context.clone() };
        self.case.plan.open(&context).await.expect("the feed opens")
    }

    fn expect(&self, numbers: std::ops::RangeInclusive<u64>) {
        assert_eq!((self.case.read)(), numbers.collect::<Vec<_>>());
    }
}

#[expect(clippy::expect_used, reason = "a suite fails by panicking")]
async fn write(feed: &mut Box<dyn Feed>, numbers: std::ops::RangeInclusive<u64>) {
    let records: Vec<Record> = numbers.map(record).collect();
    feed.write(&records).await.expect("records are written");
}

#[expect(clippy::expect_used, reason = "a suite fails by panicking")]
async fn an_empty_feed_is_valid(case: &impl Fn(&Path) -> Case) {
    let scene = Scene::new(case);
    let mut feed = scene.open(false).await;
    assert_eq!(feed.sync().await.expect("synced").records, 0);
    feed.finish().await.expect("finished");
    assert_eq!((scene.case.read)(), Vec::<u64>::new());
}

#[expect(clippy::expect_used, reason = "a suite fails by panicking")]
async fn what_came_after_a_position_is_forgotten(case: &impl Fn(&Path) -> Case) {
    let scene = Scene::new(case);
    let mut feed = scene.open(false).await;
    write(&mut feed, 1..=3).await;
    let kept = feed.sync().await.expect("synced");
    assert_eq!(kept.records, 3);
    if scene.case.is_read_early {
        scene.expect(1..=3);
    }
    write(&mut feed, 4..=9).await;
    drop(feed);
    let mut feed = scene.open(true).await;
    feed.rewind(&kept.position).await.expect("rewound");
    if scene.case.is_read_early {
        scene.expect(1..=3);
    }
    write(&mut feed, 4..=5).await;
    assert_eq!(feed.sync().await.expect("synced").records, 2, "counted since the rewind");
    write(&mut feed, 6..=7).await;
    feed.finish().await.expect("finished");
    scene.expect(1..=7);
}

#[expect(clippy::expect_used, reason = "a suite fails by panicking")]
async fn it_can_be_cut_back_to_its_very_begin(case: &impl Fn(&Path) -> Case) {
    let scene = Scene::new(case);
    let mut feed = scene.open(false).await;
    let begin = feed.sync().await.expect("synced");
    write(&mut feed, 1..=7).await;
    feed.sync().await.expect("synced");
    write(&mut feed, 8..=9).await;
    drop(feed);
    let mut feed = scene.open(true).await;
    feed.rewind(&begin.position).await.expect("rewound");
    write(&mut feed, 1..=2).await;
    feed.finish().await.expect("finished");
    scene.expect(1..=2);
}

#[expect(clippy::expect_used, reason = "a suite fails by panicking")]
async fn a_torn_end_is_cut_off(case: &impl Fn(&Path) -> Case) {
    let scene = Scene::new(case);
    let Some(torn) = &scene.case.torn else { return };
    let mut feed = scene.open(false).await;
    write(&mut feed, 1..=4).await;
    let kept = feed.sync().await.expect("synced");
    drop(feed);
    let mut bytes = std::fs::read(torn).expect("the file");
    bytes.extend_from_slice(b"{\"number\":5,\"te\0\xff\x1f\x8b");
    std::fs::write(torn, bytes).expect("torn");
    let mut feed = scene.open(true).await;
    feed.rewind(&kept.position).await.expect("rewound");
    write(&mut feed, 5..=6).await;
    feed.finish().await.expect("finished");
    scene.expect(1..=6);
}

#[expect(clippy::expect_used, reason = "a suite fails by panicking")]
async fn a_position_holds_for_more_than_one_crash(case: &impl Fn(&Path) -> Case) {
    let scene = Scene::new(case);
    let mut feed = scene.open(false).await;
    let mut kept = feed.sync().await.expect("synced");
    for round in 0..4 {
        write(&mut feed, round * 5 + 1..=round * 5 + 5).await;
        kept = feed.sync().await.expect("synced");
        write(&mut feed, 90..=95).await;
        drop(feed);
        feed = scene.open(true).await;
        feed.rewind(&kept.position).await.expect("rewound");
    }
    feed.finish().await.expect("finished");
    scene.expect(1..=20);
    // a job that is finished may be gone on with
    let mut feed = scene.open(true).await;
    feed.rewind(&kept.position).await.expect("rewound");
    write(&mut feed, 21..=22).await;
    feed.finish().await.expect("finished");
    scene.expect(1..=22);
}

#[expect(clippy::expect_used, reason = "a suite fails by panicking")]
async fn a_file_that_was_cut_short_is_refused(case: &impl Fn(&Path) -> Case) {
    let scene = Scene::new(case);
    let Some(torn) = &scene.case.torn else { return };
    let mut feed = scene.open(false).await;
    write(&mut feed, 1..=4).await;
    let kept = feed.sync().await.expect("synced");
    drop(feed);
    std::fs::write(torn, b"x").expect("cut short");
    let mut feed = scene.open(true).await;
    let error = feed.rewind(&kept.position).await.expect_err("what is not there cannot be gone on with");
    let text = format!("{error}: {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default());
    let name = torn.file_name().unwrap_or_default().to_string_lossy().into_owned();
    assert!(text.contains(&name) && text.contains("put the file back"), "{text}");
    assert_eq!(std::fs::read(torn).expect("the file"), b"x", "and stays as it is");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Catalogue, Settings};
    use std::io::Read;

    /// The file's text, unpacked by the crates that strangers use.
    fn text(path: &Path) -> String {
        let bytes = std::fs::read(path).expect("the file");
        let mut text = String::new();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => drop(flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("gzip")),
            Some("zst") => text = String::from_utf8(zstd::decode_all(&bytes[..]).expect("zstd")).expect("text"),
            _ => text = String::from_utf8(bytes).expect("text"),
        }
        text
    }

    fn numbers(path: &Path) -> Vec<u64> {
        let text = text(path);
        let name = path.to_string_lossy().into_owned();
        let number = |text: &str| text.parse().expect("a number");
        if name.contains(".jsonl") {
            text.lines()
                .map(|line| {
                    serde_json::from_str::<serde_json::Value>(line).expect("JSON")["number"].as_u64().expect("a number")
                })
                .collect()
        } else if name.contains(".json") {
            let all: Vec<serde_json::Value> = serde_json::from_str(&text).expect("an array");
            all.iter().map(|item| item["number"].as_u64().expect("a number")).collect()
        } else if name.contains(".csv") {
            let mut lines = text.lines();
            assert_eq!(lines.next().unwrap_or("number,text"), "number,text");
            lines.map(|line| number(line.split(',').next().expect("a cell"))).collect()
        } else {
            assert!(text.starts_with("<?xml") && text.ends_with("</items>"), "{text}");
            text.split("<number>").skip(1).map(|rest| number(rest.split('<').next().expect("text"))).collect()
        }
    }

    #[tokio::test]
    async fn every_format_and_compression_is_a_feed() {
        for name in ["a.jsonl", "a.json", "a.csv", "a.xml"] {
            for extension in ["", ".gz", ".zst"] {
                run(|folder| {
                    let path = folder.join(format!("{name}{extension}"));
                    let plan = Catalogue::default().plan(&Settings::new(path.to_string_lossy())).expect("a plan");
                    let at = path.clone();
                    Case { plan, read: Box::new(move || numbers(&at)), torn: Some(path), is_read_early: true }
                })
                .await;
            }
        }
    }

    #[tokio::test]
    async fn batches_are_a_feed() {
        for name in ["a-{batch}.jsonl", "a-{batch}.json.gz", "a-{batch}.csv"] {
            run(|folder| {
                let path = folder.join(name);
                let settings = Settings { batch_items: 2, ..Settings::new(path.to_string_lossy()) };
                let plan = Catalogue::default().plan(&settings).expect("a plan");
                let read = move || {
                    let batch =
                        |batch: u64| PathBuf::from(path.to_string_lossy().replace("{batch}", &batch.to_string()));
                    let files: Vec<PathBuf> = (1..).map(batch).take_while(|path| path.exists()).collect();
                    let all: Vec<Vec<u64>> = files.iter().map(|path| numbers(path)).collect();
                    assert!(
                        all.iter().rev().skip(1).all(|numbers| numbers.len() == 2),
                        "full but for the last: {all:?}"
                    );
                    all.concat()
                };
                Case { plan, read: Box::new(read), torn: None, is_read_early: true }
            })
            .await;
        }
    }
}
