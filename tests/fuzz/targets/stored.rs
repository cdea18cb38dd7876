//! What is stored, under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| licentia_fuzz::stored(data));
