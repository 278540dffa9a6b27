//! Where a picture can be had: candidates, redirects, once for all who want it.

use dragline_tests::depot::{Answer, Depot};
use dragline_tests::{Scene, odd_runner};
use serde_json::{Value, json};

use crate::{all, entries, jpeg};

#[test]
fn the_first_place_that_has_it_is_taken_and_the_entry_says_which() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let small = depot.put("/small.jpg", Answer::of("image/jpeg", jpeg(8, 8, 1)));
    let (large, page) = (depot.at("/large.jpg"), depot.put("/page.jpg", Answer::of("image/jpeg", "<html>no</html>")));
    let items = json!([{"image_urls": [
        small,
        {"url": small, "alt": "an object"},
        {"candidates": [{"url": large, "width": 900}, {"url": page}, {"url": small}], "element": "img"},
        [large, "/small.jpg"],
        [large, page],
        7,
    ]}]);
    let ended = depot.crawl(&scene, &items, &[]);
    ended.expect_code(0);
    let entries = entries(&ended);
    assert_eq!(entries.len(), 6, "as many as there were, in their order");
    let field = |name: &str| entries.iter().map(|entry| entry[name].clone()).collect::<Vec<_>>();
    assert_eq!(field("status"), ["downloaded", "uptodate", "uptodate", "uptodate", "failed", "failed"]);
    assert_eq!(field("candidate"), [Value::Null, Value::Null, json!(2), json!(1), json!(1), Value::Null]);
    assert_eq!(field("reason")[4..], ["not_an_image", "bad_url"]);
    let before = &entries[2]["before"];
    assert_eq!((&before[0]["reason"], &before[1]["reason"]), (&"http_status".into(), &"not_an_image".into()));
    assert_eq!(entries[3]["url"], "/small.jpg");
    assert_eq!(ended.count("file_fallback_count"), 4);
    for path in ["/small.jpg", "/large.jpg", "/page.jpg"] {
        assert_eq!(depot.count(path), 1, "{path} is asked for once, also if it fails");
    }

    let scene = Scene::new();
    let ended = depot.crawl(&scene, &items, &["-s", "pipelines.images.fallback=false"]);
    assert_eq!(all(&ended, "reason")[2..5], ["http_status"; 3]);
}

#[test]
fn a_url_is_fetched_once_however_many_items_want_it() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let (there, gone) = (depot.put("/1.jpg", Answer::of("image/jpeg", jpeg(8, 8, 1))), depot.at("/gone.jpg"));
    let items: Vec<Value> = (0..200).map(|_| json!({"image_urls": [there, gone]})).collect();
    let ended = depot.crawl(&scene, &items.into(), &[]);
    ended.expect_code(0);
    assert_eq!((depot.count("/1.jpg"), depot.count("/gone.jpg")), (1, 1));
    let count = |name: &str| ended.count(&format!("file_status_count/{name}"));
    assert_eq!((count("downloaded"), count("uptodate"), count("failed")), (1, 199, 200));
    // a table without room forgets, and the store knows
    let scene = Scene::new();
    let items: Vec<Value> = (0..20).map(|_| json!({"image_urls": [there]})).collect();
    let ended = depot.crawl(&scene, &items.into(), &["-s", "pipelines.images.max_known=0"]);
    assert_eq!((depot.count("/1.jpg"), ended.count("file_status_count/uptodate")), (2, 19));
}

#[test]
fn a_redirect_is_followed_and_any_success_is_one() {
    let (depot, scene) = (Depot::start(), Scene::new());
    depot.put("/there.jpg", Answer::of("image/jpeg", jpeg(8, 8, 1)));
    let url = depot.put("/here.jpg", Answer::status(302).field("Location", "/there.jpg"));
    let ended = depot.crawl(&scene, &json!([{ "image_urls": [url, "data:image/png;base64,iVBORw0KGgo="] }]), &[]);
    ended.expect_code(0);
    let entry = &entries(&ended)[0];
    assert_eq!((&entry["url"], &entry["final_url"]), (&url.into(), &depot.at("/there.jpg").into()));
    let asked = depot.asked();
    assert_eq!(asked[0].fields.get("referer"), Some(&depot.at("/items")), "as a browser on the page asks");
    assert_eq!(all(&ended, "reason")[1], "image_truncated");
}

#[test]
fn a_picture_is_asked_for_with_the_cookies_of_its_pages_jar() {
    let (depot, scene) = (Depot::start(), Scene::new());
    depot.put("/1.jpg", Answer::of("image/jpeg", jpeg(8, 8, 1)));
    let items = json!([{ "image_urls": [depot.at("/1.jpg")] }]);
    // the spider takes a jar of the name that its URL's query has
    let page = Answer::of("application/json", items.to_string()).field("Set-Cookie", "seen=yes");
    let url = format!("url={}", depot.put("/items?mine", page));
    let arguments = ["-a", &url, "-s", "pipelines.order=[\"images\"]"];
    let ended = scene.ended(&scene.of(odd_runner(), "given", &arguments).output().expect("the binary runs"));
    ended.expect_code(0);
    let asked = depot.asked();
    let picture = asked.iter().find(|asked| asked.path == "/1.jpg").expect("asked for");
    assert_eq!(picture.fields.get("cookie").map(String::as_str), Some("seen=yes"));
}
