//! Which address shows which page of the shop.

use http::StatusCode;

use crate::answer::{Answer, Asked};
use crate::books::catalogue::Book;
use crate::books::pages;
use crate::pictures;
use crate::server::Pages;

/// Books on a list page.
pub(crate) const LISTED: usize = 20;

pub(crate) struct Shop {
    books: usize,
}

impl Shop {
    pub(crate) fn new(books: usize) -> Self {
        Self { books }
    }

    fn list(&self, page: usize, root: &str) -> Answer {
        let last = self.books.div_ceil(LISTED).max(1);
        if page == 0 || page > last {
            return Answer::not_found();
        }
        let shown = (page - 1) * LISTED..(page * LISTED).min(self.books);
        Answer::html(pages::list(root, page, last, self.books, shown.map(Book::new)))
    }

    fn product(&self, folder: &str) -> Answer {
        match self.index(folder.rsplit_once('_').map(|(_, number)| number)).map(Book::new) {
            Some(book) if book.folder() == folder => Answer::html(pages::product(&book)),
            _ => Answer::not_found(),
        }
    }

    fn cover(&self, number: &str) -> Answer {
        match self.index(Some(number)) {
            Some(index) => Answer::new(StatusCode::OK, "image/jpeg", pictures::thumbnail(index)),
            None => Answer::not_found(),
        }
    }

    /// The index of the book with this number.
    fn index(&self, number: Option<&str>) -> Option<usize> {
        let index = number?.parse::<usize>().ok()?.checked_sub(1)?;
        (index < self.books).then_some(index)
    }
}

impl Pages for Shop {
    fn get(&self, asked: &Asked) -> Answer {
        let path = asked.path();
        if let "/" | "/index.html" = path {
            return self.list(1, "");
        }
        if let Some(cover) = path.strip_prefix("/media/cache/").and_then(|rest| rest.strip_suffix(".jpg")) {
            return self.cover(cover);
        }
        let Some(name) = path.strip_prefix("/catalogue/") else { return Answer::not_found() };
        if let Some(page) = name.strip_prefix("page-").and_then(|rest| rest.strip_suffix(".html")) {
            return page.parse().map_or_else(|_| Answer::not_found(), |page| self.list(page, "../"));
        }
        name.strip_suffix("/index.html").map_or_else(Answer::not_found, |folder| self.product(folder))
    }
}
