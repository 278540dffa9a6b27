//! The album: which photographs there are, what they are called, and where they are.

use std::fmt;

use crate::pictures::{self, Taken};
use crate::random::draw;

/// The host that users sign in to.
pub const WWW: &str = "www.kodakpulse.com";
/// The host that the photographs come from.
pub const CDN: &str = "d2e6lg84of5d93.cloudfront.net";
/// How many thumbnails an album page shows at most.
pub const PAGE: usize = 48;

const STREAM: u64 = 0x004B_6F64_616B;

/// The address of an original, which is what a crawl is after. Photographs are counted from 0.
pub fn photo_url(index: usize) -> String {
    format!("http://{CDN}{}", Photo::new(index).path('a'))
}

/// The address of a thumbnail, which is what album pages show.
pub fn thumbnail_url(index: usize) -> String {
    format!("http://{CDN}{}", Photo::new(index).path('t'))
}

/// The bytes of an original: a JPEG of 1024 by 768 pixels, about 125 KB, different from all others.
pub fn photo(index: usize) -> Vec<u8> {
    Photo::new(index).original()
}

/// A photograph of the album.
pub(crate) struct Photo {
    index: usize,
    pub(crate) uuid: Uuid,
    pub(crate) taken: Taken,
}

impl Photo {
    pub(crate) fn new(index: usize) -> Self {
        Self { index, uuid: Uuid::new(index), taken: pictures::taken(index) }
    }

    /// The path on [`CDN`] in one of the service's sizes: `t` for the thumbnail, `a` for the original.
    pub(crate) fn path(&self, size: char) -> String {
        format!("/26~{size}~{}~{}.jpg", self.uuid, self.taken)
    }

    pub(crate) fn original(&self) -> Vec<u8> {
        pictures::photograph(self.index, &self.uuid.digits(), self.taken)
    }

    pub(crate) fn thumbnail(&self) -> Vec<u8> {
        pictures::thumbnail(self.index)
    }
}

/// A random UUID (RFC 9562, version 4) that depends on the index alone.
#[derive(Clone, Copy)]
pub(crate) struct Uuid(u128);

impl Uuid {
    fn new(index: usize) -> Self {
        let random = u128::from(draw(STREAM, index)) << 64 | u128::from(draw(STREAM + 1, index));
        Self(random & !(0xF << 76 | 0b11 << 62) | 4 << 76 | 0b10 << 62)
    }

    /// The 32 digits without hyphens.
    fn digits(self) -> String {
        format!("{:032x}", self.0)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |shift: u32, bits: u32| self.0 >> shift & ((1 << bits) - 1);
        let (a, b, c, d, e) = (part(96, 32), part(80, 16), part(64, 16), part(48, 16), part(0, 48));
        write!(f, "{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_original_has_a_version_4_uuid_and_18_digits_of_ticks() {
        let url = photo_url(1_373);
        let [head, size, uuid, ticks] = url.split('~').collect::<Vec<_>>()[..] else { panic!("four parts in {url}") };
        assert_eq!((head, size), ("http://d2e6lg84of5d93.cloudfront.net/26", "a"));
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert_eq!((ticks.len(), &ticks[..3], &ticks[18..]), (22, "634", ".jpg"));
        assert_eq!(thumbnail_url(1_373), url.replace("~a~", "~t~"));
    }
}
