//! From sitemaps to pages: robots.txt leads to sitemaps, an index to more of them, a list to pages, each by its rule.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use dragline_query::{QueryError, pattern};
use jiff::Timestamp;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::downloader::robots::Robots;
use crate::error::{Error, Result};
use crate::message::mask::Shown;
use crate::page::{Page, SitemapEntry, SitemapKind};
use crate::spider::{Output, Spider, Target};

/// How many indexes lie above a sitemap: a part of the step that reads it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level(u32);

/// What the URLs of sitemaps lead to. The first rule that fits decides; a URL that none fits is left out.
///
/// ```
/// use std::sync::LazyLock;
///
/// use dragline::prelude::*;
/// use dragline::spider::{Level, SitemapRules};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// enum Step {
///     Sitemap(Level),
///     Book,
/// }
///
/// static RULES: LazyLock<SitemapRules<Step>> =
///     LazyLock::new(|| SitemapRules::new(Step::Sitemap).page(r"/catalogue/.*/index\.html$", Step::Book));
///
/// #[derive(Deserialize)]
/// struct Shop {
///     url: Url,
/// }
///
/// impl Spider for Shop {
///     const NAME: &'static str = "shop";
///     type Step = Step;
///
///     fn start(&self, out: &mut Output<Self>) {
///         RULES.start(&self.url, out); // https://shop.example/robots.txt
///     }
///
///     fn parse(&self, step: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
///         match step {
///             Step::Sitemap(level) => RULES.follow(level, page, out),
///             Step::Book => Ok(()),
///         }
///     }
/// }
///
/// let page = Page::from_html("http://shop.example/sitemap.xml", "<urlset>
///     <url><loc>http://shop.example/catalogue/a/index.html</loc></url><url><loc>http://shop.example/terms</loc></url>
///     </urlset>");
/// let mut out = Output::<Shop>::for_page(&page);
/// RULES.follow(Level::default(), &page, &mut out)?;
/// assert_eq!(out.steps(), [Step::Book]);
/// # Ok::<(), dragline::Error>(())
/// ```
#[derive(Debug)]
pub struct SitemapRules<T> {
    step: fn(Level) -> T,
    pages: Vec<(Regex, T)>,
    /// The sitemaps of an index that are read; all of them if this is empty.
    sitemaps: Vec<Regex>,
    alternates: bool,
    since: Option<Timestamp>,
    /// The first pattern that is none.
    fault: Option<QueryError>,
    /// How many sitemaps of each host were followed in this run.
    files: Mutex<HashMap<Box<str>, u32>>,
}

impl<T: Clone> SitemapRules<T> {
    /// No rules yet; `step` is the one that reads sitemaps, and calls [`follow`](Self::follow).
    #[must_use]
    pub fn new(step: fn(Level) -> T) -> Self {
        Self {
            step,
            pages: Vec::new(),
            sitemaps: Vec::new(),
            alternates: false,
            since: None,
            fault: None,
            files: Mutex::default(),
        }
    }

    /// A page whose URL this regular expression finds something in is read by this step.
    #[must_use]
    pub fn page(mut self, expression: &str, step: T) -> Self {
        if let Some(expression) = self.compile(expression) {
            self.pages.push((expression, step));
        }
        self
    }

    /// Of the sitemaps of an index, those are read whose URLs this finds something in; without any such rule, all.
    #[must_use]
    pub fn sitemap(mut self, expression: &str) -> Self {
        if let Some(expression) = self.compile(expression) {
            self.sitemaps.push(expression);
        }
        self
    }

    /// The same pages in other languages too.
    #[must_use]
    pub fn alternates(self) -> Self {
        Self { alternates: true, ..self }
    }

    /// What says that it has not changed since then is left out.
    #[must_use]
    pub fn since(self, since: Timestamp) -> Self {
        Self { since: Some(since), ..self }
    }

    /// Begins with a sitemap, or with a robots.txt that names some.
    pub fn start<S: Spider<Step = T>>(&self, target: impl Target, out: &mut Output<S>) {
        out.follow(target, (self.step)(Level::default()));
    }

    /// Follows what a sitemap, an index or a robots.txt lists. What is none of these is counted as `sitemap/bad_count`.
    ///
    /// # Errors
    /// If one of the rules is no regular expression.
    pub fn follow<S: Spider<Step = T>>(&self, level: Level, page: &Page, out: &mut Output<S>) -> Result<()> {
        if let Some(fault) = &self.fault {
            return Err(Error::page(fault));
        }
        if page.url().path().ends_with("/robots.txt") {
            let robots = Robots::parse(page.body());
            // what is not UTF-8 is no URL
            let urls = robots.sitemaps().iter().filter(|url| !url.contains(char::REPLACEMENT_CHARACTER));
            urls.for_each(|url| self.follow_sitemap(url, level, page, out));
            return Ok(());
        }
        out.expect_links(page.sitemap_limits().urls);
        let sitemap = page.sitemap();
        match sitemap.kind() {
            SitemapKind::Index if level.0 >= page.sitemap_limits().depth => out.count("sitemap/depth_ignored_count"),
            SitemapKind::Index => {
                for entry in sitemap.filter(|entry| self.is_new(entry)) {
                    for url in self.urls(&entry) {
                        if self.sitemaps.is_empty() || self.sitemaps.iter().any(|known| known.is_match(url)) {
                            self.follow_sitemap(url, Level(level.0 + 1), page, out);
                        }
                    }
                }
            }
            SitemapKind::Other(name) => {
                tracing::warn!(url = %Shown(page.url()), root = name, "no sitemap: nothing is followed from here");
                out.count("sitemap/bad_count");
            }
            SitemapKind::Pages | SitemapKind::Lines | SitemapKind::Feed => {
                for entry in sitemap.filter(|entry| self.is_new(entry)) {
                    for url in self.urls(&entry) {
                        let rule = self.pages.iter().find(|(expression, _)| expression.is_match(url));
                        if let Some((_, step)) = rule {
                            follow(url, step.clone(), page, out);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn follow_sitemap<S: Spider<Step = T>>(&self, url: &str, level: Level, page: &Page, out: &mut Output<S>) {
        let Ok(target) = page.url().join(url) else { return out.count("links/bad_count") };
        let host: Box<str> = target.host_str().unwrap_or_default().into();
        // a panic while counting cannot leave the map torn
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let so_far = files.entry(host).or_default();
        if *so_far >= page.sitemap_limits().files {
            return out.count("sitemap/files_ignored_count");
        }
        let before = out.requests().len();
        out.follow(target, (self.step)(level));
        *so_far += u32::from(out.requests().len() > before);
    }

    fn is_new(&self, entry: &SitemapEntry) -> bool {
        let modified = || entry.modified();
        self.since.is_none_or(|since| modified().is_none_or(|modified| modified >= since))
    }

    fn urls<'e>(&self, entry: &'e SitemapEntry) -> impl Iterator<Item = &'e str> + use<'e, T> {
        let alternates = if self.alternates { entry.alternates.as_slice() } else { &[] };
        std::iter::once(entry.loc.as_str()).chain(alternates.iter().map(|alternate| alternate.href.as_str()))
    }

    fn compile(&mut self, expression: &str) -> Option<Regex> {
        pattern(expression).map_err(|fault| self.fault.get_or_insert(fault).clone()).ok()
    }
}

/// What stands in a sitemap is absolute, or else relative to the file: never to the base of an HTML page.
fn follow<S: Spider>(url: &str, step: S::Step, page: &Page, out: &mut Output<S>) {
    match page.url().join(url) {
        Ok(target) if !url.is_empty() => out.follow(target, step),
        _ => out.count("links/bad_count"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Walker;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Step {
        Sitemap(Level),
        Page,
        Other,
    }

    impl Spider for Walker {
        const NAME: &'static str = "walker";
        type Step = Step;

        fn start(&self, _: &mut Output<Self>) {}

        fn parse(&self, _: Step, _: &Page, _: &mut Output<Self>) -> Result<()> {
            Ok(())
        }
    }

    fn followed(rules: &SitemapRules<Step>, level: u32, url: &str, text: &str) -> Output<Walker> {
        let page = Page::from_html(url, text);
        let mut out = Output::for_page(&page);
        rules.follow(Level(level), &page, &mut out).expect("rules");
        out
    }

    fn urls(out: &Output<Walker>) -> Vec<&str> {
        out.requests().iter().map(|request| request.url.as_str()).collect()
    }

    fn index(names: std::ops::Range<usize>) -> String {
        let entries: String = names.map(|name| format!("<sitemap><loc>/{name}.xml</loc></sitemap>")).collect();
        format!("<sitemapindex>{entries}</sitemapindex>")
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rules = SitemapRules::new(Step::Sitemap).page("/a", Step::Page).page("/", Step::Other);
        let text = "http://x.example/b\nhttp://x.example/a\nhttp://x.example/a/b\n";
        let out = followed(&rules, 0, "http://x.example/list.txt", text);
        assert_eq!(out.steps(), [Step::Other, Step::Page, Step::Page]);
        let out = followed(&rules, 0, "http://x.example/robots.txt", "Sitemap: /s.xml\nSitemap: http://y.example/s");
        assert_eq!(urls(&out), ["http://x.example/s.xml", "http://y.example/s"]);
        assert_eq!(out.steps()[0], Step::Sitemap(Level(0)));
    }

    #[test]
    fn what_is_old_or_in_another_language_is_left_out_unless_it_is_asked_for() {
        let text = "<urlset><url><loc>/1</loc><lastmod>2020-01-01</lastmod></url><url><loc>/2</loc>
            <lastmod>2024-01-01</lastmod><link href='/2/de'/></url><url><loc>/3</loc></url></urlset>";
        let rules = SitemapRules::new(Step::Sitemap).page("", Step::Page);
        assert_eq!(urls(&followed(&rules, 0, "http://x.example/s.xml", text)).len(), 3);
        let rules = rules.alternates().since("2023-01-01T00:00:00Z".parse().expect("a time"));
        let out = followed(&rules, 0, "http://x.example/s.xml", text);
        assert_eq!(urls(&out), ["http://x.example/2", "http://x.example/2/de", "http://x.example/3"]);
    }

    #[test]
    fn p04_indexes_of_indexes_and_files_without_end_are_bounded() {
        let rules = SitemapRules::new(Step::Sitemap).page("", Step::Page);
        let out = followed(&rules, 1, "http://x.example/i.xml", &index(0..2));
        assert_eq!(out.steps(), [Step::Sitemap(Level(2)), Step::Sitemap(Level(2))]);
        assert!(followed(&rules, 2, "http://x.example/j.xml", &index(0..2)).requests().is_empty());
        let rules = SitemapRules::new(Step::Sitemap);
        let first = followed(&rules, 0, "http://x.example/i.xml", &index(0..900)).requests().len();
        let second = followed(&rules, 0, "http://x.example/j.xml", &index(900..1800)).requests().len();
        assert_eq!((first, second), (900, 100));
        assert_eq!(followed(&rules, 0, "http://y.example/i.xml", &index(0..9)).requests().len(), 9);
    }

    #[test]
    fn a_rule_that_is_none_is_named() {
        let rules = SitemapRules::new(Step::Sitemap).page("(", Step::Page);
        let page = Page::from_html("http://x.example/s.xml", "<urlset/>");
        let error = rules.follow(Level(0), &page, &mut Output::<Walker>::for_page(&page)).expect_err("no rule");
        assert!(error.to_string().starts_with("`(` is no regular expression"), "{error}");
    }
}
