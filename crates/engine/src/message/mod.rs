//! What flows through a crawl: requests, responses, failures, records. Imports nothing of ours.

mod base64;
mod body;
mod build;
pub mod charset;
mod curl;
mod failure;
mod item;
pub mod markup;
pub mod mask;
mod options;
mod record;
mod referrer;
mod request;
mod response;
mod secret;
pub mod shape;
pub mod urls;
mod wire;

pub use dragline_macros::Item;

pub use body::Body;
pub use build::HeaderError;
pub use curl::{Curl, CurlError, Shell};
pub use failure::{Failure, FailureKind};
pub use item::{Field, Item, ItemType};
pub use options::{Options, Reach, ReferrerPolicy, Via};
pub use record::{Record, RecordError};
pub use request::{Host, Method, Redirect, Request, Sealed};
pub use response::{Response, Timing};
pub use secret::Secret;
pub use shape::Shape;
