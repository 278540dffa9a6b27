//! Is it a picture that is to be kept, and what is made of it: another form, thumbnails.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use dragline::message::Body;
use dragline_store::StoreError;
use image::DynamicImage;
use image::metadata::Orientation;

use super::{Checked, Facts, Hashes, Said, Seeing, Unkept, refuse};
use crate::entry::Note;
use crate::picture::{self, Bounds, Examined, Glance, Kind, Picture, Refusal, Verify};
use crate::pipeline::filter::{Filter, side};
use crate::pipeline::names::extension;
use crate::pipeline::settings::{Settings, ThumbBox};
use crate::render::{self, Color, Encoding, Recipe, perceptual_hash, render};

/// What is asked of a picture, and what is made of it.
#[derive(Debug)]
pub(in crate::pipeline) struct Pictures {
    how: Verify,
    pub(super) bounds: Bounds,
    recipe: Option<Recipe>,
    pub(in crate::pipeline) filter: Filter,
    pub(in crate::pipeline) thumbs: BTreeMap<String, ThumbBox>,
    pub(in crate::pipeline) thumb_format: Encoding,
    background: Color,
    pub(super) svg: bool,
    pub(in crate::pipeline) perceptual: bool,
    /// For messages: `pipelines.images`.
    table: Arc<str>,
}

impl Pictures {
    pub(in crate::pipeline) fn new(settings: &Settings, table: Arc<str>) -> Self {
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
    pub(in crate::pipeline) fn kinds(&self) -> Vec<Kind> {
        let made = self.recipe.as_ref().and_then(|recipe| recipe.encoding).map(Encoding::kind);
        let kept = Kind::KEPT.into_iter().chain(self.svg.then_some(Kind::Svg));
        match made {
            // what cannot be decoded stays as it is
            Some(made) => kept.filter(|kind| *kind == made || !kind.is_decoded()).collect(),
            None => kept.collect(),
        }
    }

    pub(super) fn check(&self, body: Body, said: &Said, hashes: Hashes, min_side: u32) -> Result<Checked, Unkept> {
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
        // pixels are the dearest part of a check, and most pictures are kept as they came
        let needs_pixels = self.perceptual || self.recipe.is_some() || !self.thumbs.is_empty();
        let examined = if needs_pixels {
            picture::examine(&bytes, self.how, &self.bounds)
        } else {
            picture::check(&bytes, self.how, &self.bounds).map(|picture| Examined { picture, pixels: None })
        };
        let Examined { picture: found, pixels } = examined.map_err(|refusal| self.refused(&refusal))?;
        refuse(self.filter.kind(found.kind))?;
        let (width, height) = as_shown(&found);
        refuse(self.filter.size(width, height).or_else(|| side(width, height, min_side)))?;
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
            (Some(recipe), Some(pixels)) if recipe.changes(&found, &bytes) => {
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

    pub(super) fn glance(&self, head: &[u8], min_side: u32) -> Result<Seeing, Unkept> {
        let glance = picture::glance(head);
        refuse(self.filter.glance(&glance))?;
        if let Glance::Picture { width, height, .. } = glance {
            refuse(side(width, height, min_side))?;
        }
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
    pub(in crate::pipeline) fn missing_thumbs(
        &self,
        bytes: &[u8],
        ids: &[String],
    ) -> Result<Vec<(String, Kind, Bytes)>, Unkept> {
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

impl Recipe {
    /// Whether it makes something else of a picture: what is of the kind already, and small enough, stays as it came. A
    /// JPEG in the colours of a printer does not, for few programs show those.
    #[must_use]
    pub fn changes(&self, found: &Picture, original: &[u8]) -> bool {
        self.strip
            || self.max_side.is_some_and(|side| found.width.max(found.height) > side)
            || self.encoding.is_some_and(|encoding| encoding.kind() != found.kind)
            || (self.encoding.is_some() && found.kind == Kind::Jpeg && is_cmyk(original))
    }
}

/// Whether a JPEG has four components (ITU T.81, section B.2.2).
fn is_cmyk(jpeg: &[u8]) -> bool {
    let mut at = 2;
    while let Some([0xFF, marker, high, low]) = jpeg.get(at..at + 4).and_then(|bytes| bytes.first_chunk()) {
        match marker {
            // a frame of any process; C4, C8 and CC are tables
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => return jpeg.get(at + 9) == Some(&4),
            0xFF => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
        }
    }
    false
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

fn bytes_of(body: &Body) -> Result<Cow<'_, [u8]>, Unkept> {
    match body {
        Body::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
        Body::File { file, .. } => match std::fs::read(file.path()) {
            Ok(bytes) => Ok(Cow::Owned(bytes)),
            Err(error) => Err(Unkept::Store(StoreError::new(file.path().display(), error))),
        },
    }
}
