//! `dragline demo`: the first user's wish, on this machine: a Kodak Pulse album is served, crawled and shown.

use std::fs;
use std::io::BufRead as _;

use anyhow::Context as _;
use dragline::settings::Layers;
use dragline::{Crawl, Registry};
use dragline_images::{Entry, contact_sheet};
use dragline_replica::kodak::{CDN, Kodak, Options, WWW};
use serde::Deserialize;

use crate::DEFAULTS;
use crate::crawl::{conclude, drive};
use crate::exit::Exit;
use crate::fail_on::FailOn;
use crate::options::Demo;
use crate::terminal::{print, say};

const SPIDER: &str = "kodak-pulse";

/// Serves, crawls, shows.
pub(crate) fn run(registry: &Registry, command: &Demo) -> anyhow::Result<Exit> {
    registry.spider_settings(SPIDER)?;
    let folder = &command.folder;
    fs::create_dir_all(folder).with_context(|| format!("`{}` cannot be made", folder.display()))?;
    say(&format!("Serving an album of {} photographs as {WWW} and {CDN} on this machine …", command.photos));
    let replica = Kodak::start(Options { photos: command.photos, ..Options::default() })?;
    let mut root = tempfile::NamedTempFile::new()?;
    std::io::Write::write_all(&mut root, replica.root_certificate().as_bytes())?;

    let items = folder.join("photos.jsonl");
    let quoted = |text: &std::path::Path| toml::Value::String(text.display().to_string()).to_string();
    let mut layers = Layers::new(DEFAULTS)?;
    layers.add_flag(&format!("tls.roots=[{}]", quoted(root.path())))?;
    layers.add_flag(&format!("dns.hosts.\"{WWW}\"=\"{}\"", replica.https()))?;
    layers.add_flag(&format!("dns.hosts.\"{CDN}\"=\"{}\"", replica.http()))?;
    layers.add_flag(&format!("pipelines.images.store={}", quoted(&folder.join("photos"))))?;
    layers.add_flag(&format!("feeds=[{{ uri = {}, mode = 'overwrite' }}]", quoted(&items)))?;
    layers.add_argument(SPIDER, "username=demo")?;
    layers.add_argument(SPIDER, "password=demo")?;
    let crawl = Crawl::build(registry, SPIDER, &layers)?;
    let (report, log) = drive(crawl, &command.logging)?;
    let exit = conclude(SPIDER, &report, &[FailOn::Failure], &command.logging, &log);

    let entries = entries(&items)?;
    let page = folder.join("index.html");
    let count = contact_sheet(&page, "Kodak Pulse", "photos", &entries)?;
    print(&format!(
        "{count} photographs are in {}/, and on one page in {}",
        folder.join("photos").display(),
        page.display()
    ))?;
    Ok(exit)
}

#[derive(Deserialize)]
struct Photo {
    images: Vec<Entry>,
}

fn entries(items: &std::path::Path) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for line in std::io::BufReader::new(fs::File::open(items)?).lines() {
        let photo: Photo = serde_json::from_str(&line?).context("an item of the feed has no images")?;
        entries.extend(photo.images);
    }
    Ok(entries)
}
