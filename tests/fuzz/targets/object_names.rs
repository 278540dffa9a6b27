//! See `tests/properties/src/object_names.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::object_names(input));
