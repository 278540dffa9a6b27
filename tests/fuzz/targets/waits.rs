//! `Retry-After`, rate limits and dates: see `tests/properties/src/waits.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::waits(input));
