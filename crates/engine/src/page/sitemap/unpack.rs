//! A packed file within a body: `sitemap.xml.gz`, which no `Content-Encoding` tells of.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

/// What gzip files begin with (RFC 1952, section 2.3.1).
const MAGIC: &[u8] = &[0x1f, 0x8b];

/// The body, unpacked if it is packed; none if it is larger than that. Of a packed file that is damaged, what came before.
pub(in crate::page) fn unpack(body: &Bytes, most: usize) -> Option<Bytes> {
    if !body.starts_with(MAGIC) {
        return (body.len() <= most).then(|| body.clone());
    }
    let mut unpacked = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    // an error leaves what was read before it
    let _ = MultiGzDecoder::new(&**body).take(limit).read_to_end(&mut unpacked);
    (unpacked.len() <= most).then(|| unpacked.into())
}
