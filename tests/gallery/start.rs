//! How it starts, whom it lets in, and how it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use dragline_tests::dragline;

use crate::run::Running;

/// What a gallery says that does not start.
fn refused(arguments: &[&str]) -> String {
    let output: Output = dragline().arg("gallery").args(arguments).output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    said
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn w01_without_a_token_others_are_not_let_in() {
    for (arguments, key) in [
        (&["--bind", "0.0.0.0:0"][..], "gallery.bind"),
        (&["--bind", "[::]:0"], "gallery.bind"),
        (&["--bind", "192.0.2.1:0"], "gallery.bind"),
        (&["--bind", "127.0.0.1:0", "--host", "gallery.example.org"], "gallery.hosts"),
    ] {
        let said = refused(arguments);
        assert!(said.contains(key) && said.contains("--token-file"), "{said}");
    }
    // names of this machine let nobody else in
    Running::start(&["--host", "gallery.localhost"]);
}

#[test]
fn w01_a_token_is_made_told_once_and_read_by_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kept/token");
    let arguments = ["--bind", "0.0.0.0:0", "--token-file", text(&file)];
    let first = Running::start(&arguments);
    let token = fs::read_to_string(&file).expect("a token").trim().to_owned();
    assert_eq!(token.len(), 64);
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert!(first.said.iter().any(|line| line.contains(&token)), "{:?}", first.said);
    assert!(first.said.iter().any(|line| line.contains("copies = \"always\"")), "{:?}", first.said);
    let second = Running::start(&arguments);
    assert!(!second.said.iter().any(|line| line.contains(&token)), "{:?}", second.said);

    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("a mode");
    assert!(refused(&arguments).contains("chmod 600"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
    fs::write(&file, "hunter2\n").expect("written");
    assert!(refused(&arguments).contains("at least 32"));
    assert!(refused(&["--bind", "0.0.0.0:0", "--token-file", text(folder.path())]).contains("is no file"));
}

/// A gallery for others, and its token.
fn guarded(more: &[&str]) -> (Running, String, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    let mut arguments = vec!["--bind", "0.0.0.0:0", "--token-file", text(&file)];
    arguments.extend(more);
    let gallery = Running::start(&arguments);
    let token = fs::read_to_string(&file).expect("a token").trim().to_owned();
    (gallery, token, folder)
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

#[test]
fn w01_who_has_no_token_sees_nothing_and_who_has_it_comes_in() {
    let (gallery, token, _folder) = guarded(&[]);
    for path in ["/", "/scans/1", "/scans/1/zip", "/nowhere"] {
        let answer = gallery.send("GET", path, &[], "");
        assert_eq!((answer.status, answer.header("location")), (303, Some("/login")), "{path}");
        assert_eq!(answer.header("set-cookie"), None);
    }
    for path in ["/api/scans", "/api/openapi.json", "/api/nowhere", "/copies/1", "/thumbs/1"] {
        let answer = gallery.send("GET", path, &[], "");
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").is_some_and(|how| how.starts_with("Bearer")), "{path}");
    }
    let bearer = |token: &str| format!("Authorization: Bearer {token}");
    assert_eq!(gallery.send("GET", "/api/scans", &[&bearer(&token)], "").status, 200);
    for wrong in ["", "x", &token[..63], &format!("{token}0")] {
        assert_eq!(gallery.send("GET", "/api/scans", &[&bearer(wrong)], "").status, 401, "{wrong}");
    }
    let wrong = gallery.visit("POST", "/login", &[FORM], "token=wrong");
    assert_eq!((wrong.status, wrong.header("set-cookie")), (403, None));
    let right = gallery.visit("POST", "/login", &[FORM, "Origin: null"], &format!("token={token}"));
    assert_eq!((right.status, right.header("location")), (303, Some("/")));
    let cookie = right.header("set-cookie").expect("a cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains(&token));
    assert!(gallery.get("/").contains("200 OK"));
    let form = gallery.form_token();
    let left = gallery.visit("POST", "/logout", &[FORM], &format!("token={form}"));
    assert_eq!(left.status, 303);
    assert!(gallery.get("/").contains("/login"), "the cookie leads nowhere any more");
}

#[test]
fn w01_tokens_cannot_be_tried_one_after_the_other() {
    let (gallery, token, _folder) = guarded(&["-s", "gallery.logins_per_minute=3"]);
    for _ in 0..3 {
        assert_eq!(gallery.send("POST", "/login", &[FORM], "token=wrong").status, 403);
    }
    for answer in [
        gallery.send("POST", "/login", &[FORM], &format!("token={token}")),
        gallery.send("GET", "/api/scans", &[&format!("Authorization: Bearer {token}")], ""),
    ] {
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("60")));
    }
}

#[test]
fn where_others_are_answered_all_copies_come_from_here_and_robots_txt_is_kept_to() {
    let (gallery, token, _folder) = guarded(&["--copies", "auto"]);
    let lines = [&*format!("Authorization: Bearer {token}"), "Content-Type: application/json"];
    let body = r#"{"url": "http://site.invalid/", "copies": "auto"}"#;
    let scan = gallery.send("POST", "/api/scans", &lines, body);
    assert_eq!(scan.json()["options"]["copies"], "always");
    let refused = gallery.send("POST", "/api/scans", &lines, r#"{"url": "http://site.invalid/", "robots": false}"#);
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("`robots`"), "{}", refused.text());
}

#[test]
fn whoever_comes_through_a_proxy_is_not_local_and_over_tls_has_a_secure_cookie() {
    let gallery = Running::start(&[]);
    let lines = ["Content-Type: application/json", "X-Forwarded-For: 192.0.2.1"];
    let body = r#"{"url": "http://site.invalid/", "robots": false}"#;
    assert_eq!(gallery.send("POST", "/api/scans", &lines, body).status, 400);
    assert_eq!(gallery.send("POST", "/api/scans", &lines[..1], body).status, 202);
    let page = gallery.send("GET", "/", &["X-Forwarded-Proto: https"], "");
    let cookie = page.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-dragline-") && cookie.ends_with("; Secure"), "{cookie}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let first = Running::start(&[]);
    let said = refused(&["--bind", &first.address]);
    assert!(said.contains("gallery.bind") && said.contains(&first.address), "{said}");
}

#[test]
fn w15_the_opener_is_given_our_own_address_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (opener, told) = (folder.path().join("xdg-open"), folder.path().join("told"));
    let script = format!("#!/bin/sh\necho \"$# $*\" > {0}.part && mv {0}.part {0}\n", told.display());
    fs::write(&opener, script).expect("written");
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).expect("a mode");
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap_or_default());
    let token = folder.path().join("token");
    let mut command = dragline();
    command.args(["gallery", "--open", "--bind", "0.0.0.0:0", "--host", "evil.example;reboot", "--token-file"]);
    let gallery = Running::of(command.arg(&token).env("PATH", path));
    let begin = Instant::now();
    while !told.exists() {
        assert!(begin.elapsed() < Duration::from_secs(30), "nothing was opened");
        std::thread::sleep(Duration::from_millis(20));
    }
    let port = gallery.address.rsplit_once(':').expect("a port").1;
    assert_eq!(fs::read_to_string(told).expect("text").trim(), format!("1 http://127.0.0.1:{port}/"));
}

#[test]
fn it_ends_at_once_when_it_is_asked_to_even_while_events_are_read() {
    let mut gallery = Running::start(&["-s", "gallery.linger='1h'"]);
    let answer =
        gallery.send("POST", "/api/scans", &["Content-Type: application/json"], r#"{"url": "http://127.0.0.1:9/"}"#);
    let events = answer.json()["links"]["events"].as_str().expect("a path").to_owned();
    let mut stream = gallery.connect();
    let host = gallery.address.clone();
    std::io::Write::write_all(&mut stream, format!("GET {events} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
        .expect("sent");
    std::io::Read::read(&mut stream, &mut [0; 16]).expect("an answer begins");
    let begin = Instant::now();
    let pid = gallery.process().id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    let status = gallery.process().wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
}

#[test]
fn l05_no_core_of_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "ulimit -c unlimited 2> /dev/null; exec \"$0\" gallery --bind 127.0.0.1:0";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(dragline().get_program()).current_dir(folder.path()).stderr(Stdio::null());
    let mut gallery = Running::of(&mut command);
    let pid = gallery.process().id().to_string();
    assert!(Command::new("kill").args(["-ABRT", &pid]).status().expect("kill runs").success());
    let status = gallery.process().wait().expect("it ends");
    assert_eq!(status.signal(), Some(6));
    assert!(!status.core_dumped());
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}
