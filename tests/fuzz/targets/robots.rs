//! Robots.txt: see `tests/properties/src/robots.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::robots(input));
