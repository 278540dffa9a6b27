//! `dragline replica`: a site to crawl, on this machine, until Ctrl-C.

use std::collections::BTreeMap;
use std::path::Path;

use dragline_replica::{books, faults, graph, hotlink, kodak};

use crate::exit::Exit;
use crate::options::{FaultsSite, HotlinkSite, KodakSite, PlainSite, Replica, Site};
use crate::terminal::print;

/// Runs a site and says how to crawl it.
pub(crate) fn run(command: &Replica) -> anyhow::Result<Exit> {
    match &command.site {
        Site::Kodak(site) => kodak(site),
        Site::Faults(site) => faults(site),
        Site::Hotlink(site) => hotlink(site),
        Site::Books(PlainSite { size, latency, port }) => {
            let mut options = books::Options { latency: *latency, port: *port, ..Default::default() };
            options.books = size.unwrap_or(options.books);
            let site = books::Books::start(options).map_err(|error| taken(error, &[*port]))?;
            print(&format!(
                "A bookshop is at {}\nCrawl it with:\n  dragline crawl books -a url={} -o books.jsonl",
                site.url(),
                site.url()
            ))?;
            until_interrupted()
        }
        Site::Graph(PlainSite { size, latency, port }) => {
            let mut options = graph::Options { latency: *latency, port: *port, ..Default::default() };
            options.pages = size.unwrap_or(options.pages);
            let site = graph::Graph::start(options).map_err(|error| taken(error, &[*port]))?;
            print(&format!(
                "A link graph is at {}\nCrawl it with:\n  dragline crawl site -a url={} -o pages.jsonl",
                site.url(),
                site.url()
            ))?;
            until_interrupted()
        }
    }
}

fn kodak(site: &KodakSite) -> anyhow::Result<Exit> {
    if let Some((number, _)) = site.fault.iter().find(|(number, _)| *number >= site.photos) {
        let message =
            format!("`--fault {number}=…`: the album has the photographs 0 to {}", site.photos.saturating_sub(1));
        return Err(dragline::Error::Setting { key: String::new(), message }.into());
    }
    let replica = kodak::Kodak::start(kodak::Options {
        photos: site.photos,
        expire_after_pages: site.expire_after,
        faults: site.fault.iter().cloned().collect::<BTreeMap<_, _>>(),
        latency: site.latency,
        https_port: site.https_port,
        http_port: site.http_port,
        ..Default::default()
    })
    .map_err(|error| taken(error, &[site.https_port, site.http_port]))?;
    save(&site.root, replica.root_certificate())?;
    let (www, cdn, root) = (replica.https(), replica.http(), site.root.display());
    print(&format!("{} is at {www}, {} at {cdn}; the root certificate is in {root}", kodak::WWW, kodak::CDN))?;
    print(&format!(
        "Crawl it with:\n  dragline crawl kodak-pulse -a username=demo -a password=demo -s tls.roots='[\"{root}\"]' \\\n    \
         --resolve {}:443:{www} --resolve {}:80:{cdn} -o photos.jsonl",
        kodak::WWW,
        kodak::CDN
    ))?;
    until_interrupted()
}

fn faults(site: &FaultsSite) -> anyhow::Result<Exit> {
    let server = faults::Faults::start(faults::Options {
        address: site.address,
        port: site.port,
        https_port: site.https_port,
        pages: site.pages,
        latency: site.latency,
    })
    .map_err(|error| taken(error, &[site.port, site.https_port]))?;
    save(&site.root, server.root_certificate())?;
    let (http, https, root) = (server.http(), server.https(), site.root.display());
    print(&format!("Faults are at http://{http}, over TLS at {https}; the root certificate is in {root}"))?;
    print(&format!(
        "All of them:\n  curl '{}?format=text'\nOne by its path, and one by its host:\n  dragline crawl site -a url={} -o pages.jsonl\n  \
         dragline crawl site -a url={} --resolve robots-deny.localhost:{}:{http} -o pages.jsonl",
        server.url(),
        server.at("/redirect/chain/3"),
        server.host("robots-deny"),
        http.port(),
    ))?;
    until_interrupted()
}

fn hotlink(site: &HotlinkSite) -> anyhow::Result<Exit> {
    let options = hotlink::Options { port: site.port, latency: site.latency, ..Default::default() };
    let sites = hotlink::Hotlink::start(options).map_err(|error| taken(error, &[site.port]))?;
    print(&format!("{} sites with pictures are listed at {}", hotlink::KINDS.len(), sites.url()))?;
    for kind in hotlink::KINDS {
        print(&format!("  {:<14}  {:<12}  {}", kind.name, kind.verdict, kind.about))?;
    }
    print(&format!("\nPages to scan, and how many pictures they have, are at {}NAME", sites.url()))?;
    for exhibit in hotlink::EXHIBITS {
        print(&format!("  {:<14}  {:<12}  {}", exhibit.name, exhibit.pictures, exhibit.about))?;
    }
    print(&format!("\nWhat was asked is at {}log", sites.url()))?;
    let (page, all) = (sites.page("referer-403"), sites.all());
    print(&format!("Judge one of them, and all:\n  dragline hotlink {page}\n  dragline hotlink {all}"))?;
    until_interrupted()
}

fn save(root: &Path, certificate: &str) -> anyhow::Result<()> {
    std::fs::write(root, certificate).map_err(|source| dragline::Error::Disk {
        what: "the root certificate",
        path: root.to_owned(),
        source,
    })?;
    Ok(())
}

/// A port that cannot be had, with its number.
fn taken(error: std::io::Error, ports: &[u16]) -> anyhow::Error {
    let ports: Vec<String> = ports.iter().filter(|port| **port != 0).map(u16::to_string).collect();
    match ports.is_empty() {
        true => error.into(),
        false => anyhow::anyhow!("port {} cannot be had: {error}", ports.join(" or ")),
    }
}

/// The sites run on threads of their own.
fn until_interrupted() -> anyhow::Result<Exit> {
    print("Ctrl-C ends it.")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::signal::ctrl_c())?;
    Ok(Exit::Finished)
}
