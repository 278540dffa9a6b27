//! The work on a body that takes a processor: is it what it should be, what is made of it, which hashes has it. All of it
//! in one go on one thread, so that no body travels twice.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use dragline::message::Body;
use dragline_store::StoreError;
use image::DynamicImage;
use image::metadata::Orientation;
use md5::Md5;
use sha1::{Digest, Sha1};
use url::Url;

use super::filter::{Filter, Filtered, over, under};
use super::names::extension;
use super::settings::{Checksum, FileFilter, FilesSettings, Settings, ThumbBox};
use crate::entry::Note;
use crate::hex;
use crate::picture::{self, Bounds, Glance, Kind, Picture, Refusal, Verify};
use crate::render::{self, Color, Encoding, Recipe, perceptual_hash, render};

/// So much of a file tells what it is.
const HEAD: usize = 64 * 1024;

/// What a pipeline looks for.
#[derive(Debug)]
pub(super) enum Checker {
    Images(Box<Pictures>),
    Files(Any),
}

/// What is asked of a picture, and what is made of it.
#[derive(Debug)]
pub(super) struct Pictures {
    how: Verify,
    bounds: Bounds,
    recipe: Option<Recipe>,
    pub(super) filter: Filter,
    pub(super) thumbs: BTreeMap<String, ThumbBox>,
    pub(super) thumb_format: Encoding,
    background: Color,
    svg: bool,
    perceptual: bool,
    /// For messages: `pipelines.images`.
    table: Arc<str>,
}

/// What is asked of a file.
#[derive(Debug)]
pub(super) struct Any {
    filter: FileFilter,
}

/// Which hashes of what is kept are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hashes {
    pub(super) sha1: bool,
    pub(super) md5: bool,
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

/// What is known of an object by its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) size: u64,
    /// In hex; empty if it was not wanted.
    pub(super) sha1: String,
    /// In hex; empty if it was not wanted.
    pub(super) md5: String,
    pub(super) mime: String,
    /// Without its dot; may be empty.
    pub(super) extension: String,
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) taken: Option<String>,
    pub(super) perceptual: Option<u64>,
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

impl Pictures {
    pub(super) fn new(settings: &Settings, table: Arc<str>) -> Self {
        let recipe = settings.recipe();
        // what is to be made of pixels needs them
        let needs_pixels = recipe.is_some() || !settings.thumbs.is_empty() || settings.perceptual;
        Self {
            how: if needs_pixels { Verify::Decode } else { settings.verify },
            bounds: settings.bounds(),
            recipe,
            filter: settings.filter.clone(),
            thumbs: settings.thumbs.clone(),
            thumb_format: settings.thumb_format,
            background: settings.background,
            svg: settings.svg,
            perceptual: settings.perceptual,
            table,
        }
    }

    /// The kinds that objects of this pipeline have: all, or the one that pictures are made into.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let made = self.recipe.as_ref().and_then(|recipe| recipe.encoding).map(Encoding::kind);
        let kept = Kind::KEPT.into_iter().chain(self.svg.then_some(Kind::Svg));
        match made {
            // what cannot be decoded stays as it is
            Some(made) => kept.filter(|kind| *kind == made || !kind.is_decoded()).collect(),
            None => kept.collect(),
        }
    }

    fn check(&self, body: Body, said: &Said, hashes: Hashes) -> Result<Checked, Unkept> {
        let bytes = bytes_of(&body)?;
        refuse(self.filter.bytes(bytes.len() as u64))?;
        if self.svg && Kind::of(&bytes) == Some(Kind::Svg) {
            refuse(self.filter.kind(Kind::Svg))?;
            let facts = Facts { mime: Kind::Svg.mime().to_owned(), ..Facts::of(&bytes, hashes) };
            let facts = Facts { extension: Kind::Svg.extension().to_owned(), ..facts };
            let notes = notes(Kind::Svg, 0, said);
            drop(bytes);
            return Ok(Checked { body, facts, thumbs: Vec::new(), notes });
        }
        let examined = picture::examine(&bytes, self.how, &self.bounds).map_err(|refusal| self.refused(&refusal))?;
        let (found, pixels) = (examined.picture, examined.pixels);
        refuse(self.filter.kind(found.kind))?;
        let (width, height) = as_shown(&found);
        refuse(self.filter.size(width, height))?;
        let mut notes = notes(found.kind, found.trailing, said);
        let perceptual = pixels.as_ref().filter(|_| self.perceptual).map(perceptual_hash);
        let thumbs = match &pixels {
            Some(pixels) => self.thumbs(&bytes, pixels, &found, self.thumbs.iter())?,
            None => Vec::new(),
        };
        let of_picture = |facts: Facts, kind: Kind, width, height| Facts {
            mime: kind.mime().to_owned(),
            extension: kind.extension().to_owned(),
            width: Some(width),
            height: Some(height),
            taken: found.taken.clone(),
            perceptual,
            ..facts
        };
        let made = match (&self.recipe, pixels) {
            (Some(recipe), Some(pixels)) if changes(recipe, &found) => {
                Some(render(&bytes, pixels, &found, recipe).map_err(|refusal| self.refused(&refusal))?)
            }
            (Some(_), None) => {
                notes.push(Note::Unconverted);
                None
            }
            _ => None,
        };
        if let Some(made) = made {
            let facts = of_picture(Facts::of(&made.bytes, hashes), made.kind, made.width, made.height);
            drop(bytes);
            return Ok(Checked { body: Body::Memory(made.bytes.into()), facts, thumbs, notes });
        }
        let facts = of_picture(Facts::of(&bytes, hashes), found.kind, found.width, found.height);
        drop(bytes);
        Ok(Checked { body, facts, thumbs, notes })
    }

    fn glance(&self, head: &[u8]) -> Result<Seeing, Unkept> {
        let glance = picture::glance(head);
        refuse(self.filter.glance(&glance))?;
        match glance {
            _ if self.svg && Kind::of(head) == Some(Kind::Svg) => Ok(Seeing::Enough),
            Glance::NotAnImage { what } => Err(self.refused(&Refusal::NotAnImage { what: what.to_owned() })),
            Glance::Picture { width, height, .. } => {
                self.bounds.size(width, height).map_err(|refusal| self.refused(&refusal))?;
                Ok(Seeing::Enough)
            }
            _ => Ok(Seeing::More),
        }
    }

    /// Thumbnails that an object lacks, from its bytes.
    pub(super) fn missing_thumbs(&self, bytes: &[u8], ids: &[String]) -> Result<Vec<(String, Kind, Bytes)>, Unkept> {
        let examined =
            picture::examine(bytes, Verify::Decode, &self.bounds).map_err(|refusal| self.refused(&refusal))?;
        let Some(pixels) = examined.pixels else { return Ok(Vec::new()) };
        let wanted = self.thumbs.iter().filter(|(id, _)| ids.contains(id));
        self.thumbs(bytes, &pixels, &examined.picture, wanted)
    }

    fn thumbs<'a>(
        &self,
        bytes: &[u8],
        pixels: &DynamicImage,
        found: &Picture,
        wanted: impl Iterator<Item = (&'a String, &'a ThumbBox)>,
    ) -> Result<Vec<(String, Kind, Bytes)>, Unkept> {
        let made = wanted.map(|(id, size)| {
            let size = (size.width, size.height);
            let made = render::thumbnail(bytes, pixels, found, size, self.thumb_format, self.background);
            let made = made.map_err(|refusal| self.refused(&refusal))?;
            Ok((id.clone(), made.kind, made.bytes.into()))
        });
        made.collect()
    }

    /// A refusal, with the whole key of the limit that it names.
    fn refused(&self, refusal: &Refusal) -> Unkept {
        let mut detail = refusal.to_string();
        if matches!(refusal, Refusal::TooLarge { .. } | Refusal::TooManyFrames { .. } | Refusal::Metadata { .. }) {
            detail = detail.replacen("`max_", &format!("`{}.limits.max_", self.table), 1);
        }
        Unkept::Refused { reason: refusal.name(), detail }
    }
}

impl Any {
    pub(super) fn new(settings: &FilesSettings) -> Self {
        Self { filter: settings.filter.clone() }
    }

    fn check(&self, body: Body, said: &Said, hashes: Hashes) -> Result<Checked, Unkept> {
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

impl Checker {
    /// Makes sure that a body is to be kept, and makes of it what is to be made.
    pub(super) fn check(&self, body: Body, said: &Said, hashes: Hashes) -> Result<Checked, Unkept> {
        match self {
            Self::Images(pictures) => pictures.check(body, said, hashes),
            Self::Files(any) => any.check(body, said, hashes),
        }
    }

    /// What the first kilobytes of a body say of the rest.
    pub(super) fn glance(&self, head: &[u8]) -> Result<Seeing, Unkept> {
        match self {
            Self::Images(pictures) => pictures.glance(head),
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

impl Facts {
    fn of(bytes: &[u8], hashes: Hashes) -> Self {
        Self {
            size: bytes.len() as u64,
            sha1: if hashes.sha1 { hex(&Sha1::digest(bytes)) } else { String::new() },
            md5: if hashes.md5 { hex(&Md5::digest(bytes)) } else { String::new() },
            ..Self::default()
        }
    }

    /// The same of a file that may be larger than the memory; its beginning comes along.
    fn of_file(mut file: File, size: u64, hashes: Hashes) -> io::Result<(Bytes, Self)> {
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
    pub(super) fn checksum(&self, which: Checksum) -> &str {
        match which {
            Checksum::Sha1 => &self.sha1,
            Checksum::Md5 => &self.md5,
        }
    }
}

fn bytes_of(body: &Body) -> Result<Cow<'_, [u8]>, Unkept> {
    match body {
        Body::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
        Body::File { file, .. } => match std::fs::read(file.path()) {
            Ok(bytes) => Ok(Cow::Owned(bytes)),
            Err(error) => Err(Unkept::Store(StoreError::new(file.path().display(), error))),
        },
    }
}

fn refuse(filtered: Option<Filtered>) -> Result<(), Unkept> {
    match filtered {
        Some(Filtered { reason, detail }) => Err(Unkept::Refused { reason, detail }),
        None => Ok(()),
    }
}

/// Whether a recipe makes something else of a picture: what is of the kind already, and small enough, stays as it came.
fn changes(recipe: &Recipe, found: &Picture) -> bool {
    recipe.strip
        || recipe.encoding.is_some_and(|encoding| encoding.kind() != found.kind)
        || recipe.max_side.is_some_and(|side| found.width.max(found.height) > side)
}

/// The sides of a picture once it is turned as its camera says.
fn as_shown(picture: &Picture) -> (u32, u32) {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    match picture.orientation {
        Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH => (picture.height, picture.width),
        _ => (picture.width, picture.height),
    }
}

/// What is odd about a picture, and no reason to refuse it.
fn notes(kind: Kind, trailing: u64, said: &Said) -> Vec<Note> {
    let mut notes = Vec::new();
    let by_url = extension::suffix_of(&said.url).and_then(|suffix| extension::mime_of(&suffix));
    let by_url = by_url.is_some_and(|mime| mime.starts_with("image/") && !extension::is_same(mime, kind.mime()));
    if by_url || said.content_type.as_deref().is_some_and(|declared| extension::is_other(declared, kind.mime())) {
        notes.push(Note::TypeMismatch);
    }
    if trailing > 0 {
        notes.push(Note::TrailingBytes);
    }
    notes
}
