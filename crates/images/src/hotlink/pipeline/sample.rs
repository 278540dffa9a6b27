//! What some pictures of a directory say of the others: sites guard folders, not files.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use crate::hotlink::{Report, Subject, Verdict};

/// Directories that are remembered; beyond it those are forgotten of which nobody is asking now.
const DIRECTORIES: usize = 10_000;

/// What is known of directories. Who holds one is the only one to ask for a picture of it.
#[derive(Debug)]
pub(super) struct Samples {
    /// So many pictures speak for the others; never 0.
    size: usize,
    directories: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Directory>>>>,
}

/// What is known of one.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// How many pictures were asked for and tell something.
    asked: usize,
    /// What is said of each of them, as long as it is the same, and why it is of the last one.
    agreed: Option<(Verdict, String)>,
    /// It is not the same of all.
    differs: bool,
}

impl Samples {
    /// None if each picture is to be asked for.
    pub(super) fn of(size: usize) -> Option<Self> {
        (size > 0).then(|| Self { size, directories: Mutex::default() })
    }

    /// The directory of a picture.
    pub(super) fn directory(&self, picture: &Url) -> Arc<tokio::sync::Mutex<Directory>> {
        // an entry is whole whatever has panicked
        let mut directories = self.directories.lock().unwrap_or_else(PoisonError::into_inner);
        if directories.len() >= DIRECTORIES {
            directories.retain(|_, directory| Arc::strong_count(directory) > 1);
        }
        directories.entry(name(picture)).or_default().clone()
    }

    /// The report of a picture that nobody has asked for, if its directory says enough.
    pub(super) fn report(&self, directory: &Directory, subject: &Subject) -> Option<Report> {
        let (verdict, why) =
            directory.agreed.as_ref().filter(|_| directory.asked >= self.size && !directory.differs)?;
        // what nobody gets says nothing of a picture that somebody got
        if *verdict != Verdict::Open && !verdict.is_protected() {
            return None;
        }
        let (asked, name) = (directory.asked, name(&subject.picture));
        let explanation = format!("not asked for, but taken to be as the {asked} of {name} that were: {why}");
        let Subject { picture, page, .. } = subject.clone();
        Some(Report { picture, page, verdict: *verdict, explanation, probes: Vec::new() })
    }
}

impl Directory {
    /// A picture of it was asked for.
    pub(super) fn learn(&mut self, report: &Report) {
        let Report { verdict, explanation, .. } = report;
        // that one is missing, or was asked for too soon, says nothing of the others
        if !verdict.is_told() || matches!(verdict, Verdict::Gone | Verdict::RateLimited) {
            return;
        }
        self.asked += 1;
        self.differs |= self.agreed.as_ref().is_some_and(|(agreed, _)| agreed != verdict);
        self.agreed = Some((*verdict, explanation.clone()));
    }
}

/// Scheme, host, port, and the path up to its last `/`.
fn name(picture: &Url) -> String {
    let folder = picture.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{}{folder}/", picture.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(picture: &str) -> Subject {
        Subject::alone(Url::parse(picture).expect("a URL"))
    }

    fn report(verdict: Verdict) -> Report {
        let Subject { picture, page, .. } = subject("http://a.example/1.jpg");
        Report { picture, page, verdict, explanation: "because".to_owned(), probes: Vec::new() }
    }

    /// What a directory says after these verdicts, two of which are enough.
    fn after(verdicts: &[Verdict]) -> Option<Report> {
        let samples = Samples::of(2).expect("a sample");
        let mut directory = Directory::default();
        verdicts.iter().for_each(|verdict| directory.learn(&report(*verdict)));
        samples.report(&directory, &subject("http://a.example/album/7.jpg?x=/1"))
    }

    #[test]
    fn a_directory_speaks_for_the_rest_once_enough_agree() {
        use Verdict::{Forbidden, Gone, Open, RateLimited, Referer, Unknown};
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[Referer]), None);
        let report = after(&[Referer, Referer]).expect("enough");
        assert_eq!((report.verdict, report.probes.len()), (Referer, 0));
        assert_eq!(
            report.explanation,
            "not asked for, but taken to be as the 2 of http://a.example/album/ that were: because"
        );
        assert_eq!(after(&[Referer, Open]), None, "they differ");
        assert_eq!(after(&[Referer, Open, Open, Open]), None, "they have differed");
        assert_eq!(after(&[Unknown, Open, Gone, RateLimited]), None, "only one tells something");
        assert!(after(&[Unknown, Open, Gone, RateLimited, Open]).is_some());
        assert_eq!(after(&[Forbidden, Forbidden]), None, "of a picture that was had, that would be wrong");
        assert!(Samples::of(0).is_none(), "each is asked for");
    }

    #[test]
    fn a_directory_is_that_of_one_origin_and_has_no_secret() {
        let of = |text: &str| name(&Url::parse(text).expect("a URL"));
        assert_eq!(of("https://me:pass@a.example:8443/x/y/z.jpg?token=1/2#3/4"), "https://a.example:8443/x/y/");
        assert_eq!(of("http://a.example/z.jpg"), "http://a.example/");
        assert_ne!(of("http://a.example/z.jpg"), of("https://a.example/z.jpg"));
    }
}
