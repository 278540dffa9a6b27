//! What Scrapy's own suite, and tables of its answers, ask of its files and images pipelines.

use std::io::Cursor;
use std::time::Duration;

use dragline::message::urls;
use dragline_images::picture::{Bounds, Examined, Verify, examine};
use dragline_images::render::{Color, Encoding, Recipe, Rendered, render, thumbnail};
use dragline_images::{Checksum, Expires, Filter, names::scrapy};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::{Value, json};

use crate::{bytes, check};

/// Near enough to lossless: JPEG moves even colours that fill a whole picture.
const FORM: Encoding = Encoding::Jpeg { quality: 100 };

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| number.try_into().ok()).expect("a number")
}

/// The picture of a case: its bytes, or one of its colour.
fn original(case: &Value) -> Vec<u8> {
    if !case["body"].is_null() {
        return bytes(&case["body"]);
    }
    let (width, height) = (number(&case["size"][0]), number(&case["size"][1]));
    let channel = |index: usize| case["color"][index].as_u64().unwrap_or(0) as u8;
    let picture = match case["mode"].as_str() {
        Some("RGBA") => {
            let color = Rgba([channel(0), channel(1), channel(2), channel(3)]);
            DynamicImage::ImageRgba8(RgbaImage::from_pixel(width, height, color))
        }
        _ => {
            let color = Rgb([channel(0), channel(1), channel(2)]);
            DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, color))
        }
    };
    let format = if case["format"] == "JPEG" { ImageFormat::Jpeg } else { ImageFormat::Png };
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("encoded");
    file.into_inner()
}

/// What the pipeline would make of a picture, with Scrapy's rules for its form.
fn made(original: &[u8], found: Examined, thumb: &Value) -> Result<(bool, Rendered), String> {
    let Examined { picture, pixels } = found;
    let pixels = pixels.ok_or("its pixels are not decoded")?;
    let rendered = match thumb.as_array() {
        Some(size) => {
            let size = (number(&size[0]), number(&size[1]));
            (true, thumbnail(original, &pixels, &picture, size, FORM, Color::default()))
        }
        None => {
            let recipe = Recipe { encoding: Some(FORM), ..Recipe::default() };
            (recipe.changes(&picture, original), render(original, pixels, &picture, &recipe))
        }
    };
    Ok((rendered.0, rendered.1.map_err(|refusal| refusal.to_string())?))
}

/// Whether a picture is what a case wants: mode, size, colour, and whether it was written anew.
fn is_as_wanted((is_changed, rendered): &(bool, Rendered), want: &Value) -> Result<(), String> {
    let pixels = image::load_from_memory(&rendered.bytes).map_err(|error| error.to_string())?;
    let (is_rgb, pixels) = (matches!(pixels, DynamicImage::ImageRgb8(_)), pixels.to_rgb8());
    let size = json!([pixels.width(), pixels.height()]);
    let is_near = |pixel: &Rgb<u8>| match want["color"].as_array() {
        None => true,
        Some(color) => {
            pixel.0.iter().zip(color).all(|(is, should)| u64::from(*is).abs_diff(should.as_u64().unwrap_or(999)) <= 2)
        }
    };
    let far = pixels.pixels().find(|pixel| !is_near(pixel));
    match far {
        Some(pixel) => Err(format!("a pixel is {:?}", pixel.0)),
        None if size != want["size"] => Err(format!("the size is {size}")),
        None if want["reencoded"] != *is_changed => Err(format!("written anew: {is_changed}")),
        None if !is_rgb && want["mode"] == "RGB" => Err("it is not RGB".to_owned()),
        None => Ok(()),
    }
}

fn examined(original: &[u8]) -> Result<Examined, String> {
    examine(original, Verify::Decode, &Bounds::default()).map_err(|refusal| refusal.name().to_owned())
}

fn images(case: &Value) -> Result<(), String> {
    let original = bytes(&case["body"]);
    let found = examined(&original);
    let rules = json!({"min_width": case["min_width"], "min_height": case["min_height"]});
    let filter: Filter = serde_json::from_value(rules).expect("a filter");
    let is_kept = found.as_ref().is_ok_and(|found| filter.admits(found.picture.width, found.picture.height));
    if !case["want"]["error"].is_null() {
        return if is_kept { Err("it is kept".to_owned()) } else { Ok(()) };
    }
    let url = case["url"].as_str().expect("a URL");
    let want = case["want"].as_array().expect("pictures");
    let thumbs = case["thumbs"].as_object().expect("thumbnails").iter();
    let all = std::iter::once((scrapy::image_name(url), &Value::Null))
        .chain(thumbs.map(|(id, size)| (scrapy::thumb_name(url, id), size)));
    let all: Vec<_> = all.collect();
    if all.len() != want.len() {
        return Err(format!("{} pictures", all.len()));
    }
    for ((path, size), want) in all.iter().zip(want) {
        if want["path"] != path.as_str() {
            return Err(path.clone());
        }
        is_as_wanted(&made(&original, found.clone()?, size)?, want)?;
    }
    Ok(())
}

/// Rows of red, as a picture has them once it is turned as its metadata say.
fn transposed(case: &Value) -> Result<Value, String> {
    let original = bytes(&case["body"]);
    let Examined { picture, pixels } = examined(&original)?;
    let recipe = Recipe { encoding: Some(Encoding::Png), strip: true, ..Recipe::default() };
    let turned = render(&original, pixels.ok_or("no pixels")?, &picture, &recipe).map_err(|error| error.to_string())?;
    let pixels = image::load_from_memory(&turned.bytes).map_err(|error| error.to_string())?.to_rgb8();
    Ok(pixels.rows().map(|row| row.map(|pixel| json!(pixel.0)).collect::<Value>()).collect())
}

fn is(ours: impl Into<Value>, want: &Value) -> Result<(), String> {
    let ours = ours.into();
    if ours == *want { Ok(()) } else { Err(ours.to_string()) }
}

#[test]
fn files_and_images_are_named_and_made_as_scrapy_does() {
    check("media.jsonl", |case| {
        let want = &case["want"];
        // what is hashed is the URL as it is asked for
        let url = || {
            let url = urls::from_text(case["url"].as_str().expect("a URL")).expect("a URL");
            String::from(url)
        };
        match case["fn"].as_str().expect("a function") {
            "file_path" if case["pipeline"] == "images" => is(scrapy::image_name(&url()), want),
            "file_path" => is(scrapy::file_name(&url()), want),
            "thumb_path" => is(scrapy::thumb_name(&url(), case["thumb"].as_str().expect("a name")), want),
            "md5" => is(Checksum::Md5.of(&bytes(&case["body"])), want),
            "stored" => {
                let days = |field: &str| Duration::from_secs(case[field].as_u64().expect("days") * 24 * 3600);
                let is_over = Expires::After(days("expires")).is_over(days("age_days"));
                is(if is_over { "download" } else { "uptodate" }, want)
            }
            "convert" => {
                let original = original(case);
                is_as_wanted(&made(&original, examined(&original)?, &case["thumb"])?, want)
            }
            "images" => images(case),
            "transpose" => is(transposed(case)?, want),
            other => Err(format!("no such function: {other}")),
        }
    });
}
