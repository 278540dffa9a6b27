//! Is every object still what it was? Each is read, hashed and decoded.

use std::collections::HashSet;

use dragline_store::manifest::{Change, Object};
use dragline_store::{About, Existing, Name};

use dragline::message::Body;

use crate::keeping::shelf::{DAMAGED, KeepingError, Shelf, is_object, is_thumbnail};
use crate::keeping::survey::{Looked, look, survey};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The object.
    pub name: String,
    /// What it is.
    pub what: What,
    /// The reason, for people.
    pub reason: String,
}

/// What is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Its bytes are not what they were, or no whole picture.
    Damaged,
    /// The manifest has it and the store has not.
    Missing,
    /// It cannot be read.
    Unreadable,
    /// The store has it and the manifest has not: no damage.
    Unknown,
}

impl What {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Unknown => "unknown",
        }
    }
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Objects that were read and are whole.
    pub whole: u64,
    /// Thumbnails that were read and are whole.
    pub thumbs: u64,
    /// Bytes of both.
    pub bytes: u64,
    /// What is not as it should be, in the order of the names.
    pub findings: Vec<Finding>,
    /// What is wrong with the manifest's own structure.
    pub manifest: Vec<String>,
}

impl Verified {
    /// Whether something is wrong.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        !self.manifest.is_empty() || self.findings.iter().any(|finding| finding.what != What::Unknown)
    }
}

/// Reads every object and thumbnail, hashes and decodes it, and holds it against the manifest. Changes nothing.
///
/// # Errors
/// If the store cannot be listed, or the manifest cannot be read.
pub async fn verify(shelf: &Shelf) -> Result<Verified, KeepingError> {
    let mut verified = Verified { manifest: shelf.manifest.check()?, ..Verified::default() };
    let (bounds, mut there) = (shelf.bounds, HashSet::new());
    let work = move |name: &Name, bytes: &[u8]| (look(name, bytes, &bounds), bytes.len() as u64);
    survey(shelf, shelf.store.list(""), work, |name, _, read| {
        let mut find = |what, reason: String| {
            verified.findings.push(Finding { name: name.to_string(), what, reason });
        };
        let (looked, size) = match read {
            Ok(looked) => looked,
            Err(why) => {
                find(What::Unreadable, why.to_string());
                return Ok(());
            }
        };
        match &looked.damage {
            // set aside: known to be what it is
            _ if !is_object(&name) && !is_thumbnail(&name) => {}
            Some(why) if is_thumbnail(&name) => find(What::Damaged, why.clone()),
            None if is_thumbnail(&name) => {
                verified.thumbs += 1;
                verified.bytes += size;
            }
            damage => {
                there.insert(name.to_string());
                let known = shelf.manifest.object(name.as_str())?.filter(|known| known.name == name.as_str());
                match (known, damage) {
                    (Some(known), _) if known.sha1 != looked.sha1 => {
                        find(What::Damaged, changed(&known, &looked, size))
                    }
                    (_, Some(why)) => find(What::Damaged, why.clone()),
                    (None, None) => find(What::Unknown, "the manifest does not know it".to_owned()),
                    (Some(_), None) => {
                        verified.whole += 1;
                        verified.bytes += size;
                    }
                }
            }
        }
        Ok(())
    })
    .await?;
    let unreadable: HashSet<String> = verified.findings.iter().map(|finding| finding.name.clone()).collect();
    for object in shelf.manifest.objects() {
        let object = object?;
        if !there.contains(&object.name) && !unreadable.contains(&object.name) {
            let reason = "the manifest has it, and the store has not".to_owned();
            verified.findings.push(Finding { name: object.name, what: What::Missing, reason });
        }
    }
    verified.findings.sort();
    Ok(verified)
}

fn changed(known: &Object, looked: &Looked, size: u64) -> String {
    match known.size == size {
        true => format!("its SHA-1 is {} and was {}", looked.sha1, known.sha1),
        false => format!("it has {size} bytes and had {}", known.size),
    }
}

/// Moves damaged objects to `damaged/`, where no crawl finds them, so that the next one fetches them again. Says how many.
///
/// # Errors
/// If one cannot be moved; those before it are.
pub async fn set_aside(shelf: &Shelf, findings: &[Finding]) -> Result<usize, KeepingError> {
    shelf.store.open().await?;
    let mut moved = 0;
    for finding in findings.iter().filter(|finding| finding.what == What::Damaged) {
        let Ok(name) = Name::new(finding.name.as_str()) else { continue };
        let Some(bytes) = shelf.store.get(&name).await? else { continue };
        let aside = Name::cleaned(&format!("{DAMAGED}{name}"));
        shelf.store.put(&aside, Body::Memory(bytes), &About::default(), Existing::Replace).await?;
        shelf.manifest.change(&[Change::Gone(finding.name.clone())])?;
        shelf.store.delete(&name).await?;
        moved += 1;
    }
    Ok(moved)
}
