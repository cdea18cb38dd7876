//! The client for JavaScript: passes values to core and verdicts back. Nothing is decided here.
//!
//! Only numbers and texts cross, since objects cost more to carry than a verdict takes. Claims cross as the text that was
//! signed, so that every byte and every large number arrives as it was.

mod offline;
mod session;
mod shape;

use licentia_core::{KeySet, StatusCode};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

pub use session::Session;

/// Reads a public key, so that what is wrong with it is said where it is given.
///
/// # Errors
/// Throws if it cannot be read.
#[wasm_bindgen(js_name = readKey)]
pub fn read_key(public_key: &str) -> Result<(), JsError> {
    KeySet::parse(public_key)?;
    Ok(())
}

/// Returns a status code with its name and meaning as JSON, or nothing if there is none with this number.
#[wasm_bindgen]
#[must_use]
pub fn status(number: u8) -> Option<String> {
    StatusCode::from_number(number).map(|status| shape::json(&shape::Status::from(status)))
}
