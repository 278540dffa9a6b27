//! S10: a proxy is no way around the rule.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use dragline_tests::dragline;
use dragline_tests::names::{NameServer, Told};
use dragline_tests::network::{Site, inside, kind, missing, page, redirect};

fn names() -> NameServer {
    NameServer::start(|name, _| match name {
        "public.example" => Told::At(vec!["8.8.4.4".parse().expect("an address")], 60),
        "inner.example" => Told::At(vec!["10.0.0.1".parse().expect("an address")], 60),
        _ => Told::Nothing,
    })
}

#[test]
fn s10_a_proxy_of_the_environment_is_not_asked_for_what_may_not_be_dialled() {
    inside(|network| {
        let _names = names();
        let (site, proxy) = (Site::start(80, |_| page("straight")), Site::start(3128, |_| page("by proxy")));
        let fetch = |url: &str, arguments: &[&str]| {
            let mut command = dragline();
            command.env("http_proxy", "http://127.0.0.1:3128").env("HTTPS_PROXY", "http://127.0.0.1:3128");
            network.fetch_as(&mut command, url, arguments)
        };
        let strict = ["-s", "dialer.policy=strict", "--no-robots"];
        for url in [
            "http://inner.example/",
            "http://10.0.0.1/",
            "http://127.1/",
            "http://[::1]/",
            "https://inner.example/",
            "https://169.254.169.254/",
            "http://public.example/",
        ] {
            assert_eq!(kind(&fetch(url, &strict)), "blocked_address", "{url}");
        }
        assert_eq!((proxy.asked().len(), site.asked().len(), network.dialled()), (0, 0, 0));
        // an address that was checked may be handed over
        assert_eq!(fetch("http://8.8.4.4/", &strict)["status"], 200);
        assert_eq!((proxy.asked().len(), site.asked().len()), (1, 0));
        // as shipped, what the operator names goes where the environment says
        assert_eq!(fetch("http://inner.example/", &["--no-robots"])["status"], 200);
        assert_eq!((proxy.asked().len(), site.asked().len()), (2, 0));
        // unless it is not asked
        let straight = ["-s", "middlewares.proxy.environment=false", "--no-robots"];
        assert_eq!(fetch("http://public.example/", &straight)["status"], 200);
        assert_eq!((proxy.asked().len(), site.asked().len()), (2, 1));
    });
}

#[test]
fn s10_what_a_page_leads_to_is_looked_at_before_the_proxy_is_asked() {
    inside(|network| {
        let _names = names();
        let proxy = Site::start(3128, |asked| match asked.path() {
            path if path.ends_with("/robots.txt") => missing(),
            path if path.ends_with("/name") => redirect(302, "http://inner.example/secret"),
            path if path.ends_with("/address") => redirect(302, "http://0x7f.1/secret"),
            _ => page("<p>inside"),
        });
        for path in ["name", "address"] {
            let way = ["--proxy", "http://127.0.0.1:3128"];
            let fetched = network.fetch(&format!("http://public.example/{path}"), &way);
            assert_eq!(kind(&fetched), "blocked_address", "{fetched}");
        }
        assert!(proxy.asked().iter().all(|asked| !asked.path().contains("secret")), "{:?}", proxy.asked());
        // exceptions lead straight, under the same rule
        let mut command = dragline();
        command.env("http_proxy", "http://127.0.0.1:3128").env("no_proxy", "inner.example,127.0.0.0/8");
        let site = Site::start(80, |_| page("straight"));
        let fetched = network.fetch_as(&mut command, "http://public.example/name", &[]);
        assert_eq!((kind(&fetched), site.asked().len()), ("blocked_address", 0), "{fetched}");
    });
}

#[test]
fn s10_a_socks_proxy_is_given_the_address_that_was_checked() {
    inside(|network| {
        let _names = names();
        let wanted = Arc::new(Mutex::new(Vec::new()));
        let seen = wanted.clone();
        let listener = TcpListener::bind("127.0.0.1:1080").expect("a port");
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                // RFC 1928: greeting, choice of no password, request, success, and then it is the site
                let mut greeting = [0; 3];
                let _ = stream.read_exact(&mut greeting).and_then(|()| stream.write_all(&[5, 0]));
                let mut request = [0; 10];
                let _ =
                    stream.read_exact(&mut request).and_then(|()| stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
                seen.lock().expect("a list").push(request);
                let _ = stream.read(&mut [0; 2000]).and_then(|_| stream.write_all(page("here").as_bytes()));
            }
        });
        let strict = ["--proxy", "socks5://127.0.0.1:1080", "-s", "dialer.policy=strict", "--no-robots"];
        assert_eq!(network.fetch("http://public.example/", &strict)["status"], 200);
        // connect to an IPv4 address, which is this one, port 80
        assert_eq!(*wanted.lock().expect("a list"), [[5, 1, 0, 1, 8, 8, 4, 4, 0, 80]]);
        assert_eq!(kind(&network.fetch("http://inner.example/", &strict)), "blocked_address");
        assert_eq!(wanted.lock().expect("a list").len(), 1);
        // one that looks names up itself is not asked
        let by_name = ["--proxy", "socks5h://127.0.0.1:1080", "-s", "dialer.policy=strict", "--no-robots"];
        assert_eq!(kind(&network.fetch("http://public.example/", &by_name)), "blocked_address");
        assert_eq!(wanted.lock().expect("a list").len(), 1);
    });
}
