//! Pictures that claim to be far larger than they are: refused, and in less memory than one honest picture takes. It is
//! a process of its own, because its memory is measured.
#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::io::Write as _;

use dragline_images::picture::{Bounds, Verify, check, examine};
use flate2::Compression;
use flate2::write::ZlibEncoder;

/// What the process may ever have had in memory, in KiB.
const MOST: u64 = 100 * 1024;

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = u32::try_from(data.len()).expect("short").to_be_bytes().to_vec();
    chunk.extend(kind);
    chunk.extend(data);
    chunk.extend(crc32fast::hash(&chunk[4..]).to_be_bytes());
    chunk
}

/// A PNG whose pixels are zeros, packed a thousand to one.
fn png(width: u32, height: u32, rows: usize, between: &[Vec<u8>]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    let row = vec![0; 1 + 4 * width as usize];
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..rows {
        packer.write_all(&row).expect("a Vec takes all");
    }
    let pixels = packer.finish().expect("a Vec takes all");
    let parts = [vec![chunk(b"IHDR", &header)], between.to_vec(), vec![chunk(b"IDAT", &pixels), chunk(b"IEND", &[])]];
    [b"\x89PNG\r\n\x1A\n".to_vec(), parts.concat().concat()].concat()
}

/// A text of many megabytes, packed a thousand to one.
fn text(megabytes: usize) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(b"Comment\0\0".to_vec(), Compression::best());
    for _ in 0..megabytes {
        packer.write_all(&[b'a'; 1 << 20]).expect("a Vec takes all");
    }
    chunk(b"zTXt", &packer.finish().expect("a Vec takes all"))
}

/// A GIF with as many frames as wanted, each of one pixel on a large canvas.
fn gif(side: u16, frames: usize) -> Vec<u8> {
    let [low, high] = side.to_le_bytes();
    let mut file = b"GIF89a".to_vec();
    file.extend([low, high, low, high, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
    for _ in 0..frames {
        file.extend([0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0]);
    }
    file.push(0x3B);
    file
}

/// A BMP of runs: a whole picture in a few bytes.
fn bmp(side: u32) -> Vec<u8> {
    let mut file = b"BM\0\0\0\0\0\0\0\0\x36\x04\0\0\x28\0\0\0".to_vec();
    file.extend(side.to_le_bytes());
    file.extend(side.to_le_bytes());
    file.extend([1, 0, 8, 0, 1, 0, 0, 0]);
    file.resize(0x436, 0);
    file.extend([0, 1]);
    file
}

/// A JPEG's header that claims as much as there can be, and a scan of nothing.
fn jpeg() -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xC2, 0, 17, 8, 0xFF, 0xDC, 0xFF, 0xDC, 3];
    file.extend([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0x01, 7]);
    file.extend([0xFF, 0xD9]);
    file
}

#[test]
fn i02_i03_i04_bombs_are_refused_in_little_memory() {
    let bombs = [
        ("a PNG of 50,000 x 50,000", png(50_000, 50_000, 100, &[]), "image_too_large"),
        ("a PNG as large as may be, of few rows", png(10_000, 10_000, 10, &[]), "image_too_large"),
        ("a text of 256 MiB", png(8, 8, 8, &[text(256)]), "image_metadata"),
        ("100,000 chunks", png(8, 8, 8, &vec![chunk(b"tEXt", b"a\0"); 100_000]), "image_metadata"),
        ("a GIF of 65,535 x 65,535", gif(65_535, 1), "image_too_large"),
        ("a GIF of 100,000 frames", gif(1, 100_000), "image_too_many_frames"),
        ("a GIF of 900 large frames", gif(8000, 900), "image_too_many_frames"),
        ("a BMP of 50,000 x 50,000", bmp(50_000), "image_too_large"),
        ("a JPEG of 65,500 x 65,500", jpeg(), "image_too_large"),
    ];
    // as small as the room for pixels may be, so that a large picture is one too large
    let bounds = Bounds { max_alloc: 64 << 20, ..Bounds::default() };
    for (name, bomb, wanted) in bombs {
        for how in [Verify::Decode, Verify::Structure] {
            // what is within its bounds and not decoded costs no room
            if name.contains("few rows") && how == Verify::Structure {
                assert!(check(&bomb, how, &bounds).is_ok(), "{name}");
                continue;
            }
            assert_eq!(check(&bomb, how, &bounds).expect_err(name).name(), wanted, "{name}");
            assert_eq!(examine(&bomb, how, &bounds).map(|_| ()).expect_err(name).name(), wanted, "{name}");
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(peak < MOST, "{peak} KiB");
}
