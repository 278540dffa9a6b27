//! The pictures of a page: see `tests/properties/src/pictures.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::pictures(input));
