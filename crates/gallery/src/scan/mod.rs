//! A scan: what was asked for, and what is known of it by now.

pub(crate) mod explain;
mod fold;
mod layers;
mod options;
mod picture;
pub(crate) mod run;
pub(crate) mod stage;
mod state;

pub use options::{BadOptions, Options};
pub use picture::{Picture, Progress};
pub use state::{Changes, End, Head, Phase, Scan, ScanId, Watcher};
