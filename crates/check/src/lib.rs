//! The check of one answer for JavaScript, as a module of its own: what `licentia/check` loads. Nothing is decided here.
//!
//! Only texts and numbers cross, so that nothing need be carried to describe objects: a verdict is JSON.
//! An answer crosses once, and so do its claims, however often it is judged: passing them takes longer than judging.

use std::cell::RefCell;

use licentia_core::{Answer, Check, Client, KeyFault, KeySet, Release, StatementFacts, StatusCode};
use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

thread_local! {
    static KEYS: RefCell<(String, KeySet)> = RefCell::default();
    static ANSWER: RefCell<Answer> = const { RefCell::new(Answer::Done) };
}

#[wasm_bindgen(raw_module = "../src/rs256.js")]
extern "C" {
    /// The host's own RS256; nothing where it has none that answers at once.
    fn rs256(spki: &[u8], message: &[u8], signature: &[u8]) -> Option<bool>;
}

/// Reads the public key and the answer that verdicts are about from now on. Returns what is wrong with the key, if anything.
#[wasm_bindgen]
pub fn read(public_key: &str, status: u16, body: &str) -> Option<String> {
    ANSWER.set(Answer::to_activation(status, body));
    let kept = KEYS.with_borrow_mut(|keys| keep(keys, public_key));
    kept.err().map(|fault| fault.message())
}

/// A key is kept for the next answer: reading it takes as long as half a check.
fn keep(keys: &mut (String, KeySet), public_key: &str) -> Result<(), KeyFault> {
    if keys.0 != public_key {
        *keys = (
            public_key.to_owned(),
            KeySet::parse(public_key)?.with_host_rs256(rs256),
        );
    }
    Ok(())
}

/// Judges the answer that was read by itself, as JSON: see `checkActivationResponse` of the npm package.
#[wasm_bindgen]
pub fn judge(product_id: String, license_key: String, fingerprint: String, now: f64) -> String {
    let client = Client {
        product_id,
        license_key: Some(license_key),
        fingerprint,
        user_hash: None,
        release: Release::default(),
        keys: KEYS.with_borrow(|(_, keys)| keys.clone()),
    };
    ANSWER.with_borrow(|answer| written(&client.check(answer, seconds(now))))
}

/// Judges a statement by the public key that was read, as JSON: see `checkLicense` of the npm package. Nothing is returned
/// of a text that the key has not signed, or that is of another license than `license` if that names one.
#[wasm_bindgen]
pub fn judge_statement(
    text: &str,
    license: Option<String>,
    ended: bool,
    now: f64,
) -> Option<String> {
    let keys = KEYS.with_borrow(|(_, keys)| keys.clone());
    let (statement, claims) = StatementFacts::verify(text, &keys).ok()?;
    if license.is_some_and(|license| license != statement.lid) {
        return None;
    }
    let status = match statement.status(seconds(now)) {
        StatusCode::OK if ended => StatusCode::E_ACTIVATION_NOT_FOUND,
        status => status,
    };
    let code = status.number().to_string();
    let parts = [
        "{\"code\":",
        &code,
        ",\"name\":\"",
        status.name(),
        "\",\"statement\":",
    ];
    Some([parts.concat().as_str(), &claims, "}"].concat())
}

/// Returns the claims of the answer that was read, as they were signed, if it has a token that the key has signed.
#[wasm_bindgen]
pub fn claims() -> Option<String> {
    let keys = KEYS.with_borrow(|(_, keys)| keys.clone());
    ANSWER.with_borrow(|answer| match answer {
        Answer::Token(text) => Some(keys.token(text)?.claims_json().to_owned()),
        _ => None,
    })
}

/// Returns whether the public key that was read has signed a message.
#[wasm_bindgen]
pub fn signed(message: &[u8], signature: &[u8]) -> bool {
    KEYS.with_borrow(|(_, keys)| keys.signed(message, signature))
}

/// Names and words hold nothing that JSON would escape.
fn written(check: &Check) -> String {
    let code = check.status.number().to_string();
    let (name, activation) = (check.status.name(), check.activation.as_str());
    [
        "{\"code\":",
        &code,
        ",\"name\":\"",
        name,
        "\",\"activation\":\"",
        activation,
        "\"}",
    ]
    .concat()
}

/// Whole seconds, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn seconds(now: f64) -> i64 {
    now.floor() as i64
}
