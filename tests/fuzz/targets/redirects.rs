//! `Location`, `Refresh` and `<meta http-equiv=refresh>`: see `tests/properties/src/redirects.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dragline_properties::redirects(input));
