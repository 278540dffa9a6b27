//! Shards in the form of WebDataset: tars in which each sample is `key.jpg` and `key.json`, and an index of them all.
//!
//! A shard appears only whole, and those that are there stay: an export that was killed goes on behind them, and each
//! sample is in one shard, once.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use dragline_store::Name;
use dragline_store::manifest::Object;
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use tar::{Archive, Builder};
use tempfile::NamedTempFile;

use super::archive::append;
use super::{Exported, finished, folder, read_in_order, unfinished};
use crate::keeping::shelf::{KeepingError, Selection, Shelf, stem};
use crate::keeping::survey::sha1_of;

/// A sample's JSON is no longer.
const LONGEST: u64 = 1 << 20;

/// Writes shards of so many bytes, or a little more. `out` is the folder and the beginning of their names: `train/photos`
/// for `train/photos-000000.tar`; beside them are `photos.index.jsonl` and, if something could not be read,
/// `photos.errors.txt`.
///
/// # Errors
/// If another export writes to the same shards, one of them cannot be read or written, or the store or its manifest
/// cannot be read.
pub async fn shards(
    shelf: &Shelf,
    selection: &Selection,
    out: &Path,
    shard_size: u64,
) -> Result<Exported, KeepingError> {
    let place = Place::of(out)?;
    fs::create_dir_all(&place.folder).map_err(KeepingError::file(&place.folder))?;
    let lock = File::create(place.path(".lock", true)).map_err(KeepingError::file(out))?;
    if lock.try_lock().is_err() {
        return Err(KeepingError::Refused(format!("another export writes to `{}`: wait for its end", out.display())));
    }
    let mut exported = Exported::default();
    let index_path = place.path(".index.jsonl", false);
    let mut index = BufWriter::new(unfinished(&index_path)?);
    let mut there = HashSet::new();
    let shards = place.whole_shards()?;
    for path in shards.values() {
        for line in samples_of(path)? {
            if let Some(name) = line["name"].as_str() {
                there.insert(name.to_owned());
            }
            writeln!(index, "{line}").map_err(KeepingError::file(&index_path))?;
        }
    }
    exported.there = there.len() as u64;
    let mut next = shards.keys().next_back().map_or(0, |last| last + 1);
    let mut open: Option<Shard> = None;
    let mut objects = std::pin::pin!(read_in_order(shelf, selection, there));
    while let Some((object, bytes)) = objects.try_next().await? {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(why) => {
                exported.errors.push((object.name, why));
                continue;
            }
        };
        if let Some(full) = open.take_if(|open| open.size > 0 && open.size + bytes.len() as u64 > shard_size) {
            exported.files.push(full.finish(&mut index, &index_path)?);
        }
        let shard = match &mut open {
            Some(shard) => shard,
            none => {
                next += 1;
                none.insert(Shard::begin(place.shard(next - 1))?)
            }
        };
        shard.add(shelf, &object, &bytes)?;
        exported.count(bytes.len());
    }
    if let Some(last) = open {
        exported.files.push(last.finish(&mut index, &index_path)?);
    }
    let index = index.into_inner().map_err(|error| KeepingError::file(&index_path)(error.into_error()))?;
    replace(index, &index_path)?;
    exported.files.push(index_path);
    place.tell(&exported)?;
    let _ = fs::remove_file(place.path(".lock", true));
    Ok(exported)
}

/// Where shards are.
struct Place {
    folder: PathBuf,
    prefix: String,
}

impl Place {
    fn of(out: &Path) -> Result<Self, KeepingError> {
        let file = out.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
        // `photos-{000000..}.tar` is how WebDataset's own tools write it
        let prefix = file.split("-{").next().unwrap_or_default().to_owned();
        match prefix.is_empty() {
            true => {
                Err(KeepingError::Refused("shards need a name: `train/photos` for `train/photos-000000.tar`".into()))
            }
            false => Ok(Self { folder: folder(out).to_owned(), prefix }),
        }
    }

    fn path(&self, ending: &str, is_hidden: bool) -> PathBuf {
        let dot = if is_hidden { "." } else { "" };
        self.folder.join(format!("{dot}{}{ending}", self.prefix))
    }

    fn shard(&self, number: u32) -> PathBuf {
        self.path(&format!("-{number:06}.tar"), false)
    }

    /// The shards that are there, by their numbers.
    fn whole_shards(&self) -> Result<BTreeMap<u32, PathBuf>, KeepingError> {
        let entries = fs::read_dir(&self.folder).map_err(KeepingError::file(&self.folder))?;
        let numbered = |entry: fs::DirEntry| {
            let file = entry.file_name();
            let rest = file.to_str()?.strip_prefix(&self.prefix)?.strip_prefix('-')?;
            let digits = rest.strip_suffix(".tar")?;
            Some((digits.parse().ok()?, entry.path()))
        };
        Ok(entries.flatten().filter_map(numbered).collect())
    }

    /// Says what could not be read, or nothing any more.
    fn tell(&self, exported: &Exported) -> Result<(), KeepingError> {
        let path = self.path(".errors.txt", false);
        match exported.list_of_errors() {
            Some(list) => fs::write(&path, list).map_err(KeepingError::file(&path)),
            None => {
                let _ = fs::remove_file(path);
                Ok(())
            }
        }
    }
}

/// A shard that is being written.
struct Shard {
    path: PathBuf,
    archive: Builder<BufWriter<NamedTempFile>>,
    size: u64,
    lines: Vec<Value>,
}

impl Shard {
    fn begin(path: PathBuf) -> Result<Self, KeepingError> {
        let file = unfinished(&path)?;
        Ok(Self { path, archive: Builder::new(BufWriter::new(file)), size: 0, lines: Vec::new() })
    }

    fn add(&mut self, shelf: &Shelf, object: &Object, bytes: &[u8]) -> Result<(), KeepingError> {
        let (key, extension) = key(&object.name);
        let visits = shelf.manifest.visits_of(&object.name)?;
        let urls: Vec<&str> = visits.iter().map(|visit| visit.url.as_str()).collect();
        let pages: Vec<&str> = visits.iter().filter_map(|visit| visit.page.as_deref()).collect();
        let opt_outs: HashSet<&String> = visits.iter().flat_map(|visit| &visit.opt_outs).collect();
        let mut opt_outs: Vec<&String> = opt_outs.into_iter().collect();
        opt_outs.sort();
        let line = json!({
            "key": key, "name": object.name, "urls": urls, "pages": pages, "sha1": object.sha1, "size": object.size,
            "mime": object.mime, "width": object.width, "height": object.height, "taken": object.taken,
            "opt_outs": opt_outs,
        });
        let written =
            append(&mut self.archive, &format!("{key}.{extension}"), object.stored_at, bytes).and_then(|()| {
                append(&mut self.archive, &format!("{key}.json"), object.stored_at, line.to_string().as_bytes())
            });
        written.map_err(KeepingError::file(&self.path))?;
        // a tar's blocks are of 512 bytes
        self.size += (bytes.len() as u64).next_multiple_of(512) + 2048;
        self.lines.push(line);
        Ok(())
    }

    fn finish(self, index: &mut impl Write, index_path: &Path) -> Result<PathBuf, KeepingError> {
        let file = self.archive.into_inner().and_then(|buffer| Ok(buffer.into_inner()?));
        finished(file.map_err(KeepingError::file(&self.path))?, &self.path)?;
        for line in self.lines {
            writeln!(index, "{}", placed(line, &self.path)).map_err(KeepingError::file(index_path))?;
        }
        Ok(self.path)
    }
}

/// A sample's key and extension. The key has no dot, for the first dot ends it, and depends on the object's name alone.
fn key(name: &str) -> (String, String) {
    let stem = stem(name).replace('.', "_");
    let extension =
        Name::cleaned(name).file().rsplit_once('.').map_or("bin".to_owned(), |(_, extension)| extension.to_lowercase());
    // a file that is JSON itself is not to be taken for the sample's own
    let extension = if extension == "json" { "file".to_owned() } else { extension };
    (format!("{stem}-{}", &sha1_of(name.as_bytes())[..8]), extension)
}

/// A line of the index: the sample's JSON and its shard.
fn placed(mut line: Value, shard: &Path) -> Value {
    line["shard"] = shard.file_name().map(|file| file.to_string_lossy().into_owned()).into();
    line
}

/// The samples of a whole shard, as lines of the index.
fn samples_of(shard: &Path) -> Result<Vec<Value>, KeepingError> {
    let read = || -> std::io::Result<Vec<Value>> {
        let mut archive = Archive::new(BufReader::new(File::open(shard)?));
        let mut lines = Vec::new();
        for entry in archive.entries_with_seek()? {
            let entry = entry?;
            if entry.path_bytes().ends_with(b".json") {
                let line: Value = serde_json::from_reader(entry.take(LONGEST))?;
                lines.push(placed(line, shard));
            }
        }
        Ok(lines)
    };
    read().map_err(KeepingError::file(shard))
}

/// An index is written anew each time.
fn replace(file: NamedTempFile, out: &Path) -> Result<(), KeepingError> {
    let _ = fs::remove_file(out);
    finished(file, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_no_dot_and_is_its_objects_own() {
        let (first, extension) = key("full/a.b.JPG");
        assert!(first.starts_with("a_b-") && !first.contains('.') && extension == "jpg", "{first}");
        assert_ne!(key("other/a.b.jpg").0, first);
        assert_eq!(key("full/plain").1, "bin");
        assert_eq!(key("full/data.json").1, "file");
    }

    #[test]
    fn shards_are_named_as_the_tools_name_them() {
        assert_eq!(Place::of(Path::new("a/b-{000000..}.tar")).expect("a place").shard(12), Path::new("a/b-000012.tar"));
        assert_eq!(Place::of(Path::new("b")).expect("a place").shard(0), Path::new("./b-000000.tar"));
        assert!(Place::of(Path::new("/")).is_err());
    }
}
