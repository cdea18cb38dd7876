//! Which answers are believed: any, or those alone that the account's statement key has signed.

use licentia_core::{AnswerHeaders, KeySet, Proof, Question, Response, body_digest};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::session::Session;

/// Whom a client believes what is no token.
#[derive(Debug, Default)]
pub(crate) struct Belief {
    /// The keys that must have signed it; none if anything is believed.
    signers: Option<KeySet>,
    /// The question whose answer is to be signed, and the headers of its answer.
    question: Option<(Question, AnswerHeaders)>,
}

#[wasm_bindgen]
impl Session {
    /// Believes signed answers alone: if that is `required`, or if nothing is said and a statement key is known. Returns whether
    /// that can be.
    #[wasm_bindgen(js_name = requireSigned)]
    pub fn require_signed(&mut self, required: Option<bool>) -> bool {
        let keys = self.client.keys.of_statements();
        let can = !keys.is_empty();
        self.belief.signers = required.unwrap_or(can).then_some(keys);
        can || self.belief.signers.is_none()
    }

    /// Returns the SHA-256 of a question's body; none if anything is believed, and no question is bound.
    pub fn digest(&mut self, body: &str) -> Option<Vec<u8>> {
        self.belief.question = None;
        self.belief.signers.as_ref()?;
        Some(body_digest(body.as_bytes()).into())
    }

    /// Binds the next answer to a question, by its `Content-Digest` and a `nonce` that was drawn for it.
    pub fn bind(&mut self, method: String, path: String, content_digest: String, nonce: String) {
        let question = Question::new(method, path, content_digest, nonce);
        self.belief.question = Some((question, AnswerHeaders::default()));
    }

    /// Notes how that answer is signed, before it is decided what it does.
    /// `headers` are `Content-Digest`, `Signature-Input` and `Signature`, a line each.
    pub fn signed(&mut self, headers: &str) {
        if let Some((_, given)) = &mut self.belief.question {
            *given = AnswerHeaders::from_lines(headers.split('\n'));
        }
    }
}

impl Belief {
    /// A response to the question, with what proves it.
    pub(crate) fn response<'a>(&mut self, status: u16, body: &'a str) -> Response<'a> {
        let proof = match (&self.signers, self.question.take()) {
            (None, _) => Proof::Unasked,
            (Some(_), None) => Proof::Missing,
            (Some(keys), Some((question, headers))) => question.proof(status, body, &headers, keys),
        };
        Response {
            status,
            body,
            proof,
        }
    }
}
