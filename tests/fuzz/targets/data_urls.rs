//! `data:` URLs: see `tests/properties/src/data_urls.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::data_urls(input));
