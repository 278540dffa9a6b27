//! What needs no wire: `data:` URLs, decoded here, and `file:` URLs where the operator asks for one.

use bytes::Bytes;
use bytesize::ByteSize;
use http::{HeaderValue, StatusCode, header};

use super::{Keep, Limits};
use crate::message::urls::{Data, file_path};
use crate::message::{Body, Failure, FailureKind, Reach, Request, Response};

/// The most that a `data:` URL may carry.
const DATA: ByteSize = ByteSize::mib(8);

/// The answer to a URL that needs no wire; none for all others.
pub(super) async fn answer(request: &Request, keep: &Keep, limits: &Limits) -> Option<Result<Response, Failure>> {
    match request.url.scheme() {
        "data" => Some(data(request, keep)),
        "file" if limits.file_urls && is_first(request) => Some(file(request, keep).await),
        _ => None,
    }
}

/// No page led there: somebody typed it.
fn is_first(request: &Request) -> bool {
    request.reach == Reach::Anywhere && request.referrer.is_none() && request.redirects.is_empty()
}

fn data(request: &Request, keep: &Keep) -> Result<Response, Failure> {
    let limit = DATA.min(ByteSize(keep.limit));
    // the URL is as long as its data: it is not to stand in a message
    let mut url = request.url.clone();
    url.set_path(",");
    let data = Data::read(&request.url, limit).map_err(|error| {
        let kind = if error.to_string().contains("over") { FailureKind::TooLarge } else { FailureKind::BadRequest };
        Failure::new(kind, url, error.to_string())
    })?;
    let parameters: String = data.parameters.iter().map(|(name, value)| format!(";{name}={value}")).collect();
    let mut response = Response::new(request.url.clone(), StatusCode::OK);
    if let Ok(kind) = HeaderValue::try_from(data.media_type + &parameters) {
        response.headers.insert(header::CONTENT_TYPE, kind);
    }
    // what stands in a page leads no further than the page
    response.reach = request.reach;
    response.body = Body::Memory(data.body.into());
    Ok(response)
}

async fn file(request: &Request, keep: &Keep) -> Result<Response, Failure> {
    let fail = |kind, detail: String| Failure::new(kind, request.url.clone(), detail);
    let path = file_path(request.url.as_str()).map_err(|error| fail(FailureKind::BadRequest, error.to_string()))?;
    let limit = keep.limit;
    let read = tokio::task::spawn_blocking(move || {
        let length = std::fs::metadata(&path)?.len();
        if length > limit { Ok(Err(length)) } else { std::fs::read(path).map(Ok) }
    });
    match read.await.map_err(std::io::Error::other).flatten() {
        Ok(Ok(bytes)) => {
            let mut response = Response::new(request.url.clone(), StatusCode::OK);
            response.body = Body::Memory(Bytes::from(bytes));
            Ok(response)
        }
        Ok(Err(length)) => {
            let detail = format!("file of {} is over `{}` = {}", ByteSize(length), keep.setting, ByteSize(limit));
            Err(fail(FailureKind::TooLarge, detail))
        }
        Err(error) => Err(fail(FailureKind::Disk, error.to_string())),
    }
}
