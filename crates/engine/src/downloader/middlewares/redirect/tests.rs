//! What redirects keep, and what they must not.

use http::{HeaderName, Method, StatusCode};

use url::Url;

use super::*;
use crate::message::{Reach, ReferrerPolicy};

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).expect("a value")
}

fn redirects(change: impl FnOnce(&mut Settings)) -> Redirects {
    let mut settings = Settings::default();
    change(&mut settings);
    Redirects::new(settings, 8192, Arc::default()).expect("settings")
}

fn answer(wish: &Request, status: u16, locations: &[&[u8]]) -> Response {
    let mut response = Response::new(wish.url.clone(), StatusCode::from_u16(status).expect("a status"));
    for location in locations {
        response.headers.append(header::LOCATION, HeaderValue::from_bytes(location).expect("a value"));
    }
    response
}

fn follow(wish: &Request, status: u16, location: &str) -> Result<Option<Request>, Failure> {
    redirects(|_| {}).follow(wish, &answer(wish, status, &[location.as_bytes()]))
}

fn followed(wish: &Request, status: u16, location: &str) -> Request {
    follow(wish, status, location).expect("followed").expect("a request")
}

#[test]
fn c05_a_form_becomes_a_get_and_307_keeps_it() {
    let login = Request::post(url("https://a.example/")).form([("password", "secret")]);
    for status in [301, 302, 303] {
        let next = followed(&login, status, "https://b.example/home");
        assert_eq!((next.method, next.body.len(), next.url.as_str()), (Method::GET, 0, "https://b.example/home"));
        assert!(!next.headers.contains_key(header::CONTENT_TYPE));
    }
    let next = followed(&login, 307, "/home");
    assert_eq!((next.method, next.body), (Method::POST, login.body));
    let put = Request::new(Method::PUT, url("https://a.example/")).form([("a", "b")]);
    assert_eq!(followed(&put, 302, "/home").method, Method::PUT);
    assert_eq!(followed(&put, 303, "/home").method, Method::GET);
    let head = Request::new(Method::HEAD, url("https://a.example/"));
    assert_eq!(followed(&head, 303, "/home").method, Method::HEAD);
}

#[test]
fn c05_a_body_is_not_for_another_origin() {
    let form = Request::post(url("https://a.example/")).form([("password", "secret")]);
    for target in ["https://b.example/", "http://a.example/", "https://a.example:8443/"] {
        assert_eq!(follow(&form, 308, target).expect_err("refused").kind, FailureKind::BadRedirect, "{target}");
    }
    let open = redirects(|settings| settings.cross_origin_body = true);
    let next = open.follow(&form, &answer(&form, 307, &[b"https://b.example/"])).expect("followed").expect("a request");
    assert_eq!(next.body, form.body);
    let form = Request::post(url("http://a.example/")).form([("password", "secret")]);
    let safer = followed(&form, 308, "https://a.example/");
    assert_eq!((safer.method, safer.body), (Method::POST, form.body));
}

#[test]
fn c01_credentials_stay_with_their_origin() {
    let wish = Request::get(url("https://a.example/")).header(header::AUTHORIZATION, value("Basic x"));
    for (target, kept) in [("/b", true), ("http://a.example/", false), ("https://a.example:8443/", false)] {
        let next = followed(&wish, 301, target);
        assert_eq!(next.headers.contains_key(header::AUTHORIZATION), kept, "{target}");
        // what was dropped does not come back with the first origin
        let back = followed(&next, 301, "https://a.example/back");
        assert_eq!(back.headers.contains_key(header::AUTHORIZATION), kept, "{target} and back");
    }
    let wish = Request::get(url("https://me:secret@a.example/"));
    assert_eq!(followed(&wish, 301, "https://a.example/b").url.password(), Some("secret"));
    assert_eq!(followed(&wish, 301, "/b").url.password(), Some("secret"));
    assert_eq!(followed(&wish, 301, "https://b.example/").url.password(), None);
}

#[test]
fn c02_secrets_of_any_name_stay_with_their_origin() {
    let mut marked = value("hidden");
    marked.set_sensitive(true);
    let names = ["cookie", "x-api-key", "proxy-authorization", "host", "x-csrf-token"];
    let mut wish = Request::get(url("http://a.example/")).header(HeaderName::from_static("x-own"), marked);
    for name in names {
        wish = wish.header(HeaderName::from_static(name), value("secret"));
    }
    wish = wish.header(header::ACCEPT, value("text/html"));
    let next = followed(&wish, 302, "http://b.example/");
    assert_eq!(next.headers.keys().collect::<Vec<_>>(), [header::ACCEPT]);
    assert_eq!(followed(&wish, 302, "/b").headers.len(), wish.headers.len());
    // the same host by https may know the cookie; a port is another program
    assert!(followed(&wish, 302, "https://a.example/").headers.contains_key(header::COOKIE));
    assert!(!followed(&wish, 302, "http://a.example:81/").headers.contains_key(header::COOKIE));
    let error = Redirects::new(
        Settings { sensitive_headers: vec!["x y".to_owned()], ..Settings::default() },
        8192,
        Arc::default(),
    );
    assert!(error.expect_err("not a name").to_string().contains("sensitive_headers` has `x y`"));
}

#[test]
fn c12_a_loop_is_found_at_once_and_a_cookie_makes_a_difference() {
    let start = Request::get(url("http://a.example/"));
    assert_eq!(follow(&start, 302, "/").expect_err("a loop").kind, FailureKind::RedirectLoop);
    assert_eq!(follow(&start, 302, "/#top").expect_err("the same page").kind, FailureKind::RedirectLoop);
    let away = followed(&start, 302, "http://b.example/");
    assert_eq!(follow(&away, 302, "http://a.example/").expect_err("a loop").kind, FailureKind::RedirectLoop);
    // the first answer set a cookie: the start may be another page now
    let mut changed = away;
    changed.redirects[0].sets_cookie = true;
    let again = followed(&changed, 302, "http://a.example/");
    assert_eq!(follow(&again, 302, "http://b.example/").expect_err("a loop").kind, FailureKind::RedirectLoop);
    let mut answer = answer(&start, 302, &[b"/"]);
    answer.headers.insert(header::SET_COOKIE, value("a=b"));
    assert!(redirects(|_| {}).follow(&start, &answer).is_ok());
    let mut apart = start;
    apart.options_mut().without_cookies = true;
    assert!(redirects(|_| {}).follow(&apart, &answer).is_err(), "a cookie that is not kept changes nothing");
}

#[test]
fn c12_a_form_may_lead_to_its_own_page() {
    let form = Request::post(url("http://a.example/login")).form([("a", "b")]);
    let page = followed(&form, 302, "/login");
    assert_eq!(page.method, Method::GET);
    assert_eq!(follow(&page, 302, "/login").expect_err("a loop").kind, FailureKind::RedirectLoop);
    assert_eq!(follow(&form, 307, "/login").expect_err("a loop").kind, FailureKind::RedirectLoop);
}

#[test]
fn c12_a_chain_ends_and_a_request_may_set_its_own_end() {
    let mut wish = Request::get(url("http://a.example/0"));
    for hop in 1..=20 {
        wish = followed(&wish, 302, &format!("/{hop}"));
        assert_eq!(wish.priority, hop * 2);
    }
    let failure = follow(&wish, 302, "/21").expect_err("too many");
    assert_eq!(failure.kind, FailureKind::TooManyRedirects);
    assert!(failure.detail.contains("`middlewares.redirect.limit` = 20"), "{failure}");
    let mut own = Request::get(url("http://a.example/0"));
    own.options_mut().redirects = Some(1);
    let next = followed(&own, 302, "/1");
    assert_eq!(follow(&next, 302, "/2").expect_err("too many").kind, FailureKind::TooManyRedirects);
    own.options_mut().redirects = Some(0);
    assert!(follow(&own, 302, "/1").expect("the answer").is_none());
}

#[test]
fn c14_from_https_to_http() {
    let wish = Request::get(url("https://a.example/"));
    let stats = Arc::<Stats>::default();
    for (downgrade, target) in [(Downgrade::Follow, Some("http://a.example/b")), (Downgrade::Refuse, None)] {
        let redirects =
            Redirects::new(Settings { downgrade, ..Settings::default() }, 8192, stats.clone()).expect("settings");
        let next = redirects.follow(&wish, &answer(&wish, 302, &[b"http://a.example/b"]));
        assert_eq!(next.ok().flatten().map(|next| next.url.to_string()).as_deref(), target);
    }
    assert_eq!(stats.count("redirect/downgrade_count"), 2);
    let upgrade = redirects(|settings| settings.downgrade = Downgrade::Upgrade);
    let next = upgrade.follow(&wish, &answer(&wish, 302, &[b"http://a.example/b"])).expect("followed");
    assert_eq!(next.expect("a request").url.as_str(), "https://a.example/b");
    let failure = upgrade.follow(&wish, &answer(&wish, 302, &[b"http://a.example/"])).expect_err("a loop");
    assert_eq!(failure.kind, FailureKind::RedirectLoop);
}

#[test]
fn a_location_is_read_as_browsers_do() {
    let wish = Request::get(url("http://a.example/a/?q#part"));
    let to = |locations: &[&[u8]]| {
        let next = redirects(|_| {}).follow(&wish, &answer(&wish, 302, locations));
        next.map(|next| next.map(|next| next.url.to_string())).map_err(|failure| failure.kind)
    };
    assert_eq!(to(&[b"/caf\xe9"]), Ok(Some("http://a.example/caf%E9#part".to_owned())));
    assert_eq!(to(&["/café".as_bytes()]), Ok(Some("http://a.example/caf%C3%A9#part".to_owned())));
    assert_eq!(to(&[b"  b#end  "]), Ok(Some("http://a.example/a/b#end".to_owned())));
    assert_eq!(to(&[b"///b.example/c"]), Ok(Some("http://b.example/c#part".to_owned())));
    assert_eq!(to(&[b"/b", b"/b"]), Ok(Some("http://a.example/b#part".to_owned())));
    assert_eq!(to(&[b"/b", b"/c"]), Err(FailureKind::BadRedirect));
    assert_eq!(to(&[b"", b"/b"]), Ok(Some("http://a.example/b#part".to_owned())));
    assert_eq!(to(&[]), Ok(None));
    assert_eq!(to(&[b"http://"]), Err(FailureKind::BadRedirect));
    for target in [&b"file:///etc/passwd"[..], b"javascript:alert(1)", b"ftp://a.example/", b"data:,x"] {
        assert_eq!(to(&[target]), Err(FailureKind::BadScheme));
    }
}

#[test]
fn h15_a_long_location_is_not_followed() {
    let wish = Request::get(url("http://a.example/"));
    let failure = follow(&wish, 302, &format!("/{}", "a".repeat(10_000))).expect_err("too long");
    assert_eq!(failure.kind, FailureKind::UrlTooLong);
    assert!(failure.to_string().len() < 200, "{failure}");
}

#[test]
fn what_is_no_redirect_is_passed_on() {
    let wish = Request::get(url("http://a.example/"));
    for status in [200, 201, 300, 304, 305, 306, 404] {
        assert!(follow(&wish, status, "/elsewhere").expect("passed").is_none(), "{status}");
    }
}

#[test]
fn s04_a_public_answer_leads_to_public_places_only() {
    let wish = Request::get(url("http://a.example/"));
    let mut answer = answer(&wish, 302, &[b"http://b.example/"]);
    answer.reach = Reach::Public;
    let next = redirects(|_| {}).follow(&wish, &answer).expect("followed").expect("a request");
    assert_eq!(next.reach, Reach::Public);
    assert_eq!(followed(&next, 302, "/c").reach, Reach::Public, "it does not widen again");
}

#[test]
fn c06_a_redirect_may_set_the_policy_and_the_referrer_stays() {
    let wish = Request::get(url("https://a.example/")).header(header::REFERER, value("https://a.example/album"));
    let mut answer = answer(&wish, 302, &[b"https://b.example/"]);
    answer.headers.insert(header::REFERRER_POLICY, value("new-policy, Origin, unknown"));
    let next = redirects(|_| {}).follow(&wish, &answer).expect("followed").expect("a request");
    assert_eq!(next.options().referrer_policy, Some(ReferrerPolicy::Origin));
    assert_eq!(next.referrer, Some(url("https://a.example/album")));
    assert!(!next.headers.contains_key(header::REFERER));
}

#[test]
fn the_wish_is_remembered_through_the_chain() {
    let wish = Request::get(url("http://a.example/album?p=7"));
    let first = followed(&wish, 302, "/login");
    let second = followed(&first, 302, "/login/form");
    assert_eq!(second.redirects.len(), 2);
    assert_eq!(second.as_wished().url, wish.url);
}
