//! Asks for packed bodies, and unpacks what comes: gzip, deflate, brotli, zstd (RFC 9110, section 8.4; RFC 8878).
//!
//! What is decoded is counted while it is decoded, and a body that ends early or is damaged is a failure: half a page is
//! not a page.

mod coding;
mod unpack;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytesize::ByteSize;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use coding::Coding;
use unpack::{Progress, Unpacking, Wrong};

use crate::downloader::{Inbound, Keep, Middleware, Outbound, Trip};
use crate::message::{Body, Failure, FailureKind, Request, Response};
use crate::stats::{Name, Stats};

/// What is asked for.
const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip, deflate, br, zstd");

/// `[middlewares.decompression]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The most codings over each other.
    pub max_codings: usize,
    /// The most bytes that a packed byte may become, once there are more than `ratio_from`; 0 is no limit.
    pub max_ratio: u64,
    /// What is smaller may be of any ratio.
    pub ratio_from: ByteSize,
    /// Packed bodies up to this are unpacked at once, larger ones on a thread for such work.
    pub inline: ByteSize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_codings: 3, max_ratio: 1000, ratio_from: ByteSize::mib(8), inline: ByteSize::kib(64) }
    }
}

/// Unpacks bodies.
#[derive(Debug)]
pub struct Decompression {
    settings: Settings,
    stats: Arc<Stats>,
    /// Large bodies are unpacked no more at once than there are processors: more would only take more memory.
    processors: Arc<Semaphore>,
}

impl Decompression {
    /// Unpacks within these limits, and those of the body.
    #[must_use]
    pub fn new(settings: Settings, stats: Arc<Stats>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { settings, stats, processors: Arc::new(Semaphore::new(processors)) }
    }

    /// Puts the unpacked body in the place of the packed one; a failure leaves none.
    async fn unpack(&self, response: &mut Response, keep: &Keep) -> Result<(), Failure> {
        let (url, status) = (response.url.clone(), response.status);
        let fail = |kind, detail| Failure { status: Some(status), ..Failure::new(kind, url, detail) };
        let codings = codings(&response.headers, self.settings.max_codings);
        let body = std::mem::take(&mut response.body);
        clear(&mut response.headers);
        let (codings, packed) = match codings {
            Ok(codings) => (codings, body.len()),
            Err(detail) => return Err(fail(FailureKind::BadEncoding, detail)),
        };
        if codings.is_empty() || packed == 0 {
            response.body = body;
            return Ok(());
        }
        let unpacked = self.decode(body, codings, keep).await.map_err(|wrong| {
            let (kind, detail) = self.explain(&wrong, packed, keep);
            fail(kind, detail)
        })?;
        self.stats.add_all([
            (Name::from("httpcompression/response_count"), 1),
            (Name::from("httpcompression/response_bytes"), unpacked.body.len()),
        ]);
        if unpacked.not_packed > 0 {
            self.stats.add("httpcompression/not_packed_count", unpacked.not_packed);
        }
        response.body = unpacked.body;
        Ok(())
    }

    async fn decode(&self, body: Body, codings: Vec<Coding>, keep: &Keep) -> Result<unpack::Unpacked, Wrong> {
        let most = match self.settings.max_ratio {
            0 => u64::MAX,
            ratio => body.len().saturating_mul(ratio).max(self.settings.ratio_from.as_u64()),
        };
        let inline = self.settings.inline.as_u64();
        let is_small = matches!(&body, Body::Memory(bytes) if bytes.len() as u64 <= inline);
        let outermost = codings.last().copied().unwrap_or(Coding::Gzip);
        let mut unpacking = Unpacking::new(body, codings, keep, most);
        if is_small {
            // a small body may become a large one: so much is decoded here, and the rest elsewhere
            match unpacking.run(inline.saturating_mul(16))? {
                Progress::Done => return unpacking.finish(),
                Progress::More => {}
            }
        }
        // it is never closed, and without a permit the work would be done all the same
        let permit = self.processors.clone().acquire_owned().await;
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            unpacking.run(u64::MAX)?;
            unpacking.finish()
        });
        work.await.unwrap_or(Err(Wrong::Damaged { coding: outermost, what: "the decoder panicked".into() }))
    }

    fn explain(&self, wrong: &Wrong, packed: u64, keep: &Keep) -> (FailureKind, String) {
        let packed = ByteSize(packed);
        match wrong {
            Wrong::TooLarge => {
                let (setting, limit) = (&keep.setting, ByteSize(keep.limit));
                (FailureKind::TooLarge, format!("body of {packed}, unpacked, is over `{setting}` = {limit}"))
            }
            Wrong::TooDense => {
                let limit = self.settings.max_ratio;
                let setting = "`middlewares.decompression.max_ratio`";
                (FailureKind::TooLarge, format!("body of {packed} unpacks to more than {setting} = {limit} times that"))
            }
            Wrong::Damaged { coding, what } => {
                (FailureKind::BadEncoding, format!("body of {packed} cannot be unpacked as {coding}: {what}"))
            }
            Wrong::Disk(error) => (FailureKind::Disk, format!("an unpacked body cannot be kept: {error}")),
        }
    }
}

/// The codings in the order in which they were applied; or what is wrong with them.
fn codings(headers: &HeaderMap, most: usize) -> Result<Vec<Coding>, String> {
    let mut codings = Vec::new();
    for value in headers.get_all(header::CONTENT_ENCODING) {
        for name in value.as_bytes().split(|byte| *byte == b',') {
            let name = name.trim_ascii();
            if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            let Some(coding) = Coding::named(name) else {
                let name: String = String::from_utf8_lossy(name).chars().take(40).collect();
                return Err(format!("the body is packed as {name:?}, which is not known"));
            };
            codings.push(coding);
        }
    }
    if codings.len() > most {
        let (count, setting) = (codings.len(), "`middlewares.decompression.max_codings`");
        return Err(format!("{count} codings over each other are more than {setting} = {most}"));
    }
    Ok(codings)
}

/// The body is no longer what these headers say.
fn clear(headers: &mut HeaderMap) {
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
}

/// Whether there is a packed body that anybody will read: none of a redirect, which may be a bomb.
fn is_packed(method: &Method, response: &Response) -> bool {
    let status = response.status;
    response.headers.contains_key(header::CONTENT_ENCODING)
        && *method != Method::HEAD
        && !status.is_informational()
        && !status.is_redirection()
        && status != StatusCode::NO_CONTENT
        && status != StatusCode::RESET_CONTENT
}

impl fmt::Display for Decompression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("decompression")
    }
}

#[async_trait]
impl Middleware for Decompression {
    async fn outbound(&self, mut request: Request) -> Outbound {
        request.headers.entry(header::ACCEPT_ENCODING).or_insert(ACCEPTED);
        Outbound::Send(request)
    }

    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        let mut response = match outcome {
            Ok(response) if is_packed(&trip.sent.method, &response) => response,
            other => return Inbound::Pass(other),
        };
        match self.unpack(&mut response, trip.keep).await {
            Ok(()) => Inbound::Pass(Ok(response)),
            // a status says more than a body that cannot be read: what comes above decides by it
            Err(failure) if !response.status.is_success() => {
                tracing::debug!(%failure, "the body of an error page is left out");
                self.stats.add("httpcompression/error_body_count", 1);
                Inbound::Pass(Ok(response))
            }
            Err(failure) => Inbound::Pass(Err(failure)),
        }
    }
}

#[cfg(test)]
mod tests;
