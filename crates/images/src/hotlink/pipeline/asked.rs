//! Which picture is meant by an element of an item: that of its URLs which was taken, or else the best.

use dragline::message::Record;
use serde_json::Value;
use url::Url;

use crate::entry::{Entry, Status};
use crate::hotlink::Subject;
use crate::pipeline::wish::{Candidate, Wish};

/// What is to be said of an element.
#[derive(Debug)]
pub(super) enum Asked {
    /// A picture that somebody serves, and whether there is a copy of it.
    Served(Subject, Copy),
    /// The picture stands in the page itself: that page, and the beginning of its `data:` URL.
    Inline(Url, Url),
    /// There is nothing to be asked: it is no URL, or the picture was not wanted for what it is.
    Nothing,
}

/// Whether there is a copy of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copy {
    /// It was fetched as a browser on its page would, and kept.
    Kept,
    /// It was not, or nobody knows.
    None,
}

impl Asked {
    /// Reads an element, and what became of it.
    pub(super) fn read(element: &Value, entry: Option<&Entry>, record: &Record) -> Self {
        let is_unwanted = |entry: &Entry| entry.reason.as_deref().is_some_and(|reason| reason.starts_with("filtered_"));
        if entry.is_some_and(is_unwanted) {
            return Self::Nothing;
        }
        let kept = entry.filter(|entry| entry.status != Status::Failed);
        let candidates = Wish::read(element, &record.page).candidates;
        let mut urls: Vec<Option<Url>> = candidates.into_iter().map(|Candidate { url, .. }| url.ok()).collect();
        if let Some(taken) = kept.map(|entry| entry.candidate.unwrap_or(0)).filter(|taken| *taken < urls.len()) {
            urls.swap(0, taken);
            urls.truncate(1);
        }
        let urls: Vec<Url> = urls.into_iter().flatten().collect();
        match (urls.iter().find(|url| url.scheme() != "data"), urls.first()) {
            (Some(url), _) => {
                let copy = if kept.is_some() { Copy::Kept } else { Copy::None };
                Self::Served(subject(url.clone(), record), copy)
            }
            (None, Some(data)) if entry.is_none() || kept.is_some() => {
                Self::Inline(Url::clone(&record.page), beginning(data))
            }
            (None, _) => Self::Nothing,
        }
    }
}

/// The picture as its page has it.
fn subject(picture: Url, record: &Record) -> Subject {
    let mut subject = Subject::new(picture, Url::clone(&record.page));
    subject.reach = record.reach;
    if let Some(way) = &record.way {
        subject.jar.clone_from(&way.jar);
        subject.via.clone_from(&way.via);
        subject.policy = way.referrer_policy;
    }
    subject
}

/// A `data:` URL without its data, which may be megabytes.
fn beginning(data: &Url) -> Url {
    let head = data.as_str().split_inclusive(',').next().and_then(|head| Url::parse(head).ok());
    head.unwrap_or_else(|| data.clone())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dragline::message::{Options, ReferrerPolicy};
    use serde_json::json;

    use super::*;

    fn asked(element: &Value, entry: Option<Value>) -> String {
        let page = Arc::new(Url::parse("http://a.example/album/").expect("a URL"));
        let mut record = Record::from_json("picture", page, "{}".into()).expect("a record");
        let policy = Some(ReferrerPolicy::NoReferrer);
        record.way = Some(Arc::new(Options { jar: Some("x".into()), referrer_policy: policy, ..Options::default() }));
        let entry = entry.map(|entry| serde_json::from_value(entry).expect("an entry"));
        match Asked::read(element, entry.as_ref(), &record) {
            Asked::Served(subject, copy) => {
                assert_eq!((subject.jar.as_deref(), subject.policy), (Some("x"), policy));
                assert_eq!(subject.page, *record.page);
                format!("{} {copy:?}", subject.picture)
            }
            Asked::Inline(_, url) => url.into(),
            Asked::Nothing => "nothing".to_owned(),
        }
    }

    fn entry(status: &str, candidate: Option<usize>, reason: Option<&str>) -> Option<Value> {
        Some(json!({
            "url": "x", "path": null, "checksum": null, "status": status, "candidate": candidate, "reason": reason,
        }))
    }

    #[test]
    fn it_is_the_url_that_was_taken_or_else_the_best() {
        let picture = json!({"candidates": [{"url": "ftp://x/"}, {"url": "1.jpg"}, {"url": "2.jpg"}]});
        assert_eq!(asked(&picture, None), "http://a.example/album/1.jpg None");
        assert_eq!(asked(&picture, entry("downloaded", Some(2), None)), "http://a.example/album/2.jpg Kept");
        assert_eq!(asked(&picture, entry("failed", Some(2), Some("http_status"))), "http://a.example/album/1.jpg None");
        assert_eq!(asked(&json!("1.jpg"), entry("uptodate", None, None)), "http://a.example/album/1.jpg Kept");
    }

    #[test]
    fn a_data_url_is_told_by_its_beginning_and_only_if_there_is_nothing_else() {
        let data = json!("data:image/gif;base64,R0lGODlhAQABAAAAACw=");
        assert_eq!(asked(&data, None), "data:image/gif;base64,");
        assert_eq!(asked(&data, entry("downloaded", None, None)), "data:image/gif;base64,");
        assert_eq!(asked(&data, entry("failed", None, Some("truncated"))), "nothing");
        assert_eq!(asked(&json!([data, "1.jpg"]), None), "http://a.example/album/1.jpg None");
        assert_eq!(asked(&json!(["1.jpg", data]), entry("downloaded", Some(1), None)), "data:image/gif;base64,");
    }

    #[test]
    fn what_is_no_place_or_was_not_wanted_is_not_asked_for() {
        assert_eq!(asked(&json!(7), None), "nothing");
        assert_eq!(asked(&json!("file:///etc/passwd"), entry("failed", None, Some("bad_scheme"))), "nothing");
        assert_eq!(asked(&json!("1.jpg"), entry("failed", None, Some("filtered_min_side"))), "nothing");
    }
}
