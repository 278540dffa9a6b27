//! Scans of a site on this machine, from the outside.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use super::*;
use crate::scan::{End, Phase, Picture};

const DEFAULTS: &str = include_str!("../../../../config/default.toml");
/// A picture of one pixel; each has another comment behind it, so that none has the bytes of another.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

/// How a site answers a path.
type Answers = dyn Fn(&str) -> Answer + Send + Sync;

/// Status, media type, body, and what time it takes.
struct Answer(u16, &'static str, Vec<u8>, Duration);

/// A site, which is asked until the test is over, and when it was asked for what.
#[derive(Clone)]
struct Site {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Site {
    fn start(answers: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let site = Self { address: listener.local_addr().expect("an address"), asked: Arc::default() };
        let (here, answers): (_, Arc<Answers>) = (site.clone(), Arc::new(answers));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (site, answers) = (here.clone(), answers.clone());
                thread::spawn(move || site.serve(&stream, &*answers));
            }
        });
        site
    }

    /// Requests on one connection, until it is closed.
    fn serve(&self, mut stream: &TcpStream, answers: &Answers) {
        let mut lines = BufReader::new(stream).lines();
        while let Some(Ok(line)) = lines.next() {
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            self.asked().push((Instant::now(), path.clone()));
            let Answer(status, mime, body, time) = answers(&path);
            thread::sleep(time);
            let head = format!("HTTP/1.1 {status} x\r\nContent-Type: {mime}\r\nContent-Length: {}\r\n\r\n", body.len());
            if stream.write_all(&[head.as_bytes(), &body].concat()).is_err() {
                return;
            }
        }
    }

    fn asked(&self) -> MutexGuard<'_, Vec<(Instant, String)>> {
        self.asked.lock().expect("whole")
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn page(body: &str) -> Answer {
    Answer(200, "text/html", format!("<title>A page</title>{body}").into(), Duration::ZERO)
}

fn picture(path: &str) -> Answer {
    Answer(200, "image/gif", [GIF, path.as_bytes()].concat(), Duration::ZERO)
}

fn missing() -> Answer {
    Answer(404, "text/plain", Vec::new(), Duration::ZERO)
}

/// A page with so many pictures, each of which takes a while.
fn album(pictures: usize, time: Duration) -> Site {
    let page: String = (0..pictures).map(|number| format!("<img src=/{number}.gif>")).collect();
    Site::start(move |path| match path {
        "/" => self::page(&page),
        "/robots.txt" => missing(),
        path => Answer(200, "image/gif", [GIF, path.as_bytes()].concat(), time),
    })
}

/// A gallery for which 127.0.0.1 is no secret.
fn scans(flags: &[&str]) -> Scans {
    let mut layers = Layers::new(DEFAULTS).expect("the defaults");
    for flag in ["dialer.allow_net=['127.0.0.1/32']", "gallery.scans_per_minute=1000"].iter().chain(flags) {
        layers.add_flag(flag).expect("a setting");
    }
    Scans::new(Registry::new(), layers).expect("scans")
}

fn begin(scans: &Scans, session: &str, url: &str) -> Arc<Scan> {
    scans.submit(session, Options::new(url)).expect("taken")
}

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn end_of(scan: &Scan) -> End {
    until("the scan ends", || scan.is_over());
    match scan.head().phase {
        Phase::Ended(end) => end,
        phase => panic!("{phase:?}"),
    }
}

fn scanned(scans: &Scans, url: &str) -> (Arc<Scan>, End) {
    let scan = begin(scans, "me", url);
    let end = end_of(&scan);
    (scan, end)
}

/// Why pictures have no copy, by their paths.
fn reasons(scan: &Scan) -> BTreeMap<String, (String, String)> {
    let reason = |picture: &Arc<Picture>| {
        let entry = picture.entry.as_ref().filter(|entry| entry.path.is_none())?;
        let reason = (entry.reason.clone()?, entry.detail.clone()?);
        Some((picture.url()?.path().to_owned(), reason))
    };
    scan.pictures().iter().filter_map(reason).collect()
}

#[test]
fn a_page_is_scanned_to_its_end() {
    let (site, scans) = (album(5, Duration::ZERO), scans(&[]));
    let (scan, end) = scanned(&scans, &site.url("/"));
    assert_eq!(end, End::Finished);
    let head = scan.head();
    assert_eq!((head.found, head.kept, head.failed, head.judged), (5, 5, 0, 5), "{:?}", reasons(&scan));
    assert_eq!(head.title.as_deref(), Some("A page"));
    assert!(head.robots.is_some_and(|robots| robots.contains("no robots.txt")));
    let pictures = scan.pictures();
    let paths = pictures.iter().filter_map(|picture| picture.entry.as_ref()?.path.as_ref());
    assert!(paths.clone().count() == 5 && paths.into_iter().all(|path| scans.folder(&scan).join(path).is_file()));
}

#[test]
fn a_page_without_pictures_is_a_page() {
    let site = Site::start(|path| if path == "/" { page("<p>None") } else { missing() });
    let (scan, end) = scanned(&scans(&[]), &site.url("/"));
    assert_eq!((end, scan.head().found, scan.head().pages), (End::Finished, 0, 1));
}

#[test]
fn a_page_that_cannot_be_read_says_why() {
    let site = Site::start(|path| match path {
        "/robots.txt" => Answer(200, "text/plain", b"User-agent: *\nDisallow: /secret".into(), Duration::ZERO),
        "/secret" => page("<img src=/1.gif>"),
        "/paper" => Answer(200, "application/pdf", b"%PDF-1.4\n\x80\x81".into(), Duration::ZERO),
        "/private" => Answer(403, "text/html", Vec::new(), Duration::ZERO),
        _ => missing(),
    });
    let scans = scans(&[]);
    let failed = |url: String| match scanned(&scans, &url).1 {
        End::Failed(name, sentence) => (name, sentence),
        end => panic!("{end:?}"),
    };
    let (name, sentence) = failed(site.url("/private"));
    assert_eq!(name, "http_status");
    assert!(sentence.starts_with("This page answered 403 to every way of asking."), "{sentence}");
    assert!(failed(site.url("/none")).1.contains("404"));
    let (name, sentence) = failed(site.url("/secret"));
    assert_eq!(name, "robots_forbidden");
    assert!(sentence.starts_with("robots.txt of this site asks programs to stay away"), "{sentence}");
    assert!(!site.asked().iter().any(|(_, path)| path == "/secret"));
    let scan = scans.submit("me", Options { robots: false, ..Options::new(&site.url("/secret")) }).expect("taken");
    assert_eq!(end_of(&scan), End::Finished);
    assert!(scan.head().robots.is_some_and(|robots| robots.contains("passed over")));
    let (name, sentence) = failed(site.url("/paper"));
    assert_eq!(
        (&*name, &*sentence),
        ("not_a_page", "At this address is neither a page nor a picture: it is application/pdf.")
    );
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    assert_eq!(failed(format!("http://{nobody}/")).0, "connect");
}

#[test]
fn pictures_that_robots_txt_forbids_are_left_out_and_that_is_said() {
    let site = Site::start(|path| match path {
        "/" => page("<img src=/1.gif><img src=/secret/2.gif>"),
        "/robots.txt" => Answer(200, "text/plain", b"User-agent: *\nDisallow: /secret".into(), Duration::ZERO),
        path => picture(path),
    });
    let (scan, end) = scanned(&scans(&[]), &site.url("/"));
    assert_eq!((end, scan.head().kept), (End::Finished, 1));
    assert_eq!(reasons(&scan)["/secret/2.gif"].0, "robots_forbidden");
    let robots = scan.head().robots.expect("said");
    assert!(robots.contains("allows this page. It asks programs to stay away from 1 picture"), "{robots}");
    assert!(!site.asked().iter().any(|(_, path)| path.starts_with("/secret")));
}

#[test]
fn s09_and_w07_whatever_is_blocked_is_told_in_the_same_words_and_not_asked() {
    let own = TcpListener::bind("127.0.0.1:0").expect("the gallery");
    let address = own.local_addr().expect("an address");
    own.set_nonblocking(true).expect("set");
    let site = Site::start(move |path| match path {
        "/" => page(&format!(
            "<img src=http://10.0.0.1/inner.gif><img src=http://127.0.0.1:6379/redis.gif><img src=http://127.0.0.1:25/mail.gif>\
             <img src=http://169.254.169.254/meta.gif><img src=http://{address}/own.gif><img src=/hop.gif>\
             <img src=http://127.0.0.2/other.gif>"
        )),
        path => picture(path),
    });
    let scans = scans(&[]);
    scans.served_at(address);
    let (scan, end) = scanned(&scans, &site.url("/"));
    assert_eq!((end, scan.head().kept), (End::Finished, 1));
    let reasons = reasons(&scan);
    assert_eq!(reasons.len(), 6);
    let blocked = ("blocked".to_owned(), "This address is not one of the public web.".to_owned());
    assert!(reasons.values().all(|reason| *reason == blocked), "{reasons:?}");
    for (picture, report) in scan.pictures().iter().filter_map(|picture| Some((picture, picture.report.as_ref()?))) {
        let told = format!("{} {:?}", report.explanation, report.probes);
        let is_told = ["dialer", "allow-net", "blocked_address", "bad_port"].iter().any(|word| told.contains(word));
        assert!(!is_told, "{:?} {told}", picture.url());
    }
    assert!(own.accept().is_err(), "nobody has come");
    // and whoever types it in is told the same
    for url in ["http://10.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://127.0.0.1:11211/", "http://127.0.0.1:22/"] {
        assert_eq!(scanned(&scans, url).1, End::Failed(blocked.0.clone(), blocked.1.clone()), "{url}");
    }
    let refused = scans.submit("me", Options::new(&address.to_string())).expect_err("refused");
    assert!(matches!(refused, Refused::Bad(BadOptions { name: "url", .. })), "{refused}");
}

#[test]
fn w09_what_is_stopped_asks_for_nothing_more_within_a_second() {
    let (site, scans) = (album(500, Duration::from_millis(50)), scans(&[]));
    let scan = begin(&scans, "me", &site.url("/"));
    until("pictures are asked for", || site.asked().len() > 20);
    scan.cancel();
    let stopped = Instant::now();
    assert_eq!(end_of(&scan), End::Cancelled);
    assert!(stopped.elapsed() < Duration::from_secs(1));
    thread::sleep(Duration::from_millis(1500));
    let late = site.asked().iter().filter(|(at, _)| *at > stopped + Duration::from_secs(1)).count();
    assert_eq!(late, 0);
    assert!(scan.head().found == 500 && scan.head().kept > 0, "what is known stays");
}

#[test]
fn a_scan_ends_when_its_time_is_over_whatever_hangs() {
    let site = Site::start(|path| match path {
        "/" => page("<img src=/1.gif><img src=/hangs.gif>"),
        "/hangs.gif" => Answer(200, "image/gif", GIF.to_vec(), Duration::from_secs(3600)),
        path => picture(path),
    });
    let begin = Instant::now();
    let (scan, end) = scanned(&scans(&["gallery.scan_time='1s'"]), &site.url("/"));
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    assert!(matches!(&end, End::Limited(what) if what.contains("`gallery.scan_time`")), "{end:?}");
    let pictures = scan.pictures();
    assert!(pictures[0].entry.is_some() && pictures[1].entry.is_none() && pictures[1].report.is_none());
}

#[test]
fn limits_that_are_reached_are_named() {
    let (site, scans) = (album(20, Duration::ZERO), scans(&["gallery.max_pictures=5", "gallery.max_picture='50 B'"]));
    let (scan, end) = scanned(&scans, &site.url("/"));
    assert!(matches!(&end, End::Limited(what) if what.starts_with("There are 15 more pictures than the 5")), "{end:?}");
    assert_eq!(scan.head().found, 5);
    let site = Site::start(|path| match path {
        "/robots.txt" => missing(),
        "/" => page(&(0..100).map(|number| format!("<img src=/{number}.gif>")).collect::<String>()),
        path => Answer(200, "image/gif", [GIF, path.as_bytes(), &[0; 10_000]].concat(), Duration::from_millis(5)),
    });
    let (_, end) = scanned(&self::scans(&["gallery.max_bytes='100 KiB'"]), &site.url("/"));
    assert!(matches!(&end, End::Limited(what) if what.contains("100 KiB") || what.contains("100.0 KiB")), "{end:?}");
}

#[test]
fn a_full_disk_is_a_clear_end() {
    let (site, scans) = (album(3, Duration::ZERO), scans(&["disk.min_free='1 EiB'"]));
    let (_, end) = scanned(&scans, &site.url("/"));
    assert!(matches!(&end, End::Failed(name, what) if name == "disk" && what.contains("no room")), "{end:?}");
}

#[test]
fn w08_fifty_scans_of_five_sessions_take_turns_and_none_is_lost() {
    let (site, scans) = (album(2, Duration::ZERO), scans(&["gallery.queue=64", "gallery.scans=2"]));
    let sessions = ["a", "b", "c", "d", "e"];
    let all: Vec<(usize, Arc<Scan>)> =
        (0..50).map(|number| (number / 10, begin(&scans, sessions[number / 10], &site.url("/")))).collect();
    let last = scans.before(&all[49].1);
    assert!(last >= 40, "{last} go before the last one");
    for (_, scan) in &all {
        assert_eq!(end_of(scan), End::Finished);
        assert_eq!((scan.head().kept, scans.before(scan)), (2, 0));
    }
    let mut order = all;
    order.sort_by_key(|(_, scan)| scan.head().began);
    // two at once, one of each session: whoever is behind by more than a round was passed over
    let mut begun = [0_usize; 5];
    for (session, _) in &order {
        begun[*session] += 1;
        let (fewest, most) = (begun.iter().min().expect("five"), begun.iter().max().expect("five"));
        assert!(most - fewest <= 3, "{begun:?}");
    }
    for session in sessions {
        assert_eq!(scans.recent(session).len(), 10);
    }
}

#[test]
fn w08_too_many_are_refused_and_those_who_are_stopped_make_room() {
    let site = album(1, Duration::from_secs(5));
    let scans = scans(&["gallery.scans=1", "gallery.queue=2"]);
    let running = begin(&scans, "a", &site.url("/"));
    let waiting = begin(&scans, "a", &site.url("/"));
    let other = begin(&scans, "b", &site.url("/"));
    assert_eq!((scans.before(&waiting), scans.before(&other)), (0, 1));
    assert_eq!(scans.submit("c", Options::new(&site.url("/"))).expect_err("refused"), Refused::Full(2));
    waiting.cancel();
    assert_eq!(scans.before(&other), 0);
    let third = begin(&scans, "c", &site.url("/"));
    assert_eq!(scans.before(&third), 1);
    assert!(scans.remove("a", &running.id.0), "whose place goes to the next");
    until("the next one begins", || other.head().phase == Phase::Running);
}

#[test]
fn w08_a_session_that_asks_too_often_is_told_how_long_to_wait() {
    let (site, scans) = (album(1, Duration::ZERO), scans(&["gallery.scans_per_minute=2"]));
    for _ in 0..2 {
        begin(&scans, "a", &site.url("/"));
    }
    let refused = scans.submit("a", Options::new(&site.url("/"))).expect_err("refused");
    assert!(matches!(refused, Refused::Often { scans: 2, seconds: 55..=60 }), "{refused:?}");
    begin(&scans, "b", &site.url("/"));
}

#[test]
fn w08_a_scan_whose_thread_panics_gives_its_place_on() {
    let site = album(1, Duration::ZERO);
    // the pipeline is given nobody to tell, which it cannot be built without, and the observer of the next panics
    let scans = scans(&["gallery.scans=1"]);
    let broken = Arc::new(Scan::new(ScanId("broken".to_owned()), Options::new("a.example"), Duration::ZERO));
    let next = {
        let mut state = scans.0.lock();
        let slot = Slot { session: "a".to_owned(), scan: broken.clone(), at: At::Waiting };
        state.slots.insert(broken.id.clone(), slot);
        state.line.enter("a", broken.id.clone());
        assert!(state.line.next().is_some());
        state.threads += 1;
        drop(state);
        begin(&scans, "b", &site.url("/"))
    };
    assert_eq!(scans.before(&next), 0);
    assert_eq!(next.head().phase, Phase::Queued);
    let inner = scans.0.clone();
    let turn = thread::spawn({
        let broken = broken.clone();
        move || inner.take_turn(&broken, "a", || panic!("as a test"))
    });
    turn.join().expect("the panic stays inside");
    assert!(matches!(end_of(&broken), End::Failed(name, _) if name == "internal"));
    assert_eq!(end_of(&next), End::Finished);
}

#[test]
fn results_and_their_folders_go_when_their_time_is_over() {
    let (site, scans) = (album(1, Duration::ZERO), scans(&["gallery.expires='300ms'"]));
    let (scan, _) = scanned(&scans, &site.url("/"));
    let folder = scans.folder(&scan);
    assert!(folder.is_dir());
    until("it is forgotten", || scans.get("me", &scan.id.0).is_none());
    until("its folder goes", || !folder.exists());
}

#[test]
fn a_scan_is_its_sessions_alone_and_goes_with_its_folder() {
    let (site, scans) = (album(100, Duration::from_millis(20)), scans(&[]));
    let scan = begin(&scans, "me", &site.url("/"));
    until("there is a copy", || scan.head().kept > 0);
    let folder = scans.folder(&scan);
    assert!(folder.is_dir() && scans.get("other", &scan.id.0).is_none() && !scans.remove("other", &scan.id.0));
    assert!(scans.remove("me", &scan.id.0));
    assert!(scans.recent("me").is_empty() && !scans.remove("me", &scan.id.0));
    assert_eq!(end_of(&scan), End::Cancelled);
    until("its folder goes", || !folder.exists());
}

#[test]
fn at_the_end_all_is_stopped_and_nothing_is_left() {
    let (site, scans) = (album(100, Duration::from_millis(50)), scans(&["gallery.scans=2"]));
    let all = ["a", "b", "c"].map(|session| begin(&scans, session, &site.url("/")));
    until("there is a copy", || all[0].head().kept > 0);
    let root = scans.root().to_owned();
    scans.close();
    assert!(all.iter().all(|scan| end_of(scan) == End::Cancelled));
    assert_eq!(scans.submit("d", Options::new(&site.url("/"))).expect_err("closed"), Refused::Full(0));
    assert_eq!(std::fs::read_dir(&root).expect("a folder").count(), 1, "the lock alone");
    drop(scans);
    until("the folder goes", || !root.exists());
}
