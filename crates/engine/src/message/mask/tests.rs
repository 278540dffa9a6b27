//! No secret is shown, nothing else is hidden, and no text is too odd.

use super::*;

fn is_masked(given: &str, wanted: &str) {
    assert_eq!(text(given), wanted);
    assert_eq!(text(wanted), wanted, "what is masked stays as it is");
    assert!(matches!(text(wanted), Cow::Borrowed(_)), "nothing is copied: {wanted}");
}

#[test]
fn l01_a_url_loses_who_signs_in_and_its_tokens() {
    for (given, wanted) in [
        ("http://me:pw@a.example/x@y", "http://***@a.example/x@y"),
        ("https://token@a.example", "https://***@a.example"),
        ("socks5h://u:p%40@[::1]:1080", "socks5h://***@[::1]:1080"),
        ("http://a.example/?id=1&Token=canary&q=2", "http://a.example/?id=1&Token=***&q=2"),
        ("http://a.example/?pass%77ord=canary#token=canary", "http://a.example/?pass%77ord=***#token=***"),
        ("http://a.example/#a#token=canary#canary", "http://a.example/#a#token=***"),
        ("http://a.example/#token=canary#canary", "http://a.example/#token=***"),
        ("http://a.example/#/done?code=canary", "http://a.example/#/done?code=***"),
        ("http://a.example/x;jsessionid=canary/y?z", "http://a.example/x;jsessionid=***/y?z"),
        ("http://a.example/?a=1;sid=canary;canary", "http://a.example/?a=1;sid=***"),
        ("http://a.example/?user[password]=canary&a.token=x", "http://a.example/?user[password]=***&a.token=***"),
        ("http://a.example/?X-Amz-Signature=canary&x=1", "http://a.example/?X-Amz-Signature=***&x=1"),
        (
            "http://a.example/?Policy=c&Signature=c&Key-Pair-Id=c",
            "http://a.example/?Policy=***&Signature=***&Key-Pair-Id=***",
        ),
        ("http://a.example/?next=http://u:p@b.example/?sig=c", "http://a.example/?next=http://***@b.example/?sig=***"),
        ("http://a.example/?token=&a", "http://a.example/?token=&a"),
        ("http://a.example/?keys=1&token", "http://a.example/?keys=1&token"),
    ] {
        is_masked(given, wanted);
        if let Ok(parsed) = Url::parse(given) {
            assert!(url(&parsed).contains("***") || !wanted.contains("***"), "{}", url(&parsed));
        }
    }
    let odd = Url::parse("http://a.example/?token=a`b'c").expect("a URL");
    assert_eq!(url(&odd), "http://a.example/?token=***");
}

#[test]
fn l01_a_url_within_a_url_loses_its_own() {
    for given in [
        "http://a.example/to?url=%2Fok%3Ftoken%3Dcanary%26a%3D1",
        "http://a.example/to?url=http%3A%2F%2Fme%3Acanary%40b%2F",
        "http://a.example/to?url=%252Fok%253Ftoken%253Dcanary",
    ] {
        let shown = text(given).into_owned();
        assert!(!shown.contains("canary") && shown.contains("***"), "{shown}");
    }
    let plain = "http://a.example/to?url=http%3a%2f%2fb%2f%3Fa%3D1&x=%zz%ff";
    assert!(matches!(text(plain), Cow::Borrowed(_)));
}

#[test]
fn l01_a_text_loses_what_its_urls_lose() {
    for (given, wanted) in [
        ("at http://me:pw@a.example/x@y and ftp://b", "at http://***@a.example/x@y and ftp://b"),
        ("a@b", "a@b"),
        ("no `//me:pw@host/`, and // a@b", "no `//***@host/`, and // a@b"),
        ("failed (http://a/?token=***).", "failed (http://a/?token=***)."),
        ("to `/cb?code=canary` and on", "to `/cb?code=***` and on"),
        ("{\"url\":\"http://a/?key=canary\",\"b\":1}", "{\"url\":\"http://a/?key=***\",\"b\":1}"),
        ("proxy http://me:a/b?c@host:80 refuses", "proxy http://***@host:80 refuses"),
        ("http://[::1]:80/a@b http://h:80/a@b", "http://[::1]:80/a@b http://h:80/a@b"),
        ("what? code=7", "what? code=7"),
    ] {
        is_masked(given, wanted);
    }
    assert_eq!(form("token=canary&a=1"), "token=***&a=1");
    assert_eq!(form("name=x"), "name=x");
}

#[test]
fn l01_json_and_headers_lose_theirs() {
    let mut value = serde_json::json!({ "a": [{ "api_key": 7, "url": "http://x:canary@h/" }], "key": null });
    assert!(json(&mut value));
    assert_eq!(value.to_string(), r#"{"a":[{"api_key":"***","url":"http://***@h/"}],"key":null}"#);
    assert!(!json(&mut value));
    let mut headers = HeaderMap::new();
    for (name, value) in [("set-cookie", "sid=canary"), ("location", "/a?token=canary"), ("x-a", "b")] {
        headers.append(name, HeaderValue::from_static(value));
    }
    let shown = format!("{:?}", Headers(&headers));
    assert_eq!(shown, r#"{"set-cookie": "***", "location": "/a?token=***", "x-a": "b"}"#);
}

#[test]
fn no_text_is_too_odd_or_takes_long() {
    let parts = [
        "//", "://", "@", "?", "&", "#", ";", "=", "token", "%", "%3D", "%253F", "***", " ", "\"", "é", "\0", "/", ":",
        "[",
    ];
    let mut state = 1_usize;
    for _ in 0..20_000 {
        let mut odd = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            odd.push_str(parts[(state >> 33) % parts.len()]);
        }
        let (once, _) = (text(&odd).into_owned(), form(&odd));
        let _ = masked(&odd, Begin::Url);
        assert!(text(&once).len() <= once.len() + 16, "{odd}");
    }
    for long in ["?a=%41", "://a:b/", ";a=", "//", "%25", "#&?;=", "?x=http%3A%2F%2F"] {
        let _ = text(&long.repeat(50_000));
    }
}
