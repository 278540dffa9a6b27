//! `[pipelines.images]`.

use std::collections::BTreeMap;
use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Checksum, Common, Expires, OptOuts, ThumbBox};
use crate::picture::{Bounds, Verify};
use crate::pipeline::filter::Filter;
use crate::pipeline::headers::HeaderPick;
use crate::pipeline::names::Names;
use crate::render::{Color, Encoding, Recipe};

/// `[pipelines.images]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The store: a folder, or the URI of one that the runner knows, such as `s3://bucket/photos`.
    pub store: String,
    /// The item's field with the URLs.
    pub urls_field: String,
    /// The item's field for what became of them.
    pub result_field: String,
    /// How files are named: by their URL, by their content, or by a template.
    pub names: Names,
    /// How much is checked before a file is kept.
    pub verify: Verify,
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
    /// Whether the next of several URLs for one picture is tried where one fails.
    pub fallback: bool,
    /// The most URLs whose outcome is remembered in a run.
    pub max_known: usize,
    /// What becomes of pictures whose server says that machines are not to learn from them.
    pub opt_outs: OptOuts,
    /// The manifest: `""` is beside a store on this machine, `"off"` is none, anything else is its file.
    pub manifest: String,
    /// The headers of answers that items carry, by their names; `*` is all but those that are secrets.
    pub headers: Vec<HeaderPick>,
    /// What pictures are made into; none keeps their bytes as they came.
    #[serde(deserialize_with = "encoding_or_none", serialize_with = "encoding_or_empty")]
    pub convert: Option<Encoding>,
    /// The longer side that pictures are shrunk to; 0 leaves them as they are.
    pub max_side: u32,
    /// What stands behind transparent pixels where the result has none.
    pub background: Color,
    /// Whether what is made anew loses its metadata.
    pub strip: bool,
    /// What thumbnails are written as.
    pub thumb_format: Encoding,
    /// Whether SVG is kept, as it came; it is a program, and nobody looks into it.
    pub svg: bool,
    /// Whether the manifest and items have a hash of what pictures look like, where they are decoded anyway.
    pub perceptual: bool,
    /// Pictures decoded at once; 0 means as many as there are processors.
    pub threads: usize,
    /// Thumbnails by name.
    pub thumbs: BTreeMap<String, ThumbBox>,
    /// What a picture must be to be kept.
    pub filter: Filter,
    /// The most that a picture may claim.
    pub limits: ImageLimits,
}

/// `[pipelines.images.limits]`: the most that a picture may claim; read before anything is allocated for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageLimits {
    /// Pixels on a side.
    pub max_side: u32,
    /// Pixels in all, of one frame.
    pub max_pixels: u64,
    /// Memory for decoding one picture.
    pub max_alloc: ByteSize,
    /// Frames of an animation, pages of a TIFF, sizes in an icon.
    pub max_frames: u32,
    /// Pixels of all frames together.
    pub max_total_pixels: u64,
    /// One block of metadata, unpacked.
    pub max_metadata: ByteSize,
    /// Blocks of metadata.
    pub max_blocks: u32,
    /// How long decoding, changing and hashing one picture may take.
    #[serde(with = "humantime_serde")]
    pub decode_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            store: "images".to_owned(),
            urls_field: "image_urls".to_owned(),
            result_field: "images".to_owned(),
            names: Names::Url,
            verify: Verify::Decode,
            checksum: Checksum::Sha1,
            sync: false,
            max_body: ByteSize::mib(512),
            spill: ByteSize::mib(1),
            expires: Expires::default(),
            retry_failed: true,
            fallback: true,
            max_known: 100_000,
            opt_outs: OptOuts::Record,
            manifest: String::new(),
            headers: Vec::new(),
            convert: None,
            max_side: 0,
            background: Color::default(),
            strip: false,
            thumb_format: Encoding::Jpeg { quality: 75 },
            svg: false,
            perceptual: false,
            threads: 0,
            thumbs: BTreeMap::new(),
            filter: Filter::default(),
            limits: ImageLimits::default(),
        }
    }
}

impl Default for ImageLimits {
    fn default() -> Self {
        let Bounds { max_side, max_pixels, max_alloc, max_frames, max_total_pixels, max_metadata, max_blocks } =
            Bounds::default();
        Self {
            max_side,
            max_pixels,
            max_alloc: ByteSize(max_alloc),
            max_frames,
            max_total_pixels,
            max_metadata: ByteSize(max_metadata),
            max_blocks,
            decode_timeout: Duration::from_secs(10),
        }
    }
}

impl Settings {
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
            headers: self.headers.clone(),
            threads: self.threads,
            deadline: self.limits.decode_timeout,
        }
    }

    /// What is to become of each picture; none if its bytes stay as they came.
    pub(in crate::pipeline) fn recipe(&self) -> Option<Recipe> {
        let max_side = Some(self.max_side).filter(|side| *side > 0);
        if self.convert.is_none() && max_side.is_none() && !self.strip {
            return None;
        }
        Some(Recipe { encoding: self.convert, max_side, background: self.background, strip: self.strip })
    }

    pub(in crate::pipeline) fn bounds(&self) -> Bounds {
        let limits = &self.limits;
        Bounds {
            max_side: limits.max_side,
            max_pixels: limits.max_pixels,
            max_alloc: limits.max_alloc.as_u64(),
            max_frames: limits.max_frames,
            max_total_pixels: limits.max_total_pixels,
            max_metadata: limits.max_metadata.as_u64(),
            max_blocks: limits.max_blocks,
        }
    }
}

fn encoding_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Encoding>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

// serde gives what it is to write by reference
#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn encoding_or_empty<S: Serializer>(encoding: &Option<Encoding>, serializer: S) -> Result<S::Ok, S::Error> {
    match encoding {
        None => serializer.serialize_str(""),
        Some(encoding) => encoding.serialize(serializer),
    }
}
