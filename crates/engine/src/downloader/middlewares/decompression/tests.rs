//! Bodies that are packed well, badly, and to do harm.

use std::io::Write;
use std::path::Path;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

/// "hello brotli, hello brotli".
const BROTLI: &[u8] = b"\x8b\x0c\x80hello brotli, hello brotli\x03";
/// 100 MiB of zeros.
const BROTLI_BOMB: &[u8] = b"\
    \xcb\xff\xff\x3f\x00\x24\x00\xe2\xb1\x40\x72\xef\xff\xf8\xff\xff\x07\x80\x04\x40\x1c\x16\x80\xee\xfd\x1f\xff\
    \xff\xff\x00\x90\x00\x88\xc3\x02\xd0\xbd\xff\xe3\xff\xff\x1f\x00\x12\x00\x71\x58\x00\xba\xf7\x7f\xfc\xff\xff\
    \x03\x40\x02\x20\x0e\x0b\x40\xf7\xfe\x8f\xff\xff\x7f\x00\x48\x00\xc4\x61\x01\xe8\xde\xff\xf1\xff\xff\x0f\x00\
    \x09\x80\x38\x2c\x00\xdd\xfb\x3f\xfe\xff\xff\x01\x20\x01\x10\x87\x05\xa0\x7b\xff\xc7\xff\xff\x3f\x00\x24\x00\
    \xe2\xb0\x00\x74\xef\xff\xf8\xff\xff\x07\x80\x04\x40\x1c\x16\x80\xee\xfd\x1f\xff\xff\xff\x00\x90\x00\x88\xc3\
    \x02\xd0\xbd\xff\xe3\xff\xff\x1f\x00\x12\x00\x71\x58\x00\xba\xf7\x7f\xf9\xff\xff\x03\x40\x02\x20\x0e\x0b\x40\
    \xf7\xfe\x07";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("finished")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("finished")
}

fn raw(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("finished")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("packed")
}

/// What cannot be packed well.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(next).collect()
}

struct Case {
    layer: Decompression,
    keep: Keep,
    method: Method,
    status: u16,
}

fn case(limit: u64) -> Case {
    let layer = Decompression::new(Settings::default(), Arc::default());
    Case { layer, keep: Keep::page(limit), method: Method::GET, status: 200 }
}

impl Case {
    async fn body(&self, codings: &[&str], body: Body) -> Result<Response, Failure> {
        let request = Request::new(self.method.clone(), "http://a.example/".parse().expect("a URL"));
        let status = StatusCode::from_u16(self.status).expect("a status");
        let mut response = Response::new(request.url.clone(), status);
        for coding in codings {
            let value = HeaderValue::try_from(*coding).expect("a value");
            response.headers.append(header::CONTENT_ENCODING, value);
        }
        response.headers.insert(header::CONTENT_LENGTH, body.len().into());
        response.body = body;
        let trip = Trip { wish: &request, sent: &request, keep: &self.keep };
        match self.layer.inbound(&trip, Ok(response)).await {
            Inbound::Pass(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    async fn bytes(&self, codings: &[&str], body: &[u8]) -> Result<Bytes, FailureKind> {
        match self.body(codings, Body::Memory(Bytes::copy_from_slice(body))).await {
            Ok(response) => {
                assert!(!response.headers.contains_key(header::CONTENT_ENCODING));
                assert!(!response.headers.contains_key(header::CONTENT_LENGTH));
                Ok(response.body.into_bytes().expect("bytes"))
            }
            Err(failure) => Err(failure.kind),
        }
    }
}

#[tokio::test]
async fn every_coding_is_asked_for_and_unpacked() {
    let case = case(1 << 20);
    let request = Request::get("http://a.example/".parse().expect("a URL"));
    let Outbound::Send(sent) = case.layer.outbound(request.clone()).await else { panic!("sent") };
    assert_eq!(sent.headers[header::ACCEPT_ENCODING], "gzip, deflate, br, zstd");
    let own = request.header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let Outbound::Send(sent) = case.layer.outbound(own).await else { panic!("sent") };
    assert_eq!(sent.headers[header::ACCEPT_ENCODING], "identity");

    let page = noise(200_000);
    for (coding, body) in [
        ("gzip", gzip(&page)),
        (" GZip ", gzip(&page)),
        ("x-gzip", gzip(&page)),
        ("deflate", zlib(&page)),
        ("deflate", raw(&page)),
        ("zstd", zstd(&page)),
        ("identity, gzip", gzip(&page)),
    ] {
        assert_eq!(case.bytes(&[coding], &body).await.as_deref(), Ok(&*page), "{coding}");
    }
    assert_eq!(case.bytes(&["br"], BROTLI).await.as_deref(), Ok(&b"hello brotli, hello brotli"[..]));
    assert_eq!(case.bytes(&["gzip"], b"").await.as_deref(), Ok(&b""[..]));
    assert_eq!(case.layer.stats.count("httpcompression/response_count"), 8);
    assert_eq!(case.layer.stats.count("httpcompression/response_bytes"), 7 * 200_000 + 26);
}

#[tokio::test]
async fn h06_a_bomb_stops_at_the_limit() {
    let case = case(1 << 20);
    let zeros = vec![0; 32 << 20];
    for (coding, bomb) in
        [("gzip", gzip(&zeros)), ("deflate", zlib(&zeros)), ("zstd", zstd(&zeros)), ("br", BROTLI_BOMB.to_vec())]
    {
        let failure = case.body(&[coding], Body::Memory(bomb.into())).await.expect_err(coding);
        assert_eq!(failure.kind, FailureKind::TooLarge, "{coding}");
        assert!(failure.detail.contains("`download.max_body` = 1.0 MiB"), "{failure}");
    }
    // nor does what lies between two codings grow without end
    let twice = gzip(&gzip(&zeros));
    assert_eq!(case.bytes(&["gzip, gzip"], &twice).await, Err(FailureKind::TooLarge));
}

#[tokio::test]
async fn h06_what_is_packed_beyond_reason_is_refused_within_the_limit() {
    let mut case = case(1 << 30);
    assert_eq!(case.bytes(&["br"], BROTLI_BOMB).await, Err(FailureKind::TooLarge));
    case.layer.settings.max_ratio = 0;
    assert_eq!(case.bytes(&["br"], BROTLI_BOMB).await.map(|body| body.len()), Ok(100 << 20));
}

#[tokio::test]
async fn h06_a_zstd_window_has_a_limit() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("an encoder");
    encoder.window_log(27).and_then(|()| encoder.long_distance_matching(true)).expect("set");
    encoder.write_all(&noise(9 << 20)).expect("written");
    let packed = encoder.finish().expect("finished");
    assert_eq!(case(1 << 30).bytes(&["zstd"], &packed).await, Err(FailureKind::BadEncoding));
}

#[tokio::test]
async fn h07_codings_are_stacked_three_high_and_no_higher() {
    let case = case(1 << 20);
    let page = b"a page".to_vec();
    let stacked = zlib(&zstd(&gzip(&page)));
    assert_eq!(case.bytes(&["gzip, zstd", "deflate"], &stacked).await.as_deref(), Ok(&*page));
    assert_eq!(case.bytes(&["gzip", "zstd, gzip", "deflate"], &stacked).await, Err(FailureKind::BadEncoding));
    assert_eq!(case.bytes(&[&["gzip"; 100].join(", ")], &stacked).await, Err(FailureKind::BadEncoding));
}

#[tokio::test]
async fn h08_what_is_not_whole_is_no_page() {
    let case = case(1 << 20);
    let page = noise(100_000);
    for (coding, body) in
        [("gzip", gzip(&page)), ("deflate", zlib(&page)), ("deflate", raw(&page)), ("zstd", zstd(&page))]
    {
        for cut in [1, 4, 9, body.len() / 2, body.len() - 3] {
            let kind = case.bytes(&[coding], &body[..body.len() - cut]).await;
            assert_eq!(kind, Err(FailureKind::BadEncoding), "{coding} without its last {cut}");
        }
    }
    for cut in [1, 5, 20] {
        let kind = case.bytes(&["br"], &BROTLI[..BROTLI.len() - cut]).await;
        assert_eq!(kind, Err(FailureKind::BadEncoding), "br without its last {cut}");
    }
    // a checksum is looked at
    for (coding, mut body) in [("gzip", gzip(&page)), ("deflate", zlib(&page))] {
        let end = body.len() - 6;
        body[end] ^= 1;
        assert_eq!(case.bytes(&[coding], &body).await, Err(FailureKind::BadEncoding), "{coding}");
    }
    assert_eq!(case.bytes(&["gzip"], &[&b"\x1f\x8b"[..], &page].concat()).await, Err(FailureKind::BadEncoding));
    assert_eq!(case.bytes(&["br"], &gzip(&page)).await, Err(FailureKind::BadEncoding));
    for unknown in ["compress", "utf-8", "gzip, foo", "\"gzip\""] {
        assert_eq!(case.bytes(&[unknown], &gzip(&page)).await, Err(FailureKind::BadEncoding), "{unknown}");
    }
}

#[tokio::test]
async fn h08_members_follow_each_other_and_what_is_none_is_passed_over() {
    let case = case(1 << 20);
    let two = [gzip(b"one, "), gzip(b"two")].concat();
    assert_eq!(case.bytes(&["gzip"], &two).await.as_deref(), Ok(&b"one, two"[..]));
    assert_eq!(case.bytes(&["gzip"], &[&*two, &[0; 512]].concat()).await.as_deref(), Ok(&b"one, two"[..]));
    assert_eq!(case.bytes(&["gzip"], &two[..two.len() - 2]).await, Err(FailureKind::BadEncoding));
    assert_eq!(case.bytes(&["deflate"], &[zlib(b"one"), b"more".to_vec()].concat()).await.as_deref(), Ok(&b"one"[..]));
    let two = [zstd(b"one, "), zstd(b"two")].concat();
    assert_eq!(case.bytes(&["zstd"], &two).await.as_deref(), Ok(&b"one, two"[..]));
}

#[tokio::test]
async fn h08_what_was_never_packed_is_taken_as_it_is() {
    let case = case(1 << 20);
    for coding in ["gzip", "zstd", "gzip, zstd"] {
        assert_eq!(case.bytes(&[coding], b"<html>").await.as_deref(), Ok(&b"<html>"[..]), "{coding}");
    }
    assert_eq!(case.bytes(&["gzip, gzip"], &gzip(b"<html>")).await.as_deref(), Ok(&b"<html>"[..]));
    assert_eq!(case.layer.stats.count("httpcompression/not_packed_count"), 5);
    assert_eq!(case.bytes(&["deflate"], b"<html>").await, Err(FailureKind::BadEncoding), "nothing tells");
}

#[tokio::test]
async fn c13_what_nobody_reads_is_not_unpacked() {
    let mut case = case(1 << 20);
    for (method, status) in [(Method::HEAD, 200), (Method::GET, 204), (Method::GET, 304), (Method::GET, 302)] {
        (case.method, case.status) = (method, status);
        let response = case.body(&["br"], Body::Memory(Bytes::from_static(BROTLI_BOMB))).await.expect("passed");
        assert_eq!(response.body.len(), BROTLI_BOMB.len() as u64, "{status}");
        assert!(response.headers.contains_key(header::CONTENT_ENCODING));
    }
    // an error page that cannot be read is still that error
    (case.method, case.status) = (Method::GET, 503);
    assert_eq!(case.bytes(&["br"], BROTLI_BOMB).await.as_deref(), Ok(&b""[..]));
    assert_eq!(case.bytes(&["gzip"], &gzip(b"busy")).await.as_deref(), Ok(&b"busy"[..]));
    assert_eq!(case.layer.stats.count("httpcompression/error_body_count"), 1);
}

#[tokio::test]
async fn what_is_large_is_unpacked_from_file_to_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut case = case(1 << 30);
    case.keep.spill = Some((folder.path().to_owned(), 100_000));
    let picture = noise(500_000);
    let packed = gzip(&picture);
    let mut file = Body::part_file(folder.path()).expect("a file");
    file.write_all(&packed).expect("written");
    let response = case.body(&["gzip"], Body::File { file, length: packed.len() as u64 }).await.expect("unpacked");
    assert!(matches!(&response.body, Body::File { length: 500_000, .. }));
    let files = |path: &Path| std::fs::read_dir(path).expect("a folder").count();
    assert_eq!(files(folder.path()), 1, "the packed one is gone");
    assert_eq!(response.body.into_bytes().expect("bytes"), picture);
    assert_eq!(files(folder.path()), 0);
    let small = case.body(&["gzip"], Body::Memory(gzip(b"small").into())).await.expect("unpacked");
    assert!(matches!(small.body, Body::Memory(_)));
    // what is small as it comes may be large as it is
    let large = case.body(&["gzip"], Body::Memory(gzip(&vec![7; 200_000]).into())).await.expect("unpacked");
    assert!(matches!(large.body, Body::File { length: 200_000, .. }));
    let failure = case.body(&["br"], Body::Memory(Bytes::from_static(&BROTLI_BOMB[..150]))).await.expect_err("cut");
    assert_eq!(failure.kind, FailureKind::TooLarge);
    drop(large);
    assert_eq!(files(folder.path()), 0, "nothing of a failure stays");
}

#[tokio::test]
async fn nothing_of_any_bytes_panics() {
    let case = case(1 << 16);
    let garbage = noise(3000);
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, deflate"] {
        for start in 0..300 {
            let _ = case.bytes(&[coding], &garbage[start * 10..]).await;
        }
        for packed in [gzip(&garbage), zlib(&garbage), raw(&garbage), zstd(&garbage)] {
            for place in (0..packed.len()).step_by(61) {
                let mut damaged = packed.clone();
                damaged[place] ^= 1 << (place % 8);
                let _ = case.bytes(&[coding], &damaged).await;
            }
        }
    }
}
