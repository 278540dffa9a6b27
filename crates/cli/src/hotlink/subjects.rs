//! Which pictures are meant: URLs that are pictures, or the pictures of pages; each page is visited first, for its cookies.

use std::collections::{HashMap, HashSet};

use dragline::Fetcher;
use dragline::message::urls::{any_url, with_http};
use dragline::message::{Reach, ReferrerPolicy, Request, Response};
use dragline::page::Kind;
use dragline_images::hotlink::{Subject, page_request};
use url::Url;

use super::{note, shown};
use crate::options::hotlink::Hotlink;
use crate::source::{failed, usage};

/// The names of files that are pictures: what ends so is not looked at as a page.
const PICTURES: [&str; 12] = ["jpg", "jpeg", "png", "gif", "webp", "avif", "bmp", "tif", "tiff", "svg", "ico", "jxl"];

/// What stands on the command line.
pub(super) struct Places {
    urls: Vec<Url>,
    page: Option<Url>,
}

/// What is to be judged.
#[derive(Default)]
pub(super) struct Found {
    pub(super) subjects: Vec<Subject>,
    /// A page could not be had, or has no pictures.
    pub(super) is_missing: bool,
}

/// What a page says to those that it leads to.
#[derive(Clone, Copy, Default)]
struct Terms {
    policy: Option<ReferrerPolicy>,
    reach: Reach,
}

/// Reads the command line.
pub(super) fn read(command: &Hotlink) -> anyhow::Result<Places> {
    let url = |text: &str| -> anyhow::Result<Url> {
        let no_url = |why: &str| usage(format!("`{text}` is no URL of the web: {why}"));
        let url = any_url(&with_http(text.trim())).map_err(|error| no_url(&error.to_string()))?;
        match matches!(url.scheme(), "http" | "https") && url.has_host() {
            true => Ok(url),
            false => Err(no_url("http or https is needed")),
        }
    };
    let urls = command.url.iter().map(|text| url(text)).collect::<anyhow::Result<_>>()?;
    Ok(Places { urls, page: command.page.as_deref().map(url).transpose()? })
}

/// Visits pages.
pub(super) struct Visitor<'a> {
    fetcher: &'a Fetcher,
    command: &'a Hotlink,
    visited: HashMap<Url, Terms>,
    seen: HashSet<(Url, Url)>,
    found: Found,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(fetcher: &'a Fetcher, command: &'a Hotlink) -> Self {
        Self { fetcher, command, visited: HashMap::new(), seen: HashSet::new(), found: Found::default() }
    }

    /// The pictures of all places, each once.
    pub(super) async fn find(mut self, places: &Places) -> anyhow::Result<Found> {
        for url in &places.urls {
            match &places.page {
                Some(page) => self.picture(Subject::new(url.clone(), page.clone())).await,
                None if is_named_as_picture(url) => self.picture(Subject::alone(url.clone())).await,
                None => self.page_or_picture(url).await?,
            }
        }
        Ok(self.found)
    }

    /// A picture, whose page is visited for its cookies.
    async fn picture(&mut self, subject: Subject) {
        let page = subject.page.clone();
        let terms = match self.visited.get(&page) {
            Some(terms) => *terms,
            None => {
                let response = self.visit(&page).await.ok();
                let terms = response.as_ref().map(terms).unwrap_or_default();
                self.visited.insert(page, terms);
                terms
            }
        };
        self.add(subject, terms);
    }

    /// A page with pictures, or else a picture whose name does not say so.
    async fn page_or_picture(&mut self, url: &Url) -> anyhow::Result<()> {
        let response = match self.visit(url).await {
            Ok(response) => response,
            Err(error) => {
                note(&format!("{}: {error}", shown::url(url)));
                self.found.is_missing = true;
                return Ok(());
            }
        };
        let (is_there, terms) = (response.status.is_success(), terms(&response));
        let page = self.fetcher.page(response)?;
        let is_page = is_there && matches!(page.kind(), Kind::Html | Kind::Xml);
        let pictures = if is_page { page.images() } else { Vec::new() };
        let best = pictures.iter().filter_map(|picture| picture.best()).map(|best| &best.url);
        let urls: Vec<Url> = best.filter(|url| matches!(url.scheme(), "http" | "https")).cloned().collect();
        if urls.is_empty() {
            self.picture(Subject::alone(url.clone())).await;
            return Ok(());
        }
        if urls.len() > self.command.max {
            note(&format!("the first {} of {} pictures: `--max` asks for more", self.command.max, urls.len()));
        }
        self.visited.insert(page.url().clone(), terms);
        for picture in urls.into_iter().take(self.command.max) {
            self.add(Subject::new(picture, page.url().clone()), terms);
        }
        Ok(())
    }

    async fn visit(&self, url: &Url) -> Result<Response, String> {
        let mut request: Request = page_request(url.clone());
        request.options_mut().despite_robots = !self.command.robots;
        self.fetcher.fetch(request).await.outcome.map_err(|failure| failed(&failure))
    }

    fn add(&mut self, mut subject: Subject, terms: Terms) {
        (subject.policy, subject.reach) = (terms.policy, terms.reach);
        if self.seen.insert((subject.picture.clone(), subject.page.clone())) {
            self.found.subjects.push(subject);
        }
    }
}

fn terms(response: &Response) -> Terms {
    Terms { policy: ReferrerPolicy::of_response(&response.headers), reach: response.reach }
}

fn is_named_as_picture(url: &Url) -> bool {
    let name = url.path().rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| PICTURES.contains(&extension.as_str()))
}
