//! One picture of a scan.

use dragline::page::pictures::{Picture as Found, Source};
use dragline_images::Entry;
use dragline_images::hotlink::Report;
use url::Url;

/// One picture of a scan, as far as it is known.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its place among those of the scan, from 0.
    pub number: usize,
    /// The page that it was found on.
    pub page: Url,
    /// What the page says of it: where it can be had, its best resolution first, and in which words it is described.
    pub found: Found,
    /// What became of it; none while it is under way.
    pub entry: Option<Entry>,
    /// Who may show it; none while it is not known.
    pub report: Option<Report>,
    /// The picture that this one looks like, which is the better of the two.
    pub folded: Option<usize>,
}

/// How far a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// It is on the page.
    Found,
    /// There is a copy of it.
    Kept,
    /// There is none, and the entry says why.
    Failed,
}

impl Picture {
    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        match &self.entry {
            None => Progress::Found,
            Some(entry) if entry.path.is_some() => Progress::Kept,
            Some(_) => Progress::Failed,
        }
    }

    /// Its URL: the one that was taken, or the best.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        let taken = self.entry.as_ref().map(|entry| entry.candidate.unwrap_or(0)).unwrap_or_default();
        self.found.candidates.get(taken).or(self.found.candidates.first()).map(|candidate| &candidate.url)
    }

    /// Where on the page it stands.
    #[must_use]
    pub fn source(&self) -> Option<Source> {
        self.found.best().map(|best| best.source)
    }
}
