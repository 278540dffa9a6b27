//! What a spider says: follow this, keep that. Links that lead nowhere new are dropped here, before a request exists.

use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};
use url::Url;

use super::traps::{From, Traps};
use super::{Fill, Spider};
use crate::error::{Error, Result};
use crate::frontier::Seen;
use crate::message::{Item, Method, Options, Reach, Record, ReferrerPolicy, Request, Sealed};
use crate::page::{Limits, Link, Node, Page};
use crate::stats::Name;

/// The longest URL, unless the context says otherwise (RFC 9110, section 4.1 asks for 8,000 octets).
const MAX_URL: usize = 8192;

/// Where a spider puts what it found.
#[derive(Debug)]
pub struct Output<S: Spider> {
    context: Context,
    /// What the page says of how it is named to those that it leads to.
    policy: Option<ReferrerPolicy>,
    parsed: Parsed,
    /// Where the page lies, once one of its links is new.
    from: Option<From>,
    /// How many links the page may have, where it is a list of them by its nature.
    listed: usize,
    spider: PhantomData<fn() -> S>,
}

/// What an output needs to know to refuse a link at once.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The page that is read; none while the spider starts.
    pub(crate) page: Option<Arc<Url>>,
    /// How far what it says may lead.
    pub(crate) reach: Reach,
    /// The jar and the proxy that the page came by, if those are not the usual ones, and the page's referrer policy.
    pub(crate) way: Option<Arc<Options>>,
    pub(crate) depth: u32,
    pub(crate) max_depth: u32,
    pub(crate) max_url: usize,
    /// What the page's tree may come to.
    pub(crate) limits: Limits,
    pub(crate) seen: Option<Seen>,
    /// What its links are held against; none where nothing is.
    pub(crate) traps: Option<Arc<Traps>>,
}

/// Everything that came out.
#[derive(Default)]
pub(crate) struct Parsed {
    pub(crate) requests: Vec<Request>,
    pub(crate) records: Vec<Record>,
    pub(crate) seeds: Option<Seeds>,
    pub(crate) counts: Vec<(Name, u64)>,
    /// Which fields of the records have values.
    pub(crate) fill: Fill,
    pub(crate) fault: Option<Error>,
}

/// A source of first requests that the engine pulls as it needs them.
pub(crate) type Seeds = Box<dyn Iterator<Item = Request> + Send>;

/// What can be followed: a URL, a reference relative to the page's URL, a [`Link`], a [`Node`] that leads somewhere, or a
/// whole [`Request`].
///
/// What stands in the page itself may be relative to its `<base>`: nodes, links, [`Page::join`] and `link_opt` know that.
pub trait Target {
    /// The request of this target, or its URL alone where that is all there is to it.
    ///
    /// # Errors
    /// If it is not a URL.
    fn resolve(self, base: Option<&Url>) -> Result<Request>;

    /// The URL, if this is nothing but a `GET` of it: then a known one is dropped before a request is made.
    fn url(&self) -> Option<&Url> {
        None
    }

    /// Whether it leads anywhere at all, wherever that is.
    ///
    /// # Errors
    /// If it does not: an `<a>` without `href`, a `<div>`. That is a mistake of the spider and not of the page.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl Target for Url {
    fn resolve(self, _base: Option<&Url>) -> Result<Request> {
        Ok(Request::get(self))
    }

    fn url(&self) -> Option<&Url> {
        Some(self)
    }
}

impl Target for &Url {
    fn resolve(self, _base: Option<&Url>) -> Result<Request> {
        Ok(Request::get(self.clone()))
    }

    fn url(&self) -> Option<&Url> {
        Some(self)
    }
}

impl Target for &str {
    fn resolve(self, base: Option<&Url>) -> Result<Request> {
        let url = match base {
            Some(base) => base.join(self.trim_ascii()),
            None => Url::parse(self.trim_ascii()),
        };
        Ok(Request::get(url.map_err(|error| Error::page(format!("`{self}` is not a URL: {error}")))?))
    }
}

impl Target for Link {
    fn resolve(self, _base: Option<&Url>) -> Result<Request> {
        Ok(Request::get(self.url))
    }

    fn url(&self) -> Option<&Url> {
        Some(&self.url)
    }
}

impl Target for &Link {
    fn resolve(self, _base: Option<&Url>) -> Result<Request> {
        Ok(Request::get(self.url.clone()))
    }

    fn url(&self) -> Option<&Url> {
        Some(&self.url)
    }
}

impl Target for Node<'_> {
    fn resolve(self, _base: Option<&Url>) -> Result<Request> {
        Ok(Request::get(self.target()?))
    }

    fn check(&self) -> Result<()> {
        self.leads()
    }
}

impl Target for &Node<'_> {
    fn resolve(self, _base: Option<&Url>) -> Result<Request> {
        Ok(Request::get(self.target()?))
    }

    fn check(&self) -> Result<()> {
        self.leads()
    }
}

impl Target for String {
    fn resolve(self, base: Option<&Url>) -> Result<Request> {
        self.as_str().resolve(base)
    }
}

impl Target for Request {
    fn resolve(self, _base: Option<&Url>) -> Result<Request> {
        Ok(self)
    }
}

impl<S: Spider> Output<S> {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, policy: None, parsed: Parsed::default(), from: None, listed: 0, spider: PhantomData }
    }

    /// The same, its requests under the page's own `Referrer-Policy`.
    pub(super) fn led_by(mut self, page: &Page) -> Self {
        self.policy = page.referrer_policy();
        if self.policy.is_some() {
            let way = self.context.way.as_deref().cloned().unwrap_or_default();
            self.context.way = Some(Arc::new(Options { referrer_policy: self.policy, ..way }));
        }
        self
    }

    /// An output as `parse` gets it for this page: for tests of spiders.
    #[must_use]
    pub fn for_page(page: &Page) -> Self {
        let url = Some(Arc::new(page.url().clone()));
        Self::new(Context {
            page: url,
            reach: Reach::default(),
            way: None,
            depth: page.depth(),
            max_depth: 0,
            max_url: MAX_URL,
            limits: Limits::default(),
            seen: None,
            traps: None,
        })
        .led_by(page)
    }

    /// An output as `start` gets it: for tests of spiders.
    #[must_use]
    pub fn for_start() -> Self {
        Self::new(Context {
            page: None,
            reach: Reach::default(),
            way: None,
            depth: 0,
            max_depth: 0,
            max_url: MAX_URL,
            limits: Limits::default(),
            seen: None,
            traps: None,
        })
    }

    /// Fetches this next, and comes back with the answer and the step.
    ///
    /// What was seen before, lies too deep, is too long, is not http(s) or is one too many of its kind (`[traps]`) is
    /// counted and goes no further. A node that leads nowhere fails the page with a message that names it.
    pub fn follow(&mut self, target: impl Target, step: S::Step) {
        if let Err(error) = target.check() {
            return self.fault(error);
        }
        let looked_at = target.url().is_some();
        if target.url().is_some_and(|url| self.refuses(url) || self.has_seen(url) || self.is_trapped(url)) {
            return;
        }
        let Ok(request) = target.resolve(self.context.page.as_deref()) else {
            return self.count("links/bad_count");
        };
        if !looked_at {
            let plain = request.method == Method::GET && request.body.is_empty() && !request.unfiltered;
            if self.refuses(&request.url) || (plain && (self.has_seen(&request.url) || self.is_trapped(&request.url))) {
                return;
            }
        }
        match seal::<S>(request, &step, &self.context, self.policy) {
            Ok(request) => self.parsed.requests.push(request),
            Err(error) => self.fault(error),
        }
    }

    /// Fetches all of these next, each for the same step: `out.follow_all(page.css(".pager a"), Step::List)`. Nodes that
    /// lead nowhere are passed over.
    pub fn follow_all<I>(&mut self, targets: I, step: S::Step)
    where
        I: IntoIterator<Item: Target>,
        S::Step: Clone,
    {
        self.follow_each(targets, |_| step.clone());
    }

    /// As [`follow_all`](Output::follow_all), each for a step of its own.
    pub fn follow_each<I>(&mut self, targets: I, mut step: impl FnMut(&I::Item) -> S::Step)
    where
        I: IntoIterator<Item: Target>,
    {
        for target in targets.into_iter().filter(|target| target.check().is_ok()) {
            let step = step(&target);
            self.follow(target, step);
        }
    }

    /// First requests that are too many to be held: the engine pulls them as it needs them.
    pub fn seeds<I, T>(&mut self, seeds: I)
    where
        I: IntoIterator<Item = (T, S::Step)>,
        I::IntoIter: Send + 'static,
        T: Target,
    {
        let (context, policy) = (self.context.clone(), self.policy);
        // what is not a URL is left out here; a spider that must know checks before it offers
        let seeds = seeds
            .into_iter()
            .filter_map(move |(target, step)| seal::<S>(target.resolve(None).ok()?, &step, &context, policy).ok());
        self.parsed.seeds = Some(match self.parsed.seeds.take() {
            Some(before) => Box::new(before.chain(seeds)),
            None => Box::new(seeds),
        });
    }

    /// Keeps an item: it goes through the pipelines into the feeds.
    pub fn item<I: Item>(&mut self, item: I) {
        let Some(page) = self.context.page.clone() else {
            return self.fault(Error::page("items come from pages: `start` has none"));
        };
        match Record::from_item(&item, page) {
            Ok(mut record) => {
                (record.reach, record.way) = (self.context.reach, self.context.way.clone());
                self.parsed.fill.note(&record, I::FIELDS);
                self.parsed.records.push(record);
            }
            Err(error) => self.fault(error.into()),
        }
    }

    /// Keeps fields as a record of a kind that is no Rust type.
    pub(super) fn record(&mut self, kind: &str, fields: Map<String, Value>) {
        let Some(page) = self.context.page.clone() else { return };
        let record = serde_json::to_vec(&fields).ok().and_then(|json| Record::from_json(kind, page, json.into()));
        if let Some(mut record) = record {
            (record.reach, record.way) = (self.context.reach, self.context.way.clone());
            self.parsed.records.push(record);
        }
    }

    /// The page is a list of so many links by its nature: it may have them, whatever `traps.links_per_page` says.
    pub(super) fn expect_links(&mut self, links: usize) {
        self.listed = self.listed.max(links);
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> &[Request] {
        &self.parsed.requests
    }

    /// The steps of the requests so far, in the same order.
    ///
    /// # Panics
    /// If a step does not come back as it was sealed: its `Serialize` and `Deserialize` do not fit.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test's own mistake")]
    pub fn steps(&self) -> Vec<S::Step> {
        let unseal = |request: &Request| serde_json::from_slice(&request.step.0).expect("a step that comes back");
        self.parsed.requests.iter().map(unseal).collect()
    }

    /// The records so far.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.parsed.records
    }

    pub(super) fn into_parsed(self) -> Parsed {
        self.parsed
    }

    /// Whether this goes no further, whatever its step; counts why.
    fn refuses(&mut self, url: &Url) -> bool {
        let context = &self.context;
        let reason = if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            "scheme/request_ignored_count"
        } else if url.as_str().len() > context.max_url {
            "urllength/request_ignored_count"
        } else if context.max_depth > 0 && context.page.is_some() && context.depth >= context.max_depth {
            "depth/request_ignored_count"
        } else {
            return false;
        };
        self.count(reason);
        true
    }

    /// Whether a `GET` of this was queued before; counts it.
    fn has_seen(&mut self, url: &Url) -> bool {
        let seen = self.context.seen.as_ref().is_some_and(|seen| seen.has_get(url));
        if seen {
            self.count("dupefilter/filtered");
        }
        seen
    }

    /// Whether a link of a page is one too many of its kind; counts by which rule.
    fn is_trapped(&mut self, url: &Url) -> bool {
        let (Some(traps), Some(page)) = (&self.context.traps, &self.context.page) else { return false };
        let traps = traps.clone();
        let depth = self.context.depth;
        if self.parsed.requests.len() >= traps.links_per_page().max(self.listed) {
            self.count("links/over_limit_count");
            return true;
        }
        let from = self.from.get_or_insert_with(|| traps.from(page, depth));
        let Err(rule) = traps.admit(url, from) else { return false };
        traps.say(rule, url);
        self.count(rule.count());
        true
    }

    pub(super) fn count(&mut self, name: &'static str) {
        match self.parsed.counts.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => self.parsed.counts.push((Name::from(name), 1)),
        }
    }

    fn fault(&mut self, error: Error) {
        self.parsed.fault.get_or_insert(error);
    }
}

/// A request with its step and its place in the crawl.
fn seal<S: Spider>(
    mut request: Request,
    step: &S::Step,
    context: &Context,
    policy: Option<ReferrerPolicy>,
) -> Result<Request> {
    request.step = Sealed(Bytes::from(serde_json::to_vec(step)?));
    if let Some(page) = &context.page {
        request.depth = context.depth + 1;
        request.reach = context.reach;
        if request.referrer.is_none() {
            request.referrer = Some(Url::clone(page));
            // a page without one leaves its links to the settings, and costs them nothing
            if policy.is_some() && request.options().referrer_policy.is_none() {
                request.options_mut().referrer_policy = policy;
            }
        }
    }
    Ok(request)
}

impl std::fmt::Debug for Parsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parsed")
            .field("requests", &self.requests)
            .field("records", &self.records)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, StatusCode, header};

    struct Walker;

    impl<'de> serde::Deserialize<'de> for Walker {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Self)
        }
    }

    impl Spider for Walker {
        const NAME: &'static str = "walker";
        type Step = ();

        fn start(&self, _out: &mut Output<Self>) {}

        fn parse(&self, (): (), _page: &Page, _out: &mut Output<Self>) -> Result<()> {
            Ok(())
        }
    }

    fn policies(header: Option<&'static str>) -> Vec<Option<ReferrerPolicy>> {
        let url = Url::parse("https://a.example/").expect("a URL");
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(header));
        }
        let page = Page::new(url.clone(), StatusCode::OK, headers, Bytes::new(), 0);
        let mut out = Output::<Walker>::for_page(&page);
        out.follow("/plain", ());
        let mut own = Request::get(url.join("/own").expect("a URL"));
        own.options_mut().referrer_policy = Some(ReferrerPolicy::UnsafeUrl);
        out.follow(own, ());
        let mut other = Request::get(url.join("/other").expect("a URL"));
        other.referrer = Some(url);
        out.follow(other, ());
        out.requests().iter().map(|request| request.options().referrer_policy).collect()
    }

    #[test]
    fn c06_a_pages_policy_holds_for_its_links_unless_they_have_their_own() {
        let (none, own) = (None, Some(ReferrerPolicy::UnsafeUrl));
        assert_eq!(policies(Some("no-referrer")), [Some(ReferrerPolicy::NoReferrer), own, none]);
        assert_eq!(policies(Some("unheard-of")), [none, own, none]);
        assert_eq!(policies(None), [none, own, none]);
    }
}
