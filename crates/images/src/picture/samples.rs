//! Small pictures of every kind, for tests.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use crate::picture::Kind;

fn photo(width: u32, height: u32) -> RgbImage {
    // smooth in places, busy in others
    RgbImage::from_fn(width, height, |x, y| {
        let busy = if x > width / 2 { ((x * 37) ^ (y * 91)) % 61 } else { 0 };
        Rgb([(x * 9 + busy) as u8, (y * 13 + busy) as u8, (77 + busy) as u8])
    })
}

/// A small picture of a kind that `image` encodes.
pub(crate) fn sample(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    // an icon holds a PNG with transparency
    let picture = DynamicImage::ImageRgb8(photo(24, 16));
    let picture = if format == ImageFormat::Ico { DynamicImage::ImageRgba8(picture.to_rgba8()) } else { picture };
    picture.write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

/// One of each kind that is decoded.
pub(crate) fn one_of_each() -> Vec<(Kind, Vec<u8>)> {
    Kind::KEPT.into_iter().filter_map(|kind| Some((kind, sample(kind.decoder()?)))).collect()
}

/// JPEGs of all processes and colours: baseline and progressive, restarted, sampled down, grey, CMYK, YCCK.
pub(crate) fn jpegs() -> Vec<Vec<u8>> {
    let (width, height) = (45, 35);
    let pixels = photo(width, height);
    let grey: Vec<u8> = pixels.pixels().map(|pixel| pixel.0[1]).collect();
    let cmyk: Vec<u8> = pixels.pixels().flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2], 30]).collect();
    let forms = [
        (pixels.as_raw(), ColorType::Rgb),
        (&grey, ColorType::Luma),
        (&cmyk, ColorType::Cmyk),
        (&cmyk, ColorType::CmykAsYcck),
    ];
    let mut jpegs = Vec::new();
    for (data, colors) in forms {
        for is_progressive in [false, true] {
            for sampling in [SamplingFactor::F_1_1, SamplingFactor::F_2_2, SamplingFactor::F_2_1] {
                // the decoder knows no progressive CMYK whose planes have several sizes
                if matches!(colors, ColorType::Cmyk) && is_progressive && sampling != SamplingFactor::F_1_1 {
                    continue;
                }
                for interval in [0, 2] {
                    let mut bytes = Vec::new();
                    let mut encoder = Encoder::new(&mut bytes, 85);
                    encoder.set_progressive(is_progressive);
                    encoder.set_sampling_factor(sampling);
                    if interval > 0 {
                        encoder.set_restart_interval(interval);
                    }
                    encoder.set_optimized_huffman_tables(interval == 0 && matches!(colors, ColorType::Rgb));
                    encoder.encode(data, width as u16, height as u16, colors).expect("encoded");
                    jpegs.push(bytes);
                }
            }
        }
    }
    jpegs
}

/// EXIF data with an orientation and a date.
pub(crate) fn exif(orientation: u16, taken: &str, is_little: bool) -> Vec<u8> {
    let short = |number: u16| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
    let long = |number: u32| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
    let mut bytes = if is_little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
    bytes.extend(long(8));
    bytes.extend(short(2));
    let field = |bytes: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        bytes.extend(short(tag));
        bytes.extend(short(kind));
        bytes.extend(long(count));
        bytes.extend(value);
    };
    let [high, low] = short(orientation);
    field(&mut bytes, 0x0112, 3, 1, [high, low, 0, 0]);
    field(&mut bytes, 0x8769, 4, 1, long(38));
    // where a thumbnail would be
    bytes.extend(long(0x7777));
    bytes.extend(short(1));
    field(&mut bytes, 0x9003, 2, 20, long(56));
    bytes.extend(long(0));
    bytes.extend(taken.as_bytes());
    bytes.push(0);
    bytes
}

/// A chunk of a PNG.
pub(crate) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = u32::try_from(data.len()).expect("short").to_be_bytes().to_vec();
    chunk.extend(kind);
    chunk.extend(data);
    chunk.extend(crc32fast::hash(&chunk[4..]).to_be_bytes());
    chunk
}

/// A PNG of a colour type and a depth, whose rows are given without filters, with chunks between header and pixels.
pub(crate) fn png(
    (width, height): (u32, u32),
    (depth, color): (u8, u8),
    rows: &[&[u8]],
    between: &[(&[u8; 4], &[u8])],
) -> Vec<u8> {
    use std::io::Write as _;

    let mut file = b"\x89PNG\r\n\x1A\n".to_vec();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, color, 0, 0, 0]].concat();
    file.extend(chunk(b"IHDR", &header));
    for (kind, data) in between {
        file.extend(chunk(kind, data));
    }
    file.extend(chunk(b"IDAT", &packed(rows)));
    file.extend(chunk(b"IEND", &[]));
    return file;

    fn packed(rows: &[&[u8]]) -> Vec<u8> {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        for row in rows {
            packer.write_all(&[0]).expect("a Vec takes all");
            packer.write_all(row).expect("a Vec takes all");
        }
        packer.finish().expect("a Vec takes all")
    }
}

/// An animated PNG with so many frames, each a copy of the first.
pub(crate) fn apng(frames: u32) -> Vec<u8> {
    let still = png((2, 2), (8, 0), &[&[10, 20], &[30, 40]], &[]);
    let data_at = memchr::memmem::find(&still, b"IDAT").expect("pixels");
    let length = u32::from_be_bytes(still[data_at - 4..data_at].try_into().expect("four")) as usize;
    let data = &still[data_at + 4..data_at + 4 + length];
    let mut file = still[..data_at - 4].to_vec();
    file.extend(chunk(b"acTL", &[frames.to_be_bytes(), 0_u32.to_be_bytes()].concat()));
    let mut number = 0_u32;
    let mut sequence = || {
        number += 1;
        (number - 1).to_be_bytes()
    };
    for frame in 0..frames {
        let place: Vec<u8> = [2_u32, 2, 0, 0].iter().flat_map(|number| number.to_be_bytes()).collect();
        file.extend(chunk(b"fcTL", &[&sequence()[..], &place, &[0, 1, 0, 10, 0, 0]].concat()));
        if frame == 0 {
            file.extend(chunk(b"IDAT", data));
        } else {
            file.extend(chunk(b"fdAT", &[&sequence()[..], data].concat()));
        }
    }
    file.extend(chunk(b"IEND", &[]));
    file
}

/// An animated GIF.
pub(crate) fn gif(frames: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for frame in 0..frames {
        let color = image::Rgba([(frame * 40) as u8, 100, 200, 255]);
        encoder.encode_frame(image::Frame::new(image::RgbaImage::from_pixel(4, 3, color))).expect("encoded");
    }
    drop(encoder);
    bytes
}

fn riff_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = kind.to_vec();
    chunk.extend(u32::try_from(data.len()).expect("short").to_le_bytes());
    chunk.extend(data);
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

/// An animated WebP.
pub(crate) fn webp(frames: u32) -> Vec<u8> {
    let still = sample(ImageFormat::WebP);
    let frame = &still[12..];
    let mut body = b"WEBP".to_vec();
    // with frames, and 24 x 16 pixels
    body.extend(riff_chunk(b"VP8X", &[2, 0, 0, 0, 23, 0, 0, 15, 0, 0]));
    body.extend(riff_chunk(b"ANIM", &[0; 6]));
    for _ in 0..frames {
        body.extend(riff_chunk(b"ANMF", &[&[0, 0, 0, 0, 0, 0, 23, 0, 0, 15, 0, 0, 100, 0, 0, 0], frame].concat()));
    }
    riff_chunk(b"RIFF", &body)
}

fn boxed(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    [&u32::try_from(contents.len() + 8).expect("short").to_be_bytes()[..], kind, contents].concat()
}

/// A file as AVIF and HEIC are, with an item of 64 bytes.
pub(crate) fn boxes(brand: &[u8; 4], width: u32, height: u32) -> Vec<u8> {
    let head = boxed(b"ftyp", &[&brand[..], &[0; 4], b"mif1"].concat());
    let meta = |data_at: u32| {
        let ispe = boxed(b"ispe", &[&[0; 4][..], &width.to_be_bytes(), &height.to_be_bytes()].concat());
        let thumbnail = boxed(b"ispe", &[&[0; 4][..], &[0, 0, 0, 8], &[0, 0, 0, 8]].concat());
        let iprp = boxed(b"iprp", &boxed(b"ipco", &[thumbnail, ispe].concat()));
        // one item, one extent; numbers of four bytes
        let iloc = [&[0, 0, 0, 0, 0x44, 0, 0, 1][..], &[0, 1, 0, 0, 0, 1], &data_at.to_be_bytes(), &[0, 0, 0, 64]];
        boxed(b"meta", &[&[0; 4][..], &boxed(b"iloc", &iloc.concat()), &iprp].concat())
    };
    let data_at = u32::try_from(head.len() + meta(0).len() + 8).expect("short");
    [head, meta(data_at), boxed(b"mdat", &[7; 64])].concat()
}

/// JPEG XL in boxes: a codestream that says 24 x 16, and what would be its frames.
pub(crate) fn jpeg_xl() -> Vec<u8> {
    // from the lowest bit: small, height / 8 - 1 in 5 bits, a ratio of none in 3, width / 8 - 1 in 5
    let size = (1_u16 | 1 << 1 | 2 << 9).to_le_bytes();
    let stream = [&[0xFF, 0x0A][..], &size, &[9; 40]].concat();
    [b"\0\0\0\x0CJXL \r\n\x87\n".to_vec(), boxed(b"ftyp", b"jxl \0\0\0\0jxl "), boxed(b"jxlc", &stream)].concat()
}

/// Whole files of every kind, animations and all processes included.
pub(crate) fn all() -> Vec<(Kind, Vec<u8>)> {
    let mut all = one_of_each();
    all.extend(jpegs().into_iter().step_by(7).map(|bytes| (Kind::Jpeg, bytes)));
    all.extend([
        (Kind::Png, apng(3)),
        (Kind::Gif, gif(3)),
        (Kind::WebP, webp(3)),
        (Kind::Avif, boxes(b"avif", 640, 480)),
        (Kind::Heic, boxes(b"heic", 640, 480)),
        (Kind::JpegXl, jpeg_xl()),
    ]);
    all
}
