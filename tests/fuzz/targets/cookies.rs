//! Cookies: see `tests/properties/src/cookies.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::cookies(input));
