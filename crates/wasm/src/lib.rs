//! The client for JavaScript: passes values to core and verdicts back. Nothing is decided here.
//!
//! Only numbers and texts cross, since objects cost more to carry than a verdict takes. Claims cross as the text that was
//! signed, so that every byte and every large number arrives as it was.

mod belief;
mod lists;
mod news;
mod offline;
mod outcome;
mod session;

use licentia_core::{KeyFault, KeySet, StatusCode};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

pub use session::Session;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen(raw_module = "../src/rs256.js")]
extern "C" {
    /// The host's own RS256; nothing where it has none that answers at once.
    fn rs256(spki: &[u8], message: &[u8], signature: &[u8]) -> Option<bool>;
}

/// Reads a public key; the host verifies with it where it can.
pub(crate) fn keys(public_key: &str) -> Result<KeySet, KeyFault> {
    Ok(KeySet::parse(public_key)?.with_host_rs256(rs256))
}

/// Reads a public key, so that what is wrong with it is said where it is given.
///
/// # Errors
/// Throws if it cannot be read.
#[wasm_bindgen(js_name = readKey)]
pub fn read_key(public_key: &str) -> Result<(), JsError> {
    KeySet::parse(public_key)?;
    Ok(())
}

/// Returns the name of a status code, or nothing if there is none with this number.
#[wasm_bindgen(js_name = statusName)]
#[must_use]
pub fn status_name(number: u8) -> Option<String> {
    StatusCode::from_number(number).map(|status| status.name().to_owned())
}

/// Returns what it means to a user.
#[wasm_bindgen(js_name = statusMeaning)]
#[must_use]
pub fn status_meaning(number: u8) -> Option<String> {
    StatusCode::from_number(number).map(|status| status.meaning().to_owned())
}
