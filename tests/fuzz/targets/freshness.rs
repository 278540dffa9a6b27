//! The headers that caching turns on: see `tests/properties/src/freshness.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::freshness(input));
