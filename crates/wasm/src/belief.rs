//! Which answers are believed: any, or those alone that the account's statement key has signed.

use licentia_core::{AnswerHeaders, KeySet, Proof, Question, Response, body_digest};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::session::Session;

/// Whom a client believes what is no token.
#[derive(Debug, Default)]
pub(crate) struct Belief {
    /// The keys that must have signed it; none if anything is believed.
    signers: Option<KeySet>,
    /// The question whose answer is to be signed.
    question: Option<Question>,
    /// What says that the answer which came last is the server's, until it is used.
    proof: Option<Proof>,
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

    /// Binds the next answer to a question, by the `Content-Digest` of its body, if it has one, and a `nonce` that was drawn for it.
    pub fn bind(
        &mut self,
        method: String,
        path: String,
        content_digest: Option<String>,
        nonce: String,
    ) {
        self.belief.question = Some(Question::new(method, path, content_digest, nonce));
    }

    /// Notes how that answer is signed, before it is decided what it does. Returns whether the server has said, signed, that it
    /// has other keys by now. `headers` are `Content-Digest`, `Signature-Input` and `Signature`, a line each.
    pub fn signed(&mut self, status: u16, body: &str, headers: &str) -> bool {
        let question = self.belief.question.take();
        let Some(keys) = &self.belief.signers else {
            return false;
        };
        let headers = AnswerHeaders::from_lines(headers.split('\n'));
        self.belief.proof = question.map(|question| question.proof(status, body, &headers, keys));
        let is_signed = matches!(self.belief.proof, Some(Proof::Signed(_)));
        is_signed && headers.name_others_than(keys)
    }

    /// Takes the statement keys of the product's keys that were just answered, if a key that is known has signed the answer.
    /// Returns whether it did.
    pub fn renewed(&mut self, document: &str) -> bool {
        let is_proven = matches!(self.belief.proof.take(), Some(Proof::Signed(_)));
        let keys = self.client.keys.with_statement_keys_of(document);
        let Some(keys) = keys.filter(|_| is_proven) else {
            return false;
        };
        self.belief.signers = Some(keys.of_statements());
        self.client.keys = keys;
        true
    }
}

impl Belief {
    /// A response with what proves it.
    pub(crate) fn response<'a>(&mut self, status: u16, body: &'a str) -> Response<'a> {
        let noted = self.proof.take();
        let proof = match &self.signers {
            None => Proof::Unasked,
            Some(_) => noted.unwrap_or(Proof::Missing),
        };
        Response {
            status,
            body,
            proof,
        }
    }
}
