//! Looks for bytes by which the Router would panic: `cargo +nightly fuzz run commands`.

#![no_main]

#[path = "../../tests/router/bytes.rs"]
mod bytes;
#[path = "../../tests/router/everything.rs"]
mod everything;
#[path = "../../tests/router/plans.rs"]
mod plans;

libfuzzer_sys::fuzz_target!(|input: &[u8]| bytes::live(input));
