//! Ctrl-C: once, twice, and what is left behind.
#![cfg(unix)]
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::{Duration, Instant};

use dragline_replica::kodak::Options;
use dragline_tests::{Album, Scene, nothing_half_done, signal, wait_until};

fn slow_album() -> Album {
    Album::start(Options { photos: 480, latency: Duration::from_millis(40), ..Options::default() })
}

#[test]
fn the_first_signal_lets_what_is_under_way_end_and_the_next_run_goes_on_from_the_store() {
    let (album, scene) = (slow_album(), Scene::new());
    let running = album.begin(&scene, &[]);
    wait_until("a photograph", || album.originals_asked() > 20);
    signal(&running, "INT");
    let ended = scene.ended(&running.wait_with_output().expect("it ends"));
    ended.expect_code(11);
    assert_eq!(ended.report["finish_reason"], "shutdown");
    assert!(ended.stderr.contains("stopping: what is under way may end within 30s"), "{}", ended.stderr);
    assert!(ended.stderr.contains("stopped: ") && ended.stderr.contains("are not fetched again"), "{}", ended.stderr);
    let kept = ended.count("file_status_count/downloaded");
    assert!((1..480).contains(&kept), "{kept}");
    assert!(ended.count("requests/pending") > 0);
    assert_eq!(ended.items.len() as u64, kept, "what was fetched is in the feed");
    let files: Vec<_> = std::fs::read_dir(scene.path("photos/full")).expect("a store").flatten().collect();
    assert_eq!(files.len() as u64, kept);
    for file in files {
        image::open(file.path()).expect("a whole photograph");
    }

    let ended = album.crawl(&scene, &[]);
    ended.expect_code(0);
    assert_eq!(ended.count("file_status_count/uptodate"), kept);
    assert_eq!(ended.count("file_status_count/downloaded"), 480 - kept);
}

#[test]
fn the_second_signal_ends_it_within_a_second_and_leaves_no_half_file() {
    let (album, scene) = (slow_album(), Scene::new());
    let mut running = album.begin(&scene, &[]);
    wait_until("a photograph", || album.originals_asked() > 20);
    signal(&running, "TERM");
    signal(&running, "INT");
    let begin = Instant::now();
    // two signals that come together may be taken for one
    while running.try_wait().expect("a state").is_none() && begin.elapsed() < Duration::from_secs(20) {
        signal(&running, "INT");
        std::thread::park_timeout(Duration::from_millis(100));
    }
    let output = running.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(13), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    nothing_half_done(&scene.path("photos/full"));
    for file in std::fs::read_dir(scene.path("photos/full")).expect("a store").flatten() {
        image::open(file.path()).expect("a whole photograph");
    }
    // the next run clears up
    album.crawl(&scene, &[]).expect_code(0);
    nothing_half_done(&scene.path("photos"));
}

#[test]
fn a_kill_leaves_whole_files_and_whole_lines() {
    let (album, scene) = (slow_album(), Scene::new());
    let mut running = album.begin(&scene, &[]);
    wait_until("a photograph", || album.originals_asked() > 60);
    running.kill().expect("killed");
    running.wait().expect("gone");
    for file in std::fs::read_dir(scene.path("photos/full")).expect("a store").flatten() {
        image::open(file.path()).expect("a whole photograph");
    }
    let ended = album.crawl(&scene, &[]);
    ended.expect_code(0);
    assert_eq!(ended.items.len(), 480);
    nothing_half_done(&scene.path("photos"));
}
