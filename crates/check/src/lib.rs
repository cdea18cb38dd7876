//! The check of one answer for JavaScript, as a module of its own: what `licentia/check` loads. Nothing is decided here.
//!
//! Only texts and numbers cross, so that nothing need be carried to describe objects: a verdict is JSON.
//! An answer crosses once, and so do its claims, however often it is judged: passing them takes longer than judging.

use std::cell::RefCell;

use licentia_core::{
    Answer, AnswerHeaders, Check, Client, KeyFault, KeySet, Proof, Question, Release, Response,
    RsaPrimitive, StatementFacts, StatusCode, body_digest,
};
use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

thread_local! {
    static KEYS: RefCell<(String, KeySet)> = RefCell::default();
    static ANSWER: RefCell<(Answer, Proof)> = const { RefCell::new((Answer::Done, Proof::Unasked)) };
}

#[wasm_bindgen(raw_module = "../src/rsa.js")]
extern "C" {
    fn rsavp1(modulus: &[u8], signature: &[u8]) -> Vec<u8>;
}

/// Reads the public key and the answer that verdicts are about from now on. Returns what is wrong with the key, if anything.
///
/// `asked` is empty unless a statement key must have signed the answer: the request's method, path, `Content-Digest` and nonce,
/// then the answer's `Content-Digest`, `Signature-Input` and `Signature`, a line each.
#[wasm_bindgen]
pub fn read(public_key: &str, status: u16, body: &str, asked: &str) -> Option<String> {
    let kept = KEYS.with_borrow_mut(|keys| keep(keys, public_key));
    let proof = proof(asked, status, body);
    let response = Response {
        status,
        body,
        proof,
    };
    ANSWER.set((response.understood(Answer::to_activation), proof));
    kept.err().map(|fault| fault.message())
}

fn proof(asked: &str, status: u16, body: &str) -> Proof {
    if asked.is_empty() {
        return Proof::Unasked;
    }
    let mut lines = asked.split('\n');
    let mut next = || lines.next().unwrap_or_default().to_owned();
    let question = Question::new(next(), next(), Some(next()), next());
    let headers = AnswerHeaders::from_lines(&mut lines);
    question.proof(status, body, &headers, &statement_keys())
}

fn statement_keys() -> KeySet {
    KEYS.with_borrow(|(_, keys)| keys.of_statements())
}

/// Returns the SHA-256 of a body, which its `Content-Digest` says.
#[wasm_bindgen]
pub fn digest(body: &str) -> Vec<u8> {
    body_digest(body.as_bytes()).into()
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
    } = ANSWER.with_borrow(|(answer, _)| client.check(answer, seconds(now)));
    let activation = ["\"", activation.as_str(), "\""].concat();
    written(status, "activation", &activation)
}

/// Judges the answer that was read by the statement in it, as JSON: see `checkLicense` of the npm package.
///
/// The statement is one only if a statement key has signed it, and if it is of `license` where that names one. It says what was
/// so once: where the answer must be signed and is not, anybody may have kept it, and it says nothing. The server's `status`
/// may tell of what came since, and a server that does not `know` how things stand may still say that they stand badly: neither
/// says that they stand well.
#[wasm_bindgen]
pub fn judge_statement(
    text: &str,
    product: Option<String>,
    license: Option<String>,
    status: &str,
    ended: bool,
    knows: bool,
    now: f64,
) -> String {
    let (unheard, proof) = ANSWER.with_borrow(|(answer, proof)| match answer {
        Answer::Refused(status, _) => (*status, *proof),
        _ => (StatusCode::E_INET, *proof),
    });
    if proof != Proof::Missing
        && let Ok((facts, claims)) = StatementFacts::verify(text, &statement_keys())
        && license.is_none_or(|license| license == facts.lid)
    {
        match facts.status_besides(product.as_deref(), status, seconds(now)) {
            StatusCode::OK if !knows => {}
            StatusCode::OK if ended => {
                return written(StatusCode::E_ACTIVATION_NOT_FOUND, "statement", &claims);
            }
            status => return written(status, "statement", &claims),
        }
    }
    written(unheard, "statement", "null")
}

/// Returns the claims of the answer that was read, as they were signed, if it has a token that the key has signed.
#[wasm_bindgen]
pub fn claims() -> Option<String> {
    let keys = KEYS.with_borrow(|(_, keys)| keys.clone());
    ANSWER.with_borrow(|(answer, _)| match answer {
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
