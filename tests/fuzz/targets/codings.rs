//! Content codings: see `tests/properties/src/codings.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::codings(input));
