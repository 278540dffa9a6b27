//! TIFF and `BigTIFF`: directories of pages, each with its strips or tiles (TIFF 6.0, sections 2, 7 and 15).

use crate::picture::Refusal;
use crate::picture::walk::input::{broken, offset, sum};
use crate::picture::walk::{Input, Tally, Walk};

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const STRIPS: (u16, u16) = (273, 279);
const TILES: (u16, u16) = (324, 325);
/// A whole JPEG in the file, of cameras and of TIFF before 1995.
const JPEG: (u16, u16) = (513, 514);
/// Directories of further pictures, as in raw files of cameras.
const DIRECTORIES: u16 = 330;
const XMP: u16 = 700;
const IPTC: u16 = 33_723;
const PROFILE: u16 = 34_675;

/// Fields of a directory, of which there can be no more with 16 bits, and there is no need for more with 64.
const MOST_FIELDS: usize = 1 << 16;
/// Strips and tiles of all pages, which may share their lists of them.
const MOST_PARTS: usize = 4_000_000;
/// Directories that a directory names, as many as there may be pages.
const MOST_DIRECTORIES: usize = 1024;

/// How numbers stand in the file.
#[derive(Clone, Copy)]
struct Layout<'a> {
    input: Input<'a>,
    is_little: bool,
    is_big: bool,
}

/// A field of a directory: where its values stand.
#[derive(Clone, Copy)]
struct Field {
    tag: u16,
    kind: u16,
    count: usize,
    at: usize,
}

/// The fields of a page, where the next page's begin, and where these end.
struct Directory {
    fields: Vec<Field>,
    next: usize,
    end: usize,
}

impl<'a> Layout<'a> {
    fn of(input: Input<'a>) -> Result<Self, Refusal> {
        let is_little = input.byte(0)? == b'I';
        Ok(Self { input, is_little, is_big: input.byte(2)?.max(input.byte(3)?) == 43 })
    }

    fn short(self, at: usize) -> Result<u16, Refusal> {
        if self.is_little { self.input.little_16(at) } else { self.input.big_16(at) }
    }

    fn long(self, at: usize) -> Result<u32, Refusal> {
        if self.is_little { self.input.little_32(at) } else { self.input.big_32(at) }
    }

    /// A count or an offset: of 64 bits in `BigTIFF`.
    fn word(self, at: usize) -> Result<usize, Refusal> {
        if !self.is_big {
            return offset(self.long(at)?);
        }
        offset(if self.is_little { self.input.little_64(at) } else { self.input.big_64(at) }?)
    }

    fn first_directory(self) -> Result<usize, Refusal> {
        self.word(if self.is_big { 8 } else { 4 })
    }

    /// A directory.
    fn directory(self, at: usize) -> Result<Directory, Refusal> {
        let (count, mut at, length, word) = if self.is_big {
            (self.word(at)?, sum(at, 8)?, 20, 8)
        } else {
            (usize::from(self.short(at)?), sum(at, 2)?, 12, 4)
        };
        if count > MOST_FIELDS {
            return Err(broken("a directory has more fields than there are kinds of them"));
        }
        // all of it is there before anything is taken for it
        self.input.slice(at, count.checked_mul(length).ok_or(Refusal::Truncated)?)?;
        let mut fields = Vec::with_capacity(count.min(256));
        for _ in 0..count {
            let (tag, kind, count) = (self.short(at)?, self.short(at + 2)?, self.word(at + 4)?);
            if let Some(size) = size_of(kind) {
                let (inline, size) = (at + 4 + word, size.checked_mul(count).ok_or(Refusal::Truncated)?);
                let value = if size <= word { inline } else { self.word(inline)? };
                self.input.slice(value, size)?;
                fields.push(Field { tag, kind, count, at: value });
            }
            at += length;
        }
        Ok(Directory { fields, next: self.word(at)?, end: at + word })
    }

    fn value(self, field: Field, index: usize) -> Result<usize, Refusal> {
        match field.kind {
            1 => Ok(self.input.byte(field.at + index)?.into()),
            3 => Ok(self.short(field.at + 2 * index)?.into()),
            4 | 13 => offset(self.long(field.at + 4 * index)?),
            16 | 18 => self.word(field.at + 8 * index),
            _ => Err(broken("a field has values of the wrong kind")),
        }
    }
}

/// Bytes of a value, by its kind. Fields of other kinds are passed over.
fn size_of(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16..=18 => Some(8),
        _ => None,
    }
}

/// What a directory is: one of the file's pages, or something that belongs to one, such as its thumbnail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    Page,
    Below,
}

fn find(fields: &[Field], tag: u16) -> Option<Field> {
    fields.iter().copied().find(|field| field.tag == tag && field.count > 0)
}

fn size_of_page(layout: Layout<'_>, fields: &[Field]) -> Result<(u32, u32), Refusal> {
    let side = |tag| {
        let field = find(fields, tag).ok_or_else(|| broken("a page has no size"))?;
        u32::try_from(layout.value(field, 0)?).map_err(|_| broken("a side is too long"))
    };
    Ok((side(WIDTH)?, side(HEIGHT)?))
}

pub(crate) fn size(input: Input<'_>) -> Result<(u32, u32), Refusal> {
    let layout = Layout::of(input)?;
    size_of_page(layout, &layout.directory(layout.first_directory()?)?.fields)
}

pub(crate) fn walk<'a>(input: Input<'a>, tally: &mut Tally<'_>) -> Result<Walk<'a>, Refusal> {
    let layout = Layout::of(input)?;
    let (mut end, mut first, mut seen, mut parts) = (0, None, Vec::new(), 0);
    let mut directories = vec![(layout.first_directory()?, Rank::Page)];
    while let Some((at, rank)) = directories.pop() {
        // what was walked through already may be named twice, as a page and below one, and in a loop without end
        if at == 0 || seen.contains(&at) {
            continue;
        }
        seen.push(at);
        let Directory { fields, next, end: directory_end } = layout.directory(at)?;
        end = end.max(directory_end);
        match (size_of_page(layout, &fields), rank) {
            (Ok((width, height)), _) => {
                tally.size(width, height)?;
                tally.frame(width, height)?;
                first = first.or(Some((width, height)));
            }
            // a thumbnail may be a JPEG, which says it itself
            (Err(_), Rank::Below) => {}
            (Err(refusal), Rank::Page) => return Err(refusal),
        }
        for tag in [XMP, IPTC, PROFILE] {
            if let Some(field) = find(&fields, tag) {
                tally.metadata(field.count * size_of(field.kind).unwrap_or(1))?;
            }
        }
        let (pixels, mut has_pixels) = ([STRIPS, TILES, JPEG], false);
        for (offsets, lengths) in pixels {
            let (Some(offsets), Some(lengths)) = (find(&fields, offsets), find(&fields, lengths)) else { continue };
            if offsets.count != lengths.count {
                return Err(broken("there are not as many lengths of strips as there are strips"));
            }
            parts += offsets.count;
            if parts > MOST_PARTS {
                return Err(broken("it has more strips than pixels are worth"));
            }
            for index in 0..offsets.count {
                let part_end = sum(layout.value(offsets, index)?, layout.value(lengths, index)?)?;
                if part_end > input.len() {
                    return Err(Refusal::Truncated);
                }
                end = end.max(part_end);
            }
            has_pixels = true;
        }
        if !has_pixels && rank == Rank::Page {
            return Err(broken("a page has no pixels"));
        }
        for field in &fields {
            end = end.max(field.at + field.count * size_of(field.kind).unwrap_or(1));
        }
        directories.push((next, rank));
        if let Some(field) = find(&fields, DIRECTORIES) {
            for index in (0..field.count.min(MOST_DIRECTORIES)).rev() {
                directories.push((layout.value(field, index)?, Rank::Below));
            }
        }
    }
    let (width, height) = first.ok_or_else(|| broken("it has no page"))?;
    Ok(Walk { width, height, frames: tally.frames(), end, scans: 0, exif: Some(input.0) })
}
