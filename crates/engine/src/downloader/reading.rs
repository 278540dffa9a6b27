//! A body as it comes in, within its limits: length, silence, slowness, the whole.

use std::time::Duration;

use bytesize::ByteSize;
use http::{HeaderMap, Method, header};
use tokio::time::{Instant, timeout_at};

use super::explain::{explain, is_http2};
use super::parts::{Begun, Parts};
use super::resume::is_interruption;
use super::{Keep, Limits, Look, Sight};
use crate::message::{Body, Failure, FailureKind, Request};

/// What is not a success is read to its end, so that its connection can be used again, unless it is longer than this.
const OTHER_BODY: u64 = 64 * 1024;
/// The first bytes are looked at when there are so many, and each time there are four times as many.
const FIRST_LOOK: usize = 4 * 1024;

/// A head whose body is about to be read, and when that must be done.
pub(super) struct Incoming<'a> {
    pub(super) head: reqwest::Response,
    /// The beginning that this goes on with; nothing for a whole body.
    pub(super) so_far: Begun,
    /// The head of the whole body, where the rest of it could be asked for.
    pub(super) whole: Option<&'a HeaderMap>,
    pub(super) deadline: Instant,
    /// The time that the deadline comes from, for the message.
    pub(super) total: Duration,
}

/// Reads a body to its end. What came before it broke is kept where `keep.resume` says.
pub(super) async fn read(
    limits: &Limits,
    incoming: Incoming<'_>,
    request: &Request,
    keep: &Keep,
) -> Result<Body, Broken> {
    let Incoming { mut head, so_far, whole, deadline, total } = incoming;
    let spill = keep.spill.as_ref().filter(|_| head.status().is_success());
    let mut parts = Parts::new(so_far, spill);
    match receive(limits, &mut head, &mut parts, request, keep, (deadline, total)).await {
        Ok(Whole::Body) => parts.finish().await.map_err(|error| Broken::disk(&error, request)),
        Ok(Whole::Unwanted) => Ok(Body::default()),
        Err(broken) => {
            if let (Broken::Failed(failure), Some(resume), Some(headers)) = (&broken, &keep.resume, whole)
                && is_interruption(failure.kind)
            {
                resume.keep(request, headers, parts.into_begun());
            }
            Err(broken)
        }
    }
}

/// What was received.
enum Whole {
    Body,
    /// An error page that is too long to be read.
    Unwanted,
}

async fn receive(
    limits: &Limits,
    head: &mut reqwest::Response,
    parts: &mut Parts<'_>,
    request: &Request,
    keep: &Keep,
    (deadline, total): (Instant, Duration),
) -> Result<Whole, Broken> {
    let too_large = |length: u64| {
        let detail = format!("body of {} is over `{}` = {}", ByteSize(length), keep.setting, ByteSize(keep.limit));
        Broken::Failed(Failure::new(FailureKind::TooLarge, request.url.clone(), detail))
    };
    let is_wanted = head.status().is_success();
    let limit = if is_wanted { keep.limit } else { OTHER_BODY };
    let declared = head.content_length().map(|length| length.saturating_add(parts.length()));
    if let Some(length) = declared
        && request.method != Method::HEAD
        && length > limit
        && !keep.cut
    {
        return if is_wanted { Err(too_large(length)) } else { Ok(Whole::Unwanted) };
    }
    // what is packed says nothing yet of what is in it
    let is_plain = !head.headers().contains_key(header::CONTENT_ENCODING);
    let mut look = keep.look.as_ref().filter(|_| is_wanted && is_plain);
    let mut next_look = FIRST_LOOK;
    let mut pace = Floor::new(limits);
    loop {
        let idle = Instant::now() + limits.idle_timeout;
        let until = idle.min(deadline).min(pace.until);
        let chunk = match timeout_at(until, head.chunk()).await {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(error)) if is_http2(&error) && head.version() == http::Version::HTTP_2 => {
                return Err(Broken::Http2(explain(&error, &request.url)));
            }
            Ok(Err(error)) => return Err(Broken::Failed(explain(&error, &request.url))),
            Err(_) if until == deadline => return Err(Broken::Failed(total_timeout(request, total))),
            Err(_) if until == idle => {
                let limit = humantime(limits.idle_timeout);
                let detail = format!("nothing came for `download.idle_timeout` = {limit}");
                return Err(Broken::Failed(Failure::new(FailureKind::IdleTimeout, request.url.clone(), detail)));
            }
            Err(_) if pace.is_kept() => continue,
            Err(_) => {
                let (floor, time) = (limits.slow_floor, humantime(limits.slow_time));
                let detail = format!("slower than `download.slow_floor` = {floor} a second for {time}");
                return Err(Broken::Failed(Failure::new(FailureKind::SlowTimeout, request.url.clone(), detail)));
            }
        };
        let Some(chunk) = chunk else { break };
        if parts.length() + chunk.len() as u64 > limit {
            if keep.cut && is_wanted {
                let rest = usize::try_from(limit - parts.length()).unwrap_or(usize::MAX);
                parts.push(chunk.slice(..rest), declared).await.map_err(|error| Broken::disk(&error, request))?;
                break;
            }
            let length = parts.length() + chunk.len() as u64;
            return if is_wanted { Err(too_large(length)) } else { Ok(Whole::Unwanted) };
        }
        pace.came += chunk.len() as u64;
        parts.push(chunk, declared).await.map_err(|error| Broken::disk(&error, request))?;
        if let (Some(Look(looks)), Some(bytes)) = (look, parts.beginning())
            && bytes.len() >= next_look
        {
            next_look = bytes.len().saturating_mul(4);
            match looks(bytes) {
                Sight::More => {}
                Sight::Wanted => look = None,
                Sight::Unwanted(detail) => {
                    return Err(Broken::Failed(Failure::new(FailureKind::Unwanted, request.url.clone(), detail)));
                }
            }
        }
    }
    Ok(Whole::Body)
}

/// A body that did not come whole.
pub(super) enum Broken {
    /// The two ends do not understand each other in HTTP/2.
    Http2(Failure),
    Failed(Failure),
}

impl Broken {
    fn disk(error: &std::io::Error, request: &Request) -> Self {
        Self::Failed(Failure::new(FailureKind::Disk, request.url.clone(), error.to_string()))
    }

    /// The failure that it is.
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Self::Failed(failure) | Self::Http2(failure) => failure,
        }
    }
}

/// Whether a body brings as many bytes as it must.
struct Floor {
    /// Bytes since the window began.
    came: u64,
    /// The window's end.
    until: Instant,
    least: u64,
    window: Duration,
}

impl Floor {
    fn new(limits: &Limits) -> Self {
        let window = limits.slow_time.max(Duration::from_millis(1));
        let least = (limits.slow_floor.as_u64() as f64 * window.as_secs_f64()) as u64;
        Self { came: 0, until: Instant::now() + window, least, window }
    }

    /// Whether the window that has ended brought enough; begins the next.
    fn is_kept(&mut self) -> bool {
        let is_kept = self.came >= self.least;
        (self.came, self.until) = (0, Instant::now() + self.window);
        is_kept
    }
}

/// The request took longer than it may in all.
pub(super) fn total_timeout(request: &Request, limit: Duration) -> Failure {
    let detail = format!("not finished within `download.timeout` = {}", humantime(limit));
    Failure::new(FailureKind::TotalTimeout, request.url.clone(), detail)
}

/// Seconds, for messages.
pub(super) fn humantime(duration: Duration) -> String {
    format!("{}s", duration.as_secs_f64())
}
