//! The check of one answer for JavaScript, as a module of its own: what `licentia/check` loads. Nothing is decided here.
//!
//! Only texts and numbers cross, so that nothing need be carried to describe objects. The verdict crosses as JSON, in
//! which the claims stand as they were signed.

mod keys;

use licentia_core::{Check, Client, Release, Response, Token};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

/// Judges a server's answer by itself: see `checkActivationResponse` of the npm package.
///
/// # Errors
/// Throws if the public key cannot be read.
#[wasm_bindgen]
pub fn check(
    product_id: String,
    license_key: String,
    fingerprint: String,
    public_key: &str,
    status: u16,
    body: &str,
    now: f64,
) -> Result<String, JsError> {
    let client = Client {
        product_id,
        license_key: Some(license_key),
        fingerprint,
        user_hash: None,
        release: Release::default(),
        keys: keys::parsed(public_key)?,
    };
    Ok(written(
        &client.check(Response { status, body }, seconds(now)),
    ))
}

/// Names and words hold nothing that JSON would escape, and claims are an object already.
fn written(check: &Check) -> String {
    let claims = check.token.as_ref().map_or("null", Token::claims_json);
    let mut text = String::with_capacity(claims.len().saturating_add(96));
    for part in [
        "{\"code\":",
        &check.status.number().to_string(),
        ",\"name\":\"",
        check.status.name(),
        "\",\"activation\":\"",
        check.activation.as_str(),
        "\",\"claims\":",
        claims,
        "}",
    ] {
        text.push_str(part);
    }
    text
}

/// Whole seconds, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn seconds(now: f64) -> i64 {
    now.floor() as i64
}
