//! The manifest made, or made complete, from the objects themselves.

use std::collections::{BTreeMap, HashSet};

use dragline_store::manifest::{Change, Object, Visit};
use dragline_store::{Name, Stat};
use futures_util::{TryStreamExt, stream};
use jiff::Timestamp;

use crate::keeping::named::Named;
use crate::keeping::shelf::{KeepingError, Shelf, is_object, stem, thumbnail_of};
use crate::keeping::survey::{look, survey};
use crate::picture::Kind;

/// So many changes are made together.
const TOGETHER: usize = 1000;

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Indexing {
    /// What the manifest does not know, or knows with another size.
    #[default]
    New,
    /// Every object.
    All,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Indexed {
    /// Objects that the manifest knows now.
    pub objects: u64,
    /// Those of them that were read.
    pub read: u64,
    /// Rows whose objects are gone, and that are gone too.
    pub gone: u64,
    /// Thumbnails that objects have.
    pub thumbs: u64,
    /// Objects that are not taken in, each with the reason: they are damaged, or cannot be read.
    pub refused: Vec<(String, String)>,
    /// URLs that are known from feeds now.
    pub urls: u64,
}

/// Reads objects and writes their rows; rows whose objects are gone are taken out. What is known of URLs stays.
///
/// # Errors
/// If the store cannot be listed or read, or the manifest cannot be written.
pub async fn index(shelf: &Shelf, how: Indexing) -> Result<Indexed, KeepingError> {
    let mut done = Indexed::default();
    let (mut there, mut thumbs) = (HashSet::new(), BTreeMap::<String, BTreeMap<String, String>>::new());
    let mut new = Vec::new();
    let mut listed = shelf.store.list("");
    while let Some((name, stat)) = listed.try_next().await? {
        if let Some((size, of)) = thumbnail_of(&name) {
            thumbs.entry(of.to_owned()).or_default().insert(size.to_owned(), name.to_string());
        } else if is_object(&name) {
            let known = shelf.manifest.object(name.as_str())?.filter(|known| known.name == name.as_str());
            if how == Indexing::All || known.is_none_or(|known| known.size != stat.size || is_in_part(&known)) {
                new.push((name.clone(), stat));
            }
            there.insert(name.to_string());
        }
    }
    let bounds = shelf.bounds;
    let work = move |name: &Name, bytes: &[u8]| (look(name, bytes, &bounds), bytes.len() as u64);
    survey(shelf, stream::iter(new.into_iter().map(Ok)), work, |name, stat, read| {
        match read {
            Ok((looked, _)) if looked.damage.is_some() => {
                there.remove(name.as_str());
                done.refused.push((name.to_string(), looked.damage.unwrap_or_default()));
            }
            Ok((looked, size)) => {
                done.read += 1;

                shelf.manifest.note_object(Object {
                    name: name.to_string(),
                    sha1: looked.sha1,
                    size,
                    mime: looked.mime,
                    width: looked.width,
                    height: looked.height,
                    taken: looked.taken,
                    perceptual: looked.perceptual,
                    stored_at: stored(&stat),
                    thumbs: BTreeMap::new(),
                });
            }
            Err(why) => done.refused.push((name.to_string(), why.to_string())),
        }
        Ok(())
    })
    .await?;
    shelf.manifest.flush()?;
    complete(shelf, &there, &thumbs, &mut done)?;
    done.refused.sort();
    Ok(done)
}

/// Gives objects their thumbnails, and takes out rows whose objects are gone.
fn complete(
    shelf: &Shelf,
    there: &HashSet<String>,
    thumbs: &BTreeMap<String, BTreeMap<String, String>>,
    done: &mut Indexed,
) -> Result<(), KeepingError> {
    let mut gone = Vec::new();
    for object in shelf.manifest.objects() {
        let object = object?;
        if !there.contains(&object.name) {
            gone.push(Change::Gone(object.name));
            continue;
        }
        done.objects += 1;
        // thumbnails are named by the object's own name or by its bytes
        let found = thumbs.get(stem(&object.name)).or_else(|| thumbs.get(&object.sha1)).cloned().unwrap_or_default();
        done.thumbs += found.len() as u64;
        if found != object.thumbs {
            shelf.manifest.note_object(Object { thumbs: found, ..object });
        }
    }
    done.gone = gone.len() as u64;
    for changes in gone.chunks(TOGETHER) {
        shelf.manifest.change(changes)?;
    }
    Ok(shelf.manifest.flush()?)
}

impl Indexed {
    /// Takes over what feeds say of URLs, where the manifest knows nothing of them and has the object.
    ///
    /// # Errors
    /// If the manifest cannot be read or written.
    pub fn take_over(
        &mut self,
        shelf: &Shelf,
        entries: impl IntoIterator<Item = Result<Named, KeepingError>>,
    ) -> Result<(), KeepingError> {
        for entry in entries {
            let entry = entry?;
            let Some(url) = entry.url else { continue };
            let Some(object) = shelf.manifest.object(&entry.path)? else { continue };
            let known = shelf.manifest.visit(&url)?;
            if known.is_some_and(|known| known.name.is_some()) {
                continue;
            }
            self.urls += 1;
            let (final_url, fetched_at) = (entry.final_url, entry.fetched_at);
            let status = "downloaded".to_owned();
            let visit = Visit { url, final_url, name: Some(object.name), status, fetched_at, ..Visit::default() };
            shelf.manifest.note(visit, None);
        }
        Ok(shelf.manifest.flush()?)
    }
}

/// A picture of which the hash of its looks is not known, though it can be had.
fn is_in_part(object: &Object) -> bool {
    let kind = Kind::KEPT.into_iter().find(|kind| kind.mime() == object.mime);
    object.perceptual.is_none() && object.width.is_some() && kind.is_some_and(Kind::is_decoded)
}

fn stored(stat: &Stat) -> Timestamp {
    stat.modified.and_then(|at| Timestamp::try_from(at).ok()).unwrap_or_else(Timestamp::now)
}
