//! The pictures of a page.

use std::collections::HashSet;

use dragline::page::pictures::Picture;
use dragline::page::{Limits, Page};

/// The input is a page. Its pictures have URLs that can be fetched, each once in its picture, and not too many of them.
pub fn pictures(input: &[u8]) {
    let html = String::from_utf8_lossy(input);
    let page = Page::from_html("http://site.example/dir/", &html);
    let pictures = page.images();
    for Picture { candidates, element, .. } in &pictures {
        assert!(!candidates.is_empty() && !element.is_empty(), "a picture can be had somewhere");
        let mut urls = HashSet::new();
        for candidate in candidates {
            assert!(matches!(candidate.url.scheme(), "http" | "https" | "data"), "{}", candidate.url);
            assert!(candidate.width != Some(0) && candidate.height != Some(0), "{candidate:?}");
            assert!(urls.insert(&candidate.url), "{} twice", candidate.url);
        }
    }
    let count: usize = pictures.iter().map(|picture| picture.candidates.len()).sum();
    assert!(count <= Limits::default().pictures, "{count} candidates");
    let bests: HashSet<_> = pictures.iter().filter_map(Picture::best).map(|best| &best.url).collect();
    assert_eq!(bests.len(), pictures.len(), "the best of two pictures is one URL");
    assert_eq!(pictures, page.images(), "the same again");
}
