//! What a server would answer, for the test suites of vendors: `licentia/testing` loads this module and signs what it says.
//!
//! A question describes a license, a machine and the state that is wanted; the license is then decided on by core, as a
//! server does it, so that a refusal or a token is the real one. Nothing is signed here: the JavaScript around it has the
//! throw-away keys.

mod question;
mod state;

use wasm_bindgen::prelude::{JsError, wasm_bindgen};

pub use question::{Answer, Question, answer};

/// Answers a question, both as JSON: see [`Question`] and [`Answer`].
///
/// # Errors
/// Throws if the question is malformed; the message names the field.
#[wasm_bindgen(js_name = answer)]
pub fn answer_in_json(question: &str) -> Result<String, JsError> {
    let question: Question = licentia_core::parse(question.as_bytes())?;
    let answer = answer(&question).map_err(|problem| JsError::new(&problem.message))?;
    Ok(serde_json::to_string(&answer)?)
}
