//! What the sites promise, seen from a plain socket.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use dragline_replica::books::{self, Books};
use dragline_replica::graph::{self, Graph};
use dragline_replica::kodak::{self, Fault, Kodak};

/// A connection that is kept alive.
struct Client(BufReader<TcpStream>);

struct Answer {
    status: u16,
    head: String,
    /// Shorter than promised if the connection was cut.
    body: Vec<u8>,
    promised: usize,
}

impl Client {
    fn new(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).expect("the site listens");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("not zero");
        Self(BufReader::new(socket))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).expect("the connection is open");
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path)
    }

    fn ask(&mut self, method: &str, path: &str) -> Answer {
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: test.example\r\n\r\n").as_bytes());
        self.read(method == "HEAD")
    }

    fn read(&mut self, head_only: bool) -> Answer {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.0.read_line(&mut head).expect("an answer") > 0, "closed after {head:?}");
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
        let promised = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = Vec::new();
        let expected = if head_only { 0 } else { promised as u64 };
        // The end of a cut connection may be a reset, after which what has come so far is still here.
        let _ = (&mut self.0).take(expected).read_to_end(&mut body);
        Answer { status, head, body, promised }
    }
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, v)| v)
}

/// The path of an original.
fn path(index: usize) -> String {
    kodak::photo_url(index).replace(&format!("http://{}", kodak::CDN), "")
}

fn address(url: &str) -> SocketAddr {
    url.split('/').nth(2).and_then(|host| host.parse().ok()).expect("an address and a port")
}

#[test]
fn an_original_is_a_whole_jpeg_under_its_name_and_its_tag_saves_the_second_download() {
    let kodak = Kodak::start(kodak::Options { photos: 3, ..Default::default() }).expect("started");
    let mut client = Client::new(kodak.http());
    for index in 0..3 {
        let answer = client.get(&path(index));
        assert_eq!((answer.status, header(&answer.head, "content-type")), (200, Some("image/jpeg")));
        assert!(answer.body == kodak::photo(index), "photograph {index} is not what `photo` says");
        image::load_from_memory(&answer.body).expect("a picture");
    }
    let answer = client.get(&path(0).replace("~a~", "~t~"));
    assert_eq!((answer.status, image::load_from_memory(&answer.body).expect("a picture").width()), (200, 128));

    let tag = header(&answer.head, "etag").expect("a tag");
    assert!(header(&answer.head, "last-modified").is_some_and(|date| date.ends_with(" GMT")));
    client.send(format!("GET {} HTTP/1.1\r\nHost: c\r\nIf-None-Match: {tag}\r\n\r\n", path(0)).as_bytes());
    assert_eq!(client.read(false).status, 304);
    assert_eq!(client.get(&path(3)).status, 404, "the album has but three photographs");
    assert_eq!(client.get("/").status, 404);
    assert_eq!((kodak.log().connections(), kodak.log().served(), kodak.log().served_status(200)), (1, 7, 4));
    assert_eq!(kodak.log().requests()[0].path, path(0));
}

#[test]
fn each_fault_goes_wrong_in_its_own_way() {
    let faults = [Fault::NotFound, Fault::ErrorOnce, Fault::Truncated, Fault::Cut, Fault::Html];
    let faults: BTreeMap<usize, Fault> = faults.into_iter().enumerate().collect();
    let kodak = Kodak::start(kodak::Options { photos: 6, faults, ..Default::default() }).expect("started");
    let get = |index| Client::new(kodak.http()).get(&path(index));
    let whole = |index| kodak::photo(index);

    assert_eq!(get(0).status, 404);
    assert_eq!((get(1).status, get(1).status, get(1).body == whole(1)), (500, 200, true));
    let truncated = get(2);
    assert_eq!((truncated.status, truncated.promised), (200, whole(2).len()));
    assert!(truncated.body == whole(2)[..whole(2).len() / 2], "half came: {} bytes", truncated.body.len());
    let cut = get(3);
    assert_eq!((cut.status, cut.promised), (200, whole(3).len() / 2));
    assert!(cut.body == whole(3)[..cut.promised]);
    let html = get(4);
    assert_eq!((html.status, header(&html.head, "content-type")), (200, Some("image/jpeg")));
    assert!(html.text().starts_with("<!DOCTYPE html>"));
    assert!(get(5).body == whole(5));
}

#[test]
fn the_shop_lists_a_thousand_books_on_fifty_pages_and_has_a_page_for_each() {
    let shop = Books::start(books::Options::default()).expect("started");
    let mut client = Client::new(address(&shop.url()));
    let (mut page, mut lists, mut products) = ("/".to_owned(), 0, Vec::new());
    loop {
        let list = client.get(&page);
        assert_eq!(list.status, 200, "{page}");
        lists += 1;
        let links = list.text().split("<h3><a href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        products.extend(links.map(|link| format!("/catalogue/{}", link.trim_start_matches("catalogue/"))));
        let Some(next) = list.text().split("<li class=\"next\"><a href=\"").nth(1) else { break };
        let next = next.split('"').next().expect("an end").trim_start_matches("catalogue/");
        page = format!("/catalogue/{next}");
    }
    assert_eq!((lists, products.len()), (50, 1_000));
    for product in products.iter().step_by(40) {
        let answer = client.get(product);
        assert_eq!(answer.status, 200, "{product}");
        for part in ["<h1>", "<p class=\"price_color\">£", " available)", "<p class=\"star-rating ", "<th>UPC</th><td>"]
        {
            assert!(answer.text().contains(part), "{product} has no {part}");
        }
    }
    assert_eq!(client.get("/catalogue/page-51.html").status, 404);
    assert_eq!(client.get("/catalogue/some-other-title_1/index.html").status, 404);
    assert_eq!(client.get("/media/cache/1.jpg").status, 200);
}

#[test]
fn the_graph_has_its_pages_and_no_more() {
    let graph = Graph::start(graph::Options { pages: 30, ..Default::default() }).expect("started");
    assert!(graph.url().ends_with("/p/0"));
    let mut client = Client::new(address(&graph.url()));
    let first = client.get("/p/0");
    assert_eq!(first.status, 200);
    assert_eq!(first.promised, first.body.len());
    assert_eq!([client.get("/p/29").status, client.get("/p/30").status, client.get("/p/").status], [200, 404, 404]);
    assert_eq!((graph.log().served(), graph.log().requests().len()), (4, 0));
}

#[test]
fn other_methods_and_garbage_are_refused_and_the_site_lives_on() {
    let graph = Graph::start(graph::Options { pages: 1, ..Default::default() }).expect("started");
    let address = address(&graph.url());
    let mut client = Client::new(address);
    assert_eq!(client.ask("BREW", "/p/0").status, 405);
    assert_eq!(client.ask("POST", "/p/0").status, 405);
    let head = client.ask("HEAD", "/p/0");
    assert_eq!((head.status, head.promised > 15_000), (200, true));
    assert_eq!(client.get("/p/0").body.len(), head.promised);

    let mut garbage = Client::new(address);
    garbage.send(b"\x16\x03\x01 no request at all\r\n\r\n");
    assert_eq!(garbage.read(false).status, 400);
    let mut large = Client::new(address);
    large.send(b"POST /p/0 HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n");
    large.send(&[b'x'; 70_000]);
    assert_eq!(large.read(false).status, 413);
    assert_eq!(client.get("/p/0").status, 200);
    assert_eq!((graph.log().served_method("BREW"), graph.log().served_status(405)), (1, 2));
}

#[test]
fn latency_is_waited_before_each_answer_and_requests_wait_side_by_side() {
    let latency = Duration::from_millis(150);
    let graph = Graph::start(graph::Options { pages: 1, latency, ..Default::default() }).expect("started");
    let address = address(&graph.url());
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(Client::new(address).get("/p/0").status, 200));
        }
    });
    assert!(began.elapsed() >= latency);
    assert_eq!((graph.log().most_at_once(), graph.log().connections()), (4, 4));
}

#[test]
fn a_dropped_site_no_longer_listens_and_its_port_can_be_taken_again() {
    let graph = Graph::start(graph::Options::default()).expect("started");
    let address = address(&graph.url());
    drop(graph);
    assert!(TcpStream::connect(address).is_err());
    let again = Graph::start(graph::Options { port: address.port(), ..Default::default() }).expect("the port is free");
    assert!(Graph::start(graph::Options { port: address.port(), ..Default::default() }).is_err());
    drop(again);
}
