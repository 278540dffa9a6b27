//! What `open` has: a way to the site, before the crawl and again when it was signed out.

use std::fmt;

use url::Url;

use crate::downloader::Fetch;
use crate::error::Result;
use crate::message::{Request, Response};
use crate::page::Page;

/// Fetches pages for [`Spider::open`](super::Spider::open): redirects are followed, cookies kept for the crawl.
pub struct Session {
    fetch: Fetch,
}

impl Session {
    pub(crate) fn new(fetch: &Fetch) -> Self {
        Self { fetch: fetch.signing_in() }
    }

    /// Sends a request and reads the answer as a page.
    ///
    /// # Errors
    /// The failure, once the retries are used up; a status other than 2xx is one.
    pub async fn page(&self, request: Request) -> Result<Page> {
        let Response { url, status, headers, body, .. } = self.fetch.fetch(request).await?;
        let body = body.into_bytes().map_err(crate::Error::other)?;
        Ok(Page::new(url, status, headers, body, 0))
    }

    /// Sends a `GET` and reads the answer as a page.
    ///
    /// # Errors
    /// As [`Session::page`].
    pub async fn get(&self, url: Url) -> Result<Page> {
        self.page(Request::get(url)).await
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}
