//! The book, chapter by chapter. Read it with `mdbook serve crates/guide`, or here.
//!
//! Each chapter is a module of documentation and nothing else, so that `cargo test --doc` compiles and runs every block of
//! code in it: a chapter that has gone stale fails the tests.

macro_rules! chapters {
    ($($(#[$attribute:meta])* $name:ident: $file:literal),* $(,)?) => {
        $(#[doc = include_str!($file)] pub mod $name {})*

        /// The chapters' files, in the order of the book.
        #[cfg(test)]
        const FILES: &[&str] = &[$($file),*];
    };
}

chapters! {
    introduction: "introduction.md",
    first_spider: "first-spider.md",
    from_scrapy: "from-scrapy.md",
    selectors: "selectors.md",
    items: "items.md",
    links: "links.md",
    forms: "forms.md",
    ready: "ready.md",
    pictures: "pictures.md",
    store: "store.md",
    hotlink: "hotlink.md",
    gallery: "gallery.md",
    testing: "testing.md",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_contents_has_every_chapter_in_its_order() {
        let summary = include_str!("SUMMARY.md");
        let listed: Vec<&str> = (summary.lines())
            .filter_map(|line| line.split_once("](")?.1.strip_suffix(')'))
            .map(|file| file.trim_start_matches("./"))
            .collect();
        assert_eq!(listed, FILES);
    }
}
