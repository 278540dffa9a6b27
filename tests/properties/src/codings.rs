//! Content codings.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use dragline::downloader::middlewares::Decompression;
use dragline::downloader::middlewares::decompression::Settings;
use dragline::downloader::{Inbound, Keep};
use dragline::message::{Body, FailureKind, Request, Response};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::{HeaderValue, StatusCode, header};
use url::Url;

use crate::message::{first_line, inbound, numbers};

/// The most that a body may become here.
const LIMIT: u64 = 32 << 10;
/// The most that is packed here: more than may come out.
const MOST: usize = 3 << 15;

/// The input is a `Content-Encoding`, how often the rest is repeated, and the rest. Whatever the rest is packed as, no
/// more comes out of it than may; packed by these codings it comes out as it was, or not at all if it is too large, and
/// half of it is never taken for the whole.
pub fn codings(input: &[u8]) {
    let (codings, rest) = first_line(input);
    let (times, text) = first_line(rest);
    let Ok(value) = HeaderValue::from_bytes(codings) else { return };
    let _ = unpacked(&value, text.to_vec());
    let times = numbers(times).next().and_then(|times| usize::try_from(times).ok()).unwrap_or(1);
    let content = text.repeat(times.clamp(1, MOST / text.len().max(1) + 1));
    let Some(packed) = packed(codings, &content) else { return };
    let cut = packed.len() * (content.len() % 7 + 1) / 8;
    match unpacked(&value, packed.clone()) {
        Ok(body) => assert!(body == content, "it comes out as it was"),
        Err(kind) => {
            assert_eq!(kind, FailureKind::TooLarge);
            // what lies between two codings may be a little longer
            assert!(content.len() as u64 + 100 > LIMIT, "{} bytes are not too large", content.len());
        }
    }
    // the first of two members is a whole
    let is_one = !codings.contains(&b'x');
    if cut > 0 && is_one {
        assert!(unpacked(&value, packed[..cut].to_vec()).is_err(), "{cut} of {} bytes are the whole", packed.len());
    }
}

/// What the layer makes of a body.
fn unpacked(codings: &HeaderValue, body: Vec<u8>) -> Result<Bytes, FailureKind> {
    let layer = Decompression::new(Settings::default(), Arc::default());
    let wish = Request::get(Url::parse("http://site.example/").expect("a URL"));
    let mut response = Response::new(wish.url.clone(), StatusCode::OK);
    response.headers.insert(header::CONTENT_ENCODING, codings.clone());
    response.body = Body::Memory(body.into());
    match inbound(&layer, &wish, &Keep::page(LIMIT), response) {
        Inbound::Pass(Ok(response)) => {
            let is_packed = response.headers.contains_key(header::CONTENT_ENCODING);
            assert!(!is_packed, "what is unpacked does not say that it is packed");
            let body = response.body.into_bytes().expect("in memory");
            assert!(body.len() as u64 <= LIMIT, "{} bytes are too large", body.len());
            Ok(body)
        }
        Inbound::Pass(Err(failure)) => {
            assert!(!failure.detail.contains("panicked"), "{}", failure.detail);
            Err(failure.kind)
        }
        other => unreachable!("{other:?}"),
    }
}

/// Packed by two codings at most, one after the other; nothing if one of them is not packed here.
fn packed(codings: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    let codings: Vec<_> = codings.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).collect();
    let is_few = codings.len() <= 2;
    is_few.then(|| codings.iter().try_fold(content.to_vec(), |body, coding| pack(coding, &body))).flatten()
}

fn pack(coding: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let level = Compression::new(u32::from(!body.len().is_multiple_of(3)));
    match coding {
        b"gzip" | b"x-gzip" => {
            // of one member or of two
            let (first, second) = body.split_at(if coding == b"gzip" { 0 } else { body.len() / 3 });
            let parts = [first, second].into_iter().skip(usize::from(coding == b"gzip"));
            let mut out = Vec::new();
            for part in parts {
                let mut encoder = GzEncoder::new(out, level);
                encoder.write_all(part).ok()?;
                out = encoder.finish().ok()?;
            }
            Some(out)
        }
        b"deflate" if body.len().is_multiple_of(2) => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(body).ok()?;
            encoder.finish().ok()
        }
        b"deflate" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(body).ok()?;
            encoder.finish().ok()
        }
        b"zstd" => zstd::encode_all(body, 1).ok(),
        _ => None,
    }
}
