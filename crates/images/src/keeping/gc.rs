//! What nobody needs any more: objects that nothing names, thumbnails of objects that are gone.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use dragline_store::manifest::Change;
use dragline_store::{Name, Stat};
use futures_util::TryStreamExt;

use crate::keeping::named::named_by;
use crate::keeping::shelf::{KeepingError, Shelf, is_object, is_thumbnail, stem, thumbnail_of};

/// Something that may go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waste {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// Why it may go.
    pub why: Garbage,
}

/// Why something may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Garbage {
    /// An object that the manifest does not know, or that no feed names.
    Unnamed,
    /// A thumbnail without its picture.
    Orphan,
}

impl Garbage {
    /// The words for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unnamed => "unnamed",
            Self::Orphan => "orphan",
        }
    }
}

/// What may go, in the order of names. Without feeds it is what the manifest does not know; with feeds, what none of them
/// names. What is younger than `older_than` stays: a crawl may be about to name it. Removes nothing.
///
/// # Errors
/// If the store cannot be listed or a feed cannot be read to its end; and if the manifest is empty and there is no feed,
/// for then all would go.
pub async fn garbage(shelf: &Shelf, feeds: &[PathBuf], older_than: Duration) -> Result<Vec<Waste>, KeepingError> {
    let mut named = HashSet::new();
    for feed in feeds {
        for entry in named_by(feed)? {
            let entry = entry?;
            // one that gave way is named by its old name
            if let Some(object) = shelf.manifest.object(&entry.path)? {
                named.insert(object.name);
            }
            named.insert(entry.path);
        }
    }
    if feeds.is_empty() && shelf.manifest.totals()?.0 == 0 {
        let why =
            "the manifest knows no object, so that all would go: run `dragline store index` first, or name `--feed`s";
        return Err(KeepingError::Refused(why.to_owned()));
    }
    if !feeds.is_empty() && named.is_empty() {
        let why = "the feeds name no object, so that all would go: are they those of this store?";
        return Err(KeepingError::Refused(why.to_owned()));
    }
    let now = SystemTime::now();
    let is_old = |stat: &Stat| match stat.modified {
        Some(at) => now.duration_since(at).is_ok_and(|age| age >= older_than),
        None => older_than.is_zero(),
    };
    let (mut waste, mut stems, mut thumbs) = (Vec::new(), HashSet::new(), Vec::new());
    let mut listed = shelf.store.list("");
    while let Some((name, stat)) = listed.try_next().await? {
        if is_thumbnail(&name) {
            thumbs.push((name, stat));
        } else if is_object(&name) {
            let known = shelf.manifest.object(name.as_str())?.filter(|known| known.name == name.as_str());
            let is_named = if feeds.is_empty() { known.is_some() } else { named.contains(name.as_str()) };
            if !is_named && is_old(&stat) {
                waste.push(Waste { name: name.to_string(), size: stat.size, why: Garbage::Unnamed });
            } else {
                stems.extend(known.map(|known| known.sha1));
                stems.insert(stem(name.as_str()).to_owned());
            }
        }
    }
    for (name, stat) in thumbs {
        let is_needed = thumbnail_of(&name).is_some_and(|(_, stem)| stems.contains(stem));
        if !is_needed && is_old(&stat) {
            waste.push(Waste { name: name.to_string(), size: stat.size, why: Garbage::Orphan });
        }
    }
    waste.sort();
    Ok(waste)
}

/// Removes what may go.
///
/// # Errors
/// If something cannot be removed; what stands before it is gone.
pub async fn remove(shelf: &Shelf, waste: &[Waste]) -> Result<(), KeepingError> {
    for Waste { name, why, .. } in waste {
        if *why == Garbage::Unnamed {
            shelf.manifest.change(&[Change::Gone(name.clone())])?;
        }
        if let Ok(name) = Name::new(name.as_str()) {
            shelf.store.delete(&name).await?;
        }
    }
    Ok(())
}
