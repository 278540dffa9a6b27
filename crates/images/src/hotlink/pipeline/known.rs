//! What was said of pictures in this run, so that none is judged on each page that shows it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use url::{Origin, Url};

use crate::hotlink::{Report, Subject};

/// What is said of a picture; none until it was judged. Who holds it is the only one to judge it.
pub(super) type Said = Arc<tokio::sync::Mutex<Option<Report>>>;

/// Pictures by their URL and the origin of the page that shows them: what a site is told of that page.
#[derive(Debug)]
pub(super) struct Known {
    most: usize,
    pictures: Mutex<HashMap<(Url, Origin), Said>>,
}

impl Known {
    /// None yet. Once there are so many, those are forgotten of which nobody is asking now.
    pub(super) fn new(most: usize) -> Self {
        Self { most, pictures: Mutex::default() }
    }

    /// What is said of a picture.
    pub(super) fn of(&self, subject: &Subject) -> Said {
        // an entry is whole whatever has panicked
        let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        if pictures.len() >= self.most {
            pictures.retain(|_, said| Arc::strong_count(said) > 1);
        }
        pictures.entry((subject.picture.clone(), subject.page.origin())).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(picture: &str, page: &str) -> Subject {
        let url = |text| Url::parse(text).expect("a URL");
        Subject::new(url(picture), url(page))
    }

    #[test]
    fn a_picture_is_known_to_all_pages_of_an_origin() {
        let known = Known::new(2);
        let first = known.of(&subject("http://a.example/1.jpg", "http://b.example/x"));
        assert!(Arc::ptr_eq(&first, &known.of(&subject("http://a.example/1.jpg", "http://b.example/y"))));
        assert!(!Arc::ptr_eq(&first, &known.of(&subject("http://a.example/1.jpg", "http://c.example/y"))));
        let other = known.of(&subject("http://a.example/2.jpg", "http://b.example/x"));
        drop(first);
        let _ = known.of(&subject("http://a.example/3.jpg", "http://b.example/x"));
        assert_eq!(known.pictures.lock().expect("whole").len(), 2, "who is asked for now stays");
        drop(other);
    }
}
