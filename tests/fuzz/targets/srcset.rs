//! `srcset`: see `tests/properties/src/srcset.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::srcset(input));
