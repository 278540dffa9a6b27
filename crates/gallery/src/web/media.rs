//! The copies: pictures of a scan and their thumbnails, by names that nobody can guess.
//!
//! A name is sealed over the session, the scan, the number and the kind, so that what it leads to is known without a look
//! at any path; and what is sent has nothing of the site's answer but its bytes: in a sandbox, of a type that was told by
//! them, which browsers show and never run.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use dragline_images::Entry;
use dragline_store::{Local, Name, Store, clean};
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;

use super::guard::Zone;
use super::problem::Problem;
use super::{App, Visitor};
use crate::scan::{Picture, Scan};

/// The thumbnails' name in the settings of a scan.
const SMALL: &str = "small";
/// The kinds that every browser shows and none runs. Not SVG, which has scripts: its copy is a download.
const SHOWN: [&str; 9] = [
    "image/jpeg",
    "image/png",
    "image/apng",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/bmp",
    "image/x-icon",
    "image/vnd.microsoft.icon",
];
/// `attr-char` of RFC 8187, section 3.2.1.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The most characters of a file's name.
const LONGEST: usize = 100;

/// Which bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copy {
    /// The picture as it came.
    Whole,
    /// The small one that grids show.
    Thumbnail,
}

impl Copy {
    fn folder(self) -> &'static str {
        match self {
            Self::Whole => "copies",
            Self::Thumbnail => "thumbs",
        }
    }

    /// The object in the store and its media type, if there is one.
    fn object(self, entry: &Entry) -> Option<(Name, &str)> {
        let (path, mime) = match self {
            Self::Whole => (entry.path.as_deref()?, entry.mime.as_deref().unwrap_or("application/octet-stream")),
            Self::Thumbnail => {
                let path = entry.thumbs.get(SMALL)?.as_str();
                // ours: made here, of the pixels alone
                (path, if path.ends_with(".png") { "image/png" } else { "image/jpeg" })
            }
        };
        Some((Name::new(path).ok()?, mime))
    }
}

/// The path of a copy for this visitor; none if there is no such copy, or none that a browser may show.
pub(crate) fn path(app: &App, visitor: &Visitor, scan: &Scan, picture: &Picture, copy: Copy) -> Option<String> {
    let (_, mime) = copy.object(picture.entry.as_ref()?)?;
    SHOWN.contains(&mime).then(|| sealed(app, &visitor.session, scan, picture.number, copy))
}

/// The path of a whole copy of any kind, which browsers save and do not show; none if there is none.
pub(crate) fn download(app: &App, visitor: &Visitor, scan: &Scan, picture: &Picture) -> Option<String> {
    Copy::Whole.object(picture.entry.as_ref()?)?;
    Some(format!("{}?download", sealed(app, &visitor.session, scan, picture.number, Copy::Whole)))
}

fn sealed(app: &App, session: &str, scan: &Scan, number: usize, copy: Copy) -> String {
    let (folder, id) = (copy.folder(), &scan.id.0);
    let seal = app.seal.of(&[folder, session, id, &number.to_string()]);
    format!("/{folder}/{id}.{number}.{seal}")
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/copies/{name}", get(whole)).route("/thumbs/{name}", get(thumbnail))
}

#[derive(Deserialize)]
struct How {
    /// There with any value, or none: to be saved.
    download: Option<String>,
}

async fn whole(app: State<Arc<App>>, visitor: Visitor, Path(name): Path<String>, Query(how): Query<How>) -> Response {
    send(&app, &visitor, &name, Copy::Whole, how.download.is_some()).await
}

async fn thumbnail(app: State<Arc<App>>, visitor: Visitor, Path(name): Path<String>) -> Response {
    send(&app, &visitor, &name, Copy::Thumbnail, false).await
}

/// The bytes of a copy, from the store as they are read.
async fn send(app: &App, visitor: &Visitor, name: &str, copy: Copy, is_saved: bool) -> Response {
    let gone = || Problem::new(StatusCode::NOT_FOUND, "there is no such copy, or its time is over").answer(Zone::Media);
    let Some((scan, picture)) = find(app, visitor, name, copy) else { return gone() };
    let Some((object, mime)) = picture.entry.as_ref().and_then(|entry| copy.object(entry)) else { return gone() };
    let store = Local::new(app.scans.folder(&scan), false);
    let (Ok(Some(stat)), Ok(Some(pieces))) = (store.stat(&object).await, store.read(&object).await) else {
        return gone();
    };
    let is_shown = SHOWN.contains(&mime);
    let disposition = if is_saved || !is_shown { "attachment" } else { "inline" };
    let kind = if is_shown { mime } else { "application/octet-stream" };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_str(kind).unwrap_or(HeaderValue::from_static("application/octet-stream")),
        ),
        (header::CONTENT_LENGTH, HeaderValue::from(stat.size)),
        (header::CONTENT_DISPOSITION, disposed(disposition, &file_name(&picture, &object))),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
        (header::ACCEPT_RANGES, HeaderValue::from_static("none")),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

/// What a name leads to, if it is sealed for this visitor.
fn find(app: &App, visitor: &Visitor, name: &str, copy: Copy) -> Option<(Arc<Scan>, Arc<Picture>)> {
    let mut parts = name.splitn(3, '.');
    let (id, number, seal) = (parts.next()?, parts.next()?, parts.next()?);
    if !app.seal.is_of(&[copy.folder(), &visitor.session, id, number], seal) {
        return None;
    }
    let scan = app.scans.get(&visitor.session, id)?;
    let picture = scan.picture(number.parse().ok()?)?;
    Some((scan, picture))
}

/// How a file is called by who saves it: as its URL says, with the ending of what it is.
fn file_name(picture: &Picture, object: &Name) -> String {
    let last = picture.url().filter(|url| url.scheme() != "data").and_then(|url| url.path_segments()?.next_back());
    let text = percent_decode_str(last.unwrap_or_default()).decode_utf8_lossy().into_owned();
    let text: String = text.replace('/', "_").chars().take(LONGEST).collect();
    let text = if text.trim().is_empty() { format!("picture-{}", picture.number) } else { text };
    let ending = object.file().rsplit_once('.').map_or("bin", |(_, ending)| ending);
    let stem = text.rsplit_once('.').filter(|(_, given)| given.len() <= 5).map_or(&*text, |(stem, _)| stem);
    clean(&format!("{stem}.{ending}")).into_owned()
}

/// `Content-Disposition` with a name of any letters (RFC 6266, RFC 8187).
fn disposed(how: &str, name: &str) -> HeaderValue {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | ' ' | '(' | ')');
    let plain: String = name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let all = utf8_percent_encode(name, ATTRIBUTE);
    let text = format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{all}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::disposed;

    #[test]
    fn a_name_of_any_letters_stays_one_name() {
        let value = disposed("attachment", "Möwe\"; filename=\"evil.exe\r\n.jpg");
        assert_eq!(
            value.to_str().unwrap_or_default(),
            "attachment; filename=\"M_we__ filename__evil.exe__.jpg\"; \
             filename*=UTF-8''M%C3%B6we%22%3B%20filename%3D%22evil.exe%0D%0A.jpg"
        );
    }
}
