//! Who is told what, by the rows C01 to C14: passwords, headers, cookies and bodies stay with the origin that they are
//! for, and redirects end.
#![expect(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use dragline_replica::faults::Faults;
use dragline_tests::faulty::{SHORT, asked, crawl_list, crawl_site, expect_all, faults, fetch, field, serve, told};
use dragline_tests::{Scene, dragline};
use serde_json::Value;

/// A fault server under three origins, and what leads the binary there.
struct Site {
    faults: Faults,
    scene: Scene,
}

impl Site {
    fn new() -> Self {
        let (faults, scene) = (faults(), Scene::new());
        std::fs::write(scene.path("root.pem"), faults.root_certificate()).expect("a file");
        Self { faults, scene }
    }

    /// Origins that differ in host, and in scheme and port.
    fn origins(&self) -> [String; 3] {
        let (http, https) = (self.faults.http().port(), self.faults.https().port());
        [
            format!("http://one.localhost:{http}"),
            format!("http://two.localhost:{http}"),
            format!("https://one.localhost:{https}"),
        ]
    }

    /// The body of what is fetched.
    fn body(&self, url: &str, arguments: &[&str]) -> String {
        let roots = format!("tls.roots=[{:?}]", self.scene.path("root.pem").display().to_string());
        let mut command = dragline();
        command.current_dir(self.scene.path("")).args(["fetch", url, "--no-robots", "-s", &roots]).args(SHORT);
        let output = command.args(arguments).output().expect("the binary runs");
        String::from_utf8(output.stdout).expect("text")
    }

    /// What the server was told in the end: the name of each field in lower case, and its value; the method and the body
    /// as `:method` and `:body`.
    fn echo(&self, url: &str, arguments: &[&str]) -> BTreeMap<String, String> {
        let body = self.body(url, arguments);
        let echo: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{url}: no echo but {body:?}"));
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let fields = echo["headers"].as_array().expect("fields").iter();
        let mut told: BTreeMap<_, _> = fields.map(|field| (text(&field[0]).to_lowercase(), text(&field[1]))).collect();
        told.insert(":method".to_owned(), text(&echo["method"]));
        told.insert(":body".to_owned(), text(&echo["body"]));
        told
    }

    /// What a jar has when a URL was fetched with it: names and values.
    fn jar(&self, jar: &str, url: &str, arguments: &[&str]) -> BTreeMap<String, String> {
        self.body(url, &[&["--cookie-jar", jar], arguments].concat());
        let text = std::fs::read_to_string(self.scene.path(jar)).expect("a jar");
        let cookie = |cookie: &Value| {
            let text = |key: &str| cookie[key].as_str().unwrap_or_default().to_owned();
            (text("name"), text("value"))
        };
        let jar: Value = serde_json::from_str(&text).expect("JSON");
        jar.as_array().or(jar["cookies"].as_array()).expect("a list").iter().map(cookie).collect()
    }
}

/// Through these origins in turn, to the echo of the last.
fn through(origins: &[&str], more: &str) -> String {
    let (last, before) = origins.split_last().expect("an origin");
    before.iter().rev().fold(format!("{last}/echo.json"), |to, origin| redirect(origin, &to, more))
}

fn redirect(origin: &str, to: &str, more: &str) -> String {
    let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
    format!("{origin}/redirect/to?url={to}{more}")
}

/// All orders of three.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

#[test]
fn c01_authorization_ends_with_its_origin_and_does_not_come_back() {
    let site = Site::new();
    let secret = ["-H", "Authorization: Bearer canary-1"];
    let origins = site.origins();
    std::thread::scope(|scope| {
        for order in ORDERS {
            let (site, origins) = (&site, &origins);
            scope.spawn(move || {
                let [first, second, third] = order.map(|number| origins[number].as_str());
                for chain in [&[first, second][..], &[first, second, third], &[first, second, first]] {
                    let told = site.echo(&through(chain, ""), &secret);
                    assert!(!told.contains_key("authorization"), "{chain:?}: {told:?}");
                    let in_url = chain[0].replace("://", "://me:canary-2@");
                    let told = site.echo(&through(&[&[in_url.as_str()], &chain[1..]].concat(), ""), &[]);
                    assert!(
                        !format!("{told:?}").contains("canary-2") && !told.contains_key("authorization"),
                        "{chain:?}"
                    );
                }
                let told = site.echo(&through(&[first, second, third, first], ""), &secret);
                assert!(!told.contains_key("authorization"), "{order:?}: {told:?}");
                let told = site.echo(&through(&[first, first], ""), &secret);
                assert_eq!(told["authorization"], "Bearer canary-1", "the same origin");
            });
        }
    });
    // another port alone is another origin
    let other = faults();
    let [one, ..] = site.origins();
    let elsewhere = format!("http://one.localhost:{}", other.http().port());
    assert!(!site.echo(&through(&[&one, &elsewhere], ""), &secret).contains_key("authorization"));
}

#[test]
fn c01_cookies_are_those_of_each_hop() {
    let site = Site::new();
    let [one, two, safe] = site.origins();
    let chain = redirect(
        &one,
        &redirect(&two, &format!("{one}/echo.json"), "&cookie=b%3D2%3B+Path=/"),
        "&cookie=a%3D1%3B+Path=/",
    );
    assert_eq!(site.echo(&chain, &[])["cookie"], "a=1");
    let chain = redirect(&one, &format!("{two}/echo.json"), "&cookie=a%3D1%3B+Path=/");
    assert!(!site.echo(&chain, &[]).contains_key("cookie"));
    // by name and not by port or scheme (RFC 6265, section 8.5), but for `Secure`
    let chain =
        redirect(&safe, &format!("{one}/echo.json"), "&cookie=a%3D1%3B+Path=/&cookie=s%3D1%3B+Path=/%3B+Secure");
    assert_eq!(site.echo(&chain, &[])["cookie"], "a=1");
}

#[test]
fn c02_secret_headers_of_ones_own_stay_too() {
    let site = Site::new();
    let origins = site.origins();
    let mine = "middlewares.redirect.sensitive_headers=[\"x-mine\"]";
    let cases: [(&str, &str, &[&str]); 6] = [
        ("cookie", "Cookie: session=canary", &[]),
        ("x-api-key", "X-Api-Key: canary", &[]),
        ("proxy-authorization", "Proxy-Authorization: Basic canary", &[]),
        ("x-csrf-token", "X-CSRF-Token: canary", &[]),
        ("private-token", "Private-Token: canary", &[]),
        ("x-mine", "X-Mine: canary", &["-s", mine]),
    ];
    std::thread::scope(|scope| {
        for (name, header, arguments) in cases {
            let (site, origins) = (&site, &origins);
            scope.spawn(move || {
                let [one, two, safe] = origins;
                let arguments = [&["-H", header, "-H", "X-Plain: 1"], arguments].concat();
                for chain in [&[one.as_str(), two.as_str()][..], &[one, safe], &[one, two, one], &[safe, one]] {
                    let told = site.echo(&through(chain, ""), &arguments);
                    assert!(!format!("{told:?}").contains("canary"), "{name} by {chain:?}: {told:?}");
                    assert_eq!(told["x-plain"], "1", "what is no secret goes along");
                }
                if name != "proxy-authorization" {
                    let told = site.echo(&through(&[one, one], ""), &arguments);
                    assert!(told[name].contains("canary"), "{name}: {told:?}");
                }
            });
        }
    });
}

#[test]
fn c03_an_account_is_for_its_origin_whoever_is_asked_first() {
    let site = Site::new();
    let [one, two, safe] = site.origins();
    let account = format!("[[middlewares.auth.accounts]]\norigin = {one:?}\nuser = \"me\"\npassword = \"canary\"\n");
    std::fs::write(site.scene.path("auth.toml"), account).expect("a file");
    let config = ["--config", "auth.toml"];
    let told = |url: &str| site.echo(url, &config).get("authorization").cloned();
    let basic = Some("Basic bWU6Y2FuYXJ5".to_owned());
    assert_eq!(told(&format!("{one}/echo.json")), basic);
    assert_eq!((told(&format!("{two}/echo.json")), told(&format!("{safe}/echo.json"))), (None, None));
    assert_eq!(told(&through(&[&one, &two], "")), None);
    assert_eq!(told(&through(&[&two, &one], "")), basic, "whoever leads there");
    assert_eq!(told(&through(&[&one, &two, &safe], "")), None);
}

/// A proxy that remembers the head of the first request of each connection, and passes on what comes.
fn proxy() -> (SocketAddr, Arc<Mutex<Vec<Vec<String>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = heads.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let seen = seen.clone();
            std::thread::spawn(move || pass_on(client, &seen));
        }
    });
    (address, heads)
}

fn pass_on(mut client: TcpStream, seen: &Mutex<Vec<Vec<String>>>) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let target = lines[0].split(' ').nth(1)?.to_owned();
    seen.lock().expect("heads").push(lines);
    let is_tunnel = text.starts_with("CONNECT ");
    let whole = if is_tunnel { format!("https://{target}") } else { target };
    let port = whole.parse::<url::Url>().ok()?.port()?;
    let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    match is_tunnel {
        true => client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?,
        // what is for the proxy goes no further
        false => server.write_all(without(&text, "proxy-authorization").as_bytes()).ok()?,
    }
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(std::net::Shutdown::Both);
    Some(())
}

fn without(head: &str, name: &str) -> String {
    let is_kept = |line: &&str| !line.to_ascii_lowercase().starts_with(name);
    head.split_inclusive("\r\n").filter(is_kept).collect()
}

#[test]
fn c04_a_proxy_has_its_own_password_and_no_target_sees_it() {
    let site = Site::new();
    let [one, _, safe] = site.origins();
    let ((first, first_seen), (second, second_seen)) = (proxy(), proxy());
    let told = |seen: &Mutex<Vec<Vec<String>>>| -> Vec<Option<String>> {
        let mut seen = seen.lock().expect("heads");
        seen.drain(..).map(|head| field(&head, "proxy-authorization")).collect()
    };
    // base64 of first:canary-1 and second:canary-2
    let (of_first, of_second) = ("Basic Zmlyc3Q6Y2FuYXJ5LTE=", "Basic c2Vjb25kOmNhbmFyeS0y");
    let url = |name: &str, number: u8, address: SocketAddr| format!("http://{name}:canary-{number}@{address}");
    let (by_first, by_second) = (url("first", 1, first), url("second", 2, second));
    for (proxy, seen, expected) in [(&by_first, &first_seen, of_first), (&by_second, &second_seen, of_second)] {
        for target in [&one, &safe] {
            let echo = site.echo(&format!("{target}/echo.json"), &["--proxy", proxy]);
            assert!(!format!("{echo:?}").contains("proxy-auth"), "{echo:?}");
            assert_eq!(told(seen), [Some(expected.to_owned())], "{target} by {proxy}");
        }
    }
    // two in turn, and one target that is asked straight
    let pool = format!("middlewares.proxy.pool=[{by_first:?}, {by_second:?}]");
    let urls: Vec<String> = (0..8).map(|number| format!("{one}/ok/{}", number + 1)).collect();
    let straight = site.faults.at("/echo.json");
    let arguments = ["-s", &pool, "-s", "middlewares.proxy.no_proxy=[\"127.0.0.1\"]", "-s", "hosts.concurrency=1"];
    let ended = crawl_list(&site.scene, &[&urls[..], std::slice::from_ref(&straight)].concat(), &arguments);
    ended.expect_code(0);
    let (by_first, by_second) = (told(&first_seen), told(&second_seen));
    assert!(!by_first.is_empty() && by_first.iter().all(|told| told.as_deref() == Some(of_first)), "{by_first:?}");
    assert!(!by_second.is_empty() && by_second.iter().all(|told| told.as_deref() == Some(of_second)), "{by_second:?}");
    assert!(!ended.stderr.contains("canary") && !ended.report.to_string().contains("canary"), "{}", ended.stderr);
    let echo = site.echo(&straight, &["-s", &pool, "-s", "middlewares.proxy.no_proxy=[\"127.0.0.1\"]"]);
    assert!(!format!("{echo:?}").contains("proxy") && told(&first_seen).is_empty(), "{echo:?}");
}

#[test]
fn c05_a_body_goes_to_another_origin_only_if_it_is_said_so() {
    let site = Site::new();
    let [one, two, safe] = site.origins();
    let post = ["-d", "secret=canary"];
    for status in [301, 302, 303] {
        for target in [&one, &two, &safe] {
            let told = site.echo(&through(&[&one, target], &format!("&status={status}")), &post);
            assert_eq!((told[":method"].as_str(), told[":body"].as_str()), ("GET", ""), "{status} to {target}");
            assert!(!told.contains_key("content-type") && !told.contains_key("content-length"), "{told:?}");
        }
    }
    for status in [307, 308] {
        let more = format!("&status={status}");
        let told = site.echo(&through(&[&one, &one], &more), &post);
        assert_eq!((told[":method"].as_str(), told[":body"].as_str()), ("POST", "secret=canary"), "{status}");
        let refused = fetch(&through(&[&one, &two], &more), &["--no-robots", post[0], post[1]]);
        assert_eq!(refused.kind(), "bad_redirect", "{status}: {}", refused.json);
        let willing = [post[0], post[1], "-s", "middlewares.redirect.cross_origin_body=true"];
        assert_eq!(site.echo(&through(&[&one, &two], &more), &willing)[":body"], "secret=canary", "{status}");
    }
    assert!(!asked(&site.faults, "two").is_empty());
}

#[test]
fn c06_a_page_says_what_its_links_tell_of_it() {
    // the policy; what another origin, and the same one, is told; what http is told by https
    const ALL: &str = "all";
    let table = [
        ("no-referrer", "", "", ""),
        ("no-referrer-when-downgrade", ALL, ALL, ""),
        ("same-origin", "", ALL, ""),
        ("origin", "origin", "origin", "origin"),
        ("strict-origin", "origin", "origin", ""),
        ("origin-when-cross-origin", "origin", ALL, "origin"),
        ("strict-origin-when-cross-origin", "origin", ALL, ""),
        ("unsafe-url", ALL, ALL, ALL),
        ("none-that-is-known", "origin", ALL, ""),
        ("", "origin", ALL, ""),
        ("no-referrer, unknown, origin", "origin", "origin", "origin"),
    ];
    let (address, heads) = serve(move |path| {
        let Some((number, port)) = path.strip_prefix("/page/").and_then(|rest| rest.split_once("?port=")) else {
            return ("200 OK".to_owned(), String::new());
        };
        let policy = number.parse().ok().and_then(|number: usize| table.get(number)).map_or("", |row| row.0);
        let links = format!("<a href=/same/{number}></a><a href=//two.localhost:{port}/cross/{number}></a>");
        (format!("200 OK\r\nReferrer-Policy: {policy}"), links)
    });
    let port = address.port();
    let page = |number: usize| format!("one.localhost:{port}/page/{number}?port={port}");
    let pages: Vec<String> =
        (0..table.len()).map(|number| format!("http://me:canary@{}#canary", page(number))).collect();
    let ended = crawl_list(&Scene::new(), &pages, &["-a", "follow=true"]);
    ended.expect_code(0);
    let expected = |what: &str, number: usize| match what {
        ALL => Some(format!("http://{}", page(number))),
        "origin" => Some(format!("http://one.localhost:{port}/")),
        _ => None,
    };
    for (number, (policy, cross, same, _)) in table.iter().enumerate() {
        assert_eq!(told(&heads, &format!("/cross/{number}"), "referer"), expected(cross, number), "{policy}: cross");
        assert_eq!(told(&heads, &format!("/same/{number}"), "referer"), expected(same, number), "{policy}: same");
    }
    // from https to http, by the setting
    let site = Site::new();
    let [.., safe] = site.origins();
    let roots = format!("tls.roots=[{:?}]", site.scene.path("root.pem").display().to_string());
    for (number, (policy, .., down)) in table.iter().enumerate().take(8) {
        let page = format!("{safe}/html?link=http://{address}/down/{number}");
        let set = format!("middlewares.referrer.policy={policy}");
        crawl_list(&Scene::new(), std::slice::from_ref(&page), &["-a", "follow=true", "-s", &roots, "-s", &set])
            .expect_code(0);
        let expected = match *down {
            ALL => Some(page),
            "origin" => Some(format!("{safe}/")),
            _ => None,
        };
        assert_eq!(told(&heads, &format!("/down/{number}"), "referer"), expected, "{policy}: to http");
    }
}

#[test]
fn c07_no_cookie_is_for_all_of_a_top_domain() {
    let site = Site::new();
    let port = site.faults.http().port();
    let names =
        ["www.shop.com", "other.com", "www.shop.co.uk", "other.co.uk", "me.github.io", "you.github.io", "shop.com"];
    let lead: Vec<String> =
        names.iter().flat_map(|name| ["--resolve".to_owned(), format!("{name}:80:127.0.0.1:{port}")]).collect();
    let lead: Vec<&str> = lead.iter().map(String::as_str).collect();
    let jar = |name: &str, host: &str, lines: &[&str]| {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(lines.iter().map(|line| ("line", line)))
            .finish();
        site.jar(name, &format!("http://{host}/cookies/raw?{query}"), &lead)
    };
    let com = ["a=1; Domain=com", "b=1; Domain=.com", "c=1; Domain=COM", "d=1; Domain=com.", "e=1; Domain=other.com"];
    assert_eq!(jar("com.json", "www.shop.com", &com).len(), 0);
    assert_eq!(
        jar("uk.json", "www.shop.co.uk", &["a=1; Domain=co.UK", "b=1; Domain=uk", "c=1; Domain=.co.uk"]).len(),
        0
    );
    assert_eq!(jar("io.json", "me.github.io", &["a=1; Domain=github.io", "b=1; Domain=io"]).len(), 0);
    let good = jar("good.json", "www.shop.com", &["a=1; Domain=shop.com", "b=2", "c=3; Domain=.SHOP.com"]);
    assert_eq!(good.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
    let told = |host: &str| {
        site.body(&format!("http://{host}/cookies/echo"), &[&["--cookie-jar", "good.json"], &lead[..]].concat())
    };
    assert_eq!((told("other.com").as_str(), told("shop.com").as_str()), ("", "a=1; c=3"));
}

#[test]
fn c08_floods_of_cookies_are_cut() {
    let site = Site::new();
    let flood = site.jar("flood.json", &site.faults.at("/cookies/flood/200"), &[]);
    assert_eq!(flood.len(), 50, "of one response");
    let wide = ["-s", "download.max_headers=20000", "-s", "download.max_head=10 MiB"];
    assert_eq!(site.jar("wide.json", &site.faults.at("/cookies/flood/10000"), &wide).len(), 50);
    assert_eq!(fetch(&site.faults.at("/cookies/flood/10000"), &[]).kind(), "head_too_large", "as it is shipped");
    assert_eq!(site.jar("giant.json", &site.faults.at("/cookies/giant/5000"), &[]).len(), 0);
    assert_eq!(site.jar("long.json", &site.faults.at("/cookies/giant/4000"), &[]).len(), 1);
    let small = site.jar("attribute.json", &site.faults.at("/cookies/giant-attribute/2000"), &[]);
    assert_eq!(small.get("small").map(String::as_str), Some("1"), "its path is passed over");
    // more than a domain may have, and more than a header may
    for (name, count, length) in [("many.txt", 400, 4), ("large.txt", 120, 200)] {
        let line = |number: usize| format!("127.0.0.1\tFALSE\t/\tFALSE\t0\tc{number}\t{}\n", "v".repeat(length));
        let jar: String = (0..count).map(line).collect();
        std::fs::write(site.scene.path(name), format!("# Netscape HTTP Cookie File\n{jar}")).expect("a file");
        let told = site.echo(&site.faults.at("/echo.json"), &["--cookie-jar", name]);
        let (bytes, pairs) = (told["cookie"].len(), told["cookie"].split("; ").count());
        assert!(bytes <= 8190 && pairs <= 150 && pairs > 35, "{name}: {bytes} bytes in {pairs} pairs");
    }
}

#[test]
fn c09_control_bytes_and_absurd_dates_do_no_harm() {
    let site = Site::new();
    let control = fetch(&site.faults.at("/cookies/control"), &["--no-robots"]);
    assert_eq!(control.kind(), "bad_framing", "such bytes are no field's: {}", control.json);
    let jar = site.jar("dates.json", &site.faults.at("/cookies/dates"), &[]);
    assert_eq!(jar.keys().collect::<Vec<_>>(), ["absurd", "far", "forever"]);
    let text = std::fs::read_to_string(site.scene.path("dates.json")).expect("a jar");
    let jar: Value = serde_json::from_str(&text).expect("JSON");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs_f64();
    let ends = jar
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|cookie| cookie["expirationDate"].as_f64().or(cookie["expires"].as_f64()));
    let latest = ends.fold(0.0, f64::max);
    let most = now + 401.0 * 86_400.0;
    assert!(latest > now && latest < most, "{latest} is not within 400 days of {now}: {text}");
}

#[test]
fn c10_what_is_secure_stays_so() {
    let site = Site::new();
    let [one, _, safe] = site.origins();
    let raw = |origin: &str, lines: &[&str]| {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(lines.iter().map(|line| ("line", line)))
            .finish();
        format!("{origin}/cookies/raw?{query}")
    };
    let refused = ["s=1; Secure; Path=/", "__Host-a=1; Path=/; Secure", "__Secure-b=1; Secure", "__Host-c=1; Path=/"];
    assert_eq!(site.jar("plain.json", &raw(&one, &refused), &[]).len(), 0, "loopback is not secure");
    let offered = [
        "s=1; Secure; Path=/",
        "__Host-a=1; Path=/; Secure",
        "__Secure-b=1; Secure; Path=/",
        "__Host-c=1; Secure; Path=/x",
        "__Host-d=1; Path=/; Secure; Domain=one.localhost",
        "__Secure-e=1",
    ];
    let jar = site.jar("safe.json", &raw(&safe, &offered), &[]);
    assert_eq!(jar.keys().map(String::as_str).collect::<Vec<_>>(), ["__Host-a", "__Secure-b", "s"]);
    assert_eq!(site.body(&format!("{one}/cookies/echo"), &["--cookie-jar", "safe.json"]), "", "not by http");
    let jar = site.jar("safe.json", &raw(&one, &["s=2; Path=/", "s=3"]), &[]);
    assert_eq!(jar["s"], "1", "http does not write over it");
}

#[test]
fn c11_crawls_share_no_jar_and_leave_none() {
    let (address, heads) = serve(|path| match path {
        "/" => ("200 OK\r\nSet-Cookie: who=canary; Path=/".to_owned(), "<a href=/next></a>".to_owned()),
        _ => ("200 OK".to_owned(), String::new()),
    });
    let scene = Scene::new();
    for run in 0..2 {
        let ended = crawl_site(&scene, &format!("http://{address}/"), &["--job", &format!("job-{run}")]);
        ended.expect_code(0);
        assert_eq!(told(&heads, "/", "cookie"), None, "run {run} begins without");
        assert_eq!(told(&heads, "/next", "cookie").as_deref(), Some("who=canary"));
    }
    crawl_site(&scene, &format!("http://{address}/"), &["-s", "middlewares.cookies.export=out.txt"]).expect_code(0);
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&scene.path("out.txt")), 0o600);
    // a job keeps its cookies for its owner
    for file in std::fs::read_dir(scene.path("job-0")).into_iter().flatten().flatten() {
        let path = file.path();
        let holds = std::fs::read(&path).is_ok_and(|bytes| bytes.windows(6).any(|part| part == b"canary"));
        assert!(!holds || mode(&path) & 0o077 == 0, "{} can be read by others", path.display());
    }
}

#[test]
fn c12_redirects_end() {
    let faults = faults();
    expect_all(
        &faults,
        &[],
        &[
            ("/redirect/loop", "redirect_loop"),
            ("/redirect/loop/a", "redirect_loop"),
            ("/redirect/hosts", "redirect_loop"),
            ("/redirect/self-cookie", "200"),
            ("/redirect/chain/20", "200"),
            ("/redirect/chain/20/308", "200"),
            ("/redirect/chain/21", "too_many_redirects"),
            ("/redirect/endless/1", "too_many_redirects"),
            ("/redirect/chain/10000", "too_many_redirects"),
            ("/redirect/two", "bad_redirect"),
            ("/refresh/loop", "200"),
            ("/refresh/meta?url=/ok/1", "200"),
            ("/refresh/header?url=/redirect/loop", "redirect_loop"),
        ],
    );
    let asked = asked(&faults, "127");
    assert_eq!(asked.iter().filter(|(path, _)| path.starts_with("/redirect/endless/")).count(), 21);
    assert_eq!((asked["/redirect/loop"], asked["/redirect/self-cookie"]), (2, 2), "a loop is known at once");
    let crawled = crawl_list(&Scene::new(), &[faults.at("/redirect/hosts"), faults.at("/redirect/endless/1")], &[]);
    assert_eq!(crawled.count("requests/failed"), 2, "{:#}", crawled.report);
    assert_eq!(crawled.count("requests/failed_count/redirect_loop"), 1);
    assert_eq!(crawled.count("requests/failed_count/too_many_redirects"), 1);
}

#[test]
fn c13_the_body_of_a_redirect_or_a_refusal_is_no_bomb() {
    let faults = faults();
    let least = crawl_list(&Scene::new(), &[faults.at("/ok/1")], &[]).count("memusage/max");
    let paths = ["/redirect/bomb", "/bomb/status/401/10^10", "/bomb/status/404/10^10", "/bomb/status/500/10^10"];
    let ended = crawl_list(&Scene::new(), &paths.map(|path| faults.at(path)), &[]);
    assert_eq!((ended.items.len(), ended.count("requests/failed_count/http_status")), (1, 3), "{:#}", ended.report);
    let grown = ended.count("memusage/max").saturating_sub(least);
    assert!(grown < 24 * 1024 * 1024, "{grown} bytes more");
}

#[test]
fn c14_from_https_to_http_as_it_is_set() {
    let site = Site::new();
    let [one, _, safe] = site.origins();
    let chain = redirect(&safe, &format!("{one}/echo.json"), "");
    let set = |how: &str| format!("middlewares.redirect.downgrade={how}");
    let roots = format!("tls.roots=[{:?}]", site.scene.path("root.pem").display().to_string());
    let fetch = |chain: &str, how: &str, more: &[&str]| {
        fetch(chain, &[&["--no-robots", "-s", &roots, "-s", &set(how)], more].concat())
    };
    let followed = fetch(&chain, "follow", &[]);
    assert_eq!(followed.json["final_url"], format!("{one}/echo.json"), "{}", followed.json);
    assert_eq!(fetch(&chain, "refuse", &[]).kind(), "bad_redirect");
    let (http, https) = (site.faults.http(), site.faults.https());
    let lead = [format!("plain.localhost:80:{http}"), format!("plain.localhost:443:{https}")];
    let chain = redirect(&safe, "http://plain.localhost/echo.json", "");
    let upgraded = fetch(&chain, "upgrade", &["--resolve", &lead[0], "--resolve", &lead[1]]);
    assert_eq!(upgraded.json["final_url"], "https://plain.localhost/echo.json", "{}", upgraded.json);
    let chain = redirect(&safe, &format!("{one}/echo.json"), "");
    let ended = crawl_list(&site.scene, std::slice::from_ref(&chain), &["-s", &roots]);
    assert_eq!((ended.items.len(), ended.count("redirect/downgrade_count")), (1, 1), "{:#}", ended.report);
}
