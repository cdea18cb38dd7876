//! Tokens, and claims and headers that were signed, under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| licentia_fuzz::token(data));
