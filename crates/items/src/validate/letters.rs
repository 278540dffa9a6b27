//! Dead letters: invalid items in a file of their own, each with what is wrong with it, a JSON object a line.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use dragline::error::{Error, Result};
use serde_json::{Value, json};

use super::schemas::Wrong;

/// The file. A page that comes again after a crash writes its letters again.
#[derive(Debug)]
pub(super) struct Letters {
    path: PathBuf,
    /// None until it is opened.
    file: Mutex<Option<File>>,
}

impl Letters {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: Mutex::new(None) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it, and ends a line that a crash has cut.
    pub(super) fn open(&self) -> Result<()> {
        let open = || -> io::Result<File> {
            if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)?;
            }
            let mut file = OpenOptions::new().read(true).append(true).create(true).open(&self.path)?;
            if file.metadata()?.len() > 0 {
                let mut last = [0];
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut last)?;
                if last != *b"\n" {
                    file.write_all(b"\n")?;
                }
            }
            Ok(file)
        };
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(open().map_err(|error| self.disk(error))?);
        Ok(())
    }

    /// Appends an item, whole or not at all.
    pub(super) fn keep(&self, kind: &str, page: &dyn Display, item: &Value, wrong: &[Wrong]) -> Result<()> {
        let errors: Vec<Value> = (wrong.iter())
            .map(|wrong| json!({ "field": wrong.field, "rule": wrong.rule, "message": wrong.what }))
            .collect();
        let line = json!({ "kind": kind, "page": page.to_string(), "errors": errors, "item": item });
        let line = format!("{line}\n");
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = file.as_mut() else { return Ok(()) };
        let before = file.metadata().map(|metadata| metadata.len());
        file.write_all(line.as_bytes()).map_err(|error| {
            // a full disk may have taken half of it
            if let Ok(length) = before {
                let _ = file.set_len(length);
            }
            self.disk(error)
        })
    }

    fn disk(&self, source: io::Error) -> Error {
        Error::Disk { what: "the file of invalid items", path: self.path.clone(), source }
    }
}
