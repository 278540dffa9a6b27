//! What a photograph costs: checked in four ways, decoded, and made into a thumbnail. Criterion's `elem/s` of
//! `thumbnail/*` are pictures per second and core.
#![expect(clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dragline_images::picture::{Bounds, Verify, check, examine};
use dragline_images::render::{Color, Encoding, Recipe, perceptual_hash, render, thumbnail, thumbnail_of};
use dragline_replica::kodak::photo;

const JPEG: Encoding = Encoding::Jpeg { quality: 80 };

/// 1024 x 768 pixels, about 125 KB each, made before anything is measured.
fn photographs() -> Vec<Vec<u8>> {
    (0..16).map(photo).collect()
}

fn checks(criterion: &mut Criterion) {
    let photos = photographs();
    let bounds = Bounds::default();
    let mut group = criterion.benchmark_group("examine");
    group.throughput(Throughput::Elements(1));
    for (name, how) in [("decode", Verify::Decode), ("structure", Verify::Structure), ("header", Verify::Header)] {
        let mut turn = photos.iter().cycle();
        group.bench_function(name, |bencher| {
            bencher.iter(|| examine(turn.next().expect("endless"), how, &bounds).expect("whole"));
        });
    }
    let mut turn = photos.iter().cycle();
    group.bench_function("decode_without_pixels", |bencher| {
        bencher.iter(|| check(turn.next().expect("endless"), Verify::Decode, &bounds).expect("whole"));
    });
    group.finish();
}

fn thumbnails(criterion: &mut Criterion) {
    let photos = photographs();
    let bounds = Bounds::default();
    let mut group = criterion.benchmark_group("thumbnail");
    group.throughput(Throughput::Elements(1));
    let mut turn = photos.iter().cycle();
    group.bench_function("verify_decode_256", |bencher| {
        bencher.iter(|| {
            let original = turn.next().expect("endless");
            let examined = examine(original, Verify::Decode, &bounds).expect("whole");
            let pixels = examined.pixels.expect("decoded");
            thumbnail(original, &pixels, &examined.picture, (256, 256), JPEG, Color::WHITE).expect("written")
        });
    });
    let mut turn = photos.iter().cycle();
    group.bench_function("of_known_256", |bencher| {
        bencher.iter(|| {
            let original = turn.next().expect("endless");
            thumbnail_of(original, &bounds, (256, 256), JPEG, Color::WHITE).expect("written")
        });
    });
    let examined = examine(&photos[0], Verify::Decode, &bounds).expect("whole");
    let pixels = examined.pixels.expect("decoded");
    group.bench_function("resize_and_encode_256", |bencher| {
        bencher.iter(|| {
            thumbnail(&photos[0], &pixels, &examined.picture, (256, 256), JPEG, Color::WHITE).expect("written")
        });
    });
    group.bench_function("perceptual_hash", |bencher| bencher.iter(|| perceptual_hash(black_box(&pixels))));
    let recipe = Recipe { encoding: Some(Encoding::Jpeg { quality: 85 }), ..Recipe::default() };
    group.bench_function("convert_full", |bencher| {
        bencher.iter(|| render(&photos[0], pixels.clone(), &examined.picture, &recipe).expect("written"));
    });
    group.finish();
}

fn large(criterion: &mut Criterion) {
    // 4096 x 3072: sixteen photographs as tiles
    let bounds = Bounds::default();
    let mut canvas = image::RgbImage::new(4096, 3072);
    for (index, original) in photographs().iter().enumerate() {
        let pixels = examine(original, Verify::Decode, &bounds).expect("whole").pixels.expect("decoded");
        let (x, y) = (index % 4 * 1024, index / 4 * 768);
        image::imageops::replace(&mut canvas, &pixels.into_rgb8(), x as i64, y as i64);
    }
    let photograph = examine(&photo(0), Verify::Header, &bounds).expect("whole").picture;
    let recipe = Recipe { encoding: Some(Encoding::Jpeg { quality: 85 }), ..Recipe::default() };
    let large = render(&[], image::DynamicImage::ImageRgb8(canvas), &photograph, &recipe).expect("written").bytes;
    let mut group = criterion.benchmark_group("12_megapixels");
    group.sample_size(10);
    group.bench_function("decode", |bencher| {
        bencher.iter(|| examine(&large, Verify::Decode, &bounds).expect("whole"));
    });
    group.bench_function("decode_without_pixels", |bencher| {
        bencher.iter(|| check(&large, Verify::Decode, &bounds).expect("whole"));
    });
    group.bench_function("thumbnail_of_256", |bencher| {
        bencher.iter(|| thumbnail_of(&large, &bounds, (256, 256), JPEG, Color::WHITE).expect("written"));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    targets = checks, thumbnails, large
}
criterion_main!(benches);
