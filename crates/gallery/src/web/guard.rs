//! The one door: each request comes past it before anything is looked up, and each answer leaves by it.
//!
//! Host, marks of a browser, body, session, access token, form token, in this order; what it lets through has a [`Known`].

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, REFRESH, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tower::ServiceExt;

use super::app::{App, Reach};
use super::headers;
use super::hosts::Name;
use super::marks::{From, Leave};
use super::problem::{Problem, told};
use super::session::{PROGRAMS, Scheme};
use super::visitor::Known;

/// The header in which a script gives the token that forms have in a hidden field.
const FORM_TOKEN: &str = "x-dragline-token";

/// Whose a path is, by what may be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Pages, their forms and events.
    Page,
    /// JSON for programs.
    Api,
    /// Copies.
    Media,
    /// Files of ours: the same for everybody.
    Asset,
    /// Where the access token is given.
    Login,
}

impl Zone {
    fn of(path: &str) -> Self {
        match path.split('/').nth(1).unwrap_or_default() {
            "api" | "fetch-images" => Self::Api,
            "copies" | "thumbs" => Self::Media,
            "assets" => Self::Asset,
            "login" => Self::Login,
            _ => Self::Page,
        }
    }
}

/// A connection's two ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    /// Ours.
    pub(super) reached: SocketAddr,
    /// The visitor's.
    pub(super) peer: SocketAddr,
}

/// Answers a request, or says why not.
pub(super) async fn answer(app: &Arc<App>, router: Router, ends: Ends, request: Request<Incoming>) -> Response {
    let zone = Zone::of(request.uri().path());
    let (mut parts, body) = request.into_parts();
    let begun = Arc::new(OnceLock::new());
    let mut response = match pass(app, ends, zone, &mut parts, body, &begun).await {
        Ok(body) => match router.oneshot(Request::from_parts(parts, Body::from(body))).await {
            Ok(response) => told(response, zone),
            Err(never) => match never {},
        },
        Err(response) => *response,
    };
    if let Some((_, cookie)) = begun.get() {
        response.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    headers::complete(response.headers_mut());
    response
}

/// What the router is given: the body, and in the head who asks. Or what is answered without it.
async fn pass(
    app: &Arc<App>,
    ends: Ends,
    zone: Zone,
    parts: &mut Parts,
    body: Incoming,
    begun: &Arc<OnceLock<(String, HeaderValue)>>,
) -> Result<Bytes, Box<Response>> {
    let refuse = |status, why: &str| Box::new(Problem::new(status, why).answer(zone));
    let Some(name) = app.hosts.name(&parts.uri, &parts.headers, ends.reached) else {
        let why = "the gallery is not known by this name: `gallery.hosts` names those that it answers to";
        // in plain text wherever it is: who asks here has no business with any part of it
        return Err(Box::new(Problem::new(StatusCode::FORBIDDEN, why).answer(Zone::Asset)));
    };
    if parts.method == Method::CONNECT || parts.method == Method::TRACE {
        return Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "this is no proxy"));
    }
    let from = From::of(&parts.headers);
    match from.may(&parts.method, &parts.headers, zone) {
        Leave::Given => {}
        Leave::Again => return Err(Box::new(again(parts))),
        Leave::Refused => return Err(refuse(StatusCode::FORBIDDEN, "a page elsewhere may not ask for this")),
    }
    let is_safe = parts.method == Method::GET || parts.method == Method::HEAD;
    let body = if is_safe { Bytes::new() } else { whole(app, zone, &parts.headers, body).await? };
    let scheme = Scheme::of(&parts.headers);
    let is_own = name == Name::Own && app.reach == Reach::Own && ends.peer.ip().to_canonical().is_loopback();
    let is_local = is_own && !is_forwarded(&parts.headers);
    let cookie = app.sessions.find(&app.seal, &parts.headers, scheme);
    let asks = identify(app, ends, zone, from, &parts.headers, cookie).map_err(|why| Box::new(why.answer(zone)))?;
    if matches!(asks, Asks::Nobody) && app.access.is_some() && !matches!(zone, Zone::Login | Zone::Asset) {
        return Err(match zone {
            Zone::Page if is_safe => Box::new(Redirect::to("/login").into_response()),
            _ => Box::new(unknown().answer(zone)),
        });
    }
    if !is_safe && zone != Zone::Login && !asks.may_change(app, &parts.headers, &body) {
        let why = "this form is not of this session, or the session is over: load the page anew";
        return Err(refuse(StatusCode::FORBIDDEN, why));
    }
    let session = asks.session();
    parts.extensions.insert(Known { session, scheme, is_local, begun: begun.clone() });
    parts.extensions.insert(ends);
    Ok(body)
}

/// Who asks, before there is a session.
enum Asks {
    /// A browser with a session.
    Browser(String),
    /// A program of this machine, or with the access token: no other page can have sent this.
    Program,
    /// A browser that comes for the first time, or somebody without the access token.
    Nobody,
}

impl Asks {
    fn session(self) -> Option<String> {
        match self {
            Self::Browser(session) => Some(session),
            Self::Program => Some(PROGRAMS.to_owned()),
            Self::Nobody => None,
        }
    }

    /// Whether a request that changes something comes from a form or a script of the session's own pages.
    fn may_change(&self, app: &App, headers: &HeaderMap, body: &[u8]) -> bool {
        match self {
            Self::Program => true,
            Self::Nobody => false,
            Self::Browser(session) => {
                let given = headers.get(FORM_TOKEN).and_then(|token| token.to_str().ok()).map(str::to_owned);
                given.or_else(|| field(headers, body)).is_some_and(|given| app.seal.is_of(&["form", session], &given))
            }
        }
    }
}

fn identify(
    app: &App,
    ends: Ends,
    zone: Zone,
    from: From,
    headers: &HeaderMap,
    cookie: Option<String>,
) -> Result<Asks, Problem> {
    if let (Some(access), Some(given)) = (&app.access, bearer(headers)) {
        if !app.attempts.may(ends.peer.ip()) {
            return Err(too_often());
        }
        if access.is(&app.seal, given) {
            return Ok(Asks::Program);
        }
        app.attempts.was_wrong(ends.peer.ip());
        return Err(unknown());
    }
    Ok(match cookie {
        Some(session) => Asks::Browser(session),
        None if app.access.is_none() && from == From::Unsaid && matches!(zone, Zone::Api | Zone::Media) => {
            Asks::Program
        }
        None => Asks::Nobody,
    })
}

/// The token of `Authorization: Bearer …` (RFC 6750).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The hidden field `token` of a form.
fn field(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let is_form = kind.split(';').next()?.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded");
    let mut fields = url::form_urlencoded::parse(body).filter(|(name, _)| name == "token");
    fields.next().filter(|_| is_form).map(|(_, token)| token.into_owned())
}

/// Whether somebody in front has passed the request on.
fn is_forwarded(headers: &HeaderMap) -> bool {
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

/// The body, which has to be short, and there in time.
async fn whole(app: &App, zone: Zone, headers: &HeaderMap, body: Incoming) -> Result<Bytes, Box<Response>> {
    let settings = app.scans.settings();
    let refuse = |status, why: String| Box::new(Problem::new(status, why).answer(zone));
    let too_long = || {
        refuse(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is over `gallery.max_body` = {}", settings.max_body))
    };
    let said: Option<u64> = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let most = settings.max_body.as_u64();
    if said.is_some_and(|said| said > most) {
        return Err(too_long());
    }
    let limited = Limited::new(body, usize::try_from(most).unwrap_or(usize::MAX));
    match tokio::time::timeout(settings.idle_timeout, limited.collect()).await {
        Err(_) => Err(refuse(StatusCode::REQUEST_TIMEOUT, "the body was not there in time".to_owned())),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_long()),
        Ok(Err(_)) => Err(refuse(StatusCode::BAD_REQUEST, "the body cannot be read".to_owned())),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

/// The same page once more, from here: a link elsewhere has led to it, and browsers keep the session's cookie back from
/// those. If a session began here, the own one would be lost.
fn again(parts: &Parts) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    // never another host: `//evil.example` is one, and so is `/\evil.example` to browsers
    let path = format!("/{}", path.trim_start_matches(['/', '\\']));
    let refresh = HeaderValue::from_str(&format!("0; url={path}")).unwrap_or(HeaderValue::from_static("0; url=/"));
    let page = maud::html! {
        (maud::DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "Gallery" } }
            body { p { a href=(path) { "To the gallery" } } }
        }
    };
    ([(REFRESH, refresh)], page).into_response()
}

/// Nobody who is known.
fn unknown() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "the gallery's access token is needed: `Authorization: Bearer …`, or /login")
        .with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"dragline\""))
}

/// Too many wrong tokens.
pub(super) fn too_often() -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens: try again in a minute")
        .with(RETRY_AFTER, HeaderValue::from_static("60"))
}
