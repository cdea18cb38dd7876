//! The tokens that a set of keys has verified lately: the same bytes under the same keys are verified once.
//!
//! What is remembered is what cannot change: that the keys signed the bytes, and what these say. A verdict is never
//! remembered, since it depends on the time. Texts are compared with an early end: a token is no secret.

use std::collections::VecDeque;

use crate::token::Token;

/// How many tokens are remembered: an application has one, a service that checks for many meets some of them again.
const COUNT: usize = 16;
/// Longer texts are not remembered, so that what is remembered stays small.
const LENGTH: usize = 16_384;

/// Verified tokens with their texts, the latest first.
#[derive(Debug, Default)]
pub(crate) struct KnownTokens(VecDeque<(Box<str>, Token)>);

impl KnownTokens {
    /// Returns the token of this text, if it was verified.
    pub(crate) fn find(&self, text: &str) -> Option<Token> {
        let known = self.0.iter().find(|(known, _)| **known == *text);
        known.map(|(_, token)| token.clone())
    }

    /// Remembers a verified token, and forgets the one that came first.
    pub(crate) fn remember(&mut self, text: &str, token: &Token) {
        if text.len() > LENGTH {
            return;
        }
        self.0.truncate(COUNT.saturating_sub(1));
        self.0.push_front((text.into(), token.clone()));
    }
}
