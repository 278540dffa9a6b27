//! What went over the wire, hop by hop: the innermost layer, which changes nothing.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use dragline::downloader::{Inbound, Middleware, Trip};
use dragline::message::{Failure, Request, Response, Timing};
use http::{HeaderMap, StatusCode, Version};

/// A request and what came of it.
#[derive(Debug)]
pub(super) struct Hop {
    pub(super) ended: SystemTime,
    pub(super) request: Request,
    pub(super) outcome: Result<Answer, Failure>,
}

/// A response without its body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) timing: Timing,
    pub(super) length: u64,
}

/// Remembers all hops.
#[derive(Debug, Default)]
pub(super) struct Recorder(Mutex<Vec<Hop>>);

impl Recorder {
    pub(super) fn take(&self) -> Vec<Hop> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("recorder")
    }
}

#[async_trait]
impl Middleware for Recorder {
    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        let told = match &outcome {
            Ok(response) => Ok(Answer {
                status: response.status,
                version: response.version,
                headers: response.headers.clone(),
                timing: response.timing,
                length: response.body.len(),
            }),
            Err(failure) => Err(failure.clone()),
        };
        let hop = Hop { ended: SystemTime::now(), request: trip.sent.clone(), outcome: told };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(hop);
        Inbound::Pass(outcome)
    }
}
