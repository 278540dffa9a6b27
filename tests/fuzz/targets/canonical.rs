//! The form of a URL that the seen set compares: see `tests/properties/src/canonical.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::canonical(input));
