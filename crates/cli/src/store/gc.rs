//! `dragline store gc`: what nobody needs any more.

use std::path::PathBuf;
use std::time::Duration;

use dragline::Registry;
use dragline_images::keeping::{garbage, remove};
use serde_json::json;

use super::{Wanting, bytes, open};
use crate::exit::Exit;
use crate::options::store::Place;
use crate::terminal::{json as line, print, say, shown};

pub(super) async fn run(
    registry: &Registry,
    place: &Place,
    feeds: &[PathBuf],
    older_than: Duration,
    yes: bool,
    as_json: bool,
) -> anyhow::Result<Exit> {
    let wanting = if feeds.is_empty() { Wanting::Refuse } else { Wanting::Make };
    let shelf = open(registry, place, wanting)?;
    let waste = garbage(&shelf, feeds, older_than).await?;
    let size: u64 = waste.iter().map(|waste| waste.size).sum();
    for waste in &waste {
        print(&match as_json {
            true => line(&json!({ "name": waste.name, "size": waste.size, "why": waste.why.name() })),
            false => format!("{:<8}  {:>10}  {}", waste.why.name(), bytes(waste.size), shown(&waste.name)),
        })?;
    }
    if yes {
        // what dead crawls left half done goes when a store is opened
        shelf.store.open().await?;
        remove(&shelf, &waste).await?;
    }
    let end = match (yes, waste.is_empty()) {
        (_, true) => "nothing is there that nobody needs".to_owned(),
        (true, _) => format!("{} objects are deleted, {}", waste.len(), bytes(size)),
        (false, _) => format!("{} objects, {}: nothing is deleted without `--yes`", waste.len(), bytes(size)),
    };
    match as_json {
        true => say(&end),
        false => print(&end)?,
    }
    Ok(Exit::Finished)
}
