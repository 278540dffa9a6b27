//! The work on a body that takes a processor: is it what it should be, what is made of it, which hashes has it. All of it
//! in one go on one thread, so that no body travels twice.

mod any;
mod facts;
mod pictures;

use bytes::Bytes;
use dragline::message::Body;
use dragline_store::StoreError;
use url::Url;

pub(super) use self::any::Any;
pub(super) use self::facts::{Facts, Hashes};
pub(super) use self::pictures::Pictures;
use super::filter::Filtered;
use super::names::extension;
use crate::entry::Note;
use crate::picture::{self, Kind, Verify};

/// So much of a file tells what it is.
const HEAD: usize = 64 * 1024;

/// What a pipeline looks for.
#[derive(Debug)]
pub(super) enum Checker {
    Images(Box<Pictures>),
    Files(Any),
}

/// What an answer says of its body.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) content_type: Option<String>,
    /// The URL that answered.
    pub(super) url: Url,
}

/// A body that is to be kept.
#[derive(Debug)]
pub(super) struct Checked {
    /// What is to be kept, which may be made of what came.
    pub(super) body: Body,
    pub(super) facts: Facts,
    /// Thumbnails by their names in the settings, and what they are.
    pub(super) thumbs: Vec<(String, Kind, Bytes)>,
    pub(super) notes: Vec<Note>,
}

/// What the first kilobytes of a body that may be kept say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seeing {
    /// They may say more when there are more of them.
    More,
    /// They say all that can be known so early.
    Enough,
}

/// Why a body does not become an object: it is not to, or the disk would not give it.
#[derive(Debug)]
pub(super) enum Unkept {
    Refused { reason: &'static str, detail: String },
    Store(StoreError),
}

impl Checker {
    /// Makes sure that a body is to be kept, and makes of it what is to be made.
    pub(super) fn check(&self, body: Body, said: &Said, hashes: Hashes, min_side: u32) -> Result<Checked, Unkept> {
        match self {
            Self::Images(pictures) => pictures.check(body, said, hashes, min_side),
            Self::Files(any) => any.check(body, said, hashes),
        }
    }

    /// What the first kilobytes of a body say of the rest.
    pub(super) fn glance(&self, head: &[u8], min_side: u32) -> Result<Seeing, Unkept> {
        match self {
            Self::Images(pictures) => pictures.glance(head, min_side),
            Self::Files(_) => Ok(Seeing::Enough),
        }
    }

    /// What an object of the store is, if it is whole as far as its structure tells: another program may have been killed
    /// while it wrote.
    pub(super) fn recognise(&self, bytes: &Bytes, url: &Url, hashes: Hashes) -> Option<Facts> {
        if bytes.is_empty() {
            return None;
        }
        match self {
            Self::Files(_) => {
                let (extension, mime) = extension::of_file(&bytes[..bytes.len().min(HEAD)], None, url);
                Some(Facts { extension, mime, ..Facts::of(bytes, hashes) })
            }
            Self::Images(pictures) => {
                let kind = Kind::of(bytes)?;
                let facts = Facts { mime: kind.mime().to_owned(), ..Facts::of(bytes, hashes) };
                let facts = Facts { extension: kind.extension().to_owned(), ..facts };
                if kind == Kind::Svg {
                    return pictures.svg.then_some(facts);
                }
                let found = picture::examine(bytes, Verify::Structure, &pictures.bounds).ok()?.picture;
                Some(Facts { width: Some(found.width), height: Some(found.height), taken: found.taken, ..facts })
            }
        }
    }
}

fn refuse(filtered: Option<Filtered>) -> Result<(), Unkept> {
    match filtered {
        Some(Filtered { reason, detail }) => Err(Unkept::Refused { reason, detail }),
        None => Ok(()),
    }
}
