//! `dragline store index`: the manifest made from the objects.

use std::path::PathBuf;

use dragline::Registry;
use dragline_images::keeping::{Indexing, index, named_by};
use indicatif::HumanCount;

use super::{Wanting, open};
use crate::exit::Exit;
use crate::options::store::Place;
use crate::terminal::{print, say, shown};

pub(super) async fn run(registry: &Registry, place: &Place, all: bool, from: &[PathBuf]) -> anyhow::Result<Exit> {
    let shelf = open(registry, place, Wanting::Make)?;
    let mut done = index(&shelf, if all { Indexing::All } else { Indexing::New }).await?;
    for feed in from {
        done.take_over(&shelf, named_by(feed)?)?;
    }
    for (name, why) in &done.refused {
        say(&format!("not taken in: {}: {}", shown(name), shown(why)));
    }
    print(&format!(
        "{} objects, {} of them read now; {} thumbnails; {} rows gone; {} URLs from feeds; {} not taken in",
        HumanCount(done.objects),
        HumanCount(done.read),
        HumanCount(done.thumbs),
        HumanCount(done.gone),
        HumanCount(done.urls),
        done.refused.len(),
    ))?;
    Ok(if done.refused.is_empty() { Exit::Finished } else { Exit::Failed })
}
