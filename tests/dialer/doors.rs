//! S05: every door that a page has to another request, each aimed at a private address.

use dragline_tests::network::{Asked, Network, Site, answer, inside, kind, missing, page, redirect};
use dragline_tests::{Ended, Scene, odd_runner};

const INNER: &str = "http://10.0.0.1";

/// A site on every address, and what a crawl of its public part came to.
fn crawl(network: &Network, spider: &str, more: &[&str], public: fn(&Asked) -> String) -> (Ended, Site) {
    let site = Site::start(80, move |asked| match asked.to.to_string().as_str() {
        "8.8.4.4" => public(asked),
        _ => page("inside"),
    });
    let scene = Scene::new();
    let mut command =
        network.crawl(&scene, spider, &["-a", "url=http://8.8.4.4/", "-s", "middlewares.robots.retry=[]"]);
    (scene.ended(&command.args(more).output().expect("it runs")), site)
}

/// Nobody but the public address was dialled.
fn is_held(network: &Network, site: &Site) {
    let asked = site.asked();
    assert!(asked.iter().all(|asked| asked.to.to_string() == "8.8.4.4"), "{asked:?}");
    assert_eq!(network.dialled(), asked.len() as u64);
}

#[test]
fn s05_robots_txt_leads_nowhere_else() {
    inside(|network| {
        let (ended, site) = crawl(network, "site", &[], |asked| match asked.path() {
            "/robots.txt" => redirect(302, &format!("{INNER}/robots.txt")),
            _ => page("here"),
        });
        is_held(network, &site);
        assert_eq!(ended.count("requests/done") + ended.count("requests/failed"), 1, "{:#}", ended.report);
    });
}

#[test]
fn s05_the_sitemaps_that_robots_txt_names_are_not_private() {
    inside(|network| {
        let (ended, site) = crawl(network, "site", &[], |asked| match asked.path() {
            "/robots.txt" => answer(200, "", &format!("User-agent: *\nAllow: /\nSitemap: {INNER}/sitemap.xml\n")),
            _ => page("here"),
        });
        is_held(network, &site);
        assert_eq!(ended.items.len(), 1);
    });
}

#[test]
fn s05_a_base_element_leads_nowhere_else() {
    inside(|network| {
        let (ended, site) = crawl(network, "site", &["-a", "same_host=false"], |asked| match asked.path() {
            "/robots.txt" => missing(),
            _ => {
                page(&format!("<base href={INNER}/><a href=one>1</a><a href=/two>2</a><a href=//10.0.0.2/three>3</a>"))
            }
        });
        is_held(network, &site);
        assert_eq!((ended.items.len(), ended.count("requests/failed_count/blocked_address")), (1, 3));
    });
}

#[test]
fn s05_images_come_from_public_addresses_too() {
    inside(|network| {
        let images = ["-s", "pipelines.order=[\"images\"]"];
        let (ended, site) = crawl(network, "books", &images, |asked| {
            let book = |number: u8| format!("<article class=product_pod><h3><a href=/{number}>x</a></h3></article>");
            let source = match asked.path() {
                "/robots.txt" => return missing(),
                "/" => return page(&(1..=5).map(book).collect::<String>()),
                "/moved.jpg" => return redirect(302, &format!("{INNER}/moved.jpg")),
                "/refreshed.jpg" => return page(&format!("<meta http-equiv=refresh content='0;url={INNER}/x.jpg'>")),
                "/1" => format!("{INNER}/secret.jpg"),
                "/2" => "/moved.jpg".to_owned(),
                "/3" => "//2130706433/secret.jpg".to_owned(),
                "/4" => "http://[::ffff:10.0.0.1]/secret.jpg".to_owned(),
                _ => "/refreshed.jpg".to_owned(),
            };
            page(&format!(
                "<article><h1>Book</h1><p class='star-rating One'></p><p class=price_color>£1</p><p \
                 class=availability>1</p></article><table><td>1</td></table><div id=product_gallery><img src={source}></div>"
            ))
        });
        is_held(network, &site);
        assert_eq!((ended.items.len(), ended.count("file_status_count/failed")), (5, 5), "{:#}", ended.report);
        assert!(ended.count("file_failed_count/blocked_address") >= 4, "{:#}", ended.report);
    });
}

#[test]
fn s05_signing_in_leads_nowhere_else() {
    inside(|network| {
        let site = Site::start(80, |asked| match (asked.to.to_string().as_str(), asked.path()) {
            ("8.8.4.4", "/robots.txt") => missing(),
            ("8.8.4.4", _) => redirect(307, &format!("{INNER}/form")),
            _ => page("inside"),
        });
        let scene = Scene::new();
        let command = scene.of(odd_runner(), "opens", &["-a", "url=http://8.8.4.4/"]).output();
        let ended = scene.ended(&command.expect("it runs"));
        ended.expect_code(5);
        assert!(ended.stderr.contains("blocked_address"), "{}", ended.stderr);
        is_held(network, &site);
    });
}

#[test]
fn s05_a_name_that_is_led_elsewhere_by_the_operator_is_held_to_the_rule() {
    inside(|network| {
        let site = Site::start(80, |_| page("here"));
        let led = ["--resolve", "inner.example:80:10.0.0.1", "-s", "dialer.policy=strict", "--no-robots"];
        assert_eq!(kind(&network.fetch("http://inner.example/", &led)), "blocked_address");
        assert_eq!(site.asked().len(), 0);
        let led = ["--resolve", "inner.example:80:10.0.0.1", "--no-robots"];
        assert_eq!(network.fetch("http://inner.example/", &led)["status"], 200);
    });
}
