//! Feeds that are files, one or one for each batch. A local file is written in its place; what goes elsewhere is
//! written into the spool folder and shipped from there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::begun::Begun;
use super::catalogue::Plan;
use super::name::Name;
use super::settings::Mode;
use super::spool::{Shipping, blocking, remove};
use super::volume::{Place, Volume, failed};
use super::{Context, Feed, Kept};
use crate::error::{Error, Result};
use crate::frontier::Position;
use crate::message::Record;

/// A feed of files.
pub(super) struct Files {
    plan: Arc<Plan>,
    name: Name,
    context: Context,
    shipping: Option<Shipping>,
    /// The batch that is being written; the first is 1.
    batch: u64,
    /// Its file; none between two batches, and after an error.
    volume: Option<Volume>,
    /// Records written since the feed was opened or rewound.
    written: u64,
    /// Spool files that were shipped, until the frontier has a position behind them.
    shipped: Vec<PathBuf>,
    forgotten: Vec<PathBuf>,
    /// A batch was shipped or ended by this feed.
    has_batch: bool,
}

/// A position: the batch, and the place in its file; none between two batches.
#[derive(Deserialize, Serialize)]
struct Stand {
    batch: u64,
    place: Option<Place>,
}

impl Files {
    /// Opens the feed; one that was open before is rewound before it is written to.
    pub(super) async fn open(plan: Arc<Plan>, shipping: Option<Shipping>, context: &Context) -> Result<Self> {
        let name = Name::parse(&plan.uri)?;
        let mut feed = Self {
            plan,
            name,
            context: context.clone(),
            shipping,
            batch: 1,
            volume: None,
            written: 0,
            shipped: Vec::new(),
            forgotten: Vec::new(),
            has_batch: false,
        };
        if !context.resuming {
            // what a run has begun that was killed before anything of it was committed
            feed.forget_after(0).await?;
            let mode = feed.look().await?;
            feed.begin(mode).await?;
        }
        Ok(feed)
    }

    /// Which batch is the first one, and how its file is opened.
    async fn look(&mut self) -> Result<Mode> {
        let mode = self.plan.settings.mode;
        if mode == Mode::Overwrite {
            if let Some(shipping) = &self.shipping {
                // a bucket that is not there is said now
                shipping.store.has(&self.uri()).await?;
            }
            return Ok(mode);
        }
        if self.name.has_batch() && mode == Mode::Append {
            self.skip_what_is_there().await?;
        } else if let Some(shipping) = &self.shipping
            && shipping.store.has(&self.uri()).await?
        {
            let what = "it is there, and cannot be appended to: `-O` replaces it, and `{time}` in the name keeps both";
            return Err(Error::feed(self.plan.settings.shown(), what));
        }
        Ok(if self.shipping.is_some() { Mode::Overwrite } else { mode })
    }

    /// Goes on to the first batch whose name is free.
    async fn skip_what_is_there(&mut self) -> Result<()> {
        while match &self.shipping {
            Some(shipping) => shipping.store.has(&self.uri()).await?,
            None => Path::new(&self.uri()).exists(),
        } {
            self.batch += 1;
        }
        Ok(())
    }

    /// The name of the batch.
    fn uri(&self) -> String {
        self.name.of(self.batch, &self.context)
    }

    /// The file that is written.
    fn path(&self, batch: u64) -> PathBuf {
        if self.shipping.is_none() {
            return PathBuf::from(self.name.of(batch, &self.context));
        }
        self.context.spool.join(format!("{:016x}-{batch:06}.spool", self.number()))
    }

    /// Begins the batch's file.
    async fn begin(&mut self, mode: Mode) -> Result<()> {
        let (path, encoder, compression) =
            (self.path(self.batch), self.plan.encoder(&self.context)?, self.plan.settings.compression());
        if self.shipping.is_some() {
            let spool = &self.context.spool;
            tokio::fs::create_dir_all(spool).await.map_err(|source| failed(spool, source))?;
        }
        // a file that is new is ours: it may be taken away again
        let is_new = self.context.durable && mode != Mode::Overwrite && !path.exists();
        if self.name.has_batch() || is_new {
            let (begun, batch) = (self.begun(), self.batch);
            blocking(move || begun.note(batch)).await?;
        }
        self.volume = Some(blocking(move || Volume::create(&path, mode, encoder, compression)).await?);
        Ok(())
    }

    /// Does something with the file on a thread that may block; after an error there is no file.
    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Volume) -> Result<T> + Send + 'static,
    ) -> Result<Option<T>> {
        let Some(mut volume) = self.volume.take() else { return Ok(None) };
        let (volume, done) = blocking(move || work(&mut volume).map(|done| (volume, done))).await?;
        self.volume = Some(volume);
        Ok(Some(done))
    }

    fn is_full(&self) -> bool {
        let (settings, Some(volume)) = (&self.plan.settings, &self.volume) else { return false };
        let (items, bytes) = (settings.batch_items, settings.batch_bytes);
        let is_late = || settings.batch_time.zip(volume.begun).is_some_and(|(most, begun)| begun.elapsed() >= most);
        volume.records > 0
            && ((items > 0 && volume.records >= items)
                || bytes.is_some_and(|bytes| volume.bytes >= bytes.as_u64())
                || is_late())
    }

    /// Ends the batch; the next one begins with its first record.
    async fn end_batch(&mut self) -> Result<()> {
        self.with(Volume::finish).await?;
        self.volume = None;
        self.ship().await?;
        self.batch += 1;
        if self.shipping.is_none() && self.plan.settings.mode != Mode::Overwrite {
            self.skip_what_is_there().await?;
        }
        Ok(())
    }

    /// Removes the batches that this feed has begun after a position, from this one on.
    async fn forget_after(&self, first: u64) -> Result<()> {
        for batch in self.begun().from(first)? {
            remove(&self.path(batch))?;
            let uri = self.name.of(batch, &self.context);
            if let Some(shipping) = &self.shipping
                && shipping.store.has(&uri).await?
            {
                shipping.store.remove(&uri).await?;
            }
        }
        Ok(())
    }

    /// The batches that were begun.
    fn begun(&self) -> Begun {
        Begun::at(self.context.spool.join(format!("{:016x}.begun", self.number())))
    }

    /// Stands for the feed in the names of its files in the spool folder.
    fn number(&self) -> u64 {
        self.plan.settings.id().number()
    }

    async fn ship(&mut self) -> Result<()> {
        self.has_batch = true;
        if let Some(shipping) = &self.shipping {
            let spool = self.path(self.batch);
            shipping.ship(&spool, &self.uri()).await?;
            self.shipped.push(spool);
        }
        Ok(())
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.plan.settings.shown())
    }
}

#[async_trait]
impl Feed for Files {
    async fn write(&mut self, batch: &[Record]) -> Result<()> {
        if self.is_full() {
            self.end_batch().await?;
        }
        for record in batch {
            if self.volume.is_none() {
                self.begin(if self.shipping.is_some() { Mode::Overwrite } else { self.plan.settings.mode }).await?;
            }
            if let Some(volume) = &mut self.volume {
                volume.push(record, &self.context.stats)?;
            }
            self.written += 1;
            if self.is_full() {
                self.with(Volume::write).await?;
                self.end_batch().await?;
            }
        }
        self.with(Volume::write).await.map(drop)
    }

    async fn sync(&mut self) -> Result<Kept> {
        if self.is_full() {
            self.end_batch().await?;
        }
        // the frontier has taken the position that came after these
        for path in std::mem::take(&mut self.forgotten) {
            remove(&path)?;
        }
        self.forgotten = std::mem::take(&mut self.shipped);
        let is_durable = self.context.durable;
        let place = self.with(move |volume| volume.sync(is_durable)).await?;
        let stand = Stand { batch: self.batch, place };
        Ok(Kept { records: self.written, position: Position(serde_json::to_string(&stand)?) })
    }

    async fn rewind(&mut self, to: &Position) -> Result<()> {
        let stand: Stand = serde_json::from_str(&to.0).map_err(|error| {
            Error::feed(self.plan.settings.shown(), format!("`{}` is no position of it: {error}", to.0))
        })?;
        self.volume = None;
        self.batch = stand.batch;
        self.written = 0;
        // batches that were begun later are written again
        if self.name.has_batch() {
            self.forget_after(self.batch + u64::from(stand.place.is_some())).await?;
        }
        if let Some(place) = stand.place {
            let (path, encoder, compression) =
                (self.path(self.batch), self.plan.encoder(&self.context)?, self.plan.settings.compression());
            let closed = self.context.closed;
            self.volume = Some(blocking(move || Volume::resume(&path, &place, closed, encoder, compression)).await?);
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        let records = self.volume.as_ref().map(|volume| volume.records);
        self.with(Volume::finish).await?;
        // an empty feed is a file too, an empty last batch is none
        if records.is_some_and(|records| records > 0 || !self.has_batch) {
            self.ship().await?;
        }
        self.begun().end();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::conformance::{context, record, record_of};
    use crate::feed::{Catalogue, Settings};
    use serde_json::json;

    struct Scene(tempfile::TempDir);

    impl Scene {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }

        fn path(&self, name: &str) -> String {
            self.0.path().join(name).to_string_lossy().into_owned()
        }

        fn text(&self, name: &str) -> String {
            std::fs::read_to_string(self.path(name)).expect("text")
        }

        async fn open(&self, name: &str, toml: &str) -> Result<Box<dyn Feed>> {
            let text = format!("uri = '{}'\n{toml}", self.path(name));
            let settings: Settings = toml::from_str(&text).expect("settings");
            Catalogue::default().plan(&settings)?.open(&context(self.0.path())).await
        }

        async fn feed(&self, name: &str, toml: &str, records: &[Record]) -> Result<()> {
            let mut feed = self.open(name, toml).await?;
            feed.write(records).await?;
            feed.finish().await
        }

        async fn refusal(&self, name: &str, toml: &str) -> String {
            let error = self.feed(name, toml, &[record(1)]).await.expect_err("refused");
            format!("{error}: {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default())
        }
    }

    fn number(number: u64) -> Record {
        record_of(&json!({ "number": number }))
    }

    #[tokio::test]
    async fn every_format_goes_on_after_what_is_there() {
        let scene = Scene::new();
        for (name, expected) in [
            ("a.jsonl", "{\"number\":1}\n{\"number\":2}\n"),
            ("a.json", "[\n{\"number\":1},\n{\"number\":2}\n]"),
            ("a.csv", "number\r\n1\r\n2\r\n"),
            (
                "a.xml",
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<items>\n<item><number>1</number></item>\n\
                 <item><number>2</number></item>\n</items>",
            ),
        ] {
            for records in [&[][..], &[number(1)], &[], &[number(2)]] {
                scene.feed(name, "", records).await.expect("written");
            }
            assert_eq!(scene.text(name), expected);
            scene.feed(name, "mode = 'overwrite'", &[number(3)]).await.expect("written");
            assert!(scene.text(name).contains('3') && !scene.text(name).contains('2'));
        }
    }

    #[tokio::test]
    async fn f09_whatever_is_in_an_item_its_file_is_valid() {
        let scene = Scene::new();
        let texts = ["nul \0, end \u{1b}[2J", "\u{FFFD}\u{FFFE}\u{202E}", "]]>&lt;\"'\r\n,;", &"x".repeat(8 << 20)];
        let texts: Vec<Record> =
            texts.iter().map(|text| record_of(&json!({ "text": text, "number": f64::NAN, "\0 a": 1e308 }))).collect();
        for name in ["a.jsonl", "a.json", "a.csv", "a.xml"] {
            scene.feed(name, "", &texts).await.expect("written");
            let text = scene.text(name);
            let found = match name {
                "a.jsonl" => {
                    text.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()).count()
                }
                "a.json" => serde_json::from_str::<Vec<serde_json::Value>>(&text).expect("JSON").len(),
                "a.csv" => csv::Reader::from_reader(text.as_bytes()).records().filter(Result::is_ok).count(),
                _ => {
                    assert!(text.chars().all(|c| c >= ' ' || "\t\r\n".contains(c)), "no character that XML has not");
                    let mut reader = quick_xml::Reader::from_str(&text);
                    let mut items = 0;
                    loop {
                        match reader.read_event().expect("XML") {
                            quick_xml::events::Event::Start(tag) if tag.name().as_ref() == "item" => items += 1,
                            quick_xml::events::Event::Eof => break items,
                            _ => {}
                        }
                    }
                }
            };
            assert_eq!(found, texts.len(), "{name}");
        }
    }

    #[tokio::test]
    async fn half_a_last_line_is_cut_off() {
        let scene = Scene::new();
        let long = format!("{{\"{}", "x".repeat(100_000));
        for (before, after) in [("{}\n{\"numb", "{}\n"), ("{\"numb", ""), ("{}\n", "{}\n"), (long.as_str(), "")] {
            std::fs::write(scene.path("a.jsonl"), before).expect("a file");
            scene.open("a.jsonl", "").await.expect("opened");
            assert_eq!(scene.text("a.jsonl"), after);
        }
        std::fs::write(scene.path("a.jsonl"), "{}\n{\"number\":7}").expect("a file");
        scene.open("a.jsonl", "").await.expect("opened");
        assert_eq!(scene.text("a.jsonl"), "{}\n{\"number\":7}\n");
    }

    #[tokio::test]
    async fn what_others_wrote_is_left_as_it_is() {
        let scene = Scene::new();
        for (name, letter) in [
            ("a.jsonl", "a letter to my mother"),
            ("a.json", "a letter to my mother"),
            ("a.json", "[{\"number\":1},"),
            ("a.json", "[section]"),
            ("a.csv", "a letter to my mother"),
            ("a.xml", "<html></html>"),
            ("a.xml", "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<items>\n<item>"),
            ("a.jsonl.gz", "a letter to my mother"),
            ("a.json.zst", "a letter to my mother"),
        ] {
            std::fs::write(scene.path(name), letter).expect("a file");
            let text = scene.refusal(name, "").await;
            assert!(text.contains("cannot be used as a feed: it is there, and does not hold"), "{text}");
            assert_eq!(scene.text(name), letter);
        }
    }

    #[tokio::test]
    async fn a_csv_file_keeps_its_header() {
        let scene = Scene::new();
        scene.feed("a.csv", "", &[record_of(&json!({"a": 1, "b": 2}))]).await.expect("written");
        scene.feed("a.csv", "", &[record_of(&json!({"b": 4, "a": 3}))]).await.expect("written");
        assert_eq!(scene.text("a.csv"), "a,b\r\n1,2\r\n3,4\r\n");
        let text = scene.refusal("a.csv", "fields = ['a', 'c']").await;
        assert!(text.contains("does not hold CSV with the header `a,c`, but `a,b`"), "{text}");
        let text = scene.refusal("a.csv", "").await;
        assert!(text.contains("does not hold CSV with the header `number,text`, but `a,b`"), "{text}");
        assert_eq!(scene.text("a.csv"), "a,b\r\n1,2\r\n3,4\r\n");
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_written_to_is_named() {
        let scene = Scene::new();
        let text = scene.refusal("no/folder/x.jsonl", "").await;
        assert!(text.contains("no/folder/x.jsonl` cannot be used as a feed: No such file"), "{text}");
        std::fs::write(scene.path("a.jsonl"), "{}\n").expect("a file");
        let text = scene.refusal("a.jsonl", "mode = 'fail'").await;
        assert!(text.contains("the feed's `mode` is `fail`"), "{text}");
        assert_eq!(scene.text("a.jsonl"), "{}\n");
    }

    #[tokio::test]
    async fn batches_go_on_after_those_that_are_there() {
        let scene = Scene::new();
        let numbers: Vec<Record> = (1..=3).map(number).collect();
        scene.feed("{job}-{batch:02}.jsonl", "batch_items = 2", &numbers).await.expect("written");
        scene.feed("{job}-{batch:02}.jsonl", "batch_bytes = '10 B'", &numbers[..2]).await.expect("written");
        let text = |batch: u64| scene.text(&format!("job-{batch:02}.jsonl"));
        assert_eq!(
            [1, 2, 3, 4].map(text),
            ["{\"number\":1}\n{\"number\":2}\n", "{\"number\":3}\n", "{\"number\":1}\n", "{\"number\":2}\n"]
        );
        assert!(!Path::new(&scene.path("job-05.jsonl")).exists(), "an empty last batch is no file");
    }

    #[tokio::test]
    async fn an_item_that_does_not_fit_is_counted_and_the_file_stays_whole() {
        let scene = Scene::new();
        let settings: Settings =
            toml::from_str(&format!("uri = '{}'\nencoding = 'latin1'", scene.path("a.csv"))).expect("settings");
        let context = context(scene.0.path());
        let mut feed = Catalogue::default().plan(&settings).expect("a plan").open(&context).await.expect("opened");
        let records: Vec<Record> = ["☺", "ö", "☺", "a"].map(|text| record_of(&json!({ "t": text }))).into();
        feed.write(&records).await.expect("written");
        assert_eq!(feed.sync().await.expect("synced").records, 4, "what is left out is done with");
        feed.finish().await.expect("finished");
        assert_eq!(std::fs::read(scene.path("a.csv")).expect("bytes"), b"t\r\n\xf6\r\na\r\n");
        assert_eq!(context.stats.count("item_error_count"), 2);
    }
}
