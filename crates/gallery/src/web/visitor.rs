//! Who asks: the session of a request that may be answered.

use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use super::App;
use super::session::Scheme;

/// Who asks. A handler that takes one is reached only by who may ask; the first time a browser comes to one, it is given
/// its session.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The name of the session: what scans belong to.
    pub(crate) session: String,
    /// What a form of this session carries in its hidden field `token`, and a script in the header `X-Dragline-Token`.
    pub(crate) token: String,
    /// Whether it comes from this machine, and the gallery answers nobody else: who may have robots.txt passed over.
    pub(crate) is_local: bool,
}

/// What the guard knows of who asks; it goes with the request.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// The session, if there is one.
    pub(crate) session: Option<String>,
    /// By which scheme it came.
    pub(crate) scheme: Scheme,
    /// As [`Visitor::is_local`].
    pub(crate) is_local: bool,
    /// The session that began with this request: its name and its cookie, which the guard sets.
    pub(crate) begun: Arc<OnceLock<(String, HeaderValue)>>,
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, StatusCode> {
        // whoever has not come past the guard is nobody
        let known = parts.extensions.get::<Known>().ok_or(StatusCode::FORBIDDEN)?;
        let session = match &known.session {
            Some(session) => session.clone(),
            None => known.begun.get_or_init(|| app.sessions.begin(&app.seal, known.scheme)).0.clone(),
        };
        let token = app.form_token(&session);
        Ok(Self { session, token, is_local: known.is_local })
    }
}
