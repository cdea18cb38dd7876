//! The verdict on a server's answer by itself, whatever is stored.

use super::stored::Said;
use super::verdict::Verdict;
use super::{Client, is_key};
use crate::answer::{Answer, Effect};
use crate::status_code::StatusCode;
use crate::token::Token;

/// The verdict on a server's answer by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The verdict.
    pub status: StatusCode,
    /// What becomes of a stored activation.
    pub activation: Effect,
    /// The token that takes its place.
    pub token: Option<Token>,
}

impl Check {
    fn keeping(status: StatusCode) -> Self {
        Self {
            status,
            activation: Effect::Keep,
            token: None,
        }
    }
}

impl Client {
    /// Decides what an answer to an activation means by itself, with the license key of this client.
    #[must_use]
    pub fn check(&self, answer: &Answer, now: i64) -> Check {
        if let Err(status) = self.identified() {
            return Check::keeping(status);
        }
        let Some(key) = self.license_key.as_deref().filter(|key| is_key(key)) else {
            return Check::keeping(StatusCode::E_LICENSE_KEY);
        };
        let text = match answer {
            Answer::Token(text) => text,
            Answer::Refused(status, activation) => {
                return Check {
                    activation: *activation,
                    ..Check::keeping(*status)
                };
            }
            Answer::Done => return Check::keeping(StatusCode::E_INET),
        };
        let Some(token) = self.verified(text) else {
            return Check::keeping(StatusCode::FAIL);
        };
        match self.judge(&token, Said::default(), key, now) {
            Verdict::Stands(status) => Check {
                status,
                activation: Effect::Replace,
                token: Some(token),
            },
            verdict => Check::keeping(verdict.status()),
        }
    }
}
