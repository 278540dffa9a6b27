//! See `tests/properties/src/encodings.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::encodings(input));
