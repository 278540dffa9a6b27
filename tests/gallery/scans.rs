//! Whose turn it is, what is refused, and what ends when its visitor leaves.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dragline_tests::faulty::serve;
use serde_json::{Value, json};

use crate::run::Running;

/// How long anything may take here.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser: its cookie, and the token of its forms.
struct Browser<'a> {
    gallery: &'a Running,
    cookie: String,
    token: String,
}

impl<'a> Browser<'a> {
    fn new(gallery: &'a Running) -> Self {
        let page = ask(gallery, "GET", "/", "", "");
        let after = |mark: &str, end: char| {
            let (_, rest) = page.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {page}"));
            rest.split(end).next().unwrap_or_default().to_owned()
        };
        Self { gallery, cookie: after("set-cookie: ", ';'), token: after("name=\"token\" value=\"", '"') }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        ask(self.gallery, method, path, &self.head(), body)
    }

    fn head(&self) -> String {
        format!(
            "Cookie: {}\r\nSec-Fetch-Site: same-origin\r\nX-Dragline-Token: {}\r\nContent-Type: application/json\r\n",
            self.cookie, self.token
        )
    }

    /// Asks for a scan: the answer's status, its head, and its body.
    fn submit(&self, url: &str) -> (u16, String, Value) {
        let answer = self.ask("POST", "/api/scans", &json!({ "url": url }).to_string());
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, head.to_ascii_lowercase(), serde_json::from_str(body).unwrap_or_default())
    }

    fn begin(&self, url: &str) -> String {
        let (status, _, scan) = self.submit(url);
        assert_eq!(status, 202, "{scan}");
        scan["id"].as_str().expect("a name").to_owned()
    }

    /// What is known of a scan.
    fn scan(&self, id: &str) -> Value {
        let answer = self.ask("GET", &format!("/api/scans/{id}"), "");
        serde_json::from_str(answer.split_once("\r\n\r\n").expect("an answer").1).expect("JSON")
    }

    /// The same when it is over.
    fn ended(&self, id: &str) -> Value {
        let begin = Instant::now();
        loop {
            let scan = self.scan(id);
            if !matches!(scan["state"].as_str(), Some("queued" | "running")) {
                return scan;
            }
            assert!(begin.elapsed() < PATIENCE, "{scan}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A request without what others may add to it.
fn ask(gallery: &Running, method: &str, path: &str, head: &str, body: &str) -> String {
    let (address, length) = (&gallery.address, body.len());
    gallery.ask(&format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{head}\r\n{body}"
    ))
}

/// A page with so many pictures, each of which takes a while; when it was asked for pictures.
fn album(pictures: usize, time: Duration) -> (String, Arc<Mutex<Vec<Instant>>>) {
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let noted = asked.clone();
    let (address, _): (SocketAddr, _) = serve(move |path| {
        let of = |kind: &str, body: String| (format!("200 OK\r\nContent-Type: {kind}"), body);
        match path {
            "/" => of("text/html", (0..pictures).map(|number| format!("<img src=/{number}.svg>")).collect()),
            "/robots.txt" => ("404 Not Found".to_owned(), String::new()),
            path => {
                noted.lock().expect("whole").push(Instant::now());
                std::thread::sleep(time);
                of("image/svg+xml", format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><title>{path}</title></svg>"))
            }
        }
    });
    (format!("http://{address}/"), asked)
}

#[test]
fn w08_fifty_scans_of_five_sessions_end_in_turn_and_none_is_lost() {
    let (url, _) = album(1, Duration::ZERO);
    let gallery = Running::start(&["-s", "gallery.queue=64", "-s", "gallery.scans=2", "-s", "gallery.linger=1m"]);
    let browsers: Vec<Browser<'_>> = (0..5).map(|_| Browser::new(&gallery)).collect();
    let mut scans = Vec::new();
    for (number, browser) in browsers.iter().enumerate() {
        scans.extend((0..10).map(|_| (number, browser.begin(&url))));
    }
    let mut order = BTreeMap::new();
    for (number, id) in &scans {
        let scan = browsers[*number].ended(id);
        assert_eq!((scan["state"].as_str(), scan["kept"].as_u64()), (Some("finished"), Some(1)), "{scan}");
        order.insert((scan["began"].as_str().expect("a time").to_owned(), id.clone()), *number);
    }
    assert_eq!(order.len(), 50);
    // the first ones may begin before the others have come; then everybody has a turn before anybody has two more
    let mut begun = [0_usize; 5];
    let early = order.values().take_while(|number| **number == 0).count();
    for number in order.values() {
        begun[*number] += 1;
        let (fewest, most) = (begun.iter().min().expect("five"), begun.iter().max().expect("five"));
        assert!(most - fewest <= early + 3, "{begun:?}");
    }
}

#[test]
fn w08_what_is_too_much_is_answered_429_with_the_time_to_wait() {
    let (url, _) = album(1, Duration::from_secs(20));
    let limits = ["gallery.scans=1", "gallery.queue=1", "gallery.scans_per_minute=2"];
    let gallery = Running::start(&["-s", limits[0], "-s", limits[1], "-s", limits[2]]);
    let [one, other] = [Browser::new(&gallery), Browser::new(&gallery)];
    one.begin(&url);
    let waiting = one.begin(&url);
    assert_eq!(one.scan(&waiting)["state"], "queued");
    let (status, head, body) = one.submit(&url);
    assert!(status == 429 && head.contains("retry-after: "), "{head} {body}");
    let (status, head, body) = other.submit(&url);
    assert!(status == 429 && head.contains("retry-after: "), "{head} {body}");
    one.ask("DELETE", &format!("/api/scans/{waiting}"), "");
    other.begin(&url);
}

#[test]
fn w07_the_gallery_does_not_scan_itself_whatever_is_allowed() {
    let gallery = Running::start(&["-s", "gallery.hosts=['gallery.localhost']"]);
    let browser = Browser::new(&gallery);
    let port = gallery.address.rsplit_once(':').expect("a port").1;
    for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "a.localhost"] {
        let (status, _, body) = browser.submit(&format!("http://{host}:{port}/"));
        assert_eq!(status, 400, "{host}: {body}");
    }
    assert_eq!(browser.submit("gallery.localhost").0, 400);
    // a page that leads here
    let own = format!("http://127.0.0.1:{port}/assets/gallery.css");
    let (address, _) = serve(move |path| match path {
        "/" => ("200 OK\r\nContent-Type: text/html".to_owned(), format!("<img src={own}><img src=/hop.png>")),
        "/hop.png" => (format!("302 Found\r\nLocation: {own}"), String::new()),
        "/back" => (format!("302 Found\r\nLocation: {own}"), String::new()),
        _ => ("404 Not Found".to_owned(), String::new()),
    });
    let scan = browser.ended(&browser.begin(&format!("http://{address}/")));
    assert_eq!((scan["state"].as_str(), scan["failed"].as_u64()), (Some("finished"), Some(2)), "{scan}");
    let scan = browser.ended(&browser.begin(&format!("http://{address}/back")));
    assert_eq!((scan["state"].as_str(), scan["reason"].as_str()), (Some("failed"), Some("blocked")), "{scan}");
}

#[test]
fn w09_a_visitor_who_leaves_stops_what_was_done_for_them_within_a_second() {
    let (url, asked) = album(500, Duration::from_millis(50));
    let gallery = Running::start(&[]);
    let browser = Browser::new(&gallery);
    let id = browser.begin(&url);
    let mut events = TcpStream::connect(&gallery.address).expect("it listens");
    let (address, head) = (&gallery.address, browser.head());
    write!(events, "GET /api/scans/{id}/events HTTP/1.1\r\nHost: {address}\r\n{head}\r\n").expect("sent");
    let begin = Instant::now();
    while asked.lock().expect("whole").len() < 20 {
        assert!(begin.elapsed() < PATIENCE);
        let _ = events.read(&mut [0; 4096]).expect("events");
    }
    drop(events);
    let left = Instant::now();
    let scan = browser.ended(&id);
    assert_eq!(scan["state"], "cancelled", "{scan}");
    std::thread::sleep(Duration::from_millis(1500));
    let late = asked.lock().expect("whole").iter().filter(|at| **at > left + Duration::from_secs(1)).count();
    assert_eq!(late, 0, "pictures were asked for when nobody was there any more");
}
