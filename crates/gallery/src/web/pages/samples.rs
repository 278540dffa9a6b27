//! Pictures for tests of templates.

use dragline::page::pictures::{Candidate, Picture as Found, Source};
use dragline_images::Entry;
use dragline_images::hotlink::{Answer, Probe, Report, Verdict, Way};
use url::Url;

use crate::scan::Picture;

/// A picture that was found.
pub(crate) fn picture(number: usize, url: &str) -> Picture {
    let candidate = Candidate {
        url: Url::parse(url).expect("a URL"),
        source: Source::Src,
        width: None,
        height: None,
        density: None,
        mime: None,
        media: None,
    };
    let found = Found { candidates: vec![candidate], element: "img".to_owned(), ..Found::default() };
    let page = Url::parse("https://page.example/").expect("a URL");
    Picture { number, page, found, entry: None, report: None, folded: None }
}

/// An entry of which nothing is known but its URL.
pub(super) fn entry(url: &str) -> Entry {
    let failed = Entry::failed(url.to_owned(), "", String::new());
    Entry { reason: None, detail: None, status: dragline_images::Status::Downloaded, ..failed }
}

/// A verdict with one piece of evidence.
pub(super) fn report(picture: &Picture, verdict: Verdict) -> Report {
    Report {
        picture: picture.url().expect("a URL").clone(),
        page: picture.page.clone(),
        verdict,
        explanation: "its page gets it, and a foreign page does not: 403".to_owned(),
        probes: vec![Probe { status: Some(403), ..Probe::new(Way::Foreign, Answer::Refused) }],
    }
}
