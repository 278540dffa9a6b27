//! `dragline store export`: the objects taken along.

use std::path::Path;
use std::sync::Arc;

use dragline::feed::{self, Mode};
use dragline::message::Record;
use dragline::{Error, Registry};
use dragline_images::keeping::export::{Exported, gallery, shards, tar, zip};
use dragline_images::keeping::{Selection, Shelf};
use indicatif::HumanCount;
use jiff::Timestamp;
use url::Url;

use super::ls::described;
use super::{Wanting, bytes, open, selection};
use crate::exit::Exit;
use crate::options::store::{ExportFormat, Place, Which};
use crate::terminal::{print, say, shown};

/// Rows that are written together.
const BATCH: usize = 1000;

/// What is to be written, and where.
pub(super) struct Wanted<'a> {
    pub(super) out: &'a Path,
    pub(super) format: Option<ExportFormat>,
    pub(super) shard_size: u64,
    pub(super) copy: bool,
    pub(super) title: Option<&'a str>,
}

pub(super) async fn run(
    registry: &Registry,
    place: &Place,
    which: &Which,
    wanted: &Wanted<'_>,
) -> anyhow::Result<Exit> {
    let format = wanted.format.map_or_else(|| by_name(wanted.out), Ok)?;
    let shelf = open(registry, place, Wanting::Refuse)?;
    let (selection, out) = (selection(which), wanted.out);
    let exported = match format {
        ExportFormat::Zip => zip(&shelf, &selection, out).await?,
        ExportFormat::Tar => tar(&shelf, &selection, out).await?,
        ExportFormat::Webdataset => shards(&shelf, &selection, out, wanted.shard_size).await?,
        ExportFormat::Html => {
            gallery(&shelf, &selection, out, wanted.title.unwrap_or(&place.store), wanted.copy).await?
        }
        ExportFormat::Table => table(registry, &shelf, &selection, out).await?,
    };
    for (name, why) in &exported.errors {
        say(&format!("left out: {}: {}", shown(name), shown(why)));
    }
    let there = match exported.there {
        0 => String::new(),
        there => format!(" (and {} that were there)", HumanCount(there)),
    };
    let files: Vec<String> = exported.files.iter().map(|file| shown(&file.display().to_string())).collect();
    print(&format!(
        "{} objects, {}{there}; {} left out: {}",
        HumanCount(exported.objects),
        bytes(exported.bytes),
        exported.errors.len(),
        files.join(" "),
    ))?;
    Ok(if exported.errors.is_empty() { Exit::Finished } else { Exit::Failed })
}

/// What a file's name says of its format.
fn by_name(out: &Path) -> Result<ExportFormat, Error> {
    let name = out.to_string_lossy();
    let extension = out.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("tar") if name.contains("{0") => Ok(ExportFormat::Webdataset),
        Some("zip") => Ok(ExportFormat::Zip),
        Some("tar") => Ok(ExportFormat::Tar),
        Some(_) => Ok(ExportFormat::Table),
        None => Err(Error::setting("OUT", "does not say by its name what it is to be: add `--format`")),
    }
}

/// A row for each object, in a format that the runner has for feeds.
async fn table(registry: &Registry, shelf: &Shelf, selection: &Selection, out: &Path) -> anyhow::Result<Exported> {
    let settings = feed::Settings { mode: Mode::Fail, ..feed::Settings::new(out.to_string_lossy()) };
    let plan = registry.feeds().plan(&settings)?;
    let spool = tempfile::tempdir()?;
    let context = feed::Context {
        spider: "store".to_owned(),
        job: "export".to_owned(),
        started: Timestamp::now(),
        spool: spool.path().to_owned(),
        resuming: false,
        closed: false,
        durable: true,
        items: Arc::default(),
        stats: Arc::default(),
    };
    let mut feed = plan.open(&context).await?;
    let (mut exported, mut batch) = (Exported { files: vec![out.to_owned()], ..Exported::default() }, Vec::new());
    let page = Arc::new(Url::parse("about:blank")?);
    for object in shelf.manifest.objects() {
        let object = object?;
        if !selection.has(&object) {
            continue;
        }
        exported.objects += 1;
        exported.bytes += object.size;
        let mut row = described(&object, &shelf.manifest.visits_of(&object.name)?)?;
        // columns for what most ask for, and the rest as JSON
        let first = row["urls"][0].clone();
        for column in ["url", "final_url", "page", "item", "status", "fetched_at"] {
            row[column] = first[column].clone();
        }
        let json = serde_json::to_vec(&row)?;
        batch.extend(Record::from_json("Object", page.clone(), json.into()));
        if batch.len() == BATCH {
            feed.write(&std::mem::take(&mut batch)).await?;
        }
    }
    feed.write(&batch).await?;
    feed.sync().await?;
    feed.finish().await?;
    Ok(exported)
}
