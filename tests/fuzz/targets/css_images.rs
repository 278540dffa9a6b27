//! The images of CSS: see `tests/properties/src/css_images.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::css_images(input));
