//! N01 and N02: names that lead nowhere, to too much, or by two ways of which one is shut.

use std::net::{IpAddr, SocketAddr, TcpStream};

use dragline_tests::Scene;
use dragline_tests::names::{NameServer, Told};
use dragline_tests::network::{Site, inside, ip as ip_command, kind, missing, page};

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn n01_a_name_that_does_not_exist_is_asked_for_once() {
    inside(|network| {
        let names = NameServer::start(|name, _| match name {
            "empty.example" => Told::At(Vec::new(), 60),
            _ => Told::Nothing,
        });
        for name in ["gone.example", "empty.example"] {
            let fetched = network.fetch(&format!("http://{name}/"), &[]);
            assert_eq!(kind(&fetched), "dns.nxdomain", "{fetched}");
            assert_eq!(names.asked(name), (1, 1), "{name}");
        }
    });
}

#[test]
fn n01_a_name_that_nobody_can_tell_of_for_now_is_asked_for_again() {
    inside(|network| {
        let names = NameServer::start(|name, before| match name {
            "fails.example" => Told::Fails,
            "silent.example" => Told::Silence,
            "late.example" if before < 2 => Told::Fails,
            "loop.example" => Told::Alias("back.example".to_owned()),
            "back.example" => Told::Alias("loop.example".to_owned()),
            "self.example" => Told::Alias("self.example".to_owned()),
            _ => Told::At(vec![ip("8.8.4.4")], 60),
        });
        let _site = Site::start(80, |_| page("here"));
        let arguments = ["--no-robots", "-s", "dns.timeout=300ms"];
        for name in ["fails", "silent", "late", "loop", "self"] {
            let fetched = network.fetch(&format!("http://{name}.example/"), &arguments);
            match name {
                "late" => assert_eq!(fetched["status"], 200, "{fetched}"),
                "loop" | "self" => assert!(kind(&fetched).starts_with("dns."), "{fetched}"),
                _ => assert_eq!(kind(&fetched), "dns.temporary", "{fetched}"),
            }
            let asked = names.asked(&format!("{name}.example")).0;
            assert!(asked <= 12, "{name} was asked for {asked} times");
            if matches!(name, "fails" | "silent") {
                assert!(asked >= 3 && fetched["requests"] == 3, "{name} is tried three times: {asked}, {fetched}");
            }
        }
        let fetched = network.fetch("http://silent.example/", &arguments);
        assert!(
            fetched["error"]["detail"].as_str().is_some_and(|detail| detail.contains("silent.example")),
            "{fetched}"
        );
    });
}

#[test]
fn n01_of_a_thousand_addresses_few_are_tried() {
    inside(|network| {
        let _names = NameServer::start(|_, _| {
            Told::At((0..1000u16).map(|n| [8, 8, (n >> 8) as u8, n as u8].into()).collect(), 60)
        });
        // nobody listens: each is refused
        let fetched = network.fetch("http://many.example/", &["--no-robots", "-s", "middlewares.retry.times=0"]);
        assert_eq!(kind(&fetched), "connect", "{fetched}");
        // the answer is too long for a datagram: it came over a connection or two
        assert!((16..=18).contains(&network.dialled()), "{} were tried", network.dialled());
        let fetched = network.fetch(
            "http://more.example/",
            &["--no-robots", "-s", "middlewares.retry.times=0", "-s", "dns.max_addresses=3"],
        );
        assert_eq!(kind(&fetched), "connect", "{fetched}");
        assert!(network.dialled() <= 18 + 5);
        let _site = Site::start(80, |_| page("here"));
        assert_eq!(network.fetch("http://many.example/", &["--no-robots"])["status"], 200);
    });
}

#[test]
fn n01_however_many_ask_a_name_is_looked_up_once_while_its_answer_holds() {
    inside(|network| {
        let names =
            NameServer::start(|name, _| Told::At(vec![ip("8.8.4.4")], if name == "lasting.example" { 60 } else { 0 }));
        let site = Site::start(80, |asked| match asked.path() {
            "/robots.txt" => missing(),
            "/" => page(&(0..100).map(|number| format!("<a href=/{number}>x</a>")).collect::<String>()),
            _ => page("here"),
        });
        for name in ["lasting", "fleeting"] {
            let (scene, url) = (Scene::new(), format!("url=http://{name}.example/"));
            let wide =
                ["-a", &url, "-s", "crawl.concurrency=100", "-s", "hosts.concurrency=100", "-s", "hosts.per_address=0"];
            let mut command = network.crawl(&scene, "site", &wide);
            let ended = scene.ended(&command.args(["-s", "hosts.begin_with=100"]).output().expect("it runs"));
            ended.expect_code(0);
            assert_eq!(ended.items.len(), 101);
            // a time to live of nothing counts as a second
            let seconds = ended.report["elapsed_time_seconds"].as_f64().expect("seconds") as usize;
            let most = if name == "lasting" { 1 } else { 1 + seconds };
            let (v4, v6) = names.asked(&format!("{name}.example"));
            assert!((1..=most).contains(&v4) && v6 <= most, "{name}: {v4} and {v6} questions in {seconds} s");
        }
        assert_eq!(site.pages().len(), 202);
    });
}

#[test]
fn n01_the_machines_own_name_servers_are_asked_where_the_settings_name_none() {
    inside(|network| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("resolv.conf");
        std::fs::write(&file, "nameserver 9.9.9.9\n").expect("written");
        let mounted = std::process::Command::new("mount").arg("--bind").arg(&file).arg("/etc/resolv.conf").status();
        if !mounted.is_ok_and(|status| status.success()) {
            eprintln!("skipped: /etc/resolv.conf cannot be another one here");
            return;
        }
        let names = NameServer::start(|_, _| Told::At(vec![ip("8.8.4.4")], 60));
        let _site = Site::start(80, |_| page("here"));
        let fetched = network.fetch("http://public.example/", &["--no-robots", "-s", "dns.servers=[]"]);
        assert_eq!((&fetched["remote"], names.asked("public.example").0), (&"8.8.4.4:80".into(), 1), "{fetched}");
    });
}

#[test]
fn n02_a_host_of_either_family_is_reached() {
    inside(|network| {
        let _names = NameServer::start(|name, _| match name {
            "six.example" => Told::At(vec![ip("2606:4700::1111")], 60),
            "four.example" => Told::At(vec![ip("8.8.4.4")], 60),
            // servers there are that know nothing of AAAA, and say nothing
            "half.example" => Told::Half(vec![ip("8.8.4.4")]),
            _ => Told::At(vec![ip("8.8.4.4"), ip("2606:4700::1111")], 60),
        });
        let _site = Site::start(80, |_| page("here"));
        for (name, remote) in [
            ("six", "[2606:4700::1111]:80"),
            ("four", "8.8.4.4:80"),
            ("both", "[2606:4700::1111]:80"),
            ("half", "8.8.4.4:80"),
        ] {
            let fetched = network.fetch(&format!("http://{name}.example/"), &["--no-robots", "-s", "dns.timeout=3s"]);
            assert_eq!(fetched["remote"], remote, "{name}: {fetched}");
        }
    });
}

#[test]
fn n02_where_one_family_leads_nowhere_the_other_is_tried_soon() {
    inside(|network| {
        let _names = NameServer::start(|name, _| match name {
            "both.example" => Told::At(vec![ip("8.8.4.4"), ip("2606:4700::1111")], 60),
            _ => Told::At(vec![ip("8.8.4.4"), ip("2606:4701::1")], 60),
        });
        // whose line is full, so that it does not answer
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        ip_command("-6 addr add 2606:4700::1111/128 dev lo nodad");
        let hole: SocketAddr = "[2606:4700::1111]:80".parse().expect("an address");
        let _listener = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v6().expect("a socket");
            socket.bind(hole).expect("a port");
            socket.listen(0).expect("a listener")
        });
        let wait = std::time::Duration::from_millis(300);
        let in_line: Vec<TcpStream> =
            std::iter::from_fn(|| TcpStream::connect_timeout(&hole, wait).ok()).take(8).collect();
        assert!(in_line.len() < 8, "it does answer");
        let listener = std::net::TcpListener::bind("8.8.4.4:80").expect("a port");
        std::thread::spawn(move || {
            use std::io::{Read, Write};
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 2000]).and_then(|_| stream.write_all(page("here").as_bytes()));
            }
        });
        let fetched = network.fetch("http://both.example/", &["--no-robots"]);
        assert_eq!(fetched["remote"], "8.8.4.4:80", "{fetched}");
        assert!(fetched["timing"]["head"].as_f64() < Some(5.0), "half of `download.connect_timeout`: {fetched}");
        // and where the network says at once that there is no way
        ip_command("-6 route add unreachable 2606:4701::1/128 metric 1");
        assert_eq!(network.fetch("http://unreachable.example/", &["--no-robots"])["remote"], "8.8.4.4:80");
    });
}
