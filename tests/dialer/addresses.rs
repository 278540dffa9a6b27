//! S01 to S04 and S08: addresses in every spelling, names that lead to them, and the ways there.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dragline::downloader::dialer::address::is_global;
use dragline_tests::names::{NameServer, Told};
use dragline_tests::network::{Site, answer, inside, kind, missing, page, redirect};
use dragline_tests::{Scene, soak};

/// Hosts that are no public address, however they are written.
const SPELLINGS: [&str; 32] = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0",
    "0.0.0.0",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "127。0。0。1",
    "１２７.0.0.1",
    "%31%32%37.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "198.18.0.1",
    "240.0.0.1",
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[::7f00:1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
];

const STRICT: [&str; 2] = ["-s", "dialer.policy=strict"];

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn at(addresses: &[&str]) -> Told {
    Told::At(addresses.iter().map(|address| ip(address)).collect(), 60)
}

/// A page with a link to each of these.
fn links<Link: AsRef<str>>(links: impl IntoIterator<Item = Link>) -> String {
    page(&links.into_iter().map(|link| format!("<a href=\"{}\">x</a>\n", link.as_ref())).collect::<String>())
}

#[test]
fn s01_no_spelling_of_an_address_is_dialled_that_is_not_public() {
    inside(|network| {
        let site = Site::start(80, |asked| match (asked.to.to_string().as_str(), asked.path()) {
            ("8.8.4.4", "/") => links(SPELLINGS.map(|host| format!("http://{host}/"))),
            (_, "/robots.txt") => missing(),
            _ => page("here"),
        });
        for host in SPELLINGS {
            let fetched = network.fetch(&format!("http://{host}/"), &STRICT);
            assert_eq!(kind(&fetched), "blocked_address", "{host}: {fetched}");
        }
        assert_eq!(network.dialled(), 0);

        // as shipped: what a public page links to
        let scene = Scene::new();
        let arguments = ["-a", "url=http://8.8.4.4/", "-a", "same_host=false"];
        let ended = scene.ended(&network.crawl(&scene, "site", &arguments).output().expect("it runs"));
        ended.expect_code(0);
        assert_eq!((ended.count("requests/done"), site.pages().len()), (1, 1));
        assert_eq!(ended.count("requests/failed"), ended.count("requests/failed_count/blocked_address"));
        // several are one URL
        assert_eq!(ended.count("requests/failed") + ended.count("dupefilter/filtered"), SPELLINGS.len() as u64);
        assert_eq!(network.dialled(), 2, "robots.txt and the page");

        // both by IPv6, and what the operator names; the count does see what is dialled
        assert_eq!(network.fetch("http://[2606:4700::1111]/", &STRICT)["status"], 200);
        for host in ["127.1", "10.0.0.1", "[::1]", "169.254.169.254", "[64:ff9b::7f00:1]"] {
            let before = network.dialled();
            let fetched = network.fetch(&format!("http://{host}/"), &["--no-robots"]);
            assert_eq!((&fetched["status"], network.dialled() - before), (&200.into(), 1), "{host}: {fetched}");
        }
        let widened = ["-s", "dialer.policy=strict", "--allow-net", "10.0.0.0/8"];
        assert_eq!(network.fetch("http://10.0.0.1/", &widened)["status"], 200);
        assert_eq!(kind(&network.fetch("http://192.168.0.1/", &widened)), "blocked_address");
    });
}

#[test]
fn s02_a_name_with_one_private_address_is_refused_whole() {
    inside(|network| {
        let _names = NameServer::start(|name, _| match name {
            "public.example" => at(&["8.8.4.4", "2606:4700::1111"]),
            "private.example" => at(&["10.0.0.1"]),
            "mixed.example" => at(&["8.8.4.4", "1.1.1.1", "192.168.0.1"]),
            "families.example" => at(&["8.8.4.4", "fd00::1"]),
            "mapped.example" => at(&["::ffff:10.0.0.1"]),
            "alias.example" => Told::Alias("private.example".to_owned()),
            "last.example" => {
                Told::At((1..=40).map(|n| if n < 40 { [8, 8, 4, n].into() } else { [10; 4].into() }).collect(), 60)
            }
            _ => Told::Nothing,
        });
        let names = ["private", "mixed", "families", "mapped", "alias", "last"].map(|name| format!("{name}.example"));
        let urls = names.clone().map(|name| format!("http://{name}/"));
        let home = urls.clone();
        let site = Site::start(80, move |asked| match (asked.host(), asked.path()) {
            ("public.example", "/") => links(&home),
            (_, "/robots.txt") => missing(),
            _ => page("here"),
        });
        for url in &urls {
            let fetched = network.fetch(url, &STRICT);
            assert_eq!(kind(&fetched), "blocked_address", "{fetched}");
        }
        assert_eq!(site.asked().len(), 0);
        let scene = Scene::new();
        let arguments =
            ["-a", "url=http://public.example/", "-a", "same_host=false", "-s", "middlewares.robots.retry=[]"];
        let ended = scene.ended(&network.crawl(&scene, "site", &arguments).output().expect("it runs"));
        ended.expect_code(0);
        assert_eq!((ended.count("requests/done"), ended.count("requests/failed")), (1, names.len() as u64));
        assert!(
            site.asked().iter().all(|asked| is_global(asked.to) && asked.host() == "public.example"),
            "{:?}",
            site.asked()
        );
        // a name that the operator gives may lie anywhere
        assert_eq!(network.fetch("http://private.example/", &[])["status"], 200);
    });
}

#[test]
fn s03_a_name_that_changes_its_address_leads_nowhere_else() {
    let names = if soak() { 1000 } else { 50 };
    inside(move |network| {
        // public for robots.txt; for the page, more than a second later, it is this machine
        let server = NameServer::start(|name, before| match name {
            "public.example" => at(&["1.1.1.1"]),
            _ if before == 0 => Told::At(vec![ip("8.8.4.4")], 0),
            _ => Told::At(vec![ip("127.0.0.1")], 0),
        });
        let site = Site::start(80, move |asked| match (asked.host(), asked.path()) {
            (_, "/robots.txt") => missing(),
            ("public.example", _) => links((0..names).map(|name| format!("http://n{name}.example/"))),
            _ => page("here"),
        });
        let scene = Scene::new();
        let arguments = ["-a", "url=http://public.example/", "-a", "same_host=false", "-s", "hosts.delay=1500ms"];
        let mut command = network.crawl(&scene, "site", &arguments);
        command.args(["-s", "crawl.concurrency=100", "-s", "hosts.per_address=0"]);
        let ended = scene.ended(&command.output().expect("it runs"));
        ended.expect_code(0);
        assert_eq!(ended.count("requests/done") + ended.count("requests/failed_count/blocked_address"), names + 1);
        let again = (0..names).filter(|name| server.asked(&format!("n{name}.example")).0 > 1).count();
        assert!(again as u64 * 2 > names, "names were asked for again: {again}");
        let asked = site.asked();
        assert!(asked.iter().all(|asked| is_global(asked.to)), "{:?}", asked.iter().find(|asked| !is_global(asked.to)));
        assert_eq!(network.dialled(), asked.len() as u64, "nothing was dialled that is not listed");
    });
}

#[test]
fn s04_no_redirect_leads_into_a_private_network_at_whatever_hop() {
    inside(|network| {
        let _names = NameServer::start(|name, _| match name {
            "public.example" => at(&["8.8.4.4"]),
            "inner.example" => at(&["10.0.0.1"]),
            _ => Told::Nothing,
        });
        // /STATUS/HOPS/TARGET: so many hops of this kind, the last of which leads to the target
        let site = Site::start(80, |asked| {
            let parts: Vec<&str> = asked.path().split('/').collect();
            let [_, way, left, target] = parts[..] else { return missing() };
            let Ok(left) = left.parse::<u32>() else { return page("here") };
            let target = match left {
                1 => format!("http://{target}/"),
                _ => format!("/{way}/{}/{target}", left - 1),
            };
            match way.parse() {
                Ok(status) => redirect(status, &target),
                Err(_) if way == "header" => answer(200, &format!("Refresh: 0; url={target}\r\n"), ""),
                Err(_) => page(&format!("<meta http-equiv=refresh content='0; url={target}'>")),
            }
        });
        let ways = ["301", "302", "303", "307", "308", "meta", "header"];
        let targets = ["127.0.0.1", "inner.example", "[::ffff:10.0.0.1]"];
        for hop in 1..=20 {
            let (way, target) = (ways[hop % ways.len()], targets[hop % targets.len()]);
            let fetched = network.fetch(&format!("http://public.example/{way}/{hop}/{target}"), &[]);
            assert_eq!(kind(&fetched), "blocked_address", "{way}, {hop}: {fetched}");
            assert_eq!(fetched["history"].as_array().map(Vec::len), Some(hop), "the way there is told: {fetched}");
        }
        let asked = site.asked();
        assert!(asked.iter().all(|asked| asked.to == ip("8.8.4.4")), "{asked:?}");
        assert_eq!(network.dialled(), asked.len() as u64);
        // within what the operator has named, and from there out
        assert_eq!(
            network.fetch("http://inner.example/302/3/10.0.0.1", &["--no-robots"])["final_url"],
            "http://10.0.0.1/"
        );
        assert_eq!(kind(&network.fetch("http://inner.example/302/1/public.example", &[])), "");
    });
}

#[test]
fn s08_what_was_checked_is_what_is_dialled() {
    const TRICKS: [&str; 30] = [
        "http://a@127.0.0.1/",
        "http://8.8.8.8@127.0.0.1/",
        "http://8.8.8.8:80@127.0.0.1/",
        "http://8.8.8.8&@127.0.0.1#@8.8.8.8/",
        "http://127.0.0.1#@8.8.8.8/",
        "http://127.0.0.1?@8.8.8.8/",
        "http://127.0.0.1/@8.8.8.8/",
        "http://127.0.0.1\\@8.8.8.8/",
        "http://8.8.8.8\\@127.0.0.1/",
        "http://8.8.8.8:80\\@127.2.2.2/",
        "http:127.0.0.1/",
        "http:/127.0.0.1/",
        "http:\\\\127.0.0.1/",
        "http:///127.0.0.1/",
        "http:////////127.0.0.1/",
        "//127.0.0.1/",
        "\\\\127.0.0.1\\",
        "/\\127.0.0.1/",
        "http://127.0.0.1./",
        "http://127.0.0\t.1/",
        "http://127.0\n.0.1/",
        " http://127.0.0.1/ ",
        "http://127.0.0.1%2f@8.8.8.8/",
        "http://8.8.8.8%00@127.0.0.1/",
        "http://[::1%25lo]/",
        "http://[fe80::1%lo]/",
        "http://user:pass@[::1]:80/",
        "http://0x7f.0x0.0x0.0x1/",
        "http://①②⑦.⓪.⓪.①/",
        "HTTP://127.0.0.1:000080/",
    ];
    inside(|network| {
        let _names = NameServer::start(|_, _| Told::Nothing);
        let site = Site::start(80, |asked| match (asked.to.to_string().as_str(), asked.path()) {
            ("8.8.4.4", "/") => links(TRICKS),
            (_, "/robots.txt") => missing(),
            _ => page("here"),
        });
        for trick in TRICKS {
            // on a command line, what names no scheme gets one
            let _ = network.fetch_any(trick, &STRICT);
        }
        let scene = Scene::new();
        let arguments = ["-a", "url=http://8.8.4.4/", "-a", "same_host=false"];
        let ended = scene.ended(&network.crawl(&scene, "site", &arguments).output().expect("it runs"));
        ended.expect_code(0);
        assert!(ended.count("requests/failed_count/blocked_address") > 5, "{:#}", ended.report);
        let asked = site.asked();
        for asked in &asked {
            assert!(is_global(asked.to), "{asked:?}");
            assert_eq!(asked.host(), asked.to.to_string(), "who is asked is who was dialled");
        }
        assert!(asked.iter().any(|asked| asked.host() == "8.8.8.8"), "some of them are public");
        assert_eq!(network.dialled(), asked.len() as u64);
    });
}

#[test]
fn b08_one_address_with_many_names_is_one_server() {
    inside(|network| {
        let _names = NameServer::start(|name, _| match name.starts_with('n') {
            true => at(&["8.8.4.4"]),
            false => at(&["1.1.1.1"]),
        });
        let (busy, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (now, peak) = (busy, most.clone());
        let site = Site::start(80, move |asked| match (asked.path(), asked.to == ip("8.8.4.4")) {
            ("/robots.txt", _) => missing(),
            (_, true) => {
                peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // long enough that others would come in between
                std::thread::park_timeout(std::time::Duration::from_millis(30));
                now.fetch_sub(1, Ordering::SeqCst);
                page("here")
            }
            _ => links((0..12).flat_map(|name| (0..3).map(move |path| format!("http://n{name}.example/{path}")))),
        });
        let scene = Scene::new();
        let arguments = [
            "-a",
            "url=http://start.example/",
            "-a",
            "same_host=false",
            "-s",
            "hosts.per_address=2",
            "-s",
            "hosts.concurrency=2",
        ];
        let ended = scene.ended(&network.crawl(&scene, "site", &arguments).output().expect("it runs"));
        ended.expect_code(0);
        assert_eq!((ended.items.len(), site.pages().len()), (37, 37));
        assert!(most.load(Ordering::SeqCst) <= 2, "{most:?} at once");
    });
}
