//! What a crawl must not tell: secrets, in whatever it prints or keeps; and what it must not repeat: what moves a cursor,
//! ends a line or floods a log.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking, and say what they skip")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use dragline_replica::books::{Books, Options};
use dragline_tests::{Album, Scene, dragline, odd_runner};

/// `me:canary02`, `me:canary03` and `me:canary07` as Basic authentication sends them (RFC 7617).
const BASIC: [(&str, &str); 3] = [("02", "bWU6Y2FuYXJ5MDI="), ("03", "bWU6Y2FuYXJ5MDM="), ("07", "bWU6Y2FuYXJ5MDc=")];

/// Everything that a site was told.
type Told = Arc<Mutex<String>>;

/// A site with secrets in cookies, links and redirects; it answers as a proxy too.
fn serve() -> (u16, Told) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let told = Told::default();
    let heard = told.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let heard = heard.clone();
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines().map_while(Result::ok);
                let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
                let target = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
                let target = target
                    .find("://")
                    .map_or(target, |at| target[at + 3..].find('/').map_or("/", |slash| &target[at + 3 + slash..]));
                let (status, body) = answer(target, port);
                heard.lock().expect("heard").push_str(&(head.join("\n") + "\n\n"));
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes());
            });
        }
    });
    (port, told)
}

fn answer(target: &str, port: u16) -> (&'static str, String) {
    match target {
        "/" => (
            "200 OK\r\nSet-Cookie: session=canary05",
            format!(
                "<a href='/page?token=canary06'></a><a href='/moved'></a><a href='/fail?token=canary06'></a>\
                 <a href='http://localhost:{port}/other'></a>"
            ),
        ),
        "/moved" => ("302 Found\r\nLocation: /target?access_token=canary12", String::new()),
        "/robots.txt" => ("404 Not Found", String::new()),
        target if target.starts_with("/fail") || target.starts_with("/p/") => {
            ("500 Internal Server Error", String::new())
        }
        target if target.starts_with("/page") => {
            let links: Vec<String> = (0..20).map(|n| format!("<a href='/later/{n}?token=canary06'></a>")).collect();
            ("200 OK", links.concat())
        }
        _ => ("200 OK", String::new()),
    }
}

/// Everything that a command said.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn run(scene: &Scene, arguments: &[&str]) -> String {
    said(&dragline().current_dir(scene.path("")).args(arguments).output().expect("the binary runs"))
}

/// No secret stands in a text, but those that are named.
fn tells_nothing(what: &str, text: &str, but: &[&str]) {
    for number in (1..=14).map(|number| format!("{number:02}")).filter(|number| !but.contains(&number.as_str())) {
        let canary = format!("canary{number}");
        if let Some(at) = text.find(&canary) {
            let (from, to) = (text.floor_char_boundary(at.saturating_sub(300)), text.ceil_char_boundary(at + 100));
            panic!("{what} tells {canary}: …{}…", &text[from..to]);
        }
    }
    for (number, basic) in BASIC.iter().filter(|(number, _)| !but.contains(number)) {
        assert!(!text.contains(basic), "{what} tells canary{number}");
    }
}

/// The bytes of all files of a folder.
fn bytes_of(folder: &Path) -> String {
    let mut bytes = String::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => bytes.push_str(&bytes_of(&path)),
            path => bytes.push_str(&String::from_utf8_lossy(&fs::read(path).expect("a file"))),
        }
    }
    bytes
}

#[test]
fn l01_a_crawl_tells_no_secret_that_it_uses() {
    for format in ["text", "json"] {
        let (port, told) = serve();
        let scene = Scene::new();
        let settings = format!(
            "[middlewares.auth]\naccounts = [\n\
             {{ origin = 'http://127.0.0.1:{port}', user = 'me', password = {{ env = 'CANARY' }} }},\n\
             {{ origin = 'http://localhost:{port}', user = 'me', password = 'canary03' }}]\n\
             [hosts.'127.0.0.1:*'.headers]\nx-odd = 'canary11'\n"
        );
        fs::write(scene.path("secret.toml"), settings).expect("a file");
        fs::write(scene.path("cookies.txt"), "127.0.0.1\tFALSE\t/\tFALSE\t0\tbrought\tcanary04\n").expect("a file");
        let (url, resolve) = (format!("url=http://127.0.0.1:{port}/"), format!("localhost:{port}:127.0.0.1:{port}"));
        let arguments = [
            "-a",
            &url,
            "-a",
            "same_host=false",
            "--resolve",
            &resolve,
            "--config",
            "secret.toml",
            "--cookies",
            "cookies.txt",
            "--job",
            "job",
            "--log",
            format,
            "--log-level",
            "trace",
            "-s",
            "limits.pages=5",
            "-s",
            "crawl.concurrency=1",
            "-s",
            "frontier.order='breadth-first'",
            "-s",
            "middlewares.retry.times=0",
        ];
        let output = scene.command("site", &arguments).env("CANARY", "canary02").output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        tells_nothing("the log", &said(&output), &[]);
        tells_nothing("the report", &fs::read_to_string(scene.path("stats.json")).expect("a report"), &[]);

        for command in ["show", "requests", "failed"] {
            for json in [&[][..], &["--json"]] {
                let shown = run(&scene, &[&["job", command, "job"], json].concat());
                tells_nothing(command, &shown, &[]);
                assert!(command == "show" || shown.contains("token=***"), "{command}: {shown}");
            }
        }
        for json in [&[][..], &["--json"]] {
            let mut shown = dragline();
            shown.current_dir(scene.path("")).args(["settings", "--config", "secret.toml"]).args(json);
            let shown = said(&shown.env("CANARY", "canary02").output().expect("it runs"));
            assert!(shown.contains("x-odd") && shown.contains("***"), "{shown}");
            tells_nothing("settings", &shown, &[]);
        }
        // what is yet to be asked has to be known: its URLs, and the cookies that go with them
        tells_nothing("the job", &bytes_of(&scene.path("job")), &["04", "05", "06", "12"]);

        let told = told.lock().expect("told");
        for used in ["canary04", "canary05", "canary06", "canary11", "canary12", BASIC[0].1, BASIC[1].1] {
            assert!(told.contains(used), "{used} was used: {told}");
        }
    }
}

#[test]
fn l01_neither_a_url_nor_a_proxy_tells_who_signs_in() {
    for format in ["text", "json"] {
        let (port, told) = serve();
        let scene = Scene::new();
        let url = format!("url=http://me:canary01@127.0.0.1:{port}/");
        let way = ["-a", &url, "--log", format, "--log-level", "trace"];
        let proxy = |port: u16| format!("middlewares.proxy.url='http://me:canary07@127.0.0.1:{port}'");
        // the discard port is no proxy
        for (port, code) in [(port, 0), (9, 3)] {
            let proxy = proxy(port);
            let output = scene.command("site", &[&way[..], &["-s", &proxy]].concat()).output().expect("it runs");
            assert_eq!(output.status.code(), Some(code), "{}", said(&output));
            tells_nothing("the log", &said(&output), &[]);
            tells_nothing("the report", &fs::read_to_string(scene.path("stats.json")).expect("a report"), &[]);
            tells_nothing("settings", &run(&scene, &["settings", "-s", &proxy]), &[]);
        }
        // it would be written down
        let output = scene.command("site", &[&way[..], &["--job", "job"]].concat()).output().expect("it runs");
        tells_nothing("the log", &said(&output), &[]);
        tells_nothing("the job", &bytes_of(&scene.path("job")), &[]);

        let told = told.lock().expect("told");
        assert!(told.contains("bWU6Y2FuYXJ5MDE=") && told.contains(BASIC[2].1), "both were used: {told}");
    }
}

#[test]
fn l01_a_password_stays_with_its_spider_however_it_is_given() {
    let album = Album::of(2);
    let scene = Scene::new();
    fs::write(scene.path("secret.toml"), "[spiders.kodak-pulse]\npassword = 'canary10'\n").expect("a file");
    let way = album.way();
    let way: Vec<&str> = way.iter().map(String::as_str).collect();
    let given: [(&str, &[&str]); 3] = [
        ("an argument", &["-a", "password=canary08"]),
        ("the environment", &[]),
        ("a file", &["--config", "secret.toml"]),
    ];
    for (what, given) in given {
        let more = ["-a", "username=demo", "--job", "job", "--log-level", "trace"];
        let mut command = scene.command("kodak-pulse", &[&way[..], &more, given].concat());
        if given.is_empty() {
            command.env("DRAGLINE__SPIDERS__KODAK_PULSE__PASSWORD", "canary09");
        }
        let output = command.output().expect("it runs");
        assert_eq!(output.status.code(), Some(5), "{what}: {}", said(&output));
        tells_nothing(what, &said(&output), &[]);
        tells_nothing("the job", &bytes_of(&scene.path("job")), &[]);
    }
    let mut shown = dragline();
    shown.current_dir(scene.path("")).args(["settings", "--spider", "kodak-pulse", "--config", "secret.toml"]);
    let shown = said(&shown.env("DRAGLINE__SPIDERS__KODAK_PULSE__USERNAME", "demo").output().expect("it runs"));
    assert!(shown.contains("spiders.kodak-pulse.password = \"***\""), "{shown}");
    tells_nothing("settings", &shown, &[]);
}

/// Crawls one page whose text is an error, and says what came of it on the terminal and in `job failed`.
fn telltale(path: &str, more: &[&str]) -> Vec<String> {
    let (port, _) = serve();
    let scene = Scene::new();
    let url = format!("url=http://127.0.0.1:{port}{path}");
    let mut texts = Vec::new();
    for format in ["text", "json"] {
        let _ = fs::remove_dir_all(scene.path("job"));
        let arguments = [&["-a", &url, "--job", "job", "--log", format], more].concat();
        let output = scene.of(odd_runner(), "telltale", &arguments).output().expect("it runs");
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        texts.push(said(&output));
        tells_nothing("the job", &bytes_of(&scene.path("job")), &[]);
    }
    for json in [&[][..], &["--json"]] {
        texts.push(run(&scene, &[&["job", "failed", "job"], json].concat()));
    }
    texts
}

#[test]
fn l01_the_detail_of_a_failure_tells_no_secret() {
    for text in telltale("/secrets", &[]) {
        tells_nothing("a failure", &text, &[]);
        assert!(text.contains("http://***@b.example/?token=***"), "{text}");
    }
}

#[test]
fn l02_no_byte_of_a_page_reaches_the_terminal_raw() {
    for text in telltale("/controls", &[]) {
        let is_unsafe = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{2028}\u{61c}".contains(c);
        assert!(!text.contains(is_unsafe), "{text:?}");
        assert!(text.contains("u{1b}") || text.contains("\\u001b"), "{text}");
    }
}

#[test]
fn l03_a_page_cannot_forge_a_line_or_a_field() {
    for text in telltale("/forged", &[]) {
        assert!(!text.lines().any(|line| line.starts_with("2026-11-21T10:00:00.000000Z") || line.starts_with("WARN")));
        let of_page: Vec<&str> = text.lines().filter(|line| line.contains("WARN forged")).collect();
        assert_eq!(of_page.len(), 1, "{text}");
        let is_log = text.contains("request failed");
        assert!(!is_log || text.contains("forged\\\" kind=forged"), "{text}");
    }
}

#[test]
fn l03_a_field_is_cut() {
    for text in telltale("/long", &["-s", "log.max_field='1 KiB'"]) {
        let longest = text.lines().map(str::len).max().expect("a line");
        assert!((400..1600).contains(&longest), "{longest}");
    }
}

#[test]
fn l03_the_same_line_over_and_over_is_folded_with_its_count() {
    let (port, _) = serve();
    for format in ["text", "json"] {
        let scene = Scene::new();
        let url = format!("url=http://127.0.0.1:{port}/");
        let arguments =
            ["-a", &url, "-a", "count=300", "--log", format, "-s", "log.repeats=1", "-s", "middlewares.retry.times=0"];
        let output = scene.of(odd_runner(), "many", &arguments).output().expect("it runs");
        let said = said(&output);
        let ended = scene.ended(&output);
        assert_eq!(ended.count("requests/failed"), 300, "{said}");
        let (folded, written): (Vec<&str>, Vec<&str>) = said
            .lines()
            .filter(|line| line.contains("request failed"))
            .partition(|line| line.contains(" more like this"));
        let counts = folded.iter().map(|line| {
            let count = line.split_once("… and ").and_then(|(_, rest)| rest.split(' ').next()).expect("a count");
            count.replace(',', "").parse::<usize>().expect("a number")
        });
        assert_eq!(counts.sum::<usize>() + written.len(), 300, "{said}");
        assert!(!folded.is_empty() && written.len() < 100, "{said}");
    }
}

#[test]
fn l04_a_crawl_runs_no_other_program() {
    let shop = Books::start(Options { books: 5, ..Options::default() }).expect("the replica starts");
    let scene = Scene::new();
    let crawl = scene.command("books", &["-a", &format!("url={}", shop.url()), "-s", "pipelines.order=['images']"]);
    let mut traced = Command::new("strace");
    traced.current_dir(scene.path("")).args(["-f", "-qq", "-o", "calls.txt", "-e", "trace=execve,execveat"]);
    traced.arg(crawl.get_program()).args(crawl.get_args()).env_clear();
    let Ok(output) = traced.env("PATH", std::env::var_os("PATH").unwrap_or_default()).output() else {
        return println!("skipped: there is no strace");
    };
    let text = said(&output);
    if text.contains("Operation not permitted") && text.contains("ptrace") {
        return println!("skipped: tracing is not allowed here ({text})");
    }
    assert_eq!(output.status.code(), Some(0), "{text}");
    let calls = fs::read_to_string(scene.path("calls.txt")).expect("the calls");
    let calls: Vec<&str> = calls.lines().filter(|line| line.contains("exec")).collect();
    assert_eq!(calls.len(), 1, "its own begin and nothing else: {calls:?}");
}
