//! Pages to look at a store with: small pictures that lead to the originals. They need no server.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use dragline::message::{Body, mask};
use dragline_store::manifest::Object;
use dragline_store::{About, Existing, Local, Name, Stat, Store};
use futures_util::stream;

use super::Exported;
use crate::contact_sheet::{Tile, path_in_url, sheet};
use crate::keeping::shelf::{KeepingError, Selection, Shelf};
use crate::keeping::survey::survey;
use crate::render::{Color, Encoding, thumbnail_of};

/// So many pictures are on a page.
const PAGE: usize = 500;
/// The box that a small picture fits into.
const BOX: (u32, u32) = (320, 320);

/// Writes pages into a folder that is new or empty: `index.html`, `page-2.html` and so on, and small pictures in `small/`.
/// Originals are linked to where they are, if that is a folder on this machine; otherwise, and with `copy`, they are
/// copied into `originals/`.
///
/// # Errors
/// If the folder has something in it or cannot be written to, or the store or its manifest cannot be read.
pub async fn gallery(
    shelf: &Shelf,
    selection: &Selection,
    out: &Path,
    title: &str,
    copy: bool,
) -> Result<Exported, KeepingError> {
    fs::create_dir_all(out).map_err(KeepingError::file(out))?;
    if fs::read_dir(out).map_err(KeepingError::file(out))?.next().is_some() {
        let why = format!("`{}` is not empty: give a folder that is new", out.display());
        return Err(KeepingError::Refused(why));
    }
    let originals = match shelf.store.root().filter(|_| !copy) {
        Some(root) => way(out, root).map_err(KeepingError::file(out))?,
        None => "originals/".to_owned(),
    };
    let mut objects = Vec::new();
    for object in shelf.manifest.objects() {
        objects.extend(Some(object?).filter(|object| selection.has(object)));
    }
    let (mut exported, smalls) = make_small(shelf, &objects, out, copy || shelf.store.root().is_none()).await?;
    let shown: Vec<(&Object, Option<(u32, u32)>)> =
        objects.iter().zip(smalls).filter_map(|(object, small)| Some((object, small?))).collect();
    let pages = shown.chunks(PAGE).collect::<Vec<_>>();
    // an empty store has a page too
    let pages: Vec<&[_]> = if pages.is_empty() { vec![&[]] } else { pages };
    let summary = format!("{} pictures and files, {} MB", shown.len(), exported.bytes / 1_000_000);
    for (number, tiles) in pages.iter().enumerate() {
        let mut page = Vec::with_capacity(tiles.len());
        for (place, (object, small)) in tiles.iter().enumerate() {
            page.push(tile(shelf, object, *small, &originals, number * PAGE + place + 1)?);
        }
        let names: Vec<String> = (0..pages.len()).map(page_name).collect();
        let path = out.join(page_name(number));
        fs::write(&path, sheet(title, &summary, &page, &names, number)).map_err(KeepingError::file(&path))?;
    }
    exported.files.push(out.join(page_name(0)));
    if let Some(list) = exported.list_of_errors() {
        let path = out.join("errors.txt");
        fs::write(&path, list).map_err(KeepingError::file(&path))?;
    }
    Ok(exported)
}

fn page_name(number: usize) -> String {
    if number == 0 { "index.html".to_owned() } else { format!("page-{}.html", number + 1) }
}

/// The size of what is written small; `(0, 0)` of what is shown by itself or is no picture.
type Small = Option<(u32, u32)>;

/// Writes the small pictures, and the originals if they are to be copied. None of what could not be read.
async fn make_small(
    shelf: &Shelf,
    objects: &[Object],
    out: &Path,
    copy: bool,
) -> Result<(Exported, Vec<Option<Small>>), KeepingError> {
    let target = Local::new(out.to_owned(), false);
    let bounds = shelf.bounds;
    let by_name: HashMap<&str, usize> =
        objects.iter().enumerate().map(|(at, object)| (object.name.as_str(), at)).collect();
    let names = objects.iter().filter_map(|object| Name::new(object.name.as_str()).ok().zip(Some(object.size)));
    let names: Vec<_> = names.map(|(name, size)| Ok((name, Stat { size, modified: None }))).collect();
    let mut exported = Exported::default();
    let mut smalls = vec![None; objects.len()];
    let small_folder = out.join("small");
    fs::create_dir_all(&small_folder).map_err(KeepingError::file(&small_folder))?;
    let work = move |_: &Name, bytes: &[u8]| {
        let small = thumbnail_of(bytes, &bounds, BOX, Encoding::default(), Color::default());
        (small.ok(), bytes.len())
    };
    survey(shelf, stream::iter(names), work, |name, _, read| {
        let Some(&at) = by_name.get(name.as_str()) else { return Ok(()) };
        match read {
            Ok((small, size)) => {
                exported.count(size);
                smalls[at] = Some(small.as_ref().map(|small| (small.width, small.height)));
                if let Some(small) = small {
                    let path = small_folder.join(small_name(&objects[at]));
                    fs::write(&path, small.bytes).map_err(KeepingError::file(&path))?;
                }
            }
            Err(why) => exported.errors.push((name.to_string(), why.to_string())),
        }
        Ok(())
    })
    .await?;
    if copy {
        target.open().await?;
    }
    for object in objects.iter().filter(|_| copy) {
        let Ok(name) = Name::new(object.name.as_str()) else { continue };
        if let Some(bytes) = shelf.store.get(&name).await? {
            let name = Name::cleaned(&format!("originals/{name}"));
            target.put(&name, Body::Memory(bytes), &About::default(), Existing::Replace).await?;
        }
    }
    Ok((exported, smalls))
}

fn small_name(object: &Object) -> String {
    format!("{}.jpg", crate::keeping::survey::sha1_of(object.name.as_bytes()))
}

fn tile(shelf: &Shelf, object: &Object, small: Small, originals: &str, number: usize) -> Result<Tile, KeepingError> {
    let visits = shelf.manifest.visits_of(&object.name)?;
    let url = visits.first().map(|visit| mask::text(&visit.url).into_owned());
    let name = Name::cleaned(&object.name);
    let link = format!("{originals}{}", path_in_url(name.as_str()));
    let size = match (object.width, object.height) {
        (Some(width), Some(height)) => format!("{width} × {height}, "),
        _ => String::new(),
    };
    let taken = object.taken.as_ref().map(|taken| format!(", taken {taken}")).unwrap_or_default();
    let about = format!("{size}{} KB{taken}", object.size.div_ceil(1000));
    let label =
        [Some(about.clone()), url, Some(object.name.clone())].into_iter().flatten().collect::<Vec<_>>().join("\n");
    // what cannot be made small may be shown by the browser
    let source = match small {
        Some(_) => Some(format!("small/{}", small_name(object))),
        None if object.mime.starts_with("image/") && object.mime != "image/svg+xml" => Some(link.clone()),
        None => None,
    };
    let (width, height) = small.unwrap_or_default();
    Ok(Tile { link, source, alt: format!("Picture {number}: {about}"), label, width, height })
}

/// The way from a folder to another, as a URL without a scheme: `../photos/`.
fn way(from: &Path, to: &Path) -> std::io::Result<String> {
    let (from, to) = (fs::canonicalize(from)?, fs::canonicalize(to)?);
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| "..".to_owned());
    let rest: PathBuf = to.components().skip(shared).collect();
    let down = rest.components().map(|part| path_in_url(&part.as_os_str().to_string_lossy()));
    Ok(up.chain(down).map(|part| part + "/").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_from_a_folder_to_another_is_relative() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("a/page"), folder.path().join("b #1/photos"));
        fs::create_dir_all(&from).expect("made");
        fs::create_dir_all(&to).expect("made");
        assert_eq!(way(&from, &to).expect("a way"), "../../b%20%231/photos/");
        assert_eq!(way(&from, &from).expect("a way"), "");
    }
}
