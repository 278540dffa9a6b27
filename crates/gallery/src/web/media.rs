//! The copies: pictures of a scan and their thumbnails, by names that nobody can guess.

use std::sync::Arc;

use axum::Router;

use super::{App, Visitor};
use crate::scan::{Picture, Scan};

/// Which bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copy {
    /// The picture as it came.
    Whole,
    /// The small one that grids show.
    Thumbnail,
}

/// The path of a copy for this visitor; none if there is no such copy, or none that a browser may show.
pub(crate) fn path(_app: &App, _visitor: &Visitor, _scan: &Scan, _picture: &Picture, _copy: Copy) -> Option<String> {
    None
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
}
