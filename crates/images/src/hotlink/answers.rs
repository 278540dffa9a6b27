//! One request, and what its answer is: the status, and what the bytes are.

use std::borrow::Cow;
use std::io;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use dragline::downloader::{Fetch, Keep, Trace};
use dragline::message::{Failure, FailureKind, Response};
use http::{StatusCode, header};
use sha1::{Digest, Sha1};

use crate::hotlink::likeness::Likeness;
use crate::hotlink::{Answer, Probe, Resemblance, Settings, Subject, Way, ask};
use crate::picture::{Bounds, Glance, Kind, Verify, Workers, examine, glance};

/// Sends the requests and looks at what comes.
#[derive(Debug)]
pub(super) struct Asker {
    fetch: Fetch,
    settings: Settings,
    keep: Keep,
    workers: Workers,
}

/// What a picture is compared by.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    bytes: Bytes,
    sha1: String,
    size: Option<(u32, u32)>,
}

/// What the bytes of an answer are.
struct Looked {
    sha1: String,
    /// The kind and the size of a whole picture, or what is wrong.
    picture: Result<(Kind, Option<(u32, u32)>), Wrong>,
}

/// What is wrong with bytes that are no whole picture: a stable name, and what is to be said.
struct Wrong {
    name: &'static str,
    detail: String,
}

impl Asker {
    pub(super) fn new(fetch: Fetch, settings: Settings) -> io::Result<Self> {
        let workers = Workers::start(settings.threads, settings.image_timeout)?;
        let setting = Cow::Borrowed("the most bytes of a picture that is judged");
        let keep = Keep { limit: settings.max_body, setting, cut: false, spill: None, look: None, resume: None };
        Ok(Self { fetch, settings, keep, workers })
    }

    /// Asks once. The sample is there if a picture came.
    pub(super) async fn ask(&self, subject: &Subject, way: Way, original: Option<&Sample>) -> (Probe, Option<Sample>) {
        let Settings { timeout, patience, robots, .. } = self.settings;
        let request = ask::request(subject, way, robots, timeout);
        let begin = Instant::now();
        let asked = tokio::time::timeout(patience + timeout, self.fetch.trace(request, &self.keep)).await;
        let milliseconds = |time: Duration| u64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
        let mut probe = Probe::new(way, Answer::Withheld);
        probe.milliseconds = milliseconds(begin.elapsed());
        let Ok(Trace { request, outcome }) = asked else {
            probe.failure = Some("patience".to_owned());
            probe.detail = Some(format!("its turn did not come within {} s", patience.as_secs()));
            return (probe, None);
        };
        probe.redirects = request.redirects.len();
        match outcome {
            Err(failure) => {
                failed(&mut probe, failure);
                (probe, None)
            }
            Ok(response) => {
                probe.milliseconds = milliseconds(response.timing.total);
                let sample = self.answered(&mut probe, response, original).await;
                (probe, sample)
            }
        }
    }

    async fn answered(&self, probe: &mut Probe, response: Response, original: Option<&Sample>) -> Option<Sample> {
        probe.status = Some(response.status.as_u16());
        probe.answer = of_status(response.status);
        probe.declared = response.header(header::CONTENT_TYPE.as_str()).map(str::to_owned);
        probe.retry_after = response.header(header::RETRY_AFTER.as_str()).and_then(seconds);
        probe.size = Some(response.body.len());
        probe.final_url = Some(response.url);
        let body = match response.body.into_bytes() {
            Ok(body) => body,
            Err(error) => {
                withhold(probe, "disk", error.to_string());
                return None;
            }
        };
        let bytes = body.clone();
        let looked = match self.workers.run(move || look(&bytes)).await {
            Ok(looked) => looked,
            Err(lost) => {
                withhold(probe, lost.name(), lost.to_string());
                return None;
            }
        };
        probe.sha1 = Some(looked.sha1.clone());
        let size = match looked.picture {
            Ok((kind, size)) => {
                probe.mime = Some(kind.mime().to_owned());
                (probe.width, probe.height) = (size.map(|(width, _)| width), size.map(|(_, height)| height));
                size
            }
            Err(wrong) => {
                if probe.answer == Answer::Picture {
                    probe.answer = Answer::NoPicture;
                    probe.failure = Some(wrong.name.to_owned());
                    probe.detail = Some(wrong.detail);
                }
                return None;
            }
        };
        if probe.answer != Answer::Picture {
            return None;
        }
        let sample = Sample { bytes: body, sha1: looked.sha1, size };
        if let Some(original) = original {
            probe.resemblance = Some(self.compare(original, &sample).await);
        }
        Some(sample)
    }

    async fn compare(&self, original: &Sample, sample: &Sample) -> Resemblance {
        if original.sha1 == sample.sha1 {
            return Resemblance::Same;
        }
        match (original.size, sample.size) {
            (Some(one), Some(other)) if one != other => return Resemblance::Other,
            (Some(_), Some(_)) => {}
            _ => return Resemblance::Untold,
        }
        let (one, other) = (original.bytes.clone(), sample.bytes.clone());
        let is_like = self.workers.run(move || Some(likeness(&one)?.is_like(&likeness(&other)?))).await;
        match is_like {
            Ok(Some(true)) => Resemblance::Alike,
            Ok(Some(false)) => Resemblance::Other,
            Ok(None) | Err(_) => Resemblance::Untold,
        }
    }
}

fn failed(probe: &mut Probe, failure: Failure) {
    probe.answer = match failure.status {
        Some(status) if failure.kind == FailureKind::HttpStatus => of_status(status),
        _ if is_the_sites(failure.kind) => Answer::Broken,
        _ => Answer::Withheld,
    };
    probe.status = failure.status.map(|status| status.as_u16());
    probe.failure = Some(failure.kind.name().to_owned());
    probe.detail = Some(failure.detail);
    probe.final_url = (probe.answer != Answer::Withheld).then_some(failure.url);
}

fn withhold(probe: &mut Probe, name: &str, detail: String) {
    (probe.answer, probe.failure, probe.detail) = (Answer::Withheld, Some(name.to_owned()), Some(detail));
}

fn of_status(status: StatusCode) -> Answer {
    match status.as_u16() {
        200..=299 => Answer::Picture,
        404 | 410 => Answer::Missing,
        429 | 503 => Answer::Limited,
        400..=499 => Answer::Refused,
        _ => Answer::Broken,
    }
}

/// Whether a failure is an answer of the site's, in its way; the others are ours.
fn is_the_sites(kind: FailureKind) -> bool {
    use FailureKind as Kind;
    matches!(
        kind,
        Kind::DnsNxdomain
            | Kind::DnsTemporary
            | Kind::Connect
            | Kind::Tls
            | Kind::TlsCertExpired
            | Kind::TlsCertNotYetValid
            | Kind::TlsCertWrongHost
            | Kind::TlsCertUntrusted
            | Kind::TlsCertInvalid
            | Kind::ConnectTimeout
            | Kind::HeadTimeout
            | Kind::IdleTimeout
            | Kind::TotalTimeout
            | Kind::SlowTimeout
            | Kind::IncompleteBody
            | Kind::HeadTooLarge
            | Kind::BadFraming
            | Kind::BadEncoding
            | Kind::RedirectLoop
            | Kind::TooManyRedirects
            | Kind::BadRedirect
    )
}

/// `Retry-After` (RFC 9110, section 10.2.3) in seconds from now.
fn seconds(value: &str) -> Option<u64> {
    let date =
        || Some(httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).map_or(0, |d| d.as_secs()));
    value.trim().parse().ok().or_else(date)
}

fn look(bytes: &[u8]) -> Looked {
    let sha1 = Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Looked { sha1, picture: picture(bytes) }
}

fn picture(bytes: &[u8]) -> Result<(Kind, Option<(u32, u32)>), Wrong> {
    match Kind::of(bytes) {
        // what is kept in no store is shown by browsers all the same
        Some(kind) if kind.decoder().is_none() => match glance(bytes) {
            Glance::Picture { width, height, .. } => Ok((kind, Some((width, height)))),
            _ => Ok((kind, None)),
        },
        _ => match examine(bytes, Verify::Structure, &Bounds::default()) {
            Ok(examined) => Ok((examined.picture.kind, Some((examined.picture.width, examined.picture.height)))),
            Err(refusal) => Err(Wrong { name: refusal.name(), detail: refusal.to_string() }),
        },
    }
}

fn likeness(bytes: &[u8]) -> Option<Likeness> {
    let examined = examine(bytes, Verify::Decode, &Bounds::default()).ok()?;
    examined.pixels.as_ref().map(Likeness::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_one_meaning() {
        for (status, answer) in [
            (200, Answer::Picture),
            (206, Answer::Picture),
            (304, Answer::Broken),
            (401, Answer::Refused),
            (403, Answer::Refused),
            (404, Answer::Missing),
            (410, Answer::Missing),
            (429, Answer::Limited),
            (451, Answer::Refused),
            (500, Answer::Broken),
            (503, Answer::Limited),
        ] {
            assert_eq!(of_status(StatusCode::from_u16(status).expect("a status")), answer, "{status}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!((seconds("120"), seconds(" 0 "), seconds("soon"), seconds("-1")), (Some(120), Some(0), None, None));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        assert!(seconds("Wed, 01 Jan 3000 00:00:00 GMT").is_some_and(|seconds| seconds > 1_000_000));
    }

    #[test]
    fn a_picture_is_what_its_bytes_are() {
        let (kind, size) = picture(b"<svg xmlns='http://www.w3.org/2000/svg'/>").ok().expect("a picture for browsers");
        assert_eq!((kind, size), (Kind::Svg, None));
        let wrong = |bytes: &[u8]| picture(bytes).err().map(|wrong| wrong.name);
        assert_eq!(wrong(b"<!DOCTYPE html><p>no"), Some("not_an_image"));
        assert_eq!(wrong(b""), Some("empty_content"));
        assert_eq!(wrong(&[0xFF, 0xD8, 0xFF, 0xE0]), Some("image_truncated"));
    }
}
