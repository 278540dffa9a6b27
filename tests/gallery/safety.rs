//! What a page elsewhere, or whoever is not meant, can have of it: nothing.

use crate::run::Running;

/// A path of every route, and some of none.
const PATHS: [&str; 16] = [
    "/",
    "/login",
    "/scans/1",
    "/scans/1/events",
    "/scans/1/pictures/0",
    "/scans/1/zip",
    "/scans/1/links.txt",
    "/assets/gallery.css",
    "/assets/nothing",
    "/copies/1.0.ab",
    "/thumbs/1.0.ab",
    "/api/scans",
    "/api/scans/1/events",
    "/api/openapi.json",
    "/api/nothing",
    "/nothing",
];

const JSON: &str = "Content-Type: application/json";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const BODY: &str = r#"{"url": "http://site.invalid/"}"#;

#[test]
fn w03_a_foreign_host_is_refused_before_routing() {
    let gallery = Running::start(&[]);
    let port = gallery.address.rsplit_once(':').expect("a port").1.to_owned();
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "127.0.0.1:1",
        &format!("127.0.0.1.nip.io:{port}"),
        &format!("localhost.evil.example:{port}"),
        &format!("user@localhost:{port}"),
        "",
    ] {
        for path in PATHS {
            let answer = gallery.send("GET", path, &[&format!("Host: {host}")], "");
            assert_eq!(answer.status, 403, "{host} {path}");
            assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{host} {path}");
            assert!(answer.text().contains("gallery.hosts"), "{host} {path}");
        }
    }
    for host in ["localhost", "127.0.0.1", "[::1]", &format!("LocalHost:{port}"), &format!("[::1]:{port}")] {
        assert_eq!(gallery.send("GET", "/", &[&format!("Host: {host}")], "").status, 200, "{host}");
    }
}

#[test]
fn w03_there_is_one_host_and_it_is_the_one_that_is_asked() {
    let gallery = Running::start(&[]);
    let own = gallery.address.clone();
    for head in [
        format!("GET / HTTP/1.1\r\nHost: {own}\r\nHost: evil.example"),
        format!("GET / HTTP/1.1\r\nHost: evil.example\r\nHost: {own}"),
        format!("GET http://evil.example/ HTTP/1.1\r\nHost: {own}"),
        "GET / HTTP/1.0\r\nAccept: */*".to_owned(),
    ] {
        let answer = gallery.ask(&format!("{head}\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.0 403"), "{head}: {answer}");
    }
    let whole = gallery.ask(&format!("GET http://{own}/ HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n"));
    assert!(whole.starts_with("HTTP/1.1 200"), "{whole}");
}

#[test]
fn w02_a_page_elsewhere_changes_nothing_and_reads_nothing() {
    let gallery = Running::start(&[]);
    let own = format!("Origin: http://{}", gallery.address);
    let marks: [&[&str]; 7] = [
        &["Origin: http://evil.example"],
        &["Origin: null", "Sec-Fetch-Site: cross-site"],
        &["Sec-Fetch-Site: cross-site"],
        &["Sec-Fetch-Site: same-site"],
        &[&own, "Sec-Fetch-Site: cross-site"],
        &[&own, "Origin: http://evil.example"],
        &["Origin: http://localhost:1", "Sec-Fetch-Site: same-site"],
    ];
    for mark in marks {
        for (method, path, kind) in [
            ("POST", "/scans", FORM),
            ("POST", "/api/scans", JSON),
            ("POST", "/api/scans", "Content-Type: text/plain"),
            ("PUT", "/fetch-images", JSON),
            ("DELETE", "/api/scans/1", JSON),
            ("POST", "/login", FORM),
            ("OPTIONS", "/api/scans", JSON),
            ("GET", "/api/scans", JSON),
            ("GET", "/api/scans/1/events", JSON),
            ("GET", "/copies/1.0.ab", JSON),
            ("GET", "/thumbs/1.0.ab", JSON),
            ("GET", "/scans/1/events", JSON),
            ("GET", "/", JSON),
        ] {
            let mut lines = mark.to_vec();
            lines.push(kind);
            let answer = gallery.send(method, path, &lines, if method == "GET" { "" } else { BODY });
            assert_eq!(answer.status, 403, "{mark:?} {method} {path}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
            assert_eq!(answer.header("set-cookie"), None);
        }
    }
    assert_eq!(gallery.send("GET", "/api/scans", &[], "").json()["scans"].as_array().map(Vec::len), Some(0));
}

#[test]
fn w02_a_session_changes_something_with_the_token_of_its_forms_alone() {
    let gallery = Running::start(&[]);
    let token = gallery.form_token();
    let other = Running::start(&[]).form_token();
    let form = |token: &str| format!("url=http%3A%2F%2Fsite.invalid%2F&token={token}");
    for wrong in ["", &other, &token[..63], "url=x"] {
        let answer = gallery.visit("POST", "/scans", &[FORM], &form(wrong));
        assert_eq!(answer.status, 403, "{wrong}");
        let header = format!("X-Dragline-Token: {wrong}");
        assert_eq!(gallery.visit("POST", "/api/scans", &[JSON, &header], BODY).status, 403, "{wrong}");
    }
    assert_eq!(gallery.visit("POST", "/api/scans", &[JSON], BODY).status, 403);
    // the token without its session is none
    assert_eq!(gallery.send("POST", "/scans", &[FORM], &form(&token)).status, 403);
    assert_eq!(gallery.visit("POST", "/scans", &[FORM], &form(&token)).status, 303);
    let header = format!("X-Dragline-Token: {token}");
    assert_eq!(gallery.visit("POST", "/api/scans", &[JSON, &header], BODY).status, 202);
}

#[test]
fn w02_a_link_from_elsewhere_leads_to_the_page_and_not_to_another_session() {
    let gallery = Running::start(&[]);
    let link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];
    let answer = gallery.send("GET", "/scans/1?type=png", &link, "");
    assert_eq!((answer.status, answer.header("set-cookie")), (200, None));
    assert_eq!(answer.header("refresh"), Some("0; url=/scans/1?type=png"));
    let framed = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"];
    assert_eq!(gallery.send("GET", "/", &framed, "").status, 403);
}

#[test]
fn w06_a_scan_is_of_its_session_alone() {
    let gallery = Running::start(&[]);
    let place = gallery.begin(&[("url", "http://site.invalid/")]);
    let id = place.trim_start_matches("/scans/");
    assert_eq!(id.len(), 32);
    assert_eq!(gallery.visit("GET", &place, &[], "").status, 200);
    for path in ["", "/zip", "/links.txt", "/events", "/pictures/0"] {
        assert_eq!(gallery.send("GET", &format!("{place}{path}"), &[], "").status, 404, "{path}");
    }
    for path in ["", "/zip", "/images", "/events", "/images/0"] {
        assert_eq!(gallery.send("GET", &format!("/api/scans/{id}{path}"), &[], "").status, 404, "{path}");
    }
    assert_eq!(gallery.send("DELETE", &format!("/api/scans/{id}"), &[], "").status, 404);
}

#[test]
fn w07_it_does_not_scan_itself() {
    let gallery = Running::start(&[]);
    let body = format!(r#"{{"base_url": "http://{}/"}}"#, gallery.address);
    let answer = gallery.send("PUT", "/fetch-images", &[JSON], &body);
    assert!(answer.status == 400 && answer.text().contains("the gallery itself"), "{answer:?}");
}

#[test]
fn w13_no_path_leads_out() {
    let gallery = Running::start(&[]);
    for path in [
        "/assets/..%2f..%2fCargo.toml",
        "/assets/../../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets//etc/passwd",
        "/assets/gallery.css/../../x",
        "/copies/..%2f..%2f..%2fetc%2fpasswd",
        "/copies/....//etc/passwd",
        "/thumbs/%00",
        "/scans/..%2f..%2fetc",
        "//evil.example",
        "//evil.example/%2e%2e",
        "/%2f%2fevil.example",
        "/\\evil.example",
        "*",
    ] {
        let answer = gallery.send("GET", path, &[], "");
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
        assert_eq!(answer.header("location"), None, "{path}");
        assert!(!answer.text().contains("root:"), "{path}");
    }
    // `//evil.example` as a place is another host
    let link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];
    for path in ["//evil.example", "///evil.example/"] {
        let answer = gallery.send("GET", path, &link, "");
        assert!(answer.header("refresh").is_some_and(|to| to.starts_with("0; url=/evil.example")), "{answer:?}");
    }
}

#[test]
fn w14_every_answer_is_private_and_in_no_frame() {
    let gallery = Running::start(&[]);
    gallery.get("/");
    for path in PATHS {
        for (method, lines) in
            [("GET", &[][..]), ("HEAD", &[]), ("OPTIONS", &[]), ("POST", &[FORM]), ("GET", &["Host: evil"])]
        {
            let answer = gallery.visit(method, path, lines, "");
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("x-frame-options", "DENY"),
                ("cross-origin-resource-policy", "same-origin"),
                ("cross-origin-opener-policy", "same-origin"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{method} {path} {name}: {answer:?}");
            }
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{method} {path}: {policy}");
            let is_framed = !policy.contains("frame-ancestors 'none'") && !policy.contains("sandbox");
            assert!(!is_framed, "{method} {path}: {policy}");
            let kept = answer.header("cache-control").unwrap_or_default();
            assert!(kept.contains("no-store") || path.starts_with("/assets/"), "{method} {path}: {kept}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{method} {path}");
            assert_eq!(answer.header("server"), None, "{method} {path}");
        }
    }
}

#[test]
fn methods_that_are_none_of_a_route_are_told_which_are() {
    let gallery = Running::start(&[]);
    let answer = gallery.send("PATCH", "/api/scans", &[JSON], "{}");
    assert_eq!((answer.status, answer.header("content-type")), (405, Some("application/problem+json")));
    assert!(answer.header("allow").is_some_and(|allowed| allowed.contains("POST")), "{answer:?}");
    for method in ["TRACE", "CONNECT"] {
        let target = if method == "CONNECT" { gallery.address.as_str() } else { "/" };
        assert_eq!(gallery.send(method, target, &[], "").status, 405, "{method}");
    }
    let (get, head) =
        (gallery.send("GET", "/assets/gallery.css", &[], ""), gallery.send("HEAD", "/assets/gallery.css", &[], ""));
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), get.header("content-length"));
}
