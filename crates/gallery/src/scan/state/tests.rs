//! Versions, counts, and who looks.

use dragline_images::Entry;
use serde_json::json;

use super::*;

const LINGER: Duration = Duration::from_millis(800);

fn scan() -> Arc<Scan> {
    Arc::new(Scan::new(ScanId("1".to_owned()), Options::new("http://a.example/"), LINGER))
}

fn running() -> Arc<Scan> {
    let scan = scan();
    assert!(scan.begin());
    scan
}

fn picture(number: usize, url: &str) -> Picture {
    let found = json!({"candidates": [{"url": url, "source": "src"}], "element": "img"});
    let page = Url::parse("http://a.example/").expect("a URL");
    let found = serde_json::from_value(found).expect("a picture");
    Picture { number, page, found, entry: None, report: None, folded: None }
}

fn add(scan: &Scan, url: &str) -> Option<usize> {
    scan.add(2000, |number| picture(number, url))
}

fn entry(checksum: &str, size: u64) -> Entry {
    let entry = json!({
        "url": "http://a.example/1.jpg", "path": "full/1.jpg", "checksum": checksum, "status": "downloaded", "size": size,
    });
    serde_json::from_value(entry).expect("an entry")
}

#[test]
fn whoever_has_seen_all_up_to_a_number_is_told_the_rest() {
    let scan = running();
    let all = scan.since(0);
    assert!(all.head.is_some() && all.pictures.is_empty());
    let (first, _second) = (add(&scan, "http://a.example/1.jpg"), add(&scan, "http://a.example/2.jpg"));
    let found = scan.since(all.version);
    assert_eq!(found.pictures.iter().map(|picture| picture.number).collect::<Vec<_>>(), [0, 1]);
    scan.learn(first.expect("a number"), |picture| picture.entry = Some(entry("a", 7)));
    let kept = scan.since(found.version);
    assert_eq!(kept.pictures.iter().map(|picture| picture.number).collect::<Vec<_>>(), [0]);
    let head = kept.head.expect("it has changed");
    assert_eq!((head.found, head.kept, head.failed, head.bytes), (2, 1, 0, 7));
    let nothing = scan.since(kept.version);
    assert!(nothing.head.is_none() && nothing.pictures.is_empty() && nothing.version == kept.version);
    // a number of another scan, or of nobody's
    assert_eq!(scan.since(u64::MAX).pictures.len(), 2);
}

#[tokio::test]
async fn who_waits_with_a_number_that_has_not_been_is_told_at_once() {
    let scan = running();
    scan.changed(u64::MAX).await;
    scan.changed(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_misses_a_change_however_many_change_and_look_at_once() {
    const WRITERS: usize = 4;
    const EACH: usize = 200;
    let scan = running();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let scan = scan.clone();
            std::thread::spawn(move || {
                for _ in 0..EACH {
                    let number = add(&scan, "http://a.example/1.jpg").expect("room");
                    scan.learn(number, |picture| picture.entry = Some(entry("a", 1)));
                }
            })
        })
        .collect();
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let scan = scan.clone();
            tokio::spawn(async move {
                let (mut version, mut kept) = (0, std::collections::HashSet::new());
                loop {
                    let changes = scan.since(version);
                    assert!(changes.version >= version);
                    version = changes.version;
                    let is_kept = |picture: &&Arc<Picture>| picture.progress() == Progress::Kept;
                    kept.extend(changes.pictures.iter().filter(is_kept).map(|picture| picture.number));
                    if changes.head.is_some_and(|head| matches!(head.phase, Phase::Ended(_))) {
                        return kept.len();
                    }
                    scan.changed(version).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().expect("no panic");
    }
    scan.end(End::Finished);
    for reader in readers {
        assert_eq!(reader.await.expect("no panic"), WRITERS * EACH);
    }
    assert_eq!(scan.head().bytes, (WRITERS * EACH) as u64);
}

#[test]
fn what_is_over_does_not_change_any_more() {
    let scan = running();
    let number = add(&scan, "http://a.example/1.jpg").expect("room");
    scan.end(End::Cancelled);
    let version = scan.since(0).version;
    scan.end(End::Finished);
    scan.learn(number, |picture| picture.entry = Some(entry("a", 1)));
    scan.fold(0);
    assert_eq!(add(&scan, "http://a.example/2.jpg"), None);
    assert_eq!((scan.since(0).version, scan.head().phase), (version, Phase::Ended(End::Cancelled)));
    assert!(!scan.begin());
}

#[test]
fn pictures_that_are_folded_are_told_to_those_who_look() {
    let scan = running();
    for _ in 0..3 {
        add(&scan, "http://a.example/1.jpg");
    }
    scan.learn(1, |picture| picture.entry = Some(entry("a", 1)));
    scan.learn(2, |picture| picture.entry = Some(entry("a", 1)));
    let version = scan.since(0).version;
    scan.fold(0);
    let changes = scan.since(version);
    let folded: Vec<_> = changes.pictures.iter().map(|picture| (picture.number, picture.folded)).collect();
    assert_eq!(folded, [(2, Some(1))]);
    scan.fold(0);
    assert_eq!(scan.since(0).version, changes.version, "what is known is no news");
    scan.learn(0, |picture| picture.entry = Some(entry("a", 1)));
    scan.fold(0);
    let folded: Vec<_> = scan.pictures().iter().map(|picture| picture.folded).collect();
    assert_eq!(folded, [None, Some(0), Some(0)]);
}

#[test]
fn no_more_pictures_are_taken_than_there_may_be() {
    let scan = running();
    let taken =
        (0..5).filter_map(|_| scan.add(3, |number| picture(number, "http://a.example/1.jpg"))).collect::<Vec<_>>();
    assert_eq!((taken, scan.head().found), (vec![0, 1, 2], 3));
}

#[test]
fn origins_are_those_of_the_web_and_a_hundred_at_most() {
    let scan = running();
    for url in ["https://b.example/1", "http://a.example:81/1", "data:image/gif;base64,AA", "https://b.example:443/2"] {
        add(&scan, url);
    }
    assert_eq!(scan.origins(), ["http://a.example:81", "https://b.example"]);
    for number in 0..200 {
        add(&scan, &format!("https://c{number}.example/"));
    }
    let origins = scan.origins();
    assert!(origins.len() == 100 && origins.is_sorted() && origins.contains(&"https://b.example".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn w09_a_scan_that_nobody_looks_at_any_more_is_stopped_within_a_second() {
    let scan = running();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!scan.is_cancelled(), "nobody has looked: a visitor without scripts loads the page again");
    let (one, other) = (scan.watch(), scan.watch());
    drop(one);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!scan.is_cancelled(), "somebody looks");
    drop(other);
    tokio::time::timeout(Duration::from_millis(999), scan.cancelled()).await.expect("stopped");
}

#[tokio::test(start_paused = true)]
async fn w09_a_page_that_is_loaded_anew_does_not_stop_its_scan() {
    let scan = running();
    let page = scan.watch();
    drop(page);
    tokio::time::sleep(LINGER / 2).await;
    scan.expect_watcher(Duration::from_secs(10));
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(!scan.is_cancelled(), "the page is on its way");
    let page = scan.watch();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!scan.is_cancelled(), "it has come");
    // it has come, so that nobody is expected any more
    drop(page);
    tokio::time::timeout(Duration::from_millis(999), scan.cancelled()).await.expect("stopped");
}

#[tokio::test(start_paused = true)]
async fn w09_a_page_that_was_asked_for_and_never_came_stops_its_scan() {
    let scan = running();
    let page = scan.watch();
    scan.expect_watcher(Duration::from_secs(10));
    drop(page);
    tokio::time::sleep(Duration::from_millis(9_900)).await;
    assert!(!scan.is_cancelled());
    tokio::time::timeout(Duration::from_millis(200), scan.cancelled()).await.expect("stopped");
}

#[tokio::test(start_paused = true)]
async fn a_scan_that_waits_for_its_turn_ends_at_once_when_it_is_stopped() {
    let scan = scan();
    drop(scan.watch());
    tokio::time::sleep(LINGER * 2).await;
    assert_eq!(scan.head().phase, Phase::Ended(End::Cancelled));
    assert!(!scan.begin());
}
