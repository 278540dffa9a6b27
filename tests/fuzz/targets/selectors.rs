//! Robots.txt: see `tests/properties/src/selectors.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::selectors(input));
