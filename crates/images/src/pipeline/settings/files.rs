//! `[pipelines.files]`.

use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use super::{Checksum, Common, Expires, OptOuts};
use crate::pipeline::names::Names;

/// `[pipelines.files]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FilesSettings {
    /// The store: a folder, or the URI of one that the runner knows, such as `s3://bucket/papers`.
    pub store: String,
    /// The item's field with the URLs.
    pub urls_field: String,
    /// The item's field for what became of them.
    pub result_field: String,
    /// How files are named: by their URL, by their content, or by a template.
    pub names: Names,
    /// The hash of the bytes that items carry.
    pub checksum: Checksum,
    /// Whether each file is on the disk before it has its name.
    pub sync: bool,
    /// The longest body.
    pub max_body: ByteSize,
    /// Bodies from this size on are held in a file of the store instead of in memory.
    pub spill: ByteSize,
    /// How long a file in the store is taken as it is.
    pub expires: Expires,
    /// Whether what failed in an earlier run is asked for again.
    pub retry_failed: bool,
    /// Whether the next of several URLs for one file is tried where one fails.
    pub fallback: bool,
    /// The most URLs whose outcome is remembered in a run.
    pub max_known: usize,
    /// What becomes of files whose server says that machines are not to learn from them.
    pub opt_outs: OptOuts,
    /// The manifest: `""` is beside a store on this machine, `"off"` is none, anything else is its file.
    pub manifest: String,
    /// Files hashed at once; 0 means as many as there are processors.
    pub threads: usize,
    /// What a file must be to be kept.
    pub filter: FileFilter,
}

/// `[pipelines.files.filter]`: what a file must be to be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileFilter {
    /// The fewest bytes.
    pub min_bytes: ByteSize,
    /// The most bytes; 0 is `max_body`.
    pub max_bytes: ByteSize,
    /// The extensions that are kept, such as `pdf`; none means all.
    pub types: Vec<String>,
}

impl Default for FilesSettings {
    fn default() -> Self {
        Self {
            store: "files".to_owned(),
            urls_field: "file_urls".to_owned(),
            result_field: "files".to_owned(),
            names: Names::Url,
            checksum: Checksum::Sha1,
            sync: false,
            max_body: ByteSize::gib(4),
            spill: ByteSize::mib(1),
            expires: Expires::default(),
            retry_failed: true,
            fallback: true,
            max_known: 100_000,
            opt_outs: OptOuts::Record,
            manifest: String::new(),
            threads: 0,
            filter: FileFilter::default(),
        }
    }
}

impl FilesSettings {
    pub(in crate::pipeline) fn common(&self) -> Common {
        Common {
            store: self.store.clone(),
            urls_field: self.urls_field.clone(),
            result_field: self.result_field.clone(),
            names: self.names.clone(),
            checksum: self.checksum,
            sync: self.sync,
            max_body: self.max_body,
            spill: self.spill,
            expires: self.expires,
            retry_failed: self.retry_failed,
            fallback: self.fallback,
            max_known: self.max_known,
            opt_outs: self.opt_outs,
            manifest: self.manifest.clone(),
            headers: Vec::new(),
            threads: self.threads,
            // a hash takes as long as its file is long
            deadline: Duration::from_secs(3600),
        }
    }
}
