//! The pictures of a scan in one ZIP, written while it is sent: nothing of it lies on a disk, and no more than a piece of
//! one picture in memory. Whoever leaves takes it along; what was cut is no ZIP, since its list of files stands at the end.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::vec;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use dragline_images::keeping::export::{ERRORS, UniqueNames, Zip};
use dragline_store::{Local, Name, Pieces, Store};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use tokio::sync::OwnedSemaphorePermit;
use zip::write::StreamWriter;

use super::selection::pictures;
use super::{App, Visitor, pages};
use crate::scan::{Picture, Progress, Scan};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/scans/{id}/zip", get(zip))
}

/// The archive of the pictures that the query means.
pub(super) async fn zip(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(scan) = app.scans.get(&visitor.session, &id) else {
        return pages::problem(StatusCode::NOT_FOUND, "There is no such scan, or its time is over.").into_response();
    };
    let pictures = match pictures(&scan, query.as_deref()) {
        Ok(pictures) => pictures,
        Err(bad) => return pages::problem(StatusCode::BAD_REQUEST, &bad.to_string()).into_response(),
    };
    let Ok(place) = app.archives.clone().try_acquire_owned() else {
        let busy = "Too many archives are being sent: try again in a minute.";
        let mut response = pages::problem(StatusCode::TOO_MANY_REQUESTS, busy).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        return response;
    };
    let plan = Plan::of(&pictures, app.scans.settings().max_zip.as_u64());
    let store = Local::new(app.scans.folder(&scan), false);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, disposition(&scan)),
    ];
    (headers, Body::from_stream(packed(store, plan, place))).into_response()
}

/// `attachment` under the name of the page's host, which has no letter that a header cannot have.
fn disposition(scan: &Scan) -> HeaderValue {
    let head = scan.head();
    let host = head.page.as_ref().and_then(|page| page.host_str()).unwrap_or("pictures");
    let host: String = host.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let value = HeaderValue::try_from(format!("attachment; filename=\"{host}.zip\""));
    value.unwrap_or(HeaderValue::from_static("attachment"))
}

/// What an archive has.
#[derive(Debug, Default)]
struct Plan {
    files: Vec<File>,
    /// What it has not, and why.
    errors: String,
}

/// A file of an archive.
#[derive(Debug, PartialEq, Eq)]
struct File {
    /// Its name there.
    name: String,
    /// Its name in the store.
    object: Name,
    size: u64,
    at: Timestamp,
}

impl Plan {
    fn of(pictures: &[Arc<Picture>], most: u64) -> Self {
        let (mut plan, mut names, mut bytes) = (Self::default(), UniqueNames::default(), 0);
        for picture in pictures {
            let entry = picture.entry.as_ref();
            let kept = entry.filter(|_| picture.progress() == Progress::Kept);
            let object = kept.and_then(|entry| entry.path.as_deref()?.parse().ok());
            let (Some(entry), Some(object)) = (kept, object) else {
                let why = entry.and_then(|entry| entry.detail.as_deref()).unwrap_or("it was not there yet");
                plan.miss(picture, why);
                continue;
            };
            let size = entry.size.unwrap_or_default();
            if bytes + size > most {
                plan.miss(picture, "the archive would be over `gallery.max_zip`");
                continue;
            }
            bytes += size;
            let at = entry.fetched_at.unwrap_or_else(Timestamp::now);
            plan.files.push(File { name: names.of(&name(picture, &object)), object, size, at });
        }
        plan
    }

    fn miss(&mut self, picture: &Picture, why: &str) {
        let url = picture.url().map(|url| shortened(url.as_str())).unwrap_or_default();
        self.errors.push_str(&format!("{url}\t{}\n", why.replace(['\r', '\n', '\t'], " ")));
    }
}

/// A URL for a list: a `data:` one may have megabytes.
fn shortened(url: &str) -> String {
    match url.char_indices().nth(2000) {
        Some((end, _)) => format!("{}…", &url[..end]),
        None => url.to_owned(),
    }
}

/// What a picture is called: as in its URL, with the extension that its bytes have.
fn name(picture: &Picture, object: &Name) -> String {
    let extension = object.as_str().rsplit_once('.').map_or("bin", |(_, extension)| extension);
    let last = picture.url().filter(|url| url.scheme() != "data");
    let last = last.and_then(|url| url.path_segments()?.rfind(|part| !part.is_empty()));
    let last = last.map(|last| percent_decode_str(last).decode_utf8_lossy().replace(['/', '\\'], "_"));
    let stem = last.as_deref().map(|last| last.rsplit_once('.').map_or(last, |(stem, _)| stem));
    match stem.filter(|stem| !stem.is_empty()) {
        Some(stem) => format!("{stem}.{extension}"),
        None => format!("picture-{}.{extension}", picture.number + 1),
    }
}

/// What was written and not yet sent. Whoever writes and whoever sends are the same task.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive on its way.
struct Packing {
    zip: Zip<StreamWriter<Written>>,
    written: Written,
    store: Local,
    files: vec::IntoIter<File>,
    errors: String,
    /// What is left of the file that was begun.
    pieces: Option<Pieces>,
    /// Among the archives that are sent at once.
    _place: OwnedSemaphorePermit,
}

/// The bytes of an archive.
fn packed(store: Local, plan: Plan, place: OwnedSemaphorePermit) -> impl Stream<Item = io::Result<Bytes>> {
    let written = Written::default();
    let zip = Zip::streamed(written.clone());
    let (files, errors) = (plan.files.into_iter(), plan.errors);
    let packing = Packing { zip, written, store, files, errors, pieces: None, _place: place };
    stream::try_unfold(Some(packing), |packing| async {
        match packing {
            Some(packing) => packing.next().await.map(Some),
            None => Ok(None),
        }
    })
}

impl Packing {
    /// The next bytes, and what is left after them.
    async fn next(mut self) -> io::Result<(Bytes, Option<Self>)> {
        loop {
            let Some(pieces) = &mut self.pieces else {
                match self.files.next() {
                    Some(file) => self.begin(file).await?,
                    None => return self.finish(),
                }
                continue;
            };
            match pieces.next().await {
                Some(piece) => self.zip.write_all(&piece.map_err(io::Error::other)?)?,
                None => self.pieces = None,
            }
            let written = self.written.take();
            if !written.is_empty() {
                return Ok((written.into(), Some(self)));
            }
        }
    }

    /// A file that cannot be read from its begin is told of in the archive; one that breaks off later breaks the archive.
    async fn begin(&mut self, file: File) -> io::Result<()> {
        match self.store.read(&file.object).await {
            Ok(Some(pieces)) => {
                self.zip.begin(&file.name, file.at, file.size)?;
                self.pieces = Some(pieces);
            }
            Ok(None) => self.errors.push_str(&format!("{}\tits copy is gone\n", file.name)),
            Err(error) => {
                tracing::warn!(%error, "a copy cannot be read");
                self.errors.push_str(&format!("{}\tits copy cannot be read\n", file.name));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<(Bytes, Option<Self>)> {
        if !self.errors.is_empty() {
            self.zip.begin(ERRORS, Timestamp::now(), self.errors.len() as u64)?;
            self.zip.write_all(self.errors.as_bytes())?;
        }
        self.zip.finish()?;
        Ok((self.written.take().into(), None))
    }
}

#[cfg(test)]
mod tests;
