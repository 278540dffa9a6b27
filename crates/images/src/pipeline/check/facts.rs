//! What is known of an object by its bytes: their hashes first of all.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use md5::Md5;
use sha1::{Digest, Sha1};

use super::HEAD;
use crate::hex;
use crate::pipeline::settings::Checksum;

/// Which hashes of what is kept are wanted.
#[derive(Debug, Clone, Copy)]
pub(in crate::pipeline) struct Hashes {
    pub(in crate::pipeline) sha1: bool,
    pub(in crate::pipeline) md5: bool,
}

/// What is known of an object by its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::pipeline) struct Facts {
    pub(in crate::pipeline) size: u64,
    /// In hex; empty if it was not wanted.
    pub(in crate::pipeline) sha1: String,
    /// In hex; empty if it was not wanted.
    pub(in crate::pipeline) md5: String,
    pub(in crate::pipeline) mime: String,
    /// Without its dot; may be empty.
    pub(in crate::pipeline) extension: String,
    pub(in crate::pipeline) width: Option<u32>,
    pub(in crate::pipeline) height: Option<u32>,
    pub(in crate::pipeline) taken: Option<String>,
    pub(in crate::pipeline) perceptual: Option<u64>,
}

impl Facts {
    pub(super) fn of(bytes: &[u8], hashes: Hashes) -> Self {
        Self {
            size: bytes.len() as u64,
            sha1: if hashes.sha1 { Checksum::Sha1.of(bytes) } else { String::new() },
            md5: if hashes.md5 { Checksum::Md5.of(bytes) } else { String::new() },
            ..Self::default()
        }
    }

    /// The same of a file that may be larger than the memory; its beginning comes along.
    pub(super) fn of_file(mut file: File, size: u64, hashes: Hashes) -> io::Result<(Bytes, Self)> {
        let (mut sha1, mut md5) = (hashes.sha1.then(Sha1::new), hashes.md5.then(Md5::new));
        let (mut head, mut buffer) = (Vec::new(), vec![0; HEAD]);
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            let piece = &buffer[..read];
            if head.len() < HEAD {
                head.extend_from_slice(&piece[..read.min(HEAD - head.len())]);
            }
            if let Some(sha1) = &mut sha1 {
                sha1.update(piece);
            }
            if let Some(md5) = &mut md5 {
                md5.update(piece);
            }
        }
        let facts = Self {
            size,
            sha1: sha1.map(|sha1| hex(&sha1.finalize())).unwrap_or_default(),
            md5: md5.map(|md5| hex(&md5.finalize())).unwrap_or_default(),
            ..Self::default()
        };
        Ok((head.into(), facts))
    }

    /// The hash that items carry.
    pub(in crate::pipeline) fn checksum(&self, which: Checksum) -> &str {
        match which {
            Checksum::Sha1 => &self.sha1,
            Checksum::Md5 => &self.md5,
        }
    }
}
