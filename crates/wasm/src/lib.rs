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

use std::cell::RefCell;

use licentia_core::{KeyFault, KeySet, RsaPrimitive, StatusCode};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

pub use session::Session;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen(raw_module = "../src/rsa.js")]
extern "C" {
    fn rsavp1(modulus: &[u8], signature: &[u8]) -> Vec<u8>;
}

thread_local! {
    static LATEST: RefCell<(String, KeySet)> = RefCell::default();
}

/// Reads public keys. RSA signatures are opened by the host. Clients that have the same keys share what these have verified:
/// in a service, news of a license reach many at once.
pub(crate) fn keys(public_key: &str) -> Result<KeySet, KeyFault> {
    let open: RsaPrimitive = |modulus, signature| rsavp1(modulus, signature).try_into().ok();
    LATEST.with_borrow_mut(|latest| {
        if latest.0 != public_key {
            *latest = (public_key.to_owned(), KeySet::parse_for(open, public_key)?);
        }
        Ok(latest.1.clone())
    })
}

/// Reads a public key, so that what is wrong with it is said where it is given.
///
/// # Errors
/// Throws if it cannot be read.
#[wasm_bindgen(js_name = readKey)]
pub fn read_key(public_key: &str) -> Result<(), JsError> {
    keys(public_key)?;
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
