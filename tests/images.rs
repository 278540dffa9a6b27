//! What can be wrong with a photograph, and what its item says of it then.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use dragline_replica::kodak::{Fault, Options, photo, photo_url};
use dragline_tests::{Album, Ended, Scene, stem};
use serde_json::Value;

/// The entry of a photograph in its item.
fn image(ended: &Ended, index: usize) -> &Value {
    let url = photo_url(index);
    let item = ended.items.iter().find(|item| item["image_urls"][0] == url.as_str());
    &item.expect("an item for every photograph")["images"][0]
}

#[test]
fn a_photograph_that_is_none_is_in_its_item_with_the_reason_and_never_in_the_store() {
    let faults = BTreeMap::from([
        (3, Fault::NotFound),
        (5, Fault::ErrorOnce),
        (7, Fault::Truncated),
        (11, Fault::Cut),
        (13, Fault::Html),
    ]);
    let (album, scene) = (Album::start(Options { photos: 60, faults, ..Options::default() }), Scene::new());
    let ended = album.crawl(&scene, &[]);
    ended.expect_code(0);
    assert_eq!(ended.items.len(), 60, "no item is lost for its photograph");
    for (index, reason) in [(3, "http_status"), (7, "incomplete_body"), (11, "image_truncated"), (13, "not_an_image")] {
        let image = image(&ended, index);
        assert_eq!((&image["status"], &image["reason"]), (&"failed".into(), &reason.into()), "{image}");
        assert!(image["path"].is_null() && image["detail"].is_string());
        assert_eq!(ended.count(&format!("file_failed_count/{reason}")), 1);
        assert!(ended.stderr.contains(&format!("image failed url={}", photo_url(index))), "{}", ended.stderr);
    }
    assert!(image(&ended, 3)["detail"].as_str().expect("text").contains("404"));
    assert!(image(&ended, 13)["detail"].as_str().expect("text").contains("HTML"));
    assert_eq!(image(&ended, 5)["status"], "downloaded");
    // one answer of 500, and two more attempts at what broke off
    assert_eq!(ended.count("retry/reason_count/500 Internal Server Error"), 1);
    assert_eq!(ended.count("retry/reason_count/incomplete_body"), 2);
    assert_eq!((ended.count("file_count"), ended.count("file_status_count/failed")), (56, 4));

    let names: Vec<_> = std::fs::read_dir(scene.path("photos/full")).expect("a store").flatten().collect();
    assert_eq!(names.len(), 56);
    for (index, there) in [(3, false), (5, true), (7, false), (11, false), (13, false)] {
        let path = scene.path(&format!("photos/full/{}.jpg", stem(&photo_url(index))));
        assert_eq!(path.exists(), there, "photograph {index}");
    }
}

#[test]
fn a_store_that_another_program_filled_is_taken_over_and_its_broken_files_are_not() {
    let (album, scene) = (Album::of(3), Scene::new());
    std::fs::create_dir_all(scene.path("photos/full")).expect("a folder");
    let path = |index: usize| scene.path(&format!("photos/full/{}.jpg", stem(&photo_url(index))));
    std::fs::write(path(0), photo(0)).expect("written");
    std::fs::write(path(1), b"\xff\xd8 half a file").expect("written");
    let ended = album.crawl(&scene, &[]);
    ended.expect_code(0);
    let status: Vec<&Value> = (0..3).map(|index| &image(&ended, index)["status"]).collect();
    assert_eq!(status, ["uptodate", "downloaded", "downloaded"]);
    assert_eq!(std::fs::read(path(1)).expect("the file"), photo(1));
}

#[test]
fn what_is_large_goes_through_a_file_and_what_is_too_large_is_refused() {
    let (album, scene) = (Album::of(5), Scene::new());
    let ended = album.crawl(&scene, &["-s", "pipelines.images.spill=1 KiB"]);
    ended.expect_code(0);
    assert_eq!(ended.count("file_status_count/downloaded"), 5);
    assert_eq!(
        std::fs::read(scene.path(&format!("photos/full/{}.jpg", stem(&photo_url(4))))).expect("a file"),
        photo(4)
    );

    let ended = album.crawl(&scene, &["-s", "pipelines.images.store=small", "-s", "pipelines.images.max_body=10 KiB"]);
    ended.expect_code(0);
    assert_eq!(ended.count("file_failed_count/too_large"), 5);
    let detail = image(&ended, 0)["detail"].as_str().expect("text");
    assert!(detail.contains("is over `pipelines.images.max_body` = 10.0 KiB"), "{detail}");

    let ended =
        album.crawl(&scene, &["-s", "pipelines.images.store=tiny", "-s", "pipelines.images.limits.max_side=100"]);
    assert_eq!(ended.count("file_failed_count/image_too_large"), 5);
}

#[test]
fn the_checksum_can_be_that_of_scrapy() {
    let (album, scene) = (Album::of(1), Scene::new());
    let ended = album.crawl(&scene, &["-s", "pipelines.images.checksum=md5"]);
    assert_eq!(image(&ended, 0)["checksum"].as_str().map(str::len), Some(32));
    let ended = album.crawl(&scene, &[]);
    let checksum: String = image(&ended, 0)["checksum"].as_str().expect("a checksum").to_owned();
    use sha1::{Digest, Sha1};
    let expected: String = Sha1::digest(photo(0)).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(checksum, expected);
}

#[test]
fn two_crawls_share_a_store_and_neither_takes_anything_from_the_other() {
    let album =
        Album::start(Options { photos: 200, latency: std::time::Duration::from_millis(1), ..Options::default() });
    let (first, second) = (Scene::new(), Scene::new());
    let shared = Scene::new();
    let store = format!("pipelines.images.store={:?}", shared.path("photos").display().to_string());
    let running = [&first, &second].map(|scene| album.begin(scene, &["-s", &store]));
    for (child, scene) in running.into_iter().zip([&first, &second]) {
        let ended = scene.ended(&child.wait_with_output().expect("it ends"));
        ended.expect_code(0);
        assert_eq!((ended.items.len(), ended.count("file_count")), (200, 200), "{:#}", ended.report);
    }
    dragline_tests::nothing_half_done(&shared.path("photos"));
}

#[test]
fn a_store_that_is_gone_ends_the_crawl() {
    let album =
        Album::start(Options { photos: 480, latency: std::time::Duration::from_millis(20), ..Options::default() });
    let scene = Scene::new();
    let running = album.begin(&scene, &[]);
    dragline_tests::wait_until("a photograph", || album.originals_asked() > 20);
    // a photograph that comes in at this moment may stand in the way
    dragline_tests::wait_until("an empty place", || std::fs::remove_dir_all(scene.path("photos")).is_ok());
    let ended = scene.ended(&running.wait_with_output().expect("it ends"));
    ended.expect_code(6);
    assert_eq!(ended.report["finish_reason"], "disk_failed");
    assert!(ended.stderr.contains("cannot be used as the image store"), "{}", ended.stderr);
    assert!(album.originals_asked() < 400, "the rest was not fetched: {}", album.originals_asked());
}
