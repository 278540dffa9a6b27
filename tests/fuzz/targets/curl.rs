//! Curl commands: see `tests/properties/src/curl.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::curl(input));
