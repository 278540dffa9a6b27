//! What flows through a crawl: requests, responses, failures, records. Imports nothing of ours.

mod body;
mod failure;
mod options;
mod record;
mod referrer;
mod request;
mod response;
mod secret;

pub use body::Body;
pub use failure::{Failure, FailureKind};
pub use options::{Options, Reach, ReferrerPolicy, Via};
pub use record::{Item, Record, RecordError};
pub use request::{Host, Method, Redirect, Request, Sealed};
pub use response::{Response, Timing};
pub use secret::Secret;
