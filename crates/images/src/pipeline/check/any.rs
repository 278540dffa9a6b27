//! Is it a file that is to be kept.

use std::fs::File;

use dragline::message::Body;
use dragline_store::StoreError;

use super::{Checked, Facts, HEAD, Hashes, Said, Unkept, refuse};
use crate::entry::Note;
use crate::pipeline::filter::{over, under};
use crate::pipeline::names::extension;
use crate::pipeline::settings::{FileFilter, FilesSettings};

/// What is asked of a file.
#[derive(Debug)]
pub(in crate::pipeline) struct Any {
    filter: FileFilter,
}

impl Any {
    pub(in crate::pipeline) fn new(settings: &FilesSettings) -> Self {
        Self { filter: settings.filter.clone() }
    }

    pub(super) fn check(&self, body: Body, said: &Said, hashes: Hashes) -> Result<Checked, Unkept> {
        let size = body.len();
        if size == 0 {
            return Err(Unkept::Refused { reason: "empty_content", detail: "the body is empty".to_owned() });
        }
        let (least, most) = (self.filter.min_bytes.as_u64(), self.filter.max_bytes.as_u64());
        refuse(under("filtered_min_bytes", "bytes", size, least))?;
        refuse(over("filtered_max_bytes", "bytes", size, most))?;
        let (head, facts) = match &body {
            Body::Memory(bytes) => (bytes.slice(..bytes.len().min(HEAD)), Facts::of(bytes, hashes)),
            Body::File { file, length } => {
                let hashed = File::open(file.path()).and_then(|file| Facts::of_file(file, *length, hashes));
                hashed.map_err(|error| Unkept::Store(StoreError::new(file.path().display(), error)))?
            }
        };
        let (extension, mime) = extension::of_file(&head, said.content_type.as_deref(), &said.url);
        let types = &self.filter.types;
        if !types.is_empty() && !types.contains(&extension) {
            let detail = format!("`{extension}` ({mime}) is not one of `filter.types`");
            return Err(Unkept::Refused { reason: "filtered_types", detail });
        }
        let declared = said.content_type.as_deref();
        let notes = if extension::contradicts(&extension, declared) { vec![Note::TypeMismatch] } else { Vec::new() };
        Ok(Checked { body, facts: Facts { mime, extension, ..facts }, thumbs: Vec::new(), notes })
    }
}
