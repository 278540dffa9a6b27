//! Sitemaps and feeds, CSV and XML: see `tests/properties/src/sitemaps.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::sitemaps(input));
