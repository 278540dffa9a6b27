//! Files that declare a spider: see `tests/properties/src/declared.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::declared(input));
