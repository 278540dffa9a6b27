//! The API: each answer of each route is as its description says.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Mutex;

use dragline_replica::hotlink::Hotlink;
use serde_json::{Value, json};

use crate::run::{Answer, Running};

const DESCRIPTION: &str = include_str!("../../crates/gallery/openapi.json");
const JSON: &str = "Content-Type: application/json";

/// A client that holds each answer against the description.
struct Client {
    gallery: Running,
    description: Value,
    asked: Mutex<BTreeSet<String>>,
}

impl Client {
    fn start(arguments: &[&str]) -> Self {
        let description = serde_json::from_str(DESCRIPTION).expect("JSON");
        Self { gallery: Running::start(arguments), description, asked: Mutex::default() }
    }

    /// Asks for a path of a route, as the description writes it.
    fn ask(&self, method: &str, route: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        let answer = self.gallery.send(method, path, lines, body);
        self.check(method, route, &answer);
        answer
    }

    fn check(&self, method: &str, route: &str, answer: &Answer) {
        let operation = &self.description["paths"][route][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {route} is not described");
        let responses = operation["responses"].as_object().expect("responses");
        let mut response =
            responses.get(&answer.status.to_string()).unwrap_or_else(|| panic!("{method} {route}: {answer:?}"));
        if let Some(reference) = response["$ref"].as_str() {
            response = self.description.pointer(reference.trim_start_matches('#')).expect("it is there");
        }
        let kind = answer.header("content-type").unwrap_or_default();
        match response.get("content") {
            None => assert!(answer.body.is_empty(), "{answer:?}"),
            Some(content) => {
                let shape = content.get(kind).unwrap_or_else(|| panic!("{method} {route} gives `{kind}`: {answer:?}"));
                if kind.ends_with("json") {
                    self.validate(&shape["schema"], &answer.json());
                }
            }
        }
        self.asked.lock().expect("no panic").insert(format!("{} {route} {}", method.to_lowercase(), answer.status));
    }

    fn validate(&self, schema: &Value, value: &Value) {
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [schema],
            "components": self.description["components"],
        });
        let validator = jsonschema::validator_for(&whole).expect("a schema");
        let errors: Vec<String> =
            validator.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?}: {value}");
    }

    fn begin(&self, body: &Value) -> Answer {
        self.ask("POST", "/api/scans", "/api/scans", &[JSON], &body.to_string())
    }

    fn finished(&self, place: &str) -> Value {
        loop {
            let scan = self.ask("GET", "/api/scans/{id}", place, &[], "").json();
            if !matches!(scan["state"].as_str(), Some("queued" | "running")) {
                return scan;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

#[test]
fn every_answer_of_every_route_is_described() {
    let sites = Hotlink::start(Default::default()).expect("the sites start");
    let client = Client::start(&[]);
    let described = client.ask("GET", "/api/openapi.json", "/api/openapi.json", &[], "").json();
    assert_eq!(described["openapi"], "3.1.0");

    let begun = client.begin(&json!({ "url": sites.all(), "css": true, "depth": 0 }));
    assert_eq!(begun.status, 202);
    let place = begun.header("location").expect("a place").to_owned();
    let scan = client.finished(&place);
    assert_eq!(scan["state"], "finished", "{scan}");
    let list = client.ask("GET", "/api/scans", "/api/scans", &[], "").json();
    assert_eq!(list["scans"][0]["id"], scan["id"]);
    let images = client.ask("GET", "/api/scans/{id}/images", &format!("{place}/images"), &[], "").json();
    let images = images["images"].as_array().expect("a list");
    assert_eq!(images.len() as u64, scan["found"].as_u64().expect("a number"));
    assert!(
        images.iter().any(|image| image["verdict"] == "open")
            && images.iter().any(|image| image["verdict"] == "referer")
    );
    for (number, listed) in images.iter().enumerate() {
        let route = "/api/scans/{id}/images/{number}";
        let image = client.ask("GET", route, &format!("{place}/images/{number}"), &[], "").json();
        assert_eq!(image, *listed);
    }
    let zip = client.ask("GET", "/api/scans/{id}/zip", &format!("{place}/zip"), &[], "");
    assert_eq!((zip.status, &zip.body[..2]), (200, &b"PK"[..]));

    // what is not there, and what makes no sense
    for (route, path) in [
        ("/api/scans/{id}", "/api/scans/0"),
        ("/api/scans/{id}/images", "/api/scans/0/images"),
        ("/api/scans/{id}/events", "/api/scans/0/events"),
        ("/api/scans/{id}/zip", "/api/scans/0/zip"),
        ("/api/scans/{id}/images/{number}", "/api/scans/0/images/0"),
        ("/api/scans/{id}/images/{number}", &format!("{place}/images/99999")),
    ] {
        assert_eq!(client.ask("GET", route, path, &[], "").status, 404, "{path}");
    }
    let route = "/api/scans/{id}/images/{number}";
    assert_eq!(client.ask("GET", route, &format!("{place}/images/x"), &[], "").status, 400);
    assert_eq!(client.ask("GET", "/api/scans/{id}/zip", &format!("{place}/zip?n=x"), &[], "").status, 400);
    let foreign = "Origin: http://evil.example";
    for (method, route, path) in [
        ("GET", "/api/openapi.json", "/api/openapi.json"),
        ("GET", "/api/scans", "/api/scans"),
        ("POST", "/api/scans", "/api/scans"),
        ("GET", "/api/scans/{id}", &*place),
        ("DELETE", "/api/scans/{id}", &*place),
        ("PUT", "/fetch-images", "/fetch-images"),
    ] {
        assert_eq!(client.ask(method, route, path, &[foreign, JSON], "").status, 403, "{path}");
    }
    for (method, route) in [("POST", "/api/scans"), ("PUT", "/fetch-images")] {
        assert_eq!(client.ask(method, route, route, &["Content-Type: text/plain"], "{}").status, 415);
        assert_eq!(client.ask(method, route, route, &[JSON], &"a".repeat(70_000)).status, 413);
        assert_eq!(client.ask(method, route, route, &[JSON], "{").status, 400);
    }
    assert_eq!(client.ask("DELETE", "/api/scans/{id}", &place, &[], "").status, 204);
    assert_eq!(client.ask("DELETE", "/api/scans/{id}", &place, &[], "").status, 404);

    // each route was asked, and has given what it is there for
    let asked = client.asked.lock().expect("no panic").clone();
    for (route, methods) in client.description["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys().filter(|method| *method != "parameters") {
            let is_asked = asked.iter().any(|it| it.starts_with(&format!("{method} {route} ")));
            assert!(is_asked, "{method} {route} was not asked: {asked:?}");
        }
    }
}

#[test]
fn w12_what_is_not_an_option_is_refused_by_its_name() {
    let client = Client::start(&[]);
    for (name, value) in [
        ("store", json!("/tmp/x")),
        ("folder", json!("/tmp/x")),
        ("proxy", json!("http://evil.example/")),
        ("headers", json!({ "Cookie": "a" })),
        ("user_agent", json!("x")),
        ("pipelines", json!({})),
        ("dialer", json!({ "policy": "open" })),
        ("arguments", json!(["--no-sandbox"])),
        ("__proto__", json!({})),
    ] {
        let answer = client.begin(&json!({ "url": "http://site.invalid/", name: value }));
        assert_eq!(answer.status, 400, "{name}");
        assert!(
            answer.json()["detail"].as_str().is_some_and(|detail| detail.contains(&format!("`{name}`"))),
            "{answer:?}"
        );
    }
    for (name, value) in [
        ("url", json!(1)),
        ("url", json!("")),
        ("url", json!("a".repeat(9000))),
        ("depth", json!(2)),
        ("depth", json!(-1)),
        ("depth", json!("1")),
        ("min_side", json!(100_001)),
        ("min_side", json!(1e99)),
        ("css", json!("yes")),
        ("copies", json!("never")),
        ("robots", json!(null)),
    ] {
        let mut body = json!({ "url": "http://site.invalid/" });
        body[name] = value;
        assert_eq!(client.begin(&body).status, 400, "{body}");
    }
    for body in ["", "null", "[]", "{}", "{\"url\":\"a\",\"url\":\"b\"}", "{\"url\":\"http://a.invalid/\"} x"] {
        assert_eq!(client.ask("POST", "/api/scans", "/api/scans", &[JSON], body).status, 400, "{body}");
    }
    let asked = client.ask(
        "PUT",
        "/fetch-images",
        "/fetch-images",
        &[JSON],
        r#"{"base_url": "http://a.invalid/", "path": "/"}"#,
    );
    assert!(asked.status == 400 && asked.text().contains("`path`"), "{asked:?}");
    assert_eq!(client.ask("GET", "/api/scans", "/api/scans", &[], "").json()["scans"], json!([]));
}

#[test]
fn too_many_scans_are_told_when_to_come_again() {
    let client = Client::start(&["-s", "gallery.scans_per_minute=2"]);
    let body = json!({ "url": "http://site.invalid/" });
    let statuses = [(); 3].map(|()| client.begin(&body).status);
    assert_eq!(statuses, [202, 202, 429]);
    let wait = client.begin(&body).header("retry-after").and_then(|wait| wait.parse::<u64>().ok());
    assert!(wait.is_some_and(|wait| (1..=60).contains(&wait)), "{wait:?}");
}

#[test]
fn events_tell_all_and_go_on_where_somebody_has_left_off() {
    let sites = Hotlink::start(Default::default()).expect("the sites start");
    let client = Client::start(&[]);
    let begun = client.begin(&json!({ "url": sites.exhibit("plain") })).json();
    let path = begun["links"]["events"].as_str().expect("a path").to_owned();
    let answer = client.ask("GET", "/api/scans/{id}/events", &path, &[], "");
    let events = events(&answer.text());
    let (last, before) = events.split_last().expect("events");
    assert_eq!(last.0, "end");
    client.validate(&json!({ "$ref": "#/components/schemas/Scan" }), &last.1);
    let mut images = BTreeSet::new();
    for (name, data, _) in before {
        match name.as_str() {
            "scan" => client.validate(&json!({ "$ref": "#/components/schemas/Scan" }), data),
            "image" => {
                client.validate(&json!({ "$ref": "#/components/schemas/Image" }), data);
                images.insert(data["number"].as_u64());
            }
            other => panic!("an event `{other}`"),
        }
    }
    assert_eq!(images.len() as u64, last.1["found"].as_u64().expect("a number"));
    let id = last.2.clone().expect("the last one has a number");
    let again = client.ask("GET", "/api/scans/{id}/events", &path, &[&format!("Last-Event-ID: {id}")], "").text();
    assert_eq!(self::events(&again).len(), 1, "nothing but the end: {again}");
    for odd in ["x", "-1", "99999999999999999999", "1000000"] {
        let all = client.ask("GET", "/api/scans/{id}/events", &path, &[&format!("Last-Event-ID: {odd}")], "").text();
        assert_eq!(self::events(&all).iter().filter(|(name, ..)| name == "image").count(), images.len(), "{odd}");
    }
}

/// Name, data and number of each event.
fn events(text: &str) -> Vec<(String, Value, Option<String>)> {
    let of = |block: &str, field: &str| {
        block.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(": ").map(str::to_owned))
    };
    let blocks = text.split("\n\n").filter(|block| block.contains("data:"));
    blocks
        .map(|block| {
            let data = serde_json::from_str(&of(block, "data").expect("data")).expect("JSON");
            (of(block, "event").expect("a name"), data, of(block, "id"))
        })
        .collect()
}

#[test]
fn who_leaves_the_events_takes_the_scan_along() {
    let sites = Hotlink::start(dragline_replica::hotlink::Options {
        latency: std::time::Duration::from_secs(2),
        ..Default::default()
    });
    let sites = sites.expect("the sites start");
    let client = Client::start(&["-s", "gallery.linger='100ms'"]);
    let begun = client.begin(&json!({ "url": sites.all() }));
    let place = begun.header("location").expect("a place").to_owned();
    let mut stream = client.gallery.connect();
    let head = format!("GET {place}/events HTTP/1.1\r\nHost: {}\r\n\r\n", client.gallery.address);
    stream.write_all(head.as_bytes()).expect("sent");
    std::io::Read::read(&mut stream, &mut [0; 16]).expect("it begins");
    drop(stream);
    assert_eq!(client.finished(&place)["state"], "cancelled");
}

#[test]
fn the_seeds_clients_have_urls_that_can_be_shown() {
    let sites = Hotlink::start(Default::default()).expect("the sites start");
    let client = Client::start(&[]);
    let body = json!({ "base_url": sites.all() }).to_string();
    let answer = client.ask("PUT", "/fetch-images", "/fetch-images", &[JSON], &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    let urls: Vec<String> = serde_json::from_slice(&answer.body).expect("URLs");
    let here = format!("http://{}/copies/", client.gallery.address);
    let (own, remote): (Vec<&String>, Vec<&String>) = urls.iter().partition(|url| url.starts_with(&here));
    assert!(!own.is_empty() && !remote.is_empty(), "{urls:?}");
    assert!(remote.iter().all(|url| url.contains(".localhost")), "{urls:?}");
    for url in own {
        let path = url.split_once(&client.gallery.address).expect("our own").1;
        let copy = client.gallery.send("GET", path, &[], "");
        assert_eq!(copy.status, 200, "{url}");
    }
    let failed =
        client.ask("PUT", "/fetch-images", "/fetch-images", &[JSON], r#"{"base_url": "http://site.invalid/"}"#);
    assert_eq!(failed.status, 502);
}

#[test]
fn passwords_in_urls_are_not_told() {
    let client = Client::start(&[]);
    let begun = client.begin(&json!({ "url": "http://me:hunter2@site.invalid/?a=b" }));
    let place = begun.header("location").expect("a place").to_owned();
    let scan = client.finished(&place);
    for text in [begun.text(), scan.to_string()] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
