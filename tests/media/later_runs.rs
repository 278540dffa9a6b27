//! What a later run makes of what is there: files that are new enough, that have changed, that failed, that Scrapy left.

use dragline_store::manifest::Manifest;
use dragline_tests::Scene;
use dragline_tests::depot::{Answer, Depot};
use image::ImageFormat;
use serde_json::json;

use crate::{all, entries, jpeg, picture, sha1, stored};

const ALWAYS: [&str; 2] = ["-s", "pipelines.images.expires=0s"];

#[test]
fn what_is_new_enough_is_not_asked_for() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let items = json!([{"image_urls": [depot.put("/1.jpg", Answer::of("image/jpeg", jpeg(8, 8, 1)))]}]);
    let first = depot.crawl(&scene, &items, &[]);
    let second = depot.crawl(&scene, &items, &[]);
    second.expect_code(0);
    assert_eq!(
        (all(&first, "status"), all(&second, "status")),
        (vec!["downloaded".to_owned()], vec!["uptodate".to_owned()])
    );
    assert_eq!(depot.count("/1.jpg"), 1);
    for field in ["path", "checksum", "mime", "final_url", "fetched_at"] {
        assert_eq!(all(&first, field), all(&second, field), "{field}");
    }
    assert_eq!(entries(&first)[0]["width"], entries(&second)[0]["width"]);
    // without its manifest the store knows by the name, and by the file's own time
    let third = depot.crawl(&scene, &items, &["-s", "pipelines.images.manifest=off"]);
    assert_eq!((all(&third, "status"), depot.count("/1.jpg")), (vec!["uptodate".to_owned()], 1));
}

#[test]
fn a_server_that_says_304_is_believed_and_one_that_has_news_is_not_passed_over() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let tagged = |seed, tag: &str| Answer::of("image/jpeg", jpeg(8, 8, seed)).field("ETag", tag);
    let modified = "Tue, 01 Jun 2010 12:00:00 GMT";
    let items = json!([{"image_urls": [
        depot.put("/tagged.jpg", tagged(1, "\"one\"")),
        depot.put("/dated.jpg", Answer::of("image/jpeg", jpeg(8, 8, 2)).field("Last-Modified", modified)),
        depot.put("/plain.jpg", Answer::of("image/jpeg", jpeg(8, 8, 3))),
    ]}]);
    let first = depot.crawl(&scene, &items, &[]);
    let second = depot.crawl(&scene, &items, &ALWAYS);
    second.expect_code(0);
    assert_eq!(all(&second, "status"), ["uptodate", "uptodate", "downloaded"]);
    assert_eq!(entries(&second)[0]["http_status"], 304);
    let later = |field: &str| all(&second, field)[0] > all(&first, field)[0];
    assert!(later("fetched_at"), "its server said so just now: {} {}", first.items[0], second.items[0]);
    let asked = depot.asked();
    let conditional = asked.iter().rfind(|asked| asked.path == "/tagged.jpg").expect("asked");
    assert_eq!(conditional.fields.get("if-none-match").map(String::as_str), Some("\"one\""));

    depot.put("/tagged.jpg", tagged(77, "\"two\""));
    let third = depot.crawl(&scene, &items, &ALWAYS);
    third.expect_code(0);
    assert_eq!(all(&third, "status"), ["downloaded", "uptodate", "downloaded"]);
    let file = scene.path("images").join(&all(&third, "path")[0]);
    assert_eq!(std::fs::read(file).expect("a file"), jpeg(8, 8, 77));
}

#[test]
fn a_file_that_was_changed_behind_our_back_is_fetched_whole_and_without_a_condition() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let bytes = jpeg(8, 8, 1);
    let items = json!([{
        "image_urls": [depot.put("/1.jpg", Answer::of("image/jpeg", bytes.clone()).field("ETag", "\"one\""))]
    }]);
    let first = depot.crawl(&scene, &items, &[]);
    let file = scene.path("images").join(&all(&first, "path")[0]);
    std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("written");
    let second = depot.crawl(&scene, &items, &ALWAYS);
    second.expect_code(0);
    assert_eq!(all(&second, "status"), ["downloaded"]);
    assert_eq!(std::fs::read(&file).expect("a file"), bytes);
    assert!(depot.asked().iter().all(|asked| asked.status == 200));
}

#[test]
fn a_store_that_scrapy_filled_is_taken_over_with_its_thumbnails() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let (full, small) = (jpeg(100, 50, 1), jpeg(50, 25, 1));
    let url = depot.put("/photo.png", Answer::of("image/jpeg", full.clone()));
    let pdf = depot.put("/text.asp?x=1.pdf", Answer::of("text/html", "%PDF-1.7 of Scrapy"));
    let name = sha1(&url);
    for (path, bytes) in [
        (format!("images/full/{name}.jpg"), &full),
        (format!("images/thumbs/small/{name}.jpg"), &small),
        (format!("files/full/{}.pdf", sha1(&pdf)), &b"%PDF-1.7 of Scrapy".to_vec()),
    ] {
        let path = scene.path(&path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }
    let items = json!([{"image_urls": [url], "file_urls": [pdf]}]);
    let arguments = [
        "-s",
        "pipelines.order=['images','files']",
        "-s",
        "pipelines.images.thumbs.small=[50, 50]",
        "-s",
        "pipelines.images.checksum=md5",
    ];
    for _ in 0..2 {
        let ended = depot.crawl(&scene, &items, &arguments);
        ended.expect_code(0);
        let (image, file) = (&ended.items[0]["images"][0], &ended.items[0]["files"][0]);
        assert_eq!((&image["status"], &file["status"]), (&"uptodate".into(), &"uptodate".into()), "{image} {file}");
        assert_eq!(image["thumbs"]["small"], format!("thumbs/small/{name}.jpg"));
        assert_eq!(image["checksum"].as_str().map(str::len), Some(32));
        assert_eq!(depot.asked().len(), 0, "nothing is fetched again");
    }
    assert_eq!(std::fs::read(scene.path(&format!("images/thumbs/small/{name}.jpg"))).expect("a file"), small);
    let manifest = Manifest::open(&Manifest::beside(&scene.path("images"))).expect("a manifest");
    let visit = manifest.visit(&depot.at("/photo.png")).expect("an answer").expect("taken over");
    assert_eq!(visit.name, Some(format!("full/{name}.jpg")));
}

#[test]
fn failures_are_remembered_and_asked_for_again_if_that_is_wanted() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let items = json!([{"image_urls": [depot.at("/late.jpg")]}]);
    let first = depot.crawl(&scene, &items, &[]);
    assert_eq!(
        (all(&first, "reason"), &entries(&first)[0]["http_status"]),
        (vec!["http_status".to_owned()], &404.into())
    );
    depot.put("/late.jpg", Answer::of("image/jpeg", jpeg(8, 8, 1)));
    let second = depot.crawl(&scene, &items, &["-s", "pipelines.images.retry_failed=false"]);
    second.expect_code(0);
    assert_eq!((all(&second, "reason"), depot.count("/late.jpg")), (vec!["http_status".to_owned()], 1));
    assert!(all(&second, "detail")[0].contains("`pipelines.images.retry_failed`"));
    let third = depot.crawl(&scene, &items, &[]);
    assert_eq!((all(&third, "status"), depot.count("/late.jpg")), (vec!["downloaded".to_owned()], 2));
    // what is gone again stays in the store, and is asked for in every run
    depot.remove("/late.jpg");
    for _ in 0..2 {
        let gone = depot.crawl(&scene, &items, &ALWAYS);
        assert_eq!(all(&gone, "status"), ["failed"]);
    }
    assert_eq!(stored(&scene.path("images")).len(), 1);
}

#[test]
fn a_manifest_that_is_broken_costs_a_line_in_the_log_and_no_crawl() {
    let (depot, scene) = (Depot::start(), Scene::new());
    std::fs::create_dir(scene.path("images")).expect("a folder");
    std::fs::write(
        Manifest::beside(&scene.path("images")),
        "this is no database, and long enough to be one".repeat(100),
    )
    .expect("written");
    let items = json!([{"image_urls": [depot.put("/1.jpg", Answer::of("image/jpeg", jpeg(8, 8, 1)))]}]);
    for status in ["downloaded", "uptodate"] {
        let ended = depot.crawl(&scene, &items, &[]);
        ended.expect_code(0);
        assert_eq!(all(&ended, "status"), [status]);
        assert!(ended.stderr.contains("the manifest cannot be used"), "{}", ended.stderr);
        assert!(ended.count("manifest/error_count") > 0);
    }
}

#[test]
fn what_a_server_says_against_learning_is_recorded_or_obeyed() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let items = json!([{"image_urls": [
        depot.put("/1.jpg", Answer::of("image/jpeg", jpeg(8, 8, 1)).field("X-Robots-Tag", "noai, noimageai")),
        depot.put("/2.png", Answer::of("image/png", picture(ImageFormat::Png, 8, 8, 2)).field("TDM-Reservation", "1")),
        depot.put("/3.jpg", Answer::of("image/jpeg", jpeg(8, 8, 3)).field("X-Robots-Tag", "noindex")),
    ]}]);
    let ended = depot.crawl(&scene, &items, &[]);
    ended.expect_code(0);
    let said: Vec<_> = entries(&ended).iter().map(|entry| entry["opt_outs"].clone()).collect();
    assert_eq!(said, [json!(["noai", "noimageai"]), json!(["tdm-reservation"]), json!(["noindex"])]);
    // also what is in the store already
    for store in ["images", "other"] {
        let store = format!("pipelines.images.store={store}");
        let ended = depot.crawl(&scene, &items, &["-s", "pipelines.images.opt_outs=obey", "-s", &store]);
        ended.expect_code(0);
        assert_eq!(all(&ended, "reason"), ["opted_out", "opted_out", "-"]);
        assert_eq!(ended.count("file_failed_count/opted_out"), 2);
    }
    assert_eq!(stored(&scene.path("other")).len(), 1);
}
