//! Which way requests go.

use super::*;
use crate::downloader::Keep;

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn proxies(settings: &Settings, environment: &[(&str, &str)]) -> Result<Proxies, Error> {
    let variable = |name: &str| {
        let (_, value) = environment.iter().find(|(key, _)| *key == name)?;
        Some((*value).to_owned())
    };
    Proxies::new(settings, variable, Arc::default())
}

fn chosen(environment: &[(&str, &str)], target: &str) -> Option<String> {
    let proxies = proxies(&Settings::default(), environment).expect("proxies");
    proxies.choose(&url(target), Instant::now()).map(String::from)
}

#[test]
fn s10_the_environment_is_read_as_curl_reads_it() {
    let proxy = "http://proxy.example:3128/";
    assert_eq!(chosen(&[("http_proxy", proxy)], "http://a.example/").as_deref(), Some(proxy));
    assert_eq!(chosen(&[("http_proxy", proxy)], "https://a.example/"), None);
    assert_eq!(chosen(&[("HTTP_PROXY", proxy)], "http://a.example/"), None, "a CGI program's caller may set it");
    assert_eq!(chosen(&[("HTTPS_PROXY", proxy)], "https://a.example/").as_deref(), Some(proxy));
    assert_eq!(chosen(&[("https_proxy", proxy), ("HTTPS_PROXY", "http://x/")], "https://a/").as_deref(), Some(proxy));
    assert_eq!(chosen(&[("ALL_PROXY", proxy)], "http://a.example/").as_deref(), Some(proxy));
    assert_eq!(chosen(&[("all_proxy", "http://x/"), ("http_proxy", proxy)], "http://a/").as_deref(), Some(proxy));
    assert_eq!(chosen(&[("http_proxy", "proxy.example:3128")], "http://a.example/").as_deref(), Some(proxy));
    assert_eq!(chosen(&[("http_proxy", " ")], "http://a.example/"), None);
    assert_eq!(chosen(&[("all_proxy", proxy)], "file:///etc/passwd"), None);
    assert_eq!(chosen(&[("all_proxy", "socks5h://p:1080")], "http://a/").as_deref(), Some("socks5h://p:1080"));
    let deaf = proxies(&Settings { environment: false, ..Settings::default() }, &[("http_proxy", proxy)]);
    assert!(deaf.expect("proxies").ways.is_none());
}

#[test]
fn s10_exceptions_come_in_many_forms() {
    let straight = |list: &str, target: &str| {
        let environment = [("all_proxy", "http://p/"), ("no_proxy", list)];
        chosen(&environment, target).is_none()
    };
    for (list, target) in [
        ("*", "http://a.example/"),
        ("example.com", "http://example.com/"),
        ("example.com", "http://www.example.com:81/"),
        (".example.com", "http://example.com/"),
        ("*.example.com", "http://www.EXAMPLE.com./"),
        ("x, example.com", "http://example.com/"),
        ("x example.com", "http://example.com/"),
        ("example.com:81", "http://example.com:81/"),
        ("example.com:443", "https://example.com/"),
        ("10.0.0.0/8", "http://10.1.2.3/"),
        ("127.0.0.1", "http://127.0.0.1:8080/"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("::1", "http://[::1]/"),
        ("[::1]", "http://[::1]/"),
        ("[::1]:81", "http://[::1]:81/"),
        ("fd00::/8", "http://[fd00::1]/"),
        ("münchen.example", "http://xn--mnchen-3ya.example/"),
    ] {
        assert!(straight(list, target), "{list}: {target}");
    }
    for (list, target) in [
        ("", "http://a.example/"),
        ("example.com", "http://notexample.com/"),
        ("example.com:81", "http://example.com/"),
        ("10.0.0.0/8", "http://11.1.2.3/"),
        ("127.0.0.1:8080", "http://127.0.0.1/"),
        ("10.0.0.0/8", "http://a10.0.0.0.example/"),
        ("a.*.example,:,::,[,/8", "http://a.example/"),
    ] {
        assert!(!straight(list, target), "{list}: {target}");
    }
    let settings = Settings { no_proxy: vec!["a:b".to_owned()], ..Settings::default() };
    let error = proxies(&settings, &[]).err().expect("no exception").to_string();
    assert!(error.contains("`middlewares.proxy.no_proxy` has `a:b`"), "{error}");
}

#[tokio::test]
async fn c04_a_proxys_password_is_in_no_header_and_no_message() {
    let settings = Settings { url: Secret::new("http://me:hunter2@p.example:3128"), ..Settings::default() };
    assert!(!format!("{settings:?}").contains("hunter2"));
    let proxies_of = proxies(&settings, &[]).expect("proxies");
    let request = Request::get(url("https://a.example/"))
        .header(header::PROXY_AUTHORIZATION, http::HeaderValue::from_static("Basic x"));
    let Outbound::Send(sent) = proxies_of.outbound(request).await else { panic!("sent") };
    assert!(sent.headers.is_empty());
    assert!(matches!(&sent.options().via, Some(Via::Proxy(url)) if url.password() == Some("hunter2")));
    for bad in ["ftp://me:hunter2@p/", "http://me:hunter2@", "socks4://me:hunter2@p"] {
        let settings = Settings { url: Secret::new(bad), ..Settings::default() };
        let error = proxies(&settings, &[]).err().expect("no proxy").to_string();
        assert!(error.contains("`middlewares.proxy.url`") && !error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_request_that_names_its_way_goes_it() {
    let settings = Settings { url: Secret::new("http://p.example"), ..Settings::default() };
    let proxies = proxies(&settings, &[]).expect("proxies");
    for own in [Via::Direct, Via::Proxy(url("http://own.example/"))] {
        let mut request = Request::get(url("https://a.example/"));
        request.options_mut().via = Some(own.clone());
        let Outbound::Send(sent) = proxies.outbound(request).await else { panic!("sent") };
        assert_eq!(sent.options().via, Some(own));
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_fails_rests_and_the_least_bad_is_used_when_all_do() {
    let pool = ["http://a", "http://b"].map(Secret::new).into();
    let proxies = proxies(&Settings { pool, max_failures: 2, ..Settings::default() }, &[]).expect("proxies");
    let wish = Request::get(url("http://x.example/"));
    let trip = async |failure: bool| {
        let Outbound::Send(sent) = proxies.outbound(wish.clone()).await else { panic!("sent") };
        let outcome = match failure {
            true => Err(Failure::new(FailureKind::Proxy, wish.url.clone(), "refused")),
            false => Ok(Response::new(wish.url.clone(), StatusCode::OK)),
        };
        proxies.inbound(&Trip { wish: &wish, sent: &sent, keep: &Keep::page(1) }, outcome).await;
        let Some(Via::Proxy(url)) = &sent.options().via else { panic!("a proxy") };
        url.host_str().expect("a host").to_owned()
    };
    assert_eq!([trip(false).await, trip(false).await, trip(false).await], ["a", "b", "a"]);
    assert_eq!([trip(true).await, trip(false).await, trip(true).await], ["b", "a", "b"]);
    assert_eq!(proxies.stats.count("proxy/rest_count"), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!([trip(false).await, trip(true).await, trip(true).await], ["a", "a", "a"]);
    assert_eq!(trip(true).await, "b", "the one that is back first");
    tokio::time::advance(Duration::from_secs(300)).await;
    let used = [trip(false).await, trip(false).await];
    assert!(used.contains(&"a".to_owned()) && used.contains(&"b".to_owned()), "{used:?}");
    let settings =
        Settings { url: Secret::new("http://a"), pool: vec![Secret::new("http://b")], ..Settings::default() };
    assert!(super::Proxies::new(&settings, |_| None, Arc::default()).is_err());
}
