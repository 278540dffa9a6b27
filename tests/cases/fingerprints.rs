//! FAULTS B10: which spellings are one wish and which are two, over rules and pages.

use dragline::frontier::Fingerprinter;
use dragline::message::{Method, Request};
use dragline::prelude::{HeaderValue, Url, header};

/// Pages: scheme, host, path, pairs of the query.
const PAGES: [(&str, &str, &str, &[&str]); 9] = [
    ("http", "example.com", "/", &[]),
    ("https", "www.example.com", "/a/b.html", &[]),
    ("http", "example.com", "/a/", &["x=1"]),
    ("https", "example.com", "/list", &["b=2", "a=1"]),
    ("http", "example.com", "/list", &["q=a%20b", "page=2", "sort=asc"]),
    ("https", "sub.example.co.uk", "/~user/caf%C3%A9", &["a=", "b"]),
    ("http", "xn--bcher-kva.example", "/b%2Fc", &["q=%26", "r=1"]),
    ("http", "192.0.2.7", "/p", &["id=10", "id=9"]),
    ("https", "[2001:db8::1]", "/p/q/r", &["f=x-y_z.~"]),
];

struct Page {
    scheme: &'static str,
    user: &'static str,
    host: String,
    port: String,
    path: String,
    query: Option<String>,
    fragment: &'static str,
}

impl Page {
    fn all() -> impl Iterator<Item = Self> {
        PAGES.iter().map(|(scheme, host, path, pairs)| Self {
            scheme,
            user: "",
            host: (*host).to_owned(),
            port: String::new(),
            path: (*path).to_owned(),
            query: (!pairs.is_empty()).then(|| pairs.join("&")),
            fragment: "",
        })
    }

    fn text(&self) -> String {
        let query = self.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
        let Self { scheme, user, host, port, path, fragment, .. } = self;
        format!("{scheme}://{user}{host}{port}{path}{query}{fragment}")
    }
}

type Rule = (&'static str, fn(&mut Page));

fn query(page: &mut Page, change: impl Fn(&str) -> String) {
    page.query = page.query.as_deref().map(change);
}

/// Changes after which it is the same wish.
const SAME: [Rule; 20] = [
    ("case of the scheme", |page| page.scheme = if page.scheme == "http" { "HTTP" } else { "Https" }),
    ("case of the host", |page| page.host = page.host.to_ascii_uppercase()),
    ("the scheme's own port", |page| page.port = if page.scheme == "http" { ":80" } else { ":443" }.to_owned()),
    ("a colon without a port", |page| page.port = ":".to_owned()),
    ("a port with noughts before it", |page| {
        page.port = if page.scheme == "http" { ":0080" } else { ":0443" }.to_owned()
    }),
    ("a fragment", |page| page.fragment = "#top"),
    ("an empty fragment", |page| page.fragment = "#"),
    ("a fragment with a question mark", |page| page.fragment = "#!/a?b=c"),
    ("a dot segment", |page| page.path = format!("/.{}", page.path)),
    ("two dots", |page| page.path = format!("/x/..{}", page.path)),
    ("more dots than there are folders", |page| page.path = format!("/../..{}", page.path)),
    ("escaped dots", |page| page.path = format!("/x/%2e%2E{}", page.path)),
    ("lower-case hex", |page| page.path = lower_hex(&page.path)),
    ("an unreserved letter that is escaped", |page| page.path = page.path.replacen('a', "%61", 1)),
    ("an escaped tilde", |page| page.path = page.path.replace('~', "%7e")),
    ("backslashes", |page| page.path = page.path.replace('/', "\\")),
    ("white space around", |page| page.fragment = " \n"),
    ("the order of the query", |page| query(page, |query| query.split('&').rev().collect::<Vec<_>>().join("&"))),
    ("empty pairs", |page| query(page, |query| format!("&{}&", query.replace('&', "&&")))),
    ("spaces and letters of the query", |page| {
        query(page, |query| lower_hex(&query.replace("%20", "+").replace('p', "%70")))
    }),
];

/// Changes after which it is another wish.
const OTHER: [Rule; 16] = [
    ("the scheme", |page| page.scheme = if page.scheme == "http" { "https" } else { "http" }),
    ("the host", |page| {
        page.host = if page.host.starts_with('[') {
            "[::2]".into()
        } else {
            format!("x{}.example", page.host.replace('.', "-"))
        }
    }),
    ("a port", |page| page.port = ":8080".to_owned()),
    ("the other scheme's port", |page| page.port = if page.scheme == "http" { ":443" } else { ":80" }.to_owned()),
    ("a user", |page| page.user = "joe@"),
    ("a user and a password", |page| page.user = "joe:x@"),
    ("a slash at the end", |page| page.path.push('/')),
    ("a slash twice", |page| page.path = format!("/{}", page.path)),
    ("case of the path", |page| page.path.push('X')),
    ("an escaped slash", |page| page.path = format!("{}%2F", page.path)),
    ("a nought byte", |page| page.path.push_str("%00")),
    ("an escaped percent sign", |page| page.path.push_str("%2541")),
    ("parameters of the path", |page| page.path.push_str(";v=1")),
    ("another pair", |page| {
        page.query = Some(page.query.as_ref().map_or("n=1".into(), |query| format!("{query}&n=1")))
    }),
    ("a pair twice", |page| query(page, |query| format!("{query}&{}", query.split('&').next().unwrap_or_default()))),
    ("a separator within a value", |page| query(page, |query| query.replacen('=', "%3D", 1))),
];

fn lower_hex(text: &str) -> String {
    let mut out = String::new();
    let mut left = 0_u8;
    for character in text.chars() {
        out.push(if left > 0 { character.to_ascii_lowercase() } else { character });
        left = if character == '%' { 2 } else { left.saturating_sub(1) };
    }
    out
}

fn get(text: &str) -> Request {
    Request::get(Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")))
}

#[test]
fn b10_canonical_fingerprints() {
    let prints = Fingerprinter::new(0x5EED);
    let mut pairs: Vec<(&str, String, String, bool)> = Vec::new();
    for (rules, are_same) in [(&SAME[..], true), (&OTHER[..], false)] {
        for (name, change) in rules {
            for (page, mut changed) in Page::all().zip(Page::all()) {
                change(&mut changed);
                // a rule that finds nothing to change says nothing
                if page.text() != changed.text() {
                    pairs.push((name, page.text(), changed.text(), are_same));
                }
            }
        }
    }
    for (a, b, are_same) in [
        ("http://bücher.example/", "http://xn--bcher-kva.example/", true),
        ("http://BÜCHER.example/", "http://bücher.example/", true),
        ("http://faß.example/", "http://fass.example/", false),
        ("http://example。com/", "http://example.com/", true),
        ("http://example.com./", "http://example.com/", false),
        ("http://0x7f.1/", "http://127.0.0.1/", true),
        ("http://[::ffff:1.2.3.4]/", "http://[::ffff:102:304]/", true),
        ("http://[2001:0DB8::0:1]/", "http://[2001:db8::1]/", true),
        ("http://example.com/é", "http://example.com/%c3%a9", true),
        ("http://example.com/é", "http://example.com/%E9", false),
        ("http://example.com/?q=é", "http://example.com/?q=%C3%A9", true),
        ("http://example.com/a b", "http://example.com/a%20b", true),
        ("http://example.com/a+b", "http://example.com/a%20b", false),
        ("http://example.com/?a=1&a=2", "http://example.com/?a=2&a=1", true),
        ("http://example.com/?a&b", "http://example.com/?b&a", true),
        ("http://example.com/?a", "http://example.com/?a=", false),
        ("http://example.com/?a=1;b=2", "http://example.com/?b=2;a=1", false),
        ("http://example.com/?A=1", "http://example.com/?a=1", false),
        ("http://example.com/?a=1%262", "http://example.com/?a=1&2", false),
        ("http://example.com/%zz", "http://example.com/zz", false),
        ("http://example.com/%", "http://example.com/%25", false),
        ("http://example.com/a%2c", "http://example.com/a,", false),
        ("http://example.com?", "http://example.com/", true),
        ("http:example.com", "http://example.com/", true),
        ("http://exam\tple.com/a\nb", "http://example.com/ab", true),
    ] {
        pairs.push(("by hand", a.to_owned(), b.to_owned(), are_same));
    }
    assert!(pairs.len() >= 300, "{} pairs", pairs.len());
    for (rule, a, b, are_same) in &pairs {
        let (one, other) = (prints.request(&get(a)), prints.request(&get(b)));
        assert_eq!(one == other, *are_same, "{rule}: {a} and {b}");
        // by symmetry, and whatever the key
        assert_eq!(
            Fingerprinter::new(1).get(&get(b).url) == Fingerprinter::new(1).get(&get(a).url),
            *are_same,
            "{rule}"
        );
        assert_eq!(prints.get(&get(a).url), one, "{rule}: with its method and without");
    }
}

#[test]
fn method_and_body_make_another_wish_and_nothing_else_does() {
    let prints = Fingerprinter::new(7);
    let url = || Url::parse("http://example.com/a?b=c").expect("a URL");
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::PATCH];
    let bodies: [&'static [u8]; 6] = [b"", b"a", b"b", b"a ", b"\0", b"GET http://example.com/"];
    let mut all = Vec::new();
    for method in &methods {
        for body in bodies {
            let plain = Request::new(method.clone(), url()).body(body);
            let mut busy =
                plain.clone().header(header::ACCEPT, HeaderValue::from_static("*/*")).priority(9).unfiltered();
            (busy.depth, busy.attempts) = (3, 2);
            assert_eq!(prints.request(&plain), prints.request(&busy), "{method} {body:?}");
            all.push(prints.request(&plain));
        }
    }
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count, "each is another wish");
}
