//! Pictures: see `tests/properties/src/image_bytes.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::image_bytes(input));
