//! The pipeline `images`: fetches what `image_urls` names, keeps what is whole, writes `images`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use bytesize::ByteSize;
use dragline::downloader::{Fetch, Held, Keep};
use dragline::error::{Error, Result};
use dragline::message::mask::{self, Shown};
use dragline::message::{Body, Failure, FailureKind, Reach, Record, Request, Response};
use dragline::pipeline::{Pipeline, Verdict};
use dragline::registry::{Component, Context};
use dragline::settings::within;
use dragline::stats::{self, Stats};
use dragline_store::{About, Existing, Name, Options, Store, StoreError, Stores};
use http::{HeaderValue, header};
use md5::Md5;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha1::{Digest, Sha1};
use tokio::sync::Semaphore;
use url::Url;

use crate::entry::{Entry, Status};
use crate::picture::{Bounds, Examined, Kind, Picture, Refusal, Verify, Workers, examine};

/// A decoder that takes longer is abandoned.
const DECODE_TIMEOUT: Duration = Duration::from_secs(10);

/// `[pipelines.images]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The store: a folder, or the URI of one that the runner knows, such as `s3://bucket/photos`.
    pub store: String,
    /// The item's field with the URLs.
    pub urls_field: String,
    /// The item's field for what became of them.
    pub result_field: String,
    /// How much is checked before a file is kept.
    pub verify: Verify,
    /// The hash of the bytes that items carry.
    pub checksum: Checksum,
    /// Whether each file is on the disk before it has its name.
    pub sync: bool,
    /// The longest body.
    pub max_body: ByteSize,
    /// Bodies from this size on are held in a file of the store instead of in memory.
    pub spill: ByteSize,
    /// The most pixels on a side.
    pub max_side: u32,
    /// The most pixels in all.
    pub max_pixels: u64,
    /// The most memory for decoding one picture.
    pub max_alloc: ByteSize,
    /// Pictures decoded at once; 0 means as many as there are processors.
    pub threads: usize,
}

/// A hash of a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checksum {
    /// SHA-1.
    Sha1,
    /// MD5, which is what Scrapy writes; it costs three times as much.
    Md5,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            store: "images".to_owned(),
            urls_field: "image_urls".to_owned(),
            result_field: "images".to_owned(),
            verify: Verify::Decode,
            checksum: Checksum::Sha1,
            sync: false,
            max_body: ByteSize::mib(512),
            spill: ByteSize::mib(1),
            max_side: 16_384,
            max_pixels: 100_000_000,
            max_alloc: ByteSize::mib(512),
            threads: 0,
        }
    }
}

/// Fetches, checks and keeps images.
pub struct Images {
    settings: Settings,
    store: Arc<dyn Store>,
    fetch: Fetch,
    stats: Arc<Stats>,
    workers: Workers,
    /// Bodies from their first byte until they are kept: when no more may be held, their hosts wait.
    bodies: Arc<Semaphore>,
    /// The names that somebody is after: who wants the same one waits, and finds it in the store.
    wanted: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
}

impl Component for Images {
    const NAME: &'static str = "images";
    type Settings = Settings;

    fn build(settings: Settings, context: &Context) -> Result<Self> {
        if settings.store.is_empty() {
            return Err(Error::setting("pipelines.images.store", "is empty: name the folder that the images go to"));
        }
        let stores = context.provided.get::<Stores>().unwrap_or_default();
        let store = stores.open(&settings.store, &Options { sync: settings.sync });
        let store = store.map_err(|why| Error::setting("pipelines.images.store", why))?;
        let Some(fetch) = context.fetch.clone() else {
            return Err(Error::other("the images pipeline needs a way to the wire"));
        };
        within("pipelines.images.threads", settings.threads, 0..=1024)?;
        within("pipelines.images.max_side", settings.max_side, 1..=u32::MAX)?;
        within("pipelines.images.max_pixels", settings.max_pixels, 1..=u64::MAX)?;
        within("pipelines.images.max_body", settings.max_body.as_u64(), 1..=1 << 50)?;
        within("pipelines.images.max_alloc", settings.max_alloc.as_u64(), 1..=1 << 50)?;
        let threads = match settings.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        Ok(Self {
            store,
            fetch,
            stats: context.stats.clone(),
            workers: Workers::start(threads, DECODE_TIMEOUT).map_err(Error::other)?,
            bodies: Arc::new(Semaphore::new(context.concurrency + 2 * threads)),
            wanted: Mutex::default(),
            settings,
        })
    }
}

impl fmt::Display for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)
    }
}

#[async_trait]
impl Pipeline for Images {
    async fn open(&self) -> Result<()> {
        self.store.open().await.map_err(disk)
    }

    fn places(&self) -> Vec<PathBuf> {
        self.store.root().map(Path::to_owned).into_iter().collect()
    }

    async fn process(&self, mut record: Record) -> Result<Verdict> {
        if !record.may_have(&self.settings.urls_field) {
            return Ok(Verdict::Keep(record));
        }
        let (page, reach) = (record.page.clone(), record.reach);
        let urls = match record.fields().get(&self.settings.urls_field) {
            None | Some(Value::Null) => return Ok(Verdict::Keep(record)),
            Some(Value::String(url)) => vec![Value::String(url.clone())],
            Some(Value::Array(urls)) => urls.clone(),
            Some(_) => {
                let field = &self.settings.urls_field;
                return Err(Error::page(format!("field `{field}` must be a list of URLs")));
            }
        };
        let entries = urls.into_iter().map(|url| self.entry(url, &page, reach));
        let entries = futures_util::future::join_all(entries).await.into_iter().collect::<Result<Vec<Entry>>>()?;
        let entries = serde_json::to_value(entries)?;
        record.fields().insert(self.settings.result_field.clone(), entries);
        Ok(Verdict::Keep(record))
    }
}

impl Images {
    /// Gets one image, counts and logs what became of it.
    async fn entry(&self, url: Value, page: &Url, reach: Reach) -> Result<Entry> {
        let entry = match &url {
            Value::String(text) => match page.join(text) {
                Ok(url) if matches!(url.scheme(), "http" | "https" | "data") => {
                    self.obtain(text.clone(), url, page, reach).await?
                }
                Ok(url) => {
                    Entry::failed(text.clone(), None, "bad_scheme", format!("`{}` is not fetched", url.scheme()))
                }
                Err(error) => Entry::failed(text.clone(), None, "bad_url", error.to_string()),
            },
            other => Entry::failed(other.to_string(), None, "bad_url", "it is not text".to_owned()),
        };
        let status = stats::Name::from(format!("file_status_count/{}", entry.status.name()));
        match (&entry.reason, entry.size) {
            (Some(reason), _) => {
                let detail = entry.detail.as_deref().unwrap_or_default();
                tracing::warn!(url = %mask::text(&entry.url), kind = reason, detail, page = %Shown(page), "image failed");
                self.stats.add_all([(status, 1), (stats::Name::from(format!("file_failed_count/{reason}")), 1)]);
            }
            (None, size) => self.stats.add_all([
                (stats::Name::from("file_count"), 1),
                (status, 1),
                (stats::Name::from("file_bytes"), size.unwrap_or_default()),
            ]),
        }
        Ok(entry)
    }

    async fn obtain(&self, text: String, url: Url, page: &Url, reach: Reach) -> Result<Entry> {
        let stem = stem(url.as_str());
        let wanted = self.wanted(&stem);
        let _alone = wanted.lock().await;
        if let Some(entry) = self.already_there(&text, &stem).await? {
            return Ok(entry);
        }
        let keep = Keep {
            limit: self.settings.max_body.as_u64(),
            setting: Cow::Borrowed("pipelines.images.max_body"),
            cut: false,
            look: None,
            resume: None,
            spill: self.store.parts().map(|parts| (parts, self.settings.spill.as_u64())),
        };
        let mut request = Request::get(url).header(header::ACCEPT, HeaderValue::from_static("image/*,*/*;q=0.8"));
        request.referrer = Some(page.clone());
        request.reach = reach;
        match self.fetch.fetch_into(request, &keep, &self.bodies).await {
            // the body's place is free again when the file has its name
            Ok(Held { response, place: _place }) => self.keep(text, response, stem).await,
            Err(failure) if failure.kind == FailureKind::Stopped => Err(failure.into()),
            Err(Failure { kind: FailureKind::Disk, detail, .. }) => Err(disk(StoreError::new(&self.store, detail))),
            Err(Failure { kind, url, detail, .. }) => Ok(Entry::failed(text, Some(url.into()), kind.name(), detail)),
        }
    }

    /// The lock of a name.
    fn wanted(&self, stem: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = wanted.get(stem).and_then(Weak::upgrade) {
            return lock;
        }
        // as many as are under way, and as many again that nobody is after any more
        if wanted.len() >= wanted.capacity() {
            wanted.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::default();
        wanted.insert(stem.to_owned(), Arc::downgrade(&lock));
        lock
    }

    /// The entry of a file that is in the store: an image by its header and whole by its structure, for another program
    /// may have been killed while it wrote.
    async fn already_there(&self, text: &str, stem: &str) -> Result<Option<Entry>> {
        for kind in Kind::KEPT {
            let Ok(name) = Name::new(format!("{stem}.{}", kind.extension())) else { continue };
            let Some(bytes) = self.store.get(&name).await.map_err(disk)? else { continue };
            let (checksum, bounds) = (self.settings.checksum, self.bounds());
            let looked = self.workers.run(move || {
                let Examined { picture, .. } = examine(&bytes, Verify::Structure, &bounds).ok()?;
                Some((bytes.len() as u64, checksum.of(&bytes), picture))
            });
            if let Ok(Some((size, checksum, picture))) = looked.await {
                let name = name.to_string();
                return Ok(Some(kept(text.to_owned(), None, Status::Uptodate, name, size, checksum, picture)));
            }
        }
        Ok(None)
    }

    /// Checks a body and gives it its name.
    async fn keep(&self, text: String, response: Response, stem: String) -> Result<Entry> {
        let final_url = String::from(response.url);
        let (checksum, how, bounds, body) =
            (self.settings.checksum, self.settings.verify, self.bounds(), response.body);
        let checked = self.workers.run(move || {
            let bytes = match &body {
                Body::Memory(bytes) => Cow::Borrowed(&bytes[..]),
                Body::File { file, .. } => match std::fs::read(file.path()) {
                    Ok(bytes) => Cow::Owned(bytes),
                    Err(error) => return Err(Unkept::Store(StoreError::new(file.path().display(), error))),
                },
            };
            let Examined { picture, .. } = examine(&bytes, how, &bounds).map_err(Unkept::Refused)?;
            let (size, checksum) = (bytes.len() as u64, checksum.of(&bytes));
            drop(bytes);
            Ok((body, size, checksum, picture))
        });
        match checked.await {
            Ok(Ok((body, size, checksum, picture))) => {
                let name = Name::cleaned(&format!("{stem}.{}", picture.kind.extension()));
                let about = About { mime: picture.kind.mime().to_owned(), metadata: Vec::new() };
                self.store.put(&name, body, &about, Existing::Replace).await.map_err(disk)?;
                let name = name.to_string();
                Ok(kept(text, Some(final_url), Status::Downloaded, name, size, checksum, picture))
            }
            Ok(Err(Unkept::Refused(refusal))) => {
                Ok(Entry::failed(text, Some(final_url), refusal.name(), refusal.to_string()))
            }
            Ok(Err(Unkept::Store(error))) => Err(disk(error)),
            Err(lost) => Ok(Entry::failed(text, Some(final_url), lost.name(), lost.to_string())),
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            max_side: self.settings.max_side,
            max_pixels: self.settings.max_pixels,
            max_alloc: self.settings.max_alloc.as_u64(),
            ..Bounds::default()
        }
    }
}

/// Why a body did not become a file: it is not to, or the disk would not have it.
enum Unkept {
    Refused(Refusal),
    Store(StoreError),
}

fn disk(error: StoreError) -> Error {
    error.into_error("the image store")
}

/// The name of a URL's file without its extension, as in Scrapy's stores: `full/<sha1 of the URL>`.
fn stem(url: &str) -> String {
    format!("full/{}", hex(&Sha1::digest(url.as_bytes())))
}

/// Bytes in lower-case hex.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // writing to a String cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Checksum {
    fn of(self, bytes: &[u8]) -> String {
        match self {
            Self::Sha1 => hex(&Sha1::digest(bytes)),
            Self::Md5 => hex(&Md5::digest(bytes)),
        }
    }
}

fn kept(
    url: String,
    final_url: Option<String>,
    status: Status,
    path: String,
    size: u64,
    checksum: String,
    picture: Picture,
) -> Entry {
    Entry {
        url,
        final_url,
        path: Some(path),
        checksum: Some(checksum),
        status,
        size: Some(size),
        mime: Some(picture.kind.mime().to_owned()),
        width: Some(picture.width),
        height: Some(picture.height),
        reason: None,
        detail: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_scrapy() {
        // the cases of Scrapy's own suite
        let stem_of_gif = stem("https://dev.mydeco.com/mydeco.gif");
        assert_eq!(stem_of_gif, "full/3fd165099d8e71b8a48b2683946e64dbfad8b52d");
        let stem = stem("http://www.maddiebrown.co.uk///catalogue-items//image_54642_12175_95307.jpg");
        assert_eq!(stem, "full/0ffcd85d563bca45e2f90becd0ca737bc58a00b2");
    }
}
