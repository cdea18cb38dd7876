//! The check of one answer for JavaScript, as a module of its own: what `licentia/check` loads. Nothing is decided here.
//!
//! Only texts and numbers cross, so that nothing need be carried to describe objects: a verdict is JSON.
//! An answer crosses once, and so do its claims, however often it is judged: passing them takes longer than judging.

use std::cell::RefCell;

use licentia_core::{
    Answer, Check, Client, KeyFault, KeySet, Release, RsaPrimitive, StatementFacts, StatusCode,
};
use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

thread_local! {
    static KEYS: RefCell<(String, KeySet)> = RefCell::default();
    static ANSWER: RefCell<Answer> = const { RefCell::new(Answer::Done) };
}

#[wasm_bindgen(raw_module = "../src/rsa.js")]
extern "C" {
    fn rsavp1(modulus: &[u8], signature: &[u8]) -> Vec<u8>;
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
    let open: RsaPrimitive = |modulus, signature| rsavp1(modulus, signature).try_into().ok();
    if keys.0 != public_key {
        *keys = (public_key.to_owned(), KeySet::parse_for(open, public_key)?);
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
    let Check {
        status, activation, ..
    } = ANSWER.with_borrow(|answer| client.check(answer, seconds(now)));
    let activation = ["\"", activation.as_str(), "\""].concat();
    written(status, "activation", &activation)
}

/// Judges the answer that was read by the statement in it, as JSON: see `checkLicense` of the npm package.
///
/// The statement is one only if the key that was read has signed it, and if it is of `license` where that names one. A
/// server that does not `know` how things stand may still say that they stand badly, and never that they stand well.
#[wasm_bindgen]
pub fn judge_statement(
    text: &str,
    license: Option<String>,
    ended: bool,
    knows: bool,
    now: f64,
) -> String {
    let keys = KEYS.with_borrow(|(_, keys)| keys.clone());
    if let Ok((facts, claims)) = StatementFacts::verify(text, &keys)
        && license.is_none_or(|license| license == facts.lid)
    {
        match facts.status(seconds(now)) {
            StatusCode::OK if !knows => {}
            StatusCode::OK if ended => {
                return written(StatusCode::E_ACTIVATION_NOT_FOUND, "statement", &claims);
            }
            status => return written(status, "statement", &claims),
        }
    }
    let unheard = ANSWER.with_borrow(|answer| match answer {
        Answer::Refused(status, _) => *status,
        _ => StatusCode::E_INET,
    });
    written(unheard, "statement", "null")
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

/// A verdict, with one member more, of this JSON. Names and words hold nothing that JSON would escape.
fn written(status: StatusCode, member: &str, json: &str) -> String {
    let (code, name) = (status.number().to_string(), status.name());
    let parts = [
        "{\"code\":",
        &code,
        ",\"name\":\"",
        name,
        "\",\"",
        member,
        "\":",
        json,
        "}",
    ];
    parts.concat()
}

/// Whole seconds, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn seconds(now: f64) -> i64 {
    now.floor() as i64
}
