//! The clock, the random source and the timer: the only file here that asks the runtime for any of them.
//!
//! Each is read once a request and passed down. In production the clock stands still between two waits.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use licentia_core::Timestamp;
use wasm_bindgen::prelude::*;
use worker::Delay;

use crate::fault::Fault;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn fill_with_random(bytes: &mut [u8]) -> Result<(), JsValue>;
}

/// Returns the time.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the clock"
)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 are whole and far below 2^53"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_milliseconds(js_sys::Date::now() as i64)
}

/// Returns 32 bytes of the runtime's cryptographic source.
pub(crate) fn random() -> Result<[u8; 32], Fault> {
    let mut bytes = [0; 32];
    fill_with_random(&mut bytes)?;
    Ok(bytes)
}

/// Waits for `work`, and gives it up after `limit`.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), Delay::from(limit)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}
