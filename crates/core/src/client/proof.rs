//! Whose an answer is: what the account's statement key has signed for just this question is the server's; all else may be
//! the word of whoever stands in between.

use super::{Client, Decision, Response, Stored};
use crate::answer::{Answer, Effect};
use crate::answer_signature::{AnswerHeaders, SignedAnswer};
use crate::key_set::KeySet;
use crate::status_code::StatusCode;

/// What says that an answer is the server's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// Nobody asked for a signature.
    #[default]
    Unasked,
    /// It was asked for, and the answer has none, or one to another question.
    Missing,
    /// The account's key has signed the answer, at this time in seconds since 1970.
    Signed(i64),
}

/// A request whose answer is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    method: String,
    path: String,
    content_digest: Option<String>,
    nonce: String,
}

impl Question {
    /// Describes a request that says the digest of its body, if it has one; `nonce` is one that was drawn for it alone.
    #[must_use]
    pub fn new(
        method: String,
        path: String,
        content_digest: Option<String>,
        nonce: String,
    ) -> Self {
        Self {
            method,
            path,
            content_digest,
            nonce,
        }
    }

    /// Says whether one of `keys` has signed an answer to this question.
    #[must_use]
    pub fn proof(&self, status: u16, body: &str, headers: &AnswerHeaders, keys: &KeySet) -> Proof {
        let answer = SignedAnswer {
            status,
            body: body.as_bytes(),
            method: &self.method,
            path: &self.path,
            digest: self.content_digest.as_deref(),
            nonce: Some(&self.nonce),
        };
        let created = answer.verify(headers, keys);
        created.map_or(Proof::Missing, Proof::Signed)
    }
}

impl Response<'_> {
    /// What the response means. A refusal that nobody has signed is a failure of the network, and so is a success that has no
    /// token: a token speaks for itself, and faults and limits say nothing of the license.
    #[must_use]
    pub fn understood(self, understand: fn(u16, &str) -> Answer) -> Answer {
        let answer = understand(self.status, self.body);
        match answer {
            Answer::Token(_)
            | Answer::Refused(StatusCode::E_SERVER | StatusCode::E_RATE_LIMIT, _) => answer,
            _ if self.proof == Proof::Missing => Answer::Refused(StatusCode::E_INET, Effect::Keep),
            _ => answer,
        }
    }
}

impl Client {
    /// Records the server's time, less what the license lets a clock be behind: a clock that is further behind stays noticed
    /// when the server is not asked any more.
    pub(super) fn noticing(
        decision: Decision,
        stored: &Stored,
        response: Response<'_>,
    ) -> Decision {
        let Proof::Signed(time) = response.proof else {
            return decision;
        };
        let after = decision.store.as_ref().unwrap_or(stored);
        match after.not_before(time) {
            Some(raised) => decision.storing(raised),
            None => decision,
        }
    }
}

impl Stored {
    /// What is stored where a response has ended the activation: none of its tokens comes back that was issued until its server
    /// signed that. Who signs nothing tells no time.
    pub(super) fn ended_as_of(mut self, response: Response<'_>) -> Self {
        if let (Some(ended), Proof::Signed(time)) = (&mut self.ended.value, response.proof) {
            ended.until = time;
        }
        self
    }

    /// What is stored once the server's time is known; none if that changes nothing.
    pub(super) fn not_before(&self, time: i64) -> Option<Self> {
        let allowed = self.token().map(|token| token.facts().aco)?;
        (allowed >= 0 && self.seen.whole).then_some(())?;
        self.seen_at(time.saturating_sub(allowed))
    }
}
