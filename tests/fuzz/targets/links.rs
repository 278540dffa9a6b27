//! See `tests/properties/src/links.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::links(input));
