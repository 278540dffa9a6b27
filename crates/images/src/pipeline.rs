//! The pipeline `images`: fetches what `image_urls` names, keeps what is whole, writes `images`.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytesize::ByteSize;
use dragline::downloader::{Fetch, Keep};
use dragline::error::{Error, Result};
use dragline::message::{Failure, Record, Request, Response};
use dragline::pipeline::{Pipeline, Verdict};
use dragline::registry::{Component, Context};
use dragline::stats::{Name, Stats};
use http::{HeaderValue, header};
use md5::Md5;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha1::{Digest, Sha1};
use tokio::sync::Semaphore;
use url::Url;

use crate::entry::{Entry, Status};
use crate::store::{Store, StoreError, hex};
use crate::verify::{Bounds, Picture, Verify, verify};
use crate::workers::Workers;

/// `[pipelines.images]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The folder of the store.
    pub store: PathBuf,
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
            store: PathBuf::from("images"),
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
#[derive(Debug)]
pub struct Images {
    settings: Settings,
    store: Arc<Store>,
    fetch: Fetch,
    stats: Arc<Stats>,
    workers: Workers,
    /// Images from the first look into the store until they are kept: bounds the bodies that wait to be decoded.
    under_way: Semaphore,
}

impl Component for Images {
    const NAME: &'static str = "images";
    type Settings = Settings;

    fn build(settings: Settings, context: &Context) -> Result<Self> {
        if settings.store.as_os_str().is_empty() {
            return Err(Error::setting("pipelines.images.store", "is empty: name the folder that the images go to"));
        }
        let Some(fetch) = context.fetch.clone() else {
            return Err(Error::other("the images pipeline needs a way to the wire"));
        };
        let threads = match settings.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        Ok(Self {
            store: Arc::new(Store::new(settings.store.clone(), settings.sync)),
            fetch,
            stats: context.stats.clone(),
            workers: Workers::start(threads).map_err(Error::other)?,
            under_way: Semaphore::new(context.concurrency + 2 * threads),
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
        let store = self.store.clone();
        let opened = tokio::task::spawn_blocking(move || store.open()).await;
        opened.map_err(Error::other)?.map_err(|StoreError { path, source }| Error::Disk {
            what: "the image store",
            path,
            source,
        })
    }

    async fn process(&self, mut record: Record) -> Result<Verdict> {
        if !record.may_have(&self.settings.urls_field) {
            return Ok(Verdict::Keep(record));
        }
        let page = record.page.clone();
        let urls = match record.fields().get(&self.settings.urls_field) {
            None | Some(Value::Null) => return Ok(Verdict::Keep(record)),
            Some(Value::String(url)) => vec![Value::String(url.clone())],
            Some(Value::Array(urls)) => urls.clone(),
            Some(_) => {
                let field = &self.settings.urls_field;
                return Err(Error::page(format!("field `{field}` must be a list of URLs")));
            }
        };
        let entries = futures_util::future::join_all(urls.into_iter().map(|url| self.entry(url, &page))).await;
        let entries = serde_json::to_value(entries)?;
        record.fields().insert(self.settings.result_field.clone(), entries);
        Ok(Verdict::Keep(record))
    }

    async fn close(&self) -> Result<()> {
        self.store.close();
        Ok(())
    }
}

impl Images {
    /// Gets one image, counts and logs what became of it.
    async fn entry(&self, url: Value, page: &Url) -> Entry {
        let entry = match &url {
            Value::String(text) => match page.join(text) {
                Ok(url) if matches!(url.scheme(), "http" | "https") => self.obtain(text.clone(), url, page).await,
                Ok(url) => {
                    Entry::failed(text.clone(), None, "bad_scheme", format!("`{}` is not fetched", url.scheme()))
                }
                Err(error) => Entry::failed(text.clone(), None, "bad_url", error.to_string()),
            },
            other => Entry::failed(other.to_string(), None, "bad_url", "it is not text".to_owned()),
        };
        let status = Name::from(format!("file_status_count/{}", entry.status.name()));
        match (&entry.reason, entry.size) {
            (Some(reason), _) => {
                let detail = entry.detail.as_deref().unwrap_or_default();
                tracing::warn!(url = %entry.url, reason, detail, %page, "image failed");
                self.stats.add_all([(status, 1), (Name::from(format!("file_failed_count/{reason}")), 1)]);
            }
            (None, size) => self.stats.add_all([
                (Name::from("file_count"), 1),
                (status, 1),
                (Name::from("file_bytes"), size.unwrap_or_default()),
            ]),
        }
        entry
    }

    async fn obtain(&self, text: String, url: Url, page: &Url) -> Entry {
        // never closed, so never refused
        let _under_way = self.under_way.acquire().await;
        let stem = Store::stem(url.as_str());
        if let Some(entry) = self.already_there(&text, stem.clone()).await {
            return entry;
        }
        let keep = Keep {
            limit: self.settings.max_body.as_u64(),
            setting: Cow::Borrowed("pipelines.images.max_body"),
            spill: Some((self.store.parts(), self.settings.spill.as_u64())),
        };
        let mut request = Request::get(url).header(header::ACCEPT, HeaderValue::from_static("image/*,*/*;q=0.8"));
        request.referrer = Some(page.clone());
        match self.fetch.fetch_into(request, &keep).await {
            Ok(response) => self.keep(text, response, stem).await,
            Err(Failure { kind, url, detail, .. }) => Entry::failed(text, Some(url.into()), kind.name(), detail),
        }
    }

    /// The entry of a file that is in the store.
    async fn already_there(&self, text: &str, stem: String) -> Option<Entry> {
        let (store, checksum) = (self.store.clone(), self.settings.checksum);
        let found = tokio::task::spawn_blocking(move || {
            let (name, bytes, picture) = store.find(&stem)?;
            Some((name, bytes.len() as u64, checksum.of(&bytes), picture))
        });
        let (name, size, checksum, picture) = found.await.ok()??;
        Some(kept(text.to_owned(), None, Status::Uptodate, name, size, checksum, picture))
    }

    /// Checks a body and gives it its name, off the I/O thread.
    async fn keep(&self, text: String, response: Response, stem: String) -> Entry {
        let final_url = String::from(response.url);
        let (store, checksum, how, bounds) =
            (self.store.clone(), self.settings.checksum, self.settings.verify, self.bounds());
        let body = response.body;
        let checked = self.workers.run(move || {
            let bytes = match &body {
                dragline::message::Body::Memory(bytes) => Cow::Borrowed(&bytes[..]),
                dragline::message::Body::File { file, .. } => {
                    Cow::Owned(std::fs::read(file.path()).map_err(|error| ("disk", error.to_string()))?)
                }
            };
            let picture = verify(&bytes, how, &bounds).map_err(|refusal| (refusal.name(), refusal.to_string()))?;
            let (size, checksum) = (bytes.len() as u64, checksum.of(&bytes));
            drop(bytes);
            let name = format!("{stem}.{}", picture.extension());
            store.keep(body, &name).map_err(|error| ("disk", error.to_string()))?;
            Ok((name, size, checksum, picture))
        });
        match checked.await {
            Ok(Ok((name, size, checksum, picture))) => {
                kept(text, Some(final_url), Status::Downloaded, name, size, checksum, picture)
            }
            Ok(Err((reason, detail))) => Entry::failed(text, Some(final_url), reason, detail),
            Err(_) => Entry::failed(text, Some(final_url), "image_panic", "the decoder panicked".to_owned()),
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            max_side: self.settings.max_side,
            max_pixels: self.settings.max_pixels,
            max_alloc: self.settings.max_alloc.as_u64(),
        }
    }
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
        mime: Some(picture.mime().to_owned()),
        width: Some(picture.width),
        height: Some(picture.height),
        reason: None,
        detail: None,
    }
}
