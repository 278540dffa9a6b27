//! What is made of pictures, if that is asked for, and what is refused.

use dragline_tests::Scene;
use dragline_tests::depot::{Answer, Depot};
use image::{GenericImageView, ImageFormat};
use serde_json::{Value, json};

use crate::{all, entries, jpeg, picture, sha1, stored, transparent};

#[test]
fn a_picture_stays_as_it_came_unless_a_change_is_asked_for() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let png = picture(ImageFormat::Png, 60, 30, 1);
    let items = json!([{"image_urls": [depot.put("/1.png", Answer::of("image/png", png.clone()))]}]);
    let ended = depot.crawl(&scene, &items, &[]);
    ended.expect_code(0);
    let path = all(&ended, "path")[0].clone();
    assert_eq!(path, format!("full/{}.png", sha1(depot.at("/1.png"))));
    assert_eq!(std::fs::read(scene.path("images").join(path)).expect("a file"), png);

    let convert = ["-s", "pipelines.images.convert=jpeg:85", "-s", "pipelines.images.max_side=20"];
    let ended = depot.crawl(&scene, &items, &convert);
    ended.expect_code(0);
    let entry = &entries(&ended)[0];
    assert_eq!(entry["path"], format!("full/{}.jpg", sha1(depot.at("/1.png"))), "a PNG is not what was asked for");
    assert_eq!((&entry["width"], &entry["height"], &entry["mime"]), (&20.into(), &10.into(), &"image/jpeg".into()));
    let bytes = std::fs::read(scene.path("images").join(entry["path"].as_str().expect("a path"))).expect("a file");
    assert_eq!(entry["checksum"], sha1(&bytes), "the checksum is that of what is kept");
    assert_eq!(image::load_from_memory(&bytes).expect("a picture").dimensions(), (20, 10));
}

#[test]
fn what_is_transparent_is_laid_on_the_background() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let items = json!([{"image_urls": [depot.put("/1.png", Answer::of("image/png", transparent(16, 16)))]}]);
    for (background, expected) in [("#ffffff", [255, 255, 255]), ("#0000ff", [0, 0, 255])] {
        let (setting, store) = (format!("pipelines.images.background={background}"), &background[1..]);
        let store_setting = format!("pipelines.images.store={store:?}");
        let convert = ["-s", "pipelines.images.convert=jpeg:95", "-s", &setting, "-s", &store_setting];
        let ended = depot.crawl(&scene, &items, &convert);
        ended.expect_code(0);
        let bytes = std::fs::read(scene.path(store).join(&all(&ended, "path")[0])).expect("a file");
        let pixel = image::load_from_memory(&bytes).expect("a picture").to_rgb8().get_pixel(8, 8).0;
        let distance = pixel.iter().zip(expected).map(|(is, should)| is.abs_diff(should)).max();
        assert!(distance < Some(4), "{background}: {pixel:?}");
    }
}

#[test]
fn thumbnails_are_where_scrapy_has_them_and_missing_ones_are_made_of_the_store() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let url = depot.put("/1.png", Answer::of("image/png", picture(ImageFormat::Png, 200, 100, 1)));
    let items = json!([{ "image_urls": [url] }]);
    let small = ["-s", "pipelines.images.thumbs.small=[50, 50]"];
    let ended = depot.crawl(&scene, &items, &small);
    ended.expect_code(0);
    let name = sha1(depot.at("/1.png"));
    let thumb = format!("thumbs/small/{name}.jpg");
    assert_eq!(entries(&ended)[0]["thumbs"], json!({ "small": thumb }));
    let side = |path: &str| image::open(scene.path("images").join(path)).expect("a thumbnail").dimensions();
    assert_eq!(side(&thumb), (50, 25));

    // one is gone, another one is wanted for the first time, and one would be larger than its picture
    std::fs::remove_file(scene.path("images").join(&thumb)).expect("removed");
    let more = [
        &small[..],
        &["-s", "pipelines.images.thumbs.big={ width = 100, height = 100 }"],
        &["-s", "pipelines.images.thumbs.huge=[900, 900]"],
    ];
    let ended = depot.crawl(&scene, &items, &more.concat());
    ended.expect_code(0);
    assert_eq!(all(&ended, "status"), ["uptodate"]);
    assert_eq!(depot.count("/1.png"), 1, "the picture was not fetched again");
    let thumbs = &entries(&ended)[0]["thumbs"];
    let sides = ["small", "big", "huge"].map(|id| side(thumbs[id].as_str().expect("a path")));
    assert_eq!(sides, [(50, 25), (100, 50), (200, 100)]);
}

#[test]
fn what_a_filter_refuses_is_in_its_item_with_the_rule() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let pictures = [("/wide", jpeg(300, 20, 1)), ("/small", jpeg(20, 20, 2)), ("/fine", jpeg(120, 100, 3))];
    let mut urls: Vec<_> =
        pictures.into_iter().map(|(path, bytes)| depot.put(path, Answer::of("image/jpeg", bytes))).collect();
    urls.push(depot.put("/png", Answer::of("image/png", picture(ImageFormat::Png, 120, 100, 4))));
    let rules = [
        "-s",
        "pipelines.images.filter.min_width=100",
        "-s",
        "pipelines.images.filter.max_aspect=4.0",
        "-s",
        "pipelines.images.filter.types=[\"jpeg\"]",
    ];
    let ended = depot.crawl(&scene, &json!([{ "image_urls": urls }]), &rules);
    ended.expect_code(0);
    assert_eq!(all(&ended, "reason"), ["filtered_max_aspect", "filtered_min_width", "-", "filtered_types"]);
    for reason in ["filtered_max_aspect", "filtered_min_width", "filtered_types"] {
        assert_eq!(ended.count(&format!("file_failed_count/{reason}")), 1, "{:#}", ended.report);
    }
    assert_eq!((ended.count("file_count"), stored(&scene.path("images")).len()), (1, 1));
}

#[test]
fn what_the_first_kilobytes_refuse_is_not_fetched_to_its_end() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let mut page = b"<!doctype html><title>Not found</title>".to_vec();
    page.resize(3_000_000, b' ');
    let mut small = picture(ImageFormat::Png, 16, 16, 1);
    // a chunk that nobody knows, behind the header
    let mut padding = 3_000_000_u32.to_be_bytes().to_vec();
    padding.extend_from_slice(b"paDd");
    padding.resize(3_000_012, 0);
    small.splice(33..33, padding);
    let urls =
        [depot.put("/page.jpg", Answer::of("image/jpeg", page)), depot.put("/small", Answer::of("image/png", small))];
    let ended = depot.crawl(&scene, &json!([{ "image_urls": urls }]), &["-s", "pipelines.images.filter.min_width=100"]);
    ended.expect_code(0);
    assert_eq!(all(&ended, "reason"), ["not_an_image", "filtered_min_width"]);
    assert!(ended.count("downloader/response_bytes") < 2_000_000, "{:#}", ended.report);
}

#[test]
fn i07_and_i08_what_is_odd_is_kept_and_noted() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let mut polyglot = picture(ImageFormat::Gif, 8, 8, 1);
    polyglot.extend_from_slice(b"/*<script>alert(1)</script>*/");
    let urls = [
        depot.put("/a.gif", Answer::of("image/gif", polyglot.clone())),
        depot.put("/b.jpg", Answer::of("image/jpeg", picture(ImageFormat::Png, 8, 8, 2))),
        depot.put("/c", Answer::of("text/html", jpeg(8, 8, 3))),
        depot.put("/d.JPEG", Answer::of("image/jpg; x=y", jpeg(8, 8, 4))),
        depot.put("/e", Answer::of("application/octet-stream", jpeg(8, 8, 5))),
    ];
    let ended = depot.crawl(&scene, &json!([{ "image_urls": urls }]), &[]);
    ended.expect_code(0);
    let entries = entries(&ended);
    let notes: Vec<&Value> = entries.iter().map(|entry| &entry["notes"]).collect();
    let mismatch = json!(["type_mismatch"]);
    assert_eq!(notes, [&json!(["trailing_bytes"]), &mismatch, &mismatch, &Value::Null, &Value::Null]);
    assert_eq!(entries[1]["mime"], "image/png");
    let path = entries[0]["path"].as_str().expect("a path");
    assert_eq!(std::fs::read(scene.path("images").join(path)).expect("a file"), polyglot);
}

#[test]
fn i06_a_vector_graphic_is_refused_or_kept_as_it_came() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><image href='/etc/passwd'/></svg>";
    let items = json!([{"image_urls": [depot.put("/a.svg", Answer::of("image/svg+xml", svg))]}]);
    let ended = depot.crawl(&scene, &items, &[]);
    ended.expect_code(0);
    assert_eq!(all(&ended, "reason"), ["not_an_image"]);
    let ended = depot.crawl(&scene, &items, &["-s", "pipelines.images.svg=true"]);
    ended.expect_code(0);
    assert_eq!(
        (all(&ended, "mime"), all(&ended, "status")),
        (vec!["image/svg+xml".to_owned()], vec!["downloaded".to_owned()])
    );
    assert_eq!(std::fs::read_to_string(scene.path("images").join(&all(&ended, "path")[0])).expect("a file"), svg);
}
