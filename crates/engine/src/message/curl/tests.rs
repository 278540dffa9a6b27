//! Commands as browsers copy them; commands that try to break out; what is refused.

use std::time::Duration;

use super::*;

fn read(command: &str) -> Request {
    Request::from_curl(command).unwrap_or_else(|error| panic!("{command}: {error}"))
}

fn refused(command: &str) -> String {
    Request::from_curl(command).expect_err(command).to_string()
}

#[test]
fn what_browsers_copy_for_bash_is_read() {
    let request = read(
        "curl 'https://a.example/b?c=d' \\\n  -H 'accept: */*' \\\r\n  -H 'content-type: application/json' \\\n  \
         -b 'x=1; y=2' \\\n  --data-raw $'{\"it\\'s\":\"\\u00e9\\ud83d\\ude00\\u0021\\x41\\101\\n\\\\\"}' --compressed",
    );
    assert_eq!(request.method, Method::POST);
    assert_eq!(request.body, "{\"it's\":\"é😀!AA\n\\\"}");
    assert_eq!(request.headers["cookie"], "x=1; y=2");
    assert_eq!(
        (&request.headers["accept"], &request.headers["content-type"]),
        (&HeaderValue::from_static("*/*"), &HeaderValue::from_static("application/json"))
    );
}

#[test]
fn what_browsers_copy_for_windows_is_read() {
    let chrome = "curl ^\"https://a.example/b?c=1^&d=^%^25^\" ^\r\n  -H ^\"accept: text/html^\" ^\r\n  \
                  --data-raw ^\"^{^\\^\"a^\\^\":^\\^\"x^\r\n\r\ny^\\^\"^}^\"";
    let request = read(chrome);
    assert_eq!(request.url.as_str(), "https://a.example/b?c=1&d=%25");
    assert_eq!(request.body, "{\"a\":\"x\ny\"}");
    let older =
        "curl \"https://a.example/\" ^\n -H \"a: b^c\" --data \"{\\\"a\\\":\\\"C:\\\\\\\\\\\"}\" ^\n --compressed";
    let request = read(older);
    assert_eq!(request.headers["a"], "b^c");
    assert_eq!(request.body, r#"{"a":"C:\\"}"#);
    let firefox = "curl \"https://a.example/\" -H \"a: \"\"b\"\"\" ^\n -X PUT";
    assert_eq!(read(firefox).headers["a"], "\"b\"");
}

#[test]
fn options_mean_what_they_mean_to_curl() {
    let request =
        read("curl -sSLkXPUT -A agent -e 'http://r.example/;auto' -m 2.5 --max-redirs 3 a.example:8080/x -d a -d b");
    assert_eq!((request.method.as_str(), request.url.as_str()), ("PUT", "http://a.example:8080/x"));
    assert_eq!((&*request.body, request.options().redirects), (&b"a&b"[..], Some(3)));
    assert_eq!(request.options().timeout, Some(Duration::from_millis(2500)));
    assert_eq!(request.headers["referer"], "http://r.example/");
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");

    let request = read("curl -G 'http://a.example/?x=1' --data-urlencode 'q=a b&c' --data-urlencode '=ä' -d z");
    assert_eq!((request.method.as_str(), request.url.query()), ("GET", Some("x=1&q=a%20b%26c&%C3%A4&z")));
    assert!(request.body.is_empty() && request.headers.is_empty());

    let request = read("curl --json '{\"a\"' --json ':1}' -H 'Accept: x/y' http://a.example");
    assert_eq!(request.headers["accept"], "x/y");
    assert_eq!(request.body, "{\"a\":1}");
    assert_eq!(request.headers["content-type"], "application/json");

    assert_eq!(read("curl -I http://a.example").method, Method::HEAD);
    let request = read("curl -d x -H 'Content-Type:' -H 'X-Empty;' -H 'X-Empty-Too ;' http://a.example");
    assert_eq!(request.headers.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["x-empty", "x-empty-too"]);

    let request = read("curl -x p.example:3128 -U 'joe:pass word' http://a.example");
    let proxy = Url::parse("http://joe:pass%20word@p.example:3128").expect("a URL");
    assert_eq!(request.options().via, Some(Via::Proxy(proxy)));
    assert_eq!(read("curl --proxy '' a.example").options().via, Some(Via::Direct));

    let curl = Curl::parse("curl -k --resolve a.example:443:127.0.0.1 https://a.example").expect("a command");
    assert_eq!((curl.insecure, curl.resolve), (true, vec!["a.example:443:127.0.0.1".to_owned()]));
}

#[test]
fn credentials_are_marked_so_that_nothing_shows_them() {
    for command in [
        "curl -u joe:canary http://a.example",
        "curl http://joe:canary@a.example/",
        "curl -b session=canary http://a.example",
        "curl -H 'Cookie: session=canary' http://a.example",
        "curl -H 'Authorization: Bearer canary' http://a.example",
        "curl -H 'X-Api-Key: canary' http://a.example",
    ] {
        let request = read(command);
        let basic = base64::encode(b"joe:canary");
        for shown in [format!("{request:?}"), request.to_curl()] {
            assert!(!shown.contains("canary") && !shown.contains(&basic), "{command}: {shown}");
        }
        let whole = request.to_curl_with_secrets();
        assert!(whole.contains("canary") || whole.contains(&basic), "{whole}");
    }
    assert_eq!(
        read("curl -H 'a: b' -b 'a=1;b=2' x.example").to_curl(),
        "curl -X GET http://x.example/ -H 'A: b' --cookie 'a=***; b=***'"
    );
}

#[test]
fn files_are_never_read() {
    for command in [
        "curl -d @secret http://a.example",
        "curl --data-binary @/etc/passwd http://a.example",
        "curl --json @x http://a.example",
        "curl --data-urlencode name@x http://a.example",
        "curl --data-urlencode @x http://a.example",
        "curl -b jar.txt http://a.example",
        "curl -H @headers http://a.example",
    ] {
        assert!(refused(command).contains("would read a file, which is not done here"), "{command}");
    }
    assert_eq!(read("curl --data-raw @x http://a.example").body, "@x");
}

#[test]
fn what_is_not_understood_is_said() {
    for (command, what) in [
        ("wget http://a.example", "a curl command begins with `curl`"),
        ("", "a curl command begins with `curl`"),
        ("curl", "the command has no URL"),
        (
            "curl --frob http://a.example",
            "curl's option `--frob` is not known here; `from_curl_lenient` passes over such",
        ),
        ("curl -F a=b http://a.example", "curl's option `-F` is not known here; `from_curl_lenient` passes over such"),
        ("curl http://a.example -X", "`-X` needs a value"),
        ("curl http://a.example --max-time soon", "the value of `--max-time` is not a number of seconds"),
        ("curl http://a.example -X 'A B'", "the value of `-X` is not a method"),
        ("curl 'http://a.example", "the quote ' at byte 5 has no end"),
        ("curl http://a.example | jq .", "`|` at byte 22 is not curl's: give the curl command alone"),
        ("curl http://a.example http://b.example", "the command has more than one URL"),
        ("curl http://a.example -H 'canary'", "the value of `-H` is not `Name: value`"),
        ("curl http://a.example -H $'a: b\\r\\nc: d'", "bad_header: a line end at byte 1 of the value of `a`"),
        (
            "curl -x gopher://p.example http://a.example",
            "the value of `--proxy` is not a proxy of http, https, socks5 or socks5h",
        ),
        ("curl 'http://['", "`http://[` is not a URL: invalid IPv6 address"),
    ] {
        assert_eq!(refused(command), what, "{command}");
    }
    let curl = Curl::parse_lenient("curl --frob x http://a.example", Shell::Posix).expect("a command");
    assert_eq!(curl.ignored, ["--frob"]);
}

#[test]
fn what_is_written_is_read_as_the_same_request_and_nothing_breaks_out() {
    let nasty = "'; rm -rf / #\n$(id)`id`\\'\"!\u{1b}[2J\u{202e}é\\";
    let url = Url::parse("http://a.example/'$(id)?a=b&c={d}[1]&e=!;'`id`#f").expect("a URL");
    let request = Request::new(Method::from_bytes(b"A'B`C").expect("a method"), url)
        .body(nasty)
        .text_header("x-'a`", "'$(id)' \"`\\")
        .and_then(|request| request.cookies([("c", "'$(id)'")]))
        .expect("a request");
    let command = request.to_curl_with_secrets();
    assert!(!command.contains(['\u{1b}', '\u{202e}']), "{command}");
    let again = read(&command);
    assert_eq!((&again.method, &again.url, &again.body), (&request.method, &request.url, &request.body));
    assert_eq!(again.headers["x-'a`"], request.headers["x-'a`"]);
    assert_eq!(again.headers["cookie"], request.headers["cookie"]);

    let raw = Request::post(Url::parse("http://a.example").expect("a URL")).body(&b"a\xff\x01b1"[..]);
    assert_eq!(read(&raw.to_curl()).body, raw.body);
    let nul = raw.body(&b"\0'9"[..]).to_curl();
    assert_eq!(nul, "printf '\\000\\047\\071' | curl -X POST http://a.example/ --data-binary @-");
}

#[test]
fn no_command_makes_it_panic() {
    let pieces = [
        "curl", " ", "'", "\"", "$'", "\\", "\\x", "\\u", "\\ud83d", "-", "--", "-d", "-H", "@", "=", "^", "^\"", "é",
        "\n", "-u", ":", "http://", "a",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut command = "curl ".to_owned();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            command.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        for shell in [Shell::Posix, Shell::Cmd] {
            if let Ok(curl) = Curl::parse_lenient(&command, shell) {
                let _ = curl.request.to_curl();
            }
        }
    }
}
