//! See `tests/properties/src/xml.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::xml(input));
