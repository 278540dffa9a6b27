//! What is there twice: the same bytes under several names, and pictures that look alike.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

use dragline_store::Name;
use dragline_store::manifest::{Change, Object};

use crate::keeping::near::groups_of;
use crate::keeping::shelf::{KeepingError, Selection, Shelf};
use crate::keeping::survey::read_known;

/// Objects that are one picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Whether their bytes are the same, and not their looks alone.
    pub is_exact: bool,
    /// The objects; the first is the best.
    pub objects: Vec<Object>,
}

/// Why one object is better than another, in the order in which it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merit {
    Resolution,
    Bytes,
    Format,
    Exif,
    Age,
    Name,
}

impl fmt::Display for Merit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolution => "it has more pixels",
            Self::Bytes => "it has more bytes for as many pixels",
            Self::Format => "its format loses less",
            Self::Exif => "it says when it was taken",
            Self::Age => "it was there first",
            Self::Name => "its name comes first",
        })
    }
}

/// The groups among the objects of a store: of the same bytes, and with `near` of looks that differ in so many of 64 bits
/// at most. Beside them, how many pictures have no hash of their looks.
///
/// # Errors
/// If the manifest cannot be read.
pub fn dupes(shelf: &Shelf, selection: &Selection, near: Option<u32>) -> Result<(Vec<Group>, u64), KeepingError> {
    let mut objects = Vec::new();
    for object in shelf.manifest.objects() {
        let object = object?;
        if selection.has(&object) {
            objects.push(object);
        }
    }
    objects.sort_by(|a, b| compared(a, b).0);
    let mut by_hash = HashMap::<&str, Vec<usize>>::new();
    for (index, object) in objects.iter().enumerate() {
        by_hash.entry(&object.sha1).or_default().push(index);
    }
    let mut groups: Vec<(bool, Vec<usize>)> =
        by_hash.into_values().filter(|group| group.len() > 1).map(|group| (true, group)).collect();
    let mut without = 0;
    if let Some(near) = near {
        let pictures: Vec<usize> = (0..objects.len()).filter(|index| objects[*index].width.is_some()).collect();
        let (known, unknown): (Vec<usize>, Vec<usize>) =
            pictures.into_iter().partition(|index| objects[*index].perceptual.is_some());
        without = unknown.len() as u64;
        let hashes: Vec<u64> = known.iter().filter_map(|index| objects[*index].perceptual).collect();
        let alike =
            groups_of(&hashes, near).into_iter().map(|group| group.into_iter().map(|place| known[place]).collect());
        let alike: Vec<Vec<usize>> = alike.collect();
        // a group of likes has the same bytes within it
        let in_one: std::collections::HashSet<usize> = alike.iter().flatten().copied().collect();
        groups.retain(|(_, group)| !group.iter().all(|index| in_one.contains(index)));
        let is_exact = |group: &[usize]| group.iter().all(|index| objects[*index].sha1 == objects[group[0]].sha1);
        groups.extend(alike.into_iter().map(|group| (is_exact(&group), group)));
    }
    groups.sort_by(|a, b| objects[a.1[0]].name.cmp(&objects[b.1[0]].name));
    let group = |(is_exact, group): (bool, Vec<usize>)| Group {
        is_exact,
        objects: group.into_iter().map(|index| objects[index].clone()).collect(),
    };
    Ok((groups.into_iter().map(group).collect(), without))
}

impl Group {
    /// Why the first is better than another one of the group.
    #[must_use]
    pub fn why(&self, other: &Object) -> String {
        compared(&self.objects[0], other).1.to_string()
    }

    /// The bytes that parting with all but the best sets free.
    #[must_use]
    pub fn spare(&self) -> u64 {
        self.objects.iter().skip(1).map(|object| object.size).sum()
    }
}

/// Which of two is better, and why.
fn compared(a: &Object, b: &Object) -> (Ordering, Merit) {
    let pixels = |object: &Object| u64::from(object.width.unwrap_or(0)) * u64::from(object.height.unwrap_or(0));
    [
        (pixels(b).cmp(&pixels(a)), Merit::Resolution),
        (b.size.cmp(&a.size), Merit::Bytes),
        (loss(&a.mime).cmp(&loss(&b.mime)), Merit::Format),
        (b.taken.is_some().cmp(&a.taken.is_some()), Merit::Exif),
        (a.stored_at.cmp(&b.stored_at), Merit::Age),
    ]
    .into_iter()
    .find(|(ordering, _)| ordering.is_ne())
    .unwrap_or((a.name.cmp(&b.name), Merit::Name))
}

/// How much a format loses of a picture: fewer is better.
fn loss(mime: &str) -> u8 {
    match mime {
        "image/png" | "image/tiff" | "image/bmp" => 0,
        "image/jpeg" | "image/webp" | "image/avif" | "image/heic" | "image/jxl" => 1,
        "image/gif" => 2,
        _ => 3,
    }
}

/// Parts with all of a group but its best: their URLs lead to that from then on. The best is read first, and if its bytes
/// are not what they were, all stay: that is the error within.
///
/// # Errors
/// If the store or the manifest cannot be used.
pub async fn part_with(shelf: &Shelf, group: &Group) -> Result<Result<u64, String>, KeepingError> {
    let Some((best, others)) = group.objects.split_first() else { return Ok(Ok(0)) };
    if let Err(why) = read_known(shelf, &best.name, &best.sha1).await? {
        return Ok(Err(why));
    }
    let changes: Vec<Change> =
        others.iter().map(|other| Change::Instead { gone: other.name.clone(), kept: best.name.clone() }).collect();
    // the manifest first: what is then left of a store that is killed is a file that nobody names
    shelf.manifest.change(&changes)?;
    let mut free = 0;
    for other in others {
        // thumbnails that several share go with the last
        let shared = |thumb: &String| best.thumbs.values().any(|kept| kept == thumb);
        for name in other.thumbs.values().filter(|thumb| !shared(thumb)).chain([&other.name]) {
            if let Ok(name) = Name::new(name.as_str()) {
                shelf.store.delete(&name).await?;
            }
        }
        free += other.size;
    }
    Ok(Ok(free))
}
