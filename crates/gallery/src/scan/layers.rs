//! The settings of a scan's crawl: the operator's, and over them what a scan is.

use std::net::SocketAddr;
use std::path::Path;

use dragline::Layers;
use dragline::downloader::dialer::{Settings as Dialer, is_bad_port};
use dragline::error::Result;
use dragline::spider::Spider as _;
use page_images::PageImages;
use toml::Value;

use super::Options;
use crate::settings::Settings;

/// Ports of what runs inside of networks and takes orders by HTTP or text: Docker, Redis, Elasticsearch, memcached and MongoDB
/// (FAULTS, S07). Beside them all that browsers refuse to pages are refused to visitors.
const INNER: [u16; 5] = [2375, 6379, 9200, 11211, 27017];

/// The layers of a scan's crawl, whose copies go to a folder. `served` is where the gallery itself listens.
pub(super) fn layers(
    operator: &Layers,
    settings: &Settings,
    options: &Options,
    folder: &Path,
    served: Option<SocketAddr>,
) -> Result<Layers> {
    let mut layers = operator.clone();
    let Options { url, same_host, min_side, depth, css, lazy, copies: _, robots } = options;
    for (name, value) in [
        ("url", url.trim().to_owned()),
        ("same_host", same_host.to_string()),
        ("min_side", min_side.to_string()),
        ("depth", depth.to_string()),
        ("css", css.to_string()),
        ("lazy", lazy.to_string()),
        ("max_pages", settings.max_pages.to_string()),
    ] {
        layers.add_argument(PageImages::NAME, &format!("{name}={value}"))?;
    }
    let refused = refused_ports(&layers.table::<Dialer>("dialer")?.refuse_ports, served);
    let folder = Value::String(folder.to_string_lossy().into_owned());
    let Settings { scan_time, max_picture, max_bytes, max_pictures, sample, .. } = settings;
    for flag in [
        "pipelines.order=['found', 'images', 'kept', 'hotlink', 'judged']".to_owned(),
        "pipelines.found={type='gallery', stage='found'}".to_owned(),
        "pipelines.kept={type='gallery', stage='kept'}".to_owned(),
        "pipelines.judged={type='gallery', stage='judged'}".to_owned(),
        format!("pipelines.concurrency={max_pictures}"),
        format!("pipelines.images.store={folder}"),
        "pipelines.images.manifest='off'".to_owned(),
        "pipelines.images.svg=true".to_owned(),
        "pipelines.images.perceptual=true".to_owned(),
        "pipelines.images.headers=['*']".to_owned(),
        "pipelines.images.thumbs={small=[320, 320]}".to_owned(),
        format!("pipelines.images.max_body='{} B'", max_picture.as_u64()),
        format!("pipelines.hotlink.max_body='{} B'", max_picture.as_u64()),
        format!("pipelines.hotlink.sample={sample}"),
        format!("limits.time='{}ms'", scan_time.as_millis()),
        format!("limits.bytes='{} B'", max_bytes.as_u64()),
        // the spider knows how many pages there may be; this limit would end the crawl before their pictures are there
        "limits.pages=0".to_owned(),
        "limits.items=0".to_owned(),
        "limits.errors=0".to_owned(),
        format!("middlewares.robots.obey={robots}"),
        // a visitor waits for no second try in a minute
        "middlewares.robots.retry=[]".to_owned(),
        // what the operator's programs may see, visitors may not
        "middlewares.auth.accounts=[]".to_owned(),
        "middlewares.cookies.file=''".to_owned(),
        "middlewares.cookies.export=''".to_owned(),
        "middlewares.proxy.environment=false".to_owned(),
        "middlewares.cache.mode='off'".to_owned(),
        "dialer.policy='strict'".to_owned(),
        format!("dialer.refuse_ports={refused:?}"),
        "crawl.grace='1s'".to_owned(),
        "crawl.patience='3s'".to_owned(),
        "spider.threads=1".to_owned(),
        "job.dir=''".to_owned(),
        "feeds=[]".to_owned(),
    ] {
        layers.add_flag(&flag)?;
    }
    Ok(layers)
}

/// The ports that no scan asks: the operator's, those of no web server, and the gallery's own.
fn refused_ports(operators: &[u16], served: Option<SocketAddr>) -> Vec<u16> {
    // others have these, too; there the gallery is known by its names
    let own = served.map(|served| served.port()).filter(|port| ![80, 443].contains(port));
    let bad = (0..=u16::MAX).filter(|port| is_bad_port(*port));
    let mut ports: Vec<u16> = operators.iter().copied().chain(INNER).chain(own).chain(bad).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: &str = include_str!("../../../../config/default.toml");

    fn over(operator: &[&str], options: &Options) -> toml::Table {
        let mut layers = Layers::new(DEFAULTS).expect("the defaults");
        for flag in operator {
            layers.add_flag(flag).expect("a setting");
        }
        let served = Some("127.0.0.1:8321".parse().expect("an address"));
        let layers = super::layers(&layers, &Settings::default(), options, Path::new("/copies/'of\"x"), served);
        layers.expect("layers").merged()
    }

    #[test]
    fn s07_and_w07_neither_the_own_port_nor_those_of_databases_are_asked() {
        let ports = refused_ports(&[9000], Some("127.0.0.1:8321".parse().expect("an address")));
        for port in [25, 6667, 2375, 6379, 9200, 11211, 27017, 9000, 8321] {
            assert!(ports.contains(&port), "{port}");
        }
        assert!(![80, 443, 8080, 3000].iter().any(|port| ports.contains(port)));
        for address in ["0.0.0.0:80", "[::]:443"] {
            assert_eq!(refused_ports(&[], Some(address.parse().expect("an address"))), refused_ports(&[], None));
        }
    }

    #[test]
    fn s10_and_w12_what_a_scan_is_does_not_depend_on_the_operators_other_settings() {
        let operator = [
            "dialer.policy='off'",
            "dialer.allow_net=['10.0.0.0/8']",
            "dialer.refuse_ports=[9000]",
            "job.dir='job'",
            "feeds=[{uri='out.jsonl'}]",
            "middlewares.proxy.environment=true",
            "middlewares.cookies.file='cookies.txt'",
            "middlewares.cache.mode='everything'",
            "limits.items=1",
        ];
        let merged = over(&operator, &Options::new(" a.example "));
        let dialer = &merged["dialer"];
        assert_eq!(dialer["policy"].as_str(), Some("strict"));
        assert_eq!(dialer["allow_net"].as_array().map(Vec::len), Some(1), "what the operator allows is allowed");
        assert!(dialer["refuse_ports"].as_array().is_some_and(|ports| ports.contains(&9000.into())));
        let (proxy, cache) = (&merged["middlewares"]["proxy"], &merged["middlewares"]["cache"]);
        assert_eq!((proxy["environment"].as_bool(), cache["mode"].as_str()), (Some(false), Some("off")));
        assert_eq!(merged["middlewares"]["cookies"]["file"].as_str(), Some(""));
        assert_eq!((merged["job"]["dir"].as_str(), merged["limits"]["items"].as_integer()), (Some(""), Some(0)));
        assert!(merged["feeds"].as_array().is_some_and(Vec::is_empty));
        assert_eq!(merged["pipelines"]["images"]["store"].as_str(), Some("/copies/'of\"x"));
    }

    #[test]
    fn w12_what_a_visitor_types_stays_the_text_of_one_argument() {
        for url in [
            "a.example\njob.dir='x'",
            "'''",
            "\"]\n[job]\ndir=\"x\"",
            "a=b=c",
            "{ env = \"HOME\" }",
            "{ file = \"/etc/passwd\" }",
        ] {
            let merged = over(&[], &Options { robots: false, depth: 1, ..Options::new(url) });
            assert_eq!(merged["spiders"][PageImages::NAME]["url"].as_str(), Some(url));
            assert_eq!(merged["middlewares"]["robots"]["obey"].as_bool(), Some(false));
            assert_eq!(merged["job"]["dir"].as_str(), Some(""));
        }
    }
}
