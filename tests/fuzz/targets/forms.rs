//! Forms: see `tests/properties/src/forms.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::forms(input));
