//! Slow visitors, long heads and bodies, and too many of them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::run::Running;

const JSON: &str = "Content-Type: application/json";

/// What comes until the connection is closed; a reset closes it, too.
fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn w11_a_head_that_takes_its_time_is_cut_and_others_are_answered_meanwhile() {
    let gallery = Running::start(&["-s", "gallery.head_timeout='700ms'"]);
    let begin = Instant::now();
    let mut slow: Vec<TcpStream> = (0..40).map(|_| gallery.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: ").expect("sent");
    }
    assert!(gallery.get("/").contains("200 OK"));
    for mut stream in slow {
        assert!(!rest(&mut stream).contains("200 OK"));
    }
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    // one that says nothing at all after an answer
    let mut kept = gallery.connect();
    kept.write_all(format!("GET /api/scans HTTP/1.1\r\nHost: {}\r\n\r\n", gallery.address).as_bytes()).expect("sent");
    assert!(rest(&mut kept).contains("200 OK"), "it is closed when nothing follows");
}

#[test]
fn w11_a_head_has_its_length() {
    let gallery = Running::start(&[]);
    let own = gallery.address.clone();
    let long = format!("X-Long: {}", "a".repeat(200 << 10));
    let many: String = (0..5000).map(|number| format!("X-{number}: a\r\n")).collect();
    for head in [
        format!("GET / HTTP/1.1\r\nHost: {own}\r\n{long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {own}\r\n{many}\r\n"),
        format!("GET /{} HTTP/1.1\r\nHost: {own}\r\n\r\n", "a".repeat(200 << 10)),
    ] {
        let mut stream = gallery.connect();
        // it may close before all is sent
        let _ = stream.write_all(head.as_bytes());
        let answer = rest(&mut stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{}", &answer[..answer.len().min(200)]);
    }
    assert!(gallery.get("/").contains("200 OK"));
}

#[test]
fn w11_a_body_has_its_length_however_it_is_said() {
    let gallery = Running::start(&["-s", "gallery.max_body='1 KiB'"]);
    let long = "a".repeat(2000);
    for path in ["/api/scans", "/scans", "/login"] {
        let answer = gallery.send("POST", path, &[JSON], &long);
        assert_eq!(answer.status, 413, "{path}");
        assert!(answer.text().contains("gallery.max_body"), "{path}");
    }
    let own = &gallery.address;
    let mut chunked = gallery.connect();
    let head = format!(
        "POST /api/scans HTTP/1.1\r\nHost: {own}\r\n{JSON}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    );
    chunked.write_all(format!("{head}7d0\r\n{long}\r\n0\r\n\r\n").as_bytes()).expect("sent");
    assert!(rest(&mut chunked).starts_with("HTTP/1.1 413"));
    // said to be endless, and not sent
    let mut endless = gallery.connect();
    let head = format!("POST /api/scans HTTP/1.1\r\nHost: {own}\r\n{JSON}\r\nContent-Length: 99999999999\r\n\r\n");
    endless.write_all(head.as_bytes()).expect("sent");
    assert!(rest(&mut endless).starts_with("HTTP/1.1 413"));
}

#[test]
fn w11_a_body_that_does_not_come_is_not_waited_for() {
    let gallery = Running::start(&["-s", "gallery.idle_timeout='500ms'"]);
    let mut slow = gallery.connect();
    let own = &gallery.address;
    let head = format!("POST /api/scans HTTP/1.1\r\nHost: {own}\r\n{JSON}\r\nContent-Length: 100\r\n\r\n{{");
    let begin = Instant::now();
    slow.write_all(head.as_bytes()).expect("sent");
    assert!(rest(&mut slow).starts_with("HTTP/1.1 408"));
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn w11_connections_over_their_number_wait_for_those_that_end() {
    let gallery = Running::start(&["-s", "gallery.connections=2", "-s", "gallery.head_timeout='2s'"]);
    let held = [gallery.connect(), gallery.connect()];
    let begin = Instant::now();
    let answer = gallery.get("/");
    assert!(answer.contains("200 OK"), "{answer}");
    assert!(begin.elapsed() > Duration::from_secs(1), "a third one was answered while two were open");
    drop(held);
}
