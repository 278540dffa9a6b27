//! A request for a picture, and what a kind may do with it.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header};

use crate::answer::{Answer, Asked};
use crate::hotlink::pages::{PHOTOS, START};
use crate::hotlink::paint;
use crate::hotlink::site::Site;
use crate::pictures::{self, photograph, taken};

/// The cookie that the pages set.
pub(crate) const COOKIE: &str = "visited";

/// A request for one of the pictures of a kind.
pub(crate) struct Visit<'a> {
    pub(crate) asked: &'a Asked,
    pub(crate) site: &'a Site,
    /// What `slow` waits.
    pub(crate) slow: Duration,
    /// The picture's place among all.
    pub(crate) index: usize,
    /// The picture's name: `photo.jpg`.
    pub(crate) name: &'static str,
    /// The path before the name: `/`, or `/NAME/` on the start page's host.
    pub(crate) base: String,
}

impl Visit<'_> {
    pub(crate) fn header(&self, name: &'static str) -> Option<&str> {
        self.asked.parts.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn referer(&self) -> Option<&str> {
        self.header("referer").filter(|value| !value.is_empty())
    }

    /// Whether a page of this host, or the start page, is what shows the picture.
    pub(crate) fn is_own_referer(&self) -> bool {
        let Some(page) = self.referer().and_then(|referer| referer.strip_prefix("http://")) else { return false };
        let authority = page.split('/').next().unwrap_or_default();
        let host = self.header("host").unwrap_or_default();
        let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
        authority == host || authority == format!("{START}:{port}")
    }

    pub(crate) fn has_cookie(&self) -> bool {
        self.asked.cookie(COOKIE).is_some()
    }

    /// How often this very picture was asked for before.
    pub(crate) fn before(&self) -> u64 {
        self.site.count(format!("{}{}", self.header("host").unwrap_or_default(), self.asked.path()))
    }

    /// The picture for its own pages, and for others what is made for them.
    pub(crate) fn to_its_own(&self, otherwise: impl FnOnce() -> Answer) -> Answer {
        if self.is_own_referer() { self.photo() } else { otherwise() }
    }

    /// The picture.
    pub(crate) fn photo(&self) -> Answer {
        if self.name == PHOTOS.small { self.small() } else { jpeg(photo(self.index)) }
    }

    /// The picture, shrunk.
    pub(crate) fn small(&self) -> Answer {
        jpeg(pictures::thumbnail(self.index))
    }

    /// Another picture.
    pub(crate) fn another(&self, number: u64) -> Answer {
        jpeg(photo(self.index + 100 + usize::try_from(number % 1000).unwrap_or_default()))
    }

    /// The picture with a comment that is another one each time.
    pub(crate) fn noisy(&self, number: u64) -> Answer {
        jpeg(paint::with_comment(&photo(self.index), &format!("request {number}")))
    }

    /// The shrunk picture, in the format that the client would like.
    pub(crate) fn negotiated(&self) -> Answer {
        let answer = match self.header("accept").is_some_and(|accept| accept.contains("image/webp")) {
            true => Answer::new(StatusCode::OK, "image/webp", paint::webp(self.index)),
            false => jpeg(pictures::thumbnail(self.index)),
        };
        answer.with(header::VARY, HeaderValue::from_static("Accept"))
    }

    /// Half of the picture, as if that were all.
    pub(crate) fn half(&self) -> Answer {
        let mut bytes = photo(self.index);
        bytes.truncate(bytes.len() / 2);
        jpeg(bytes)
    }

    /// What is shown in the place of a picture, and is as large.
    pub(crate) fn same_size_placeholder(&self) -> Answer {
        jpeg(paint::stripes(1024, 768))
    }

    /// 302 to a file beside the picture.
    pub(crate) fn found(&self, name: &str) -> Answer {
        let place = HeaderValue::try_from(format!("{}{name}", self.base)).expect("a path of ASCII");
        Answer::bare(StatusCode::FOUND).with(header::LOCATION, place)
    }
}

/// A picture that a cache would gladly keep: a verdict must not come from there.
pub(crate) fn jpeg(bytes: Vec<u8>) -> Answer {
    Answer::new(StatusCode::OK, "image/jpeg", bytes)
        .with(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))
}

fn photo(index: usize) -> Vec<u8> {
    photograph(index, &format!("{index:032x}"), taken(index))
}
