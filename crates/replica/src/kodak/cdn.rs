//! The CloudFront host: thumbnails, originals, and what goes wrong with them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use http::{HeaderValue, StatusCode, header};

use crate::answer::{Answer, Asked};
use crate::kodak::album::Photo;
use crate::kodak::{Fault, Options};
use crate::server::Pages;

const NOT_A_PICTURE: &str =
    "<!DOCTYPE html><html><head><title>Sorry</title></head><body><p>We are doing some maintenance.</p></body></html>";

pub(crate) struct Cdn {
    /// The index of the photograph and whether it is the original, by path.
    photos: HashMap<String, (usize, bool)>,
    faults: BTreeMap<usize, Fault>,
    /// Photographs that have had their one error.
    failed: Mutex<BTreeSet<usize>>,
}

impl Cdn {
    pub(crate) fn new(options: &Options) -> Self {
        let both = |index: usize| {
            let photo = Photo::new(index);
            [(photo.path('t'), (index, false)), (photo.path('a'), (index, true))]
        };
        Self {
            photos: (0..options.photos).flat_map(both).collect(),
            faults: options.faults.clone(),
            failed: Mutex::default(),
        }
    }

    fn original(&self, index: usize, photo: &Photo) -> Answer {
        match self.faults.get(&index) {
            None => jpeg(photo, photo.original()),
            Some(Fault::NotFound) => Answer::not_found(),
            Some(Fault::ErrorOnce) if self.fails_now(index) => Answer::bare(StatusCode::INTERNAL_SERVER_ERROR),
            Some(Fault::ErrorOnce) => jpeg(photo, photo.original()),
            Some(Fault::Truncated) => jpeg(photo, photo.original()).truncated(),
            Some(Fault::Cut) => {
                let mut half = photo.original();
                half.truncate(half.len() / 2);
                jpeg(photo, half)
            }
            Some(Fault::Html) => jpeg(photo, NOT_A_PICTURE.into()),
        }
    }

    /// True the first time.
    fn fails_now(&self, index: usize) -> bool {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).insert(index)
    }
}

impl Pages for Cdn {
    fn get(&self, asked: &Asked) -> Answer {
        let Some(&(index, is_original)) = self.photos.get(asked.path()) else { return Answer::not_found() };
        let photo = Photo::new(index);
        if asked.header(header::IF_NONE_MATCH).is_some_and(|known| known == etag(&photo)) {
            return Answer::bare(StatusCode::NOT_MODIFIED);
        }
        if is_original { self.original(index, &photo) } else { jpeg(&photo, photo.thumbnail()) }
    }
}

fn jpeg(photo: &Photo, bytes: Vec<u8>) -> Answer {
    let visible = |text: String| HeaderValue::try_from(text).expect("digits and letters make a header");
    Answer::new(StatusCode::OK, "image/jpeg", bytes)
        .with(header::ETAG, visible(etag(photo)))
        .with(header::LAST_MODIFIED, visible(photo.taken.http()))
        .with(header::CACHE_CONTROL, HeaderValue::from_static("max-age=86400"))
}

fn etag(photo: &Photo) -> String {
    format!("\"{}\"", photo.uuid)
}
