//! Downloads that break off: they go on where they broke, and nothing is joined that does not belong together.

use dragline_replica::faults::Faults;
use dragline_tests::depot::Depot;
use dragline_tests::faulty::faults;
use dragline_tests::{Scene, dragline};
use serde_json::json;

use crate::{all, sha1};

const SIZE: usize = 300_000;
const FILES: [&str; 6] =
    ["-s", "pipelines.order=['files']", "-s", "middlewares.retry.times=2", "-s", "middlewares.retry.backoff=10ms"];

/// The bytes that the faults' server has whole.
fn whole(faults: &Faults) -> String {
    let output = dragline().args(["fetch", &faults.at(&format!("/range/{SIZE}"))]).output().expect("the binary runs");
    assert_eq!(output.stdout.len(), SIZE);
    sha1(&output.stdout)
}

#[test]
fn h19_a_download_that_breaks_off_goes_on_where_it_broke() {
    let (depot, faults) = (Depot::start(), faults());
    let whole = whole(&faults);
    for (kind, spill) in [("cut", "1 MiB"), ("cut", "1 KiB"), ("ignored", "1 MiB")] {
        let scene = Scene::new();
        let url = faults.at(&format!("/range/{SIZE}/{kind}"));
        let spill = format!("pipelines.files.spill={spill}");
        let more = [&FILES[..], &["-s", &spill]].concat();
        let ended = depot.crawl(&scene, &json!([{ "file_urls": [url] }]), &more);
        ended.expect_code(0);
        let entry = &ended.items[0]["files"][0];
        assert_eq!(
            (&entry["status"], entry["checksum"].as_str()),
            (&"downloaded".into(), Some(whole.as_str())),
            "{kind}"
        );
        assert_eq!(ended.count("downloader/resumed_count"), u64::from(kind == "cut"), "{kind}");
        assert_eq!(ended.count("retry/count"), 1, "{kind}");
    }
}

#[test]
fn h19_what_does_not_go_on_where_it_broke_is_never_joined() {
    let (depot, faults) = (Depot::start(), faults());
    for kind in ["other", "changed", "refused"] {
        let scene = Scene::new();
        let url = faults.at(&format!("/range/{SIZE}/{kind}"));
        let ended = depot.crawl(&scene, &json!([{ "file_urls": [url] }]), &FILES);
        assert_eq!(ended.items[0]["files"][0]["reason"], "incomplete_body", "{kind}");
        assert_eq!(ended.count("downloader/resumed_count"), 0, "{kind}");
        dragline_tests::nothing_half_done(&scene.path("files"));
    }
    let scene = Scene::new();
    let url = faults.at(&format!("/range/{SIZE}/unasked"));
    let ended = depot.crawl(&scene, &json!([{ "file_urls": [url] }]), &FILES);
    assert_eq!(
        ended.items[0]["files"][0]["status"],
        "failed",
        "a part that nobody asked for: {:?}",
        all(&ended, "reason")
    );
}
