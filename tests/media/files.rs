//! The pipeline `files`.

use dragline_tests::Scene;
use dragline_tests::depot::{Answer, Depot};
use serde_json::json;

use crate::{all, sha1, stored};

const FILES: [&str; 2] = ["-s", "pipelines.order=[\"files\"]"];

#[test]
fn files_of_any_kind_are_kept_as_they_came_with_the_extension_of_their_bytes() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let mut large = b"%PDF-1.7 ".to_vec();
    large.resize(3_000_000, b'x');
    let urls = [
        depot.put("/a", Answer::of("text/html", "%PDF-1.7 and more")),
        depot.put("/b.bin", Answer::of("application/epub+zip", "PK\u{3}\u{4} is no more than a beginning")),
        depot.put("/c.csv", Answer::of("text/plain", "a,b\n1,2\n")),
        depot.put("/d.php", Answer::of("application/octet-stream", "<?php phpinfo(); ?>")),
        depot.put("/large.pdf", Answer::of("application/pdf", large.clone())),
        depot.put("/empty.pdf", Answer::of("application/pdf", "")),
    ];
    let ended = depot.crawl(&scene, &json!([{ "file_urls": urls }]), &FILES);
    ended.expect_code(0);
    let extensions: Vec<_> = all(&ended, "path")
        .iter()
        .map(|path| path.rsplit_once('.').map_or("-", |(_, extension)| extension).to_owned())
        .collect();
    assert_eq!(extensions, ["pdf", "epub", "csv", "-", "pdf", "-"]);
    assert_eq!(all(&ended, "reason"), ["-", "-", "-", "-", "-", "empty_content"]);
    assert_eq!(all(&ended, "path")[3], format!("full/{}", sha1(&urls[3])));
    let kept = std::fs::read(scene.path("files").join(&all(&ended, "path")[4])).expect("a file");
    assert!(kept == large, "what is large goes through a file and is whole");
    assert_eq!(all(&ended, "checksum")[4], sha1(&large));
    let notes = |index: usize| ended.items[0]["files"][index]["notes"].clone();
    assert_eq!((notes(0), notes(4)), (json!(["type_mismatch"]), json!(null)));
    assert_eq!(stored(&scene.path("files")).len(), 5);

    let again = depot.crawl(&scene, &json!([{ "file_urls": urls[..5] }]), &FILES);
    assert_eq!(all(&again, "status"), ["uptodate"; 5]);
    assert_eq!(all(&again, "path")[..5], all(&ended, "path")[..5]);
    assert_eq!(depot.count("/a"), 1);
}

#[test]
fn files_have_a_filter_of_their_own() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let urls = [
        depot.put("/a.pdf", Answer::of("application/pdf", "%PDF-1.7 and more")),
        depot.put("/b.pdf", Answer::of("application/pdf", "<html>please sign in</html>")),
        depot.put("/c.pdf", Answer::of("application/pdf", "%PDF")),
    ];
    let rules = ["-s", "pipelines.files.filter.types=[\"pdf\"]", "-s", "pipelines.files.filter.min_bytes=10 B"];
    let ended = depot.crawl(&scene, &json!([{ "file_urls": urls }]), &[&FILES[..], &rules].concat());
    ended.expect_code(0);
    assert_eq!(all(&ended, "reason"), ["-", "filtered_types", "filtered_min_bytes"]);
}
