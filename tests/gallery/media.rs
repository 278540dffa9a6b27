//! Copies: what a page elsewhere has sent is never more than a picture here.

use dragline_replica::hotlink::Hotlink;
use serde_json::Value;

use crate::run::Running;

/// The pictures of a page, by the API.
pub(crate) fn pictures(gallery: &Running, url: &str) -> Vec<Value> {
    let body = serde_json::json!({ "url": url }).to_string();
    let answer = gallery.send("POST", "/api/scans", &["Content-Type: application/json"], &body);
    let place = answer.header("location").unwrap_or_else(|| panic!("{answer:?}")).to_owned();
    loop {
        let scan = gallery.send("GET", &place, &[], "").json();
        if !matches!(scan["state"].as_str(), Some("queued" | "running")) {
            assert_eq!(scan["state"], "finished", "{scan}");
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let images = gallery.send("GET", &format!("{place}/images"), &[], "").json();
    images["images"].as_array().expect("a list").clone()
}

fn path<'a>(picture: &'a Value, field: &str) -> Option<&'a str> {
    picture.get(field).and_then(Value::as_str)
}

#[test]
fn w05_copies_are_pictures_in_a_sandbox_by_their_bytes() {
    let sites = Hotlink::start(Default::default()).expect("the sites start");
    let gallery = Running::start(&[]);
    let pictures = pictures(&gallery, &sites.exhibit("kinds"));
    let (mut shown, mut saved) = (0, 0);
    for picture in &pictures {
        for field in ["copy", "thumb", "download"] {
            let Some(path) = path(picture, field) else { continue };
            let answer = gallery.send("GET", path, &[], "");
            assert_eq!(answer.status, 200, "{path}");
            let kind = answer.header("content-type").expect("a type").to_owned();
            let disposition = answer.header("content-disposition").expect("a disposition").to_owned();
            if field == "download" {
                assert!(disposition.starts_with("attachment; filename="), "{disposition}");
                saved += 1;
            } else {
                assert!(kind.starts_with("image/") && !kind.contains("svg"), "{picture}");
                assert!(disposition.starts_with("inline; filename="), "{disposition}");
                shown += 1;
            }
            assert_eq!(answer.header("content-security-policy"), Some("sandbox; default-src 'none'"));
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            for upstream in ["etag", "last-modified", "set-cookie", "server", "link", "refresh"] {
                assert_eq!(answer.header(upstream), None, "{path}");
            }
            let length: usize = answer.header("content-length").expect("a length").parse().expect("a number");
            assert_eq!(answer.body.len(), length);
            let head = gallery.send("HEAD", path, &[], "");
            assert_eq!(
                (head.status, head.header("content-length"), head.body.len()),
                (200, answer.header("content-length"), 0)
            );
        }
    }
    assert!(shown >= 6 && saved >= 6, "{shown} {saved}: {pictures:?}");
}

#[test]
fn w05_a_drawing_that_could_run_is_saved_and_not_shown() {
    let sites = Hotlink::start(Default::default()).expect("the sites start");
    let gallery = Running::start(&[]);
    let pictures = pictures(&gallery, &sites.exhibit("kinds"));
    let drawing = pictures.iter().find(|picture| picture["mime"] == "image/svg+xml").expect("an SVG is kept");
    assert_eq!(path(drawing, "copy"), None);
    let saved = path(drawing, "download").expect("it can be saved");
    // whoever leaves `?download` out has it as an attachment all the same
    for path in [saved, saved.trim_end_matches("?download")] {
        let answer = gallery.send("GET", path, &[], "");
        assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
        assert!(answer.header("content-disposition").is_some_and(|how| how.starts_with("attachment")), "{answer:?}");
    }
}

#[test]
fn w06_a_name_leads_to_one_copy_of_one_session() {
    let sites = Hotlink::start(Default::default()).expect("the sites start");
    let gallery = Running::start(&[]);
    let pictures = pictures(&gallery, &sites.exhibit("plain"));
    let copies: Vec<&str> = pictures.iter().filter_map(|picture| path(picture, "copy")).collect();
    let [first, second, ..] = copies[..] else { panic!("two copies: {pictures:?}") };
    let status = |path: &str| gallery.send("GET", path, &[], "").status;
    assert_eq!(status(first), 200);
    let seal = |path: &str| path.rsplit_once('.').expect("a seal").1.to_owned();
    let turned = if first.ends_with('0') { "1" } else { "0" };
    for wrong in [
        first.replace(&seal(first), &seal(second)),
        first.replace("/copies/", "/thumbs/"),
        format!("{}{turned}", &first[..first.len() - 1]),
        first[..first.len() - 2].to_owned(),
        first.replace(&seal(first), ""),
        format!("{first}/.."),
        format!("{first}?url=http://evil.example/"),
    ] {
        // a query adds nothing and takes nothing
        let expected = if wrong.contains("?url=") { 200 } else { 404 };
        assert_eq!(status(&wrong), expected, "{wrong}");
    }
    // another session
    gallery.get("/");
    assert_eq!(gallery.visit("GET", first, &[], "").status, 404);
    // gone with its scan
    let id = first.trim_start_matches("/copies/").split('.').next().expect("a scan");
    assert_eq!(gallery.send("DELETE", &format!("/api/scans/{id}"), &[], "").status, 204);
    assert_eq!(status(first), 404);
}

#[test]
fn w06_no_route_takes_a_url() {
    let gallery = Running::start(&[]);
    for path in [
        "/copies/http://evil.example/a.jpg",
        "/copies/http%3A%2F%2Fevil.example%2Fa.jpg",
        "/copies/?url=http://evil.example/a.jpg",
        "/thumbs/?url=http://evil.example/a.jpg",
        "/?url=http://evil.example/a.jpg",
        "/img?url=http://evil.example/a.jpg",
        "/proxy?url=http://evil.example/a.jpg",
    ] {
        let answer = gallery.send("GET", path, &[], "");
        assert!(
            answer.status == 404 || answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")),
            "{path}"
        );
    }
    assert_eq!(gallery.send("GET", "/api/scans", &[], "").json()["scans"].as_array().map(Vec::len), Some(0));
}
