//! The store on disk. A file has its name only once it is whole: it is written as `.part/<process>-….part` in the same
//! file system and renamed into place, so a reader sees all of it or nothing, whenever the process is killed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dragline::message::Body;
use sha1::{Digest, Sha1};

use crate::verify::{FORMATS, Picture, extension};

/// Where unfinished files are.
const PARTS: &str = ".part";
/// Where originals are, as in Scrapy's stores.
const FULL: &str = "full";

/// A folder of images under hash names.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    sync: bool,
}

/// A store that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be used as an image store: {source}", path.display())]
pub struct StoreError {
    /// The folder or file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl Store {
    /// A store in a folder; with `sync`, each file is on the disk before it has its name. Touches nothing yet.
    #[must_use]
    pub fn new(root: PathBuf, sync: bool) -> Self {
        Self { root, sync }
    }

    /// Makes its folders, makes sure that they can be written to, and removes what dead processes left half done.
    ///
    /// # Errors
    /// If it cannot be written to.
    pub fn open(&self) -> Result<(), StoreError> {
        for folder in [self.root.join(FULL), self.parts()] {
            fs::create_dir_all(&folder).map_err(|source| StoreError { path: folder.clone(), source })?;
        }
        let probe = Body::part_file(&self.parts()).and_then(|mut file| file.write_all(b"can this be written to?"));
        probe.map_err(|source| StoreError { path: self.root.clone(), source })?;
        // what cannot be listed or removed does no harm
        for entry in fs::read_dir(self.parts()).into_iter().flatten().flatten() {
            if is_left_over(&entry.file_name().to_string_lossy()) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    /// Removes the folder for unfinished files, if nobody has any.
    pub fn close(&self) {
        let _ = fs::remove_dir(self.parts());
    }

    /// The folder of the store.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder for bodies that are not whole yet.
    #[must_use]
    pub fn parts(&self) -> PathBuf {
        self.root.join(PARTS)
    }

    /// The name of a URL's file without its extension: `full/<sha1 of the URL>`.
    #[must_use]
    pub fn stem(url: &str) -> String {
        format!("{FULL}/{}", hex(&Sha1::digest(url.as_bytes())))
    }

    /// The file of a URL, if one is there that is an image by its header: its name, its bytes, what it is.
    #[must_use]
    pub fn find(&self, stem: &str) -> Option<(String, Vec<u8>, Picture)> {
        FORMATS.iter().find_map(|format| {
            let name = format!("{stem}.{}", extension(*format));
            let bytes = fs::read(self.root.join(&name)).ok()?;
            let picture = Picture::of_header(&bytes).ok()?;
            Some((name, bytes, picture))
        })
    }

    /// Keeps a whole body under its final name.
    ///
    /// # Errors
    /// If the disk refuses it; nothing is left then.
    pub fn keep(&self, body: Body, name: &str) -> Result<(), StoreError> {
        let path = self.root.join(name);
        let keep = || {
            let file = match body {
                Body::File { file, .. } => file,
                Body::Memory(bytes) => {
                    let mut file = Body::part_file(&self.parts())?;
                    file.write_all(&bytes)?;
                    file
                }
            };
            if self.sync {
                file.as_file().sync_all()?;
            }
            file.persist(&path).map_err(|error| error.error)?;
            if self.sync {
                fs::File::open(self.root.join(FULL))?.sync_all()?;
            }
            Ok(())
        };
        keep().map_err(|source| StoreError { path: path.clone(), source })
    }
}

/// Whether an unfinished file's process is gone. Where that cannot be told, it is taken to live.
fn is_left_over(name: &str) -> bool {
    let process = name.strip_suffix(".part").and_then(|name| name.split_once('-')).map(|(process, _)| process);
    let Some(process) = process.and_then(|process| process.parse::<u32>().ok()) else { return false };
    let processes = Path::new("/proc");
    processes.join("self").exists() && !processes.join(process.to_string()).exists()
}

/// Bytes in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // writing to a String cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::tests::sample;
    use image::ImageFormat;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path().join("photos"), true);
        store.open().expect("opened");
        (folder, store)
    }

    #[test]
    fn names_are_those_of_scrapy() {
        // the cases of Scrapy's own suite
        let stem = Store::stem("https://dev.mydeco.com/mydeco.gif");
        assert_eq!(stem, "full/3fd165099d8e71b8a48b2683946e64dbfad8b52d");
        let stem = Store::stem("http://www.maddiebrown.co.uk///catalogue-items//image_54642_12175_95307.jpg");
        assert_eq!(stem, "full/0ffcd85d563bca45e2f90becd0ca737bc58a00b2");
    }

    #[test]
    fn what_was_kept_is_found_as_it_came() {
        let (_folder, store) = store();
        let (stem, bytes) = (Store::stem("http://a.example/1"), sample(ImageFormat::Png));
        assert!(store.find(&stem).is_none());
        store.keep(Body::Memory(bytes.clone().into()), &format!("{stem}.png")).expect("kept");
        let (name, found, picture) = store.find(&stem).expect("found");
        assert_eq!((name, found, picture.format), (format!("{stem}.png"), bytes, ImageFormat::Png));
        assert_eq!(fs::read_dir(store.parts()).expect("a folder").count(), 0, "nothing is left half done");
    }

    #[test]
    fn half_a_file_of_another_program_is_not_taken_for_an_image() {
        let (_folder, store) = store();
        let stem = Store::stem("http://a.example/1");
        fs::write(store.root().join(format!("{stem}.jpg")), b"\xFF\xD8").expect("written");
        assert!(store.find(&stem).is_none());
    }

    #[test]
    fn what_dead_processes_left_is_removed_and_the_living_are_let_be() {
        let (_folder, store) = store();
        let dead = store.parts().join("4294967294-abc.part");
        let living = store.parts().join(format!("{}-abc.part", std::process::id()));
        let strange = store.parts().join("notes.txt");
        for path in [&dead, &living, &strange] {
            fs::write(path, b"half").expect("written");
        }
        store.open().expect("opened again");
        assert_eq!((dead.exists(), living.exists(), strange.exists()), (false, true, true));
    }

    #[test]
    fn a_store_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, b"").expect("written");
        let error = Store::new(file.join("photos"), false).open().expect_err("a file is in the way");
        assert!(error.to_string().contains("cannot be used as an image store"), "{error}");
    }
}
