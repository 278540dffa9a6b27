//! What the server of faults does, byte for byte, seen from a plain socket.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dragline_replica::faults::{Faults, Options};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

fn start() -> Faults {
    Faults::start(Options::default()).expect("started")
}

fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).expect("the server listens");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("not zero");
    socket
}

/// The request's bytes sent, and a connection to read the answer from.
fn send(faults: &Faults, request: &str) -> TcpStream {
    let mut socket = connect(faults.http());
    socket.write_all(request.as_bytes()).expect("the connection is open");
    socket
}

/// All that comes until the end, for a request that asks for the end; and what the end was, if it was no FIN.
fn all(faults: &Faults, host: &str, path: &str) -> (Vec<u8>, Option<io::ErrorKind>) {
    let mut socket = send(faults, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    let mut bytes = Vec::new();
    let end = socket.read_to_end(&mut bytes).err().map(|error| error.kind());
    (bytes, end)
}

fn text(faults: &Faults, path: &str) -> String {
    let (bytes, end) = all(faults, "test.localhost", path);
    assert_eq!(end, None, "{path}");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn on(faults: &Faults, label: &str, path: &str) -> String {
    String::from_utf8_lossy(&all(faults, &format!("{label}.localhost:80"), path).0).into_owned()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("a head").1
}

/// Reads so many bytes, which have to come.
fn some(stream: &mut impl Read, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).expect("as many bytes");
    bytes
}

#[test]
fn lengths_lie_as_they_are_told() {
    let faults = start();
    let answer = text(&faults, "/length/200/send/100");
    assert!(answer.contains("\r\nContent-Length: 200\r\n") && body(&answer).len() == 100, "{answer}");
    let (bytes, end) = all(&faults, "h", "/length/200/send/100/rst");
    assert!(bytes.ends_with(b"All work and no pl"), "what was sent before RST has come");
    assert_eq!(end, Some(io::ErrorKind::ConnectionReset));
    assert_eq!(body(&text(&faults, "/no-length/70000/close")).len(), 70_000);
    let mut socket = send(&faults, "GET /length-header/10%5E18 HTTP/1.1\r\nHost: h\r\n\r\n");
    let head =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 1000000000000000000\r\n\r\nok";
    assert_eq!(some(&mut socket, head.len()), head);
}

#[test]
fn chunks_and_heads_break_the_rules() {
    let faults = start();
    assert!(text(&faults, "/chunked/whole").ends_with("\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"));
    assert!(text(&faults, "/chunked/no-last").ends_with("\r\nworld\r\n"));
    assert!(text(&faults, "/chunked/long-extension").len() > 1024 * 1024);
    let two = text(&faults, "/framing/two-lengths");
    assert!(two.contains("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), "{two}");
    assert!(text(&faults, "/framing/bare-lf").starts_with("HTTP/1.1 200 OK\nContent-Length: 5\n\n"));
    assert!(text(&faults, "/framing/nul").contains("one\0two"));
    assert!(text(&faults, "/framing/truncated-head").ends_with("\r\nContent-Le"));
    assert_eq!(text(&faults, "/framing/empty-answer"), "");
    assert_eq!(text(&faults, "/head/fields/300").matches("X-Field-").count(), 300);
    assert!(text(&faults, "/head/field/1000000").len() > 1_000_000);
    assert_eq!(text(&faults, "/head/interim/3").matches("HTTP/1.1 103").count(), 3);
}

#[test]
fn a_second_answer_comes_on_a_connection_that_stays_open() {
    let faults = start();
    let mut socket = send(&faults, "GET /framing/second-response HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut read = Vec::new();
    while !read.ends_with(b"poison") {
        read.extend(some(&mut socket, 1));
    }
    socket.write_all(b"GET /ok/3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").expect("still open");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("text");
    assert!(answer.ends_with("\r\n\r\nAll"), "{answer}");
    assert_eq!((faults.log().connections(), faults.log().served()), (1, 2));
}

#[test]
fn an_endless_answer_ends_when_the_client_leaves_and_so_does_a_silence() {
    let faults = start();
    for path in ["/endless", "/mute", "/head/endless", "/chunked/endless-trailers", "/endless/drip/1", "/wait/10^9"] {
        let mut socket = send(&faults, &format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
        if !["/mute", "/wait/10^9"].contains(&path) {
            some(&mut socket, 100);
        }
    }
    let patience = Instant::now();
    while faults.log().served() < 6 || faults.log().under_way() > 0 {
        assert!(patience.elapsed() < Duration::from_secs(20), "the server still writes to a client that has left");
        std::thread::yield_now();
    }
}

#[test]
fn slow_and_broken_answers_are_whole_as_far_as_they_go() {
    let faults = start();
    let began = Instant::now();
    assert_eq!(body(&text(&faults, "/drip/body/4/20")).len(), 4);
    assert!(began.elapsed() >= Duration::from_millis(80));
    assert!(text(&faults, "/drip/head/1000").ends_with("\r\n\r\nok"));
    assert_eq!(all(&faults, "h", "/reset/head"), (Vec::new(), Some(io::ErrorKind::ConnectionReset)));
    assert_eq!(all(&faults, "h", "/reset/body").1, Some(io::ErrorKind::ConnectionReset));
    assert_eq!(faults.log().served_status(444), 1, "a reset in the place of an answer");
}

#[test]
fn bombs_are_small_and_unpack_to_what_they_say() {
    let faults = start();
    for path in ["/bomb/br/10^10", "/bomb/zstd/10^9", "/redirect/bomb"] {
        let (bytes, _) = all(&faults, "h", path);
        let head = String::from_utf8_lossy(&bytes[..300]).into_owned();
        let length = head.split("Content-Length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        let start = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        assert_eq!(length, Some(bytes.len() - start), "{path}");
        assert!(bytes.len() < 200_000, "{path}: {} bytes", bytes.len());
    }
    let (bytes, _) = all(&faults, "h", "/packed/gzip");
    let start = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let mut page = String::new();
    flate2::read::GzDecoder::new(&bytes[start..]).read_to_string(&mut page).expect("whole");
    assert_eq!(page.len(), 10_000);
    let (bytes, _) = all(&faults, "h", "/packed/gzip-bad-crc");
    let mut decoder =
        flate2::read::GzDecoder::new(&bytes[bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4..]);
    assert!(decoder.read_to_string(&mut page).is_err());
}

#[test]
fn the_request_comes_back_as_it_was() {
    let faults = start();
    let request =
        "POST /echo HTTP/1.1\r\nHost: h\r\nX-ODD:  two  spaces \r\nContent-Length: 3\r\nConnection: close\r\n\r\na=b";
    let mut answer = String::new();
    send(&faults, request).read_to_string(&mut answer).expect("text");
    assert_eq!(body(&answer), request);
    let chunked =
        "POST /echo.json HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\n\"é\r\n0\r\n\r\n";
    let mut answer = String::new();
    send(&faults, chunked).read_to_string(&mut answer).expect("text");
    assert!(
        answer.contains(r#""headers":[["Transfer-Encoding","chunked"],["Connection","close"]],"body":"\"é""#),
        "{answer}"
    );
}

#[test]
fn cookies_redirects_and_refreshes_say_what_they_are_told() {
    let faults = start();
    let set = text(&faults, "/cookies/set?a=1&b=2");
    assert!(set.contains("\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/\r\n"), "{set}");
    assert_eq!(text(&faults, "/cookies/flood/500").matches("Set-Cookie").count(), 500);
    assert!(
        text(&faults, "/redirect/chain/2/308")
            .contains("308 Permanent Redirect\r\nLocation: /redirect/chain/1/308\r\n")
    );
    assert!(text(&faults, "/redirect/chain/0/308").starts_with("HTTP/1.1 200 "));
    let to = text(&faults, "/redirect/to?url=http%3A%2F%2Fother%2F&status=303&cookie=a%3D1");
    assert!(to.starts_with("HTTP/1.1 303 See Other\r\nLocation: http://other/\r\nSet-Cookie: a=1\r\n"), "{to}");
    let first = text(&faults, "/redirect/self-cookie");
    assert!(first.contains("Set-Cookie: seen=1"));
    let with = "GET /redirect/self-cookie HTTP/1.1\r\nCookie: x=2; seen=1\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    send(&faults, with).read_to_string(&mut answer).expect("text");
    assert!(answer.starts_with("HTTP/1.1 200 "));
    assert!(text(&faults, "/refresh/header?url=/ok/1").contains("\r\nRefresh: 0; url=/ok/1\r\n"));
}

#[test]
fn what_fails_at_first_succeeds_when_it_is_to() {
    let faults = start();
    let statuses = |path: &str| -> Vec<String> { (0..3).map(|_| text(&faults, path)[9..12].to_owned()).collect() };
    assert_eq!(statuses("/flaky/2"), ["503", "503", "200"]);
    assert_eq!(statuses("/retry-after/429/120?times=1"), ["429", "200", "200"]);
    assert_eq!(statuses("/flaky/1/status/500"), ["500", "200", "200"]);
    assert!(
        text(&faults, "/retry-after/503/Fri,%2031%20Dec%201999%2023:59:59%20GMT")
            .contains("\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n")
    );
    assert!(text(&faults, "/retry-after/503/in:30").contains(" GMT\r\n"));
    assert!(text(&faults, "/auth/basic/demo/secret").starts_with("HTTP/1.1 401 "));
    let with =
        "GET /auth/basic/demo/secret HTTP/1.1\r\nAuthorization: Basic ZGVtbzpzZWNyZXQ=\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    send(&faults, with).read_to_string(&mut answer).expect("text");
    assert!(answer.ends_with("welcome"));
}

#[test]
fn caches_and_ranges_are_answered_by_what_the_client_knows() {
    let faults = start();
    let ask = |path: &str, field: &str| {
        let mut answer = String::new();
        let request = format!("GET {path} HTTP/1.1\r\n{field}\r\nConnection: close\r\n\r\n");
        send(&faults, &request).read_to_string(&mut answer).expect("text");
        answer
    };
    assert!(ask("/cache/etag/v1", "X: y").contains("\r\nETag: \"v1\"\r\n"));
    assert!(ask("/cache/etag/v1", "If-None-Match: \"v0\", W/\"v1\"").starts_with("HTTP/1.1 304 "));
    assert!(ask("/cache/lying-304", "X: y").starts_with("HTTP/1.1 304 "));
    assert_eq!(body(&ask("/range/100/cut", "X: y")).len(), 50);
    let rest = ask("/range/100/cut", "Range: bytes=50-");
    assert!(rest.starts_with("HTTP/1.1 206 ") && rest.contains("\r\nContent-Range: bytes 50-99/100\r\n"));
    assert_eq!(body(&rest).len(), 50);
    assert!(ask("/range/100", "Range: bytes=100-").starts_with("HTTP/1.1 416 "));
}

#[test]
fn each_host_has_its_robots() {
    let faults = start();
    assert!(on(&faults, "robots-404", "/robots.txt").starts_with("HTTP/1.1 404 "));
    assert!(on(&faults, "robots-500", "/robots.txt").starts_with("HTTP/1.1 500 "));
    assert!(on(&faults, "robots-redirect-2", "/robots.txt").contains("\r\nLocation: /robots.txt?left=1\r\n"));
    assert!(on(&faults, "robots-redirect-2", "/robots.txt?left=0").ends_with("Disallow: /private\n"));
    assert!(
        on(&faults, "robots-redirect-away", "/robots.txt")
            .contains("Location: http://robots-ok.localhost:80/robots.txt")
    );
    let large = on(&faults, "robots-large", "/robots.txt");
    assert!(large.len() > 512 * 1024 && large.ends_with("Disallow: /public\n"));
    assert!(on(&faults, "robots-delay-0p5", "/robots.txt").ends_with("Crawl-delay: 0.5\n"));
    let flaky: Vec<_> = (0..3).map(|_| on(&faults, "robots-flaky-2", "/robots.txt")[9..12].to_owned()).collect();
    assert_eq!(flaky, ["500", "500", "200"]);
    assert!(on(&faults, "robots-deny", "/").contains("href=\"/private/20\""));
    assert!(text(&faults, "/robots.txt").starts_with("HTTP/1.1 404 "));
    assert!(on(&faults, "good-3", "/robots.txt").starts_with("HTTP/1.1 404 "));
    assert!(on(&faults, "good-3", "/20").starts_with("HTTP/1.1 200 "));
    assert!(on(&faults, "good-3", "/21").starts_with("HTTP/1.1 404 "));
}

#[test]
fn traps_lead_ever_on() {
    let faults = start();
    assert!(on(&faults, "trap-deep", "/a/a/").contains("href=\"/a/a/a/\""));
    assert!(on(&faults, "trap-calendar", "/?month=2026-12").contains("href=\"/?month=2027-01\""));
    assert_ne!(on(&faults, "trap-sessions", "/page/1"), on(&faults, "trap-sessions", "/page/1"));
    assert_eq!(on(&faults, "trap-same", "/a/b/"), on(&faults, "trap-same", "/b/"));
    assert_eq!(on(&faults, "trap-farm", "/?links=2500").matches("<a href").count(), 2_500);
    assert!(on(&faults, "b.a.trap-subdomains", "/").contains("http://a.b.a.trap-subdomains.localhost:80/"));
    assert!(on(&faults, "trap-facets", "/list?size=2").contains("/list?size=2&amp;brand=1"));
}

#[test]
fn the_index_lists_what_is_played() {
    let faults = start();
    let index = text(&faults, "/?format=text");
    for known in ["/length/DECLARED/send/SENT", "/framing/te-and-cl", "robots-slow-MS", "expired", "h2-goaway"] {
        assert!(index.lines().any(|line| line.trim_start().starts_with(known)), "{known}");
    }
    assert!(text(&faults, "/").contains("<a href=\"/bomb/br/10^10\">"));
    assert!(text(&faults, "/nowhere").starts_with("HTTP/1.1 404 "));
    assert!(text(&faults, "/ok/many").starts_with("HTTP/1.1 400 "));
}

#[test]
fn the_log_tells_how_each_host_was_treated() {
    let faults = start();
    for path in ["/1", "/2"] {
        on(&faults, "good-1", path);
    }
    on(&faults, "good-2", "/");
    let hosts = faults.log().hosts();
    let first = hosts["good-1.localhost:80"];
    assert_eq!((first.requests, first.most_at_once, first.smallest_gap.is_some()), (2, 1, true));
    assert_eq!((hosts["good-2.localhost:80"].requests, hosts["good-2.localhost:80"].smallest_gap), (1, None));
    let orders: Vec<_> = faults.log().requests().iter().map(|entry| (entry.order, entry.path.clone())).collect();
    assert_eq!(orders, [(0, "/1".to_owned()), (1, "/2".to_owned()), (2, "/".to_owned())]);
}

#[test]
fn a_dropped_server_ends_what_is_under_way() {
    let faults = start();
    let mut socket = send(&faults, "GET /mute HTTP/1.1\r\nHost: h\r\n\r\n");
    let address = faults.http();
    drop(faults);
    assert!(matches!(socket.read(&mut [0]), Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).is_err());
}

/// A client that trusts the server's root, or the reason why it cannot be one.
fn encrypted(faults: &Faults, label: &str, protocol: &str) -> Result<StreamOwned<ClientConnection, TcpStream>, String> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(faults.root_certificate().as_bytes()).expect("a certificate");
    roots.add(root).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("known");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from(format!("{label}.localhost")).expect("a name");
    let mut client = ClientConnection::new(Arc::new(config), name).expect("a configuration");
    let mut socket = connect(faults.https());
    while client.is_handshaking() {
        client.complete_io(&mut socket).map_err(|error| error.to_string())?;
    }
    Ok(StreamOwned::new(client, socket))
}

#[test]
fn certificates_are_wrong_each_in_its_own_way() {
    let faults = start();
    let why = |label: &str| encrypted(&faults, label, "http/1.1").err().unwrap_or_default();
    for (label, reason) in [
        ("expired", "expired"),
        ("not-yet", "not valid yet"),
        ("self-signed", "UnknownIssuer"),
        ("wrong-host", "not valid for name"),
        ("untrusted-root-2", "UnknownIssuer"),
        ("incomplete-chain", "UnknownIssuer"),
        ("tls-garbage", "corrupt"),
        ("tls-reset", "reset"),
    ] {
        assert!(why(label).contains(reason), "{label}: {}", why(label));
    }
    assert!(why("many-sans").contains("TooLarge"), "{}: rustls reads 64 KiB of it", why("many-sans"));

    assert_eq!(why("many-sans-500"), "");

    let mut good = encrypted(&faults, "any", "http/1.1").expect("a good certificate");
    good.write_all(b"GET /ok/3 HTTP/1.1\r\nHost: any.localhost\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    good.read_to_string(&mut answer).expect("an orderly end");
    assert!(answer.ends_with("\r\n\r\nAll"));

    let mut cut = encrypted(&faults, "no-close-notify", "http/1.1").expect("a good certificate");
    cut.write_all(b"GET / HTTP/1.1\r\nHost: no-close-notify.localhost\r\n\r\n").expect("sent");
    let mut page = Vec::new();
    assert_eq!(cut.read_to_end(&mut page).map_err(|error| error.kind()), Err(io::ErrorKind::UnexpectedEof));
    assert!(page.ends_with(b"</html>\n"));
}

#[test]
fn a_stalled_handshake_is_never_answered() {
    let faults = start();
    let socket = encrypted_hello(&faults, "tls-stall");
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("not zero");
    let silence = (&socket).read(&mut [0]).map_err(|error| error.kind());
    assert!(matches!(silence, Err(io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)), "{silence:?}");
}

/// A connection on which the client's first message was sent.
fn encrypted_hello(faults: &Faults, label: &str) -> TcpStream {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("known");
    let config = builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let name = ServerName::try_from(format!("{label}.localhost")).expect("a name");
    let mut client = ClientConnection::new(Arc::new(config), name).expect("a configuration");
    let mut socket = connect(faults.https());
    client.write_tls(&mut socket).expect("sent");
    socket
}

/// A connection of HTTP/2 on which stream 1 has asked for `/`.
fn second(faults: &Faults, label: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let mut stream = encrypted(faults, label, "h2").expect("a good certificate");
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // GET, https, / and the end of the stream
    let request = [0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x87, 0x84];
    stream.write_all(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..], &request].concat()).expect("sent");
    stream
}

/// The next frame's kind, flags, stream and payload; acknowledgements and window updates are passed over.
fn frame(stream: &mut impl Read) -> (u8, u8, u8, Vec<u8>) {
    let head = some(stream, 9);
    let payload = some(stream, u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize);
    (head[3], head[4], head[8], payload)
}

#[test]
fn http2_goes_wrong_frame_by_frame() {
    let faults = start();
    let frames = |label: &str, count: usize| {
        let mut stream = second(&faults, label);
        assert_eq!(frame(&mut stream), (4, 0, 0, Vec::new()), "the server's settings");
        assert_eq!(frame(&mut stream), (4, 1, 0, Vec::new()), "the client's are acknowledged");
        (0..count).map(|_| frame(&mut stream)).collect::<Vec<_>>()
    };
    let ok = frames("h2-ok", 2);
    assert_eq!((ok[0].0, ok[0].1, ok[0].3[0]), (1, 4, 0x88));
    assert_eq!(ok[1], (0, 1, 1, b"ok".to_vec()));
    assert_eq!(frames("h2-reset", 3)[2], (3, 0, 1, vec![0, 0, 0, 2]));
    assert_eq!(frames("h2-refuse", 1)[0], (3, 0, 1, vec![0, 0, 0, 7]));
    assert!(frames("h2-continuation", 1_000)[1..].iter().all(|(kind, flags, ..)| (*kind, *flags) == (9, 0)));
    assert!(frames("h2-empty-data", 1_000)[1..].iter().all(|frame| *frame == (0, 0, 1, Vec::new())));
    assert!(frames("h2-settings", 1_000).iter().all(|(kind, flags, ..)| (*kind, *flags) == (4, 0)));
    assert!(frames("h2-ping", 1_000).iter().all(|(kind, flags, ..)| (*kind, *flags) == (6, 0)));
    assert_eq!(frames("h2-bad-hpack", 1)[0].3, [0x88, 0xff, 0xb9, 0x0a]);
    assert_eq!(frames("h2-goaway-middle", 3)[2].0, 7);
    assert_eq!(faults.log().hosts()["h2-ok.localhost"].requests, 1);
}

#[test]
fn small_frames_wait_for_the_clients_window() {
    let faults = start();
    let mut stream = second(&faults, "h2-small-frames");
    // what may be sent at first is 65,535 bytes, on the connection and on the stream
    let mut data = 0;
    while data < 109 * 600 {
        let (kind, _, _, payload) = frame(&mut stream);
        data += if kind == 0 { payload.len() } else { 0 };
    }
    let room = 10_000_000_u32.to_be_bytes();
    for id in [0, 1] {
        stream.write_all(&[&[0, 0, 4, 8, 0, 0, 0, 0, id][..], &room].concat()).expect("sent");
    }
    loop {
        let (kind, flags, _, payload) = frame(&mut stream);
        assert_eq!((kind, payload.len()), (0, 600));
        data += 600;
        if flags == 1 {
            break;
        }
    }
    assert_eq!(data, 6_000_000);
}

#[test]
fn goaway_leaves_the_second_request_unprocessed() {
    let faults = start();
    let mut stream = second(&faults, "h2-goaway");
    for _ in 0..4 {
        frame(&mut stream);
    }
    stream.write_all(&[0, 0, 3, 1, 5, 0, 0, 0, 3, 0x82, 0x87, 0x84]).expect("sent");
    assert_eq!(frame(&mut stream), (7, 0, 0, vec![0, 0, 0, 1, 0, 0, 0, 0]));
    assert_eq!(stream.read(&mut [0]).expect("an orderly end"), 0);
}
