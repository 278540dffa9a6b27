//! FAULTS B06, B07, B09: whole crawls of sites that do not exist. Those without end must end, and those that are merely
//! large must lose nothing.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use super::*;
use crate::error::Result;
use crate::message::urls::canonical;
use crate::page::Page;
use crate::spider::{Context, Output, Spider};

const HOST: &str = "http://site.example";

#[derive(Deserialize)]
struct Nobody;

impl Spider for Nobody {
    const NAME: &'static str = "nobody";
    type Step = ();

    fn start(&self, _: &mut Output<Self>) {}

    fn parse(&self, (): (), _: &Page, _: &mut Output<Self>) -> Result<()> {
        Ok(())
    }
}

/// A site: a page's links and its bytes, by its URL and how many pages were asked for before.
type Site = fn(&Url, u64) -> (Vec<String>, String);

/// Which request is next.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    First,
    Last,
}

struct Crawled {
    pages: HashSet<String>,
    counts: BTreeMap<String, u64>,
}

impl Crawled {
    fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }
}

fn crawl_with(settings: Settings, site: Site, order: Order) -> Crawled {
    let traps = Arc::new(Traps::new(settings));
    let limits = crate::page::Limits::default();
    let start = Url::parse(&format!("{HOST}/")).expect("a URL");
    let mut crawled = Crawled { pages: HashSet::new(), counts: BTreeMap::new() };
    let mut seen = HashSet::from([canonical(&start).into_owned()]);
    let mut queue = VecDeque::from([(start, 0)]);
    let next = |queue: &mut VecDeque<_>| if order == Order::First { queue.pop_front() } else { queue.pop_back() };
    while let Some((url, depth)) = next(&mut queue) {
        assert!(crawled.pages.len() < 100_000, "no end, at {url}");
        let (links, body) = site(&url, crawled.pages.len() as u64);
        crawled.pages.insert(url.to_string());
        let page = Some(Arc::new(url.clone()));
        let held = Some(traps.clone());
        let context = Context {
            page,
            reach: Default::default(),
            way: None,
            depth,
            max_depth: 0,
            max_url: 8192,
            limits,
            seen: None,
            traps: held,
        };
        let mut out = Output::<Nobody>::new(context);
        for link in &links {
            let link = url.join(link).expect("a URL");
            if !seen.contains(&*canonical(&link)) {
                out.follow(&link, ());
            }
        }
        let parsed = out.into_parsed();
        for (name, count) in parsed.counts {
            *crawled.counts.entry(name.into_owned()).or_default() += count;
        }
        for request in parsed.requests {
            if seen.insert(canonical(&request.url).into_owned()) {
                queue.push_back((request.url, request.depth));
            }
        }
        traps.saw(&url, body.as_bytes());
    }
    crawled
}

/// The number that a value of the query is.
fn number(url: &Url, name: &str) -> u64 {
    let value = url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    value.and_then(|value| value.parse().ok()).unwrap_or_default()
}

/// A number that follows from another and looks like none.
fn dice(number: u64) -> u64 {
    mix(number, 0x5EED)
}

/// The URL's text as bytes that no other page has.
fn unlike(url: &Url) -> String {
    url.to_string()
}

/// Sites without end, and the rule that ends each.
const TRAPS: [(&str, &str, Site); 15] = [
    ("a relative link that lacks its slash", "traps/repeats_count", |url, _| (vec!["a/".into()], unlike(url))),
    ("two relative links in a circle", "traps/repeats_count", |url, _| {
        (vec![if url.path().ends_with("/a/") { "b/".into() } else { "a/".into() }], unlike(url))
    }),
    ("paths that only get deeper", "traps/segments_count", |url, asked| {
        (vec![format!("x{}/", dice(asked)), "/".into()], unlike(url))
    }),
    ("a calendar by days, months and years, both ways", "traps/pages_per_host_count", |url, _| {
        let day = i64::try_from(number(url, "d")).expect("a day").max(1_000_000);
        let link = |step: i64| format!("/calendar?d={}", day + step);
        ([1, -1, 30, -30, 365, -365].map(link).into(), unlike(url))
    }),
    ("a calendar with paths", "traps/hops_count", |url, _| {
        let day: u64 =
            url.path().split('/').filter_map(|part| part.parse::<u64>().ok()).fold(0, |all, part| all * 31 + part);
        let day = day.max(2000 * 31 * 31) + 1;
        (vec![format!("/{}/{}/{}", day / 31 / 31, day / 31 % 31, day % 31)], unlike(url))
    }),
    ("a new session for each visitor without cookies, in the query", "traps/queries_count", |url, asked| {
        let links = (0..20).map(|page| format!("/page{page}?PHPSESSID={:016x}", dice(asked)));
        (links.collect(), unlike(url))
    }),
    ("the same in the path", "traps/queries_count", |url, asked| {
        let links = (0..20).map(|page| format!("/page{page};jsessionid={:016X}?x=1", dice(asked)));
        (links.collect(), unlike(url))
    }),
    ("facets in every combination, more with each page", "traps/queries_count", |url, _| {
        let query = url.query().unwrap_or("a=1");
        let links = (0..10).map(|facet| format!("/shop?{query}&f{}={facet}", (b'a' + facet) as char));
        (links.collect(), unlike(url))
    }),
    ("one facet many times", "traps/depth_count", |url, _| {
        let query = url.query().unwrap_or("f[]=0");
        ((0..3).map(|facet| format!("/shop?{query}&f[]={facet}")).collect(), unlike(url))
    }),
    ("one page under endless numbers", "traps/same_body_count", |url, _| {
        (
            (1..=5).map(|next| format!("/item?id={}", number(url, "id").wrapping_mul(5).wrapping_add(next))).collect(),
            "the same".into(),
        )
    }),
    ("one page under endless names", "traps/same_body_count", |_, asked| {
        ((0..5).map(|link| format!("/tag/{:x}", dice(asked * 5 + link))).collect(), "the same".into())
    }),
    ("a page with a million links, to pages without", "links/over_limit_count", |url, _| {
        let links = if url.path() == "/" { 1_000_000 } else { 0 };
        ((0..links).map(|link| format!("/farm/{link}")).collect(), unlike(url))
    }),
    ("a farm in which every page has new links", "traps/pages_per_host_count", |url, asked| {
        ((0..5).map(|link| format!("/{:x}/{:x}", dice(asked), dice(asked * 5 + link))).collect(), unlike(url))
    }),
    ("hosts without end under one domain", "traps/hosts_per_domain_count", |url, asked| {
        ((0..5).map(|link| format!("http://h{}.site.example/", asked * 5 + link)).collect(), unlike(url))
    }),
    ("a way back that carries its own way back", "urllength/request_ignored_count", |url, _| {
        let back: String = url::form_urlencoded::byte_serialize(url.as_str().as_bytes()).collect();
        (vec![format!("/login?next={back}")], unlike(url))
    }),
];

#[test]
fn b06_b07_b09_sites_without_end_end() {
    for (name, rule, site) in TRAPS {
        for order in [Order::First, Order::Last] {
            let crawled = crawl_with(Settings::default(), site, order);
            assert!(crawled.pages.len() <= 50_000, "{name}: {} pages", crawled.pages.len());
            assert!(crawled.count(rule) > 0, "{name}: {:?}", crawled.counts);
        }
    }
}

// Width first, the next level is in line before the same bytes are seen on this one: that ends at `pages_per_host`.
#[test]
fn b07_one_page_under_endless_folders_is_parked() {
    let site: Site = |url, _| (["a/", "b/"].map(|below| format!("{}{below}", url.path())).into(), "the same".into());
    let crawled = crawl_with(Settings::default(), site, Order::Last);
    assert!(crawled.pages.len() <= 5_000, "{} pages", crawled.pages.len());
    assert!(crawled.count("traps/same_body_count") > 0, "{:?}", crawled.counts);
}

/// Sites that are merely large: how many pages each has.
const HONEST: [(&str, usize, Site); 9] = [
    ("an album of 500 pages, each with 10 pictures", 1 + 500 + 5000, |url, _| {
        let page = number(url, "page");
        let mut links: Vec<String> = (0..10).map(|picture| format!("/picture/{}", page * 10 + picture)).collect();
        links.push(format!("/album?page={}", page + 1));
        let links = match url.path() {
            "/" => vec!["/album?page=1".into()],
            "/album" if page < 500 => links,
            "/album" => links[..10].to_vec(),
            _ => vec!["/".into()],
        };
        (links, unlike(url))
    }),
    ("a shop of 20,000 things, with lists and things that go with them", 1 + 400 + 20_000, |url, _| {
        let (page, id) = (number(url, "page"), number(url, "id"));
        let links = match url.path() {
            "/" => (1..=400).map(|page| format!("/list?page={page}")).collect(),
            "/list" => (0..50).map(|thing| format!("/thing?id={}", (page - 1) * 50 + thing + 1)).collect(),
            _ => (1..=3).map(|next| format!("/thing?id={}", (id * 7 + next) % 20_000 + 1)).collect(),
        };
        (links, unlike(url))
    }),
    ("a forum of which each page leads to the next, 60 deep, in 50 threads", 1 + 50 * 60, |url, _| {
        let (thread, page) = (number(url, "t"), number(url, "start"));
        let links = match url.path() {
            "/" => (0..50).map(|thread| format!("/thread?t={thread}&start=0")).collect(),
            _ if page < 59 => vec![format!("/thread?t={thread}&start={}", page + 1), "/".into()],
            _ => vec!["/".into()],
        };
        (links, unlike(url))
    }),
    ("an archive of ten years, day by day only", 1 + 3650, |url, _| {
        let parts: Vec<u64> = url.path().split('/').filter_map(|part| part.parse().ok()).collect();
        let day = match &parts[..] {
            [year, day] => (year - 2010) * 365 + day,
            _ => 3651,
        };
        let before = day - 1;
        let link = format!(
            "/{}/{}",
            2010 + (before - u64::from(before > 0)) / 365,
            before - (before - u64::from(before > 0)) / 365 * 365
        );
        (if before == 0 { vec![] } else { vec![link] }, unlike(url))
    }),
    ("a blog of 3,000 posts of which each leads to the one before it", 3001, |url, asked| {
        let links = if asked < 3000 {
            vec![format!("/post/{}-{}", ["on", "why", "how"][asked as usize % 3], asked)]
        } else {
            vec![]
        };
        (links, unlike(url))
    }),
    ("folders of files, ten deep", 1 + (1 << 11) - 2, |url, _| {
        let depth = url.path().matches('/').count();
        (if depth <= 10 { vec![format!("left{depth}/"), format!("right{depth}/")] } else { vec![] }, unlike(url))
    }),
    ("a list of which half is gone", 1 + 200, |url, _| {
        let id = number(url, "id");
        let links = if url.path() == "/" { (1..=200).map(|id| format!("/x?id={id}")).collect() } else { vec![] };
        (links, if id.is_multiple_of(2) { "not here any more".into() } else { unlike(url) })
    }),
    ("stories with a name that elsewhere is a session", 1 + 500, |url, _| {
        let links =
            if url.path() == "/" { (1..=500).map(|id| format!("/story?sid=13/05/{id}")).collect() } else { vec![] };
        (links, unlike(url))
    }),
    ("tiles of a map", 1 + 4096, |url, _| {
        let links = if url.path() == "/" {
            (0..4096).map(|at| format!("/11/11/11/{}/{}.png", at % 64, at / 64)).collect()
        } else {
            vec![]
        };
        (links, unlike(url))
    }),
];

#[test]
fn sites_that_are_merely_large_lose_nothing() {
    for (name, pages, site) in HONEST {
        for order in [Order::First, Order::Last] {
            let crawled = crawl_with(Settings::default(), site, order);
            assert_eq!((crawled.pages.len(), &crawled.counts), (pages, &BTreeMap::new()), "{name}");
        }
    }
}

#[test]
fn links_across_hosts_do_not_get_deeper() {
    let chain: Site = |url, _| {
        let host: u64 = url.host_str().and_then(|host| host[1..].split('.').next()?.parse().ok()).unwrap_or(0);
        (if host < 200 { vec![format!("http://h{}.example{}/x", host + 1, host + 1)] } else { vec![] }, unlike(url))
    };
    assert_eq!(crawl_with(Settings::default(), chain, Order::First).pages.len(), 201);
}

#[test]
fn each_limit_is_a_setting_and_0_is_none() {
    let ways: Site = |url, _| {
        let depth = url.path().matches('/').count() as u64;
        (
            if depth < 30 {
                vec![format!("{}x{depth}/?a{}", url.path(), "&a".repeat(depth as usize % 7))]
            } else {
                vec![]
            },
            unlike(url),
        )
    };
    let of = |settings| {
        let crawled = crawl_with(settings, ways, Order::First);
        (crawled.pages.len(), crawled.counts.into_keys().collect::<Vec<_>>())
    };
    let none = Settings {
        depth: 0,
        hops: 0,
        segments: 0,
        repeats: 0,
        queries: 0,
        same_body: 0,
        pages_per_host: 0,
        hosts_per_domain: 0,
        links_per_page: 0,
        ..Settings::default()
    };
    let over = |name: &str| vec![format!("traps/{name}_count")];
    assert_eq!(of(none.clone()), (30, vec![]));
    assert_eq!(of(Settings { depth: 5, ..none.clone() }), (6, over("depth")));
    assert_eq!(of(Settings { hops: 6, ..none.clone() }), (7, over("hops")));
    assert_eq!(of(Settings { segments: 7, ..none.clone() }), (8, over("segments")));
    assert_eq!(of(Settings { pages_per_host: 8, ..none.clone() }), (8, over("pages_per_host")));
}

#[test]
fn a_link_that_is_on_a_page_twice_counts_once() {
    let traps = Traps::new(Settings { pages_per_host: 3, ..Settings::default() });
    let url = |path: &str| Url::parse(&format!("{HOST}{path}")).expect("a URL");
    let from = traps.from(&url("/"), 0);
    for _ in 0..5 {
        assert_eq!(traps.admit(&url("/a#x"), &from), Ok(()));
        assert_eq!(traps.admit(&url("/b"), &from), Ok(()));
    }
    assert_eq!(traps.admit(&url("/c"), &from), Err(Rule::PagesPerHost));
}
