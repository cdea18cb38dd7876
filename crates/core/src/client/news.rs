//! News of a license that the vendor sends by itself, or with an answer: a signed statement.
//!
//! It restricts at once and never extends a right: what it allows anew, the next sync brings as a token. It is believed of
//! the license that is activated here alone, and only if it is newer than all that is known of it.

use super::stored::{Part, Word};
use super::{Client, Decision, Stored};
use crate::claims::StatementFacts;
use crate::object::Object;
use crate::status_code::StatusCode;

impl Client {
    /// Returns which activation may wait for news, and the version of its license that is known.
    #[must_use]
    pub fn follows(&self, stored: &Stored) -> Option<(String, i64)> {
        let token = stored.token()?;
        let facts = token.facts();
        let known = stored.word_on(token).map_or(facts.ver, |word| word.ver);
        Some((facts.aid.clone(), known))
    }

    /// Decides what news do that came as `{"statement": …}`. Returns besides whether a sync has more to say.
    ///
    /// What holds no statement is no more than a reason to sync, and so is one where no statement key is known.
    #[must_use]
    pub fn told(&self, stored: &Stored, news: &str, now: i64) -> (Decision, bool) {
        let unchanged = |more| (self.genuine(stored, now), more);
        let read = Object::parse(news, &["statement"]);
        let statement = read.and_then(|news| news.text("statement").ok());
        let keys = self.keys.of_statements();
        let Some(statement) = statement.filter(|_| !keys.is_empty()) else {
            return unchanged(true);
        };
        match StatementFacts::verify(&statement, &keys) {
            Ok((said, _)) => self.said(stored, said, now),
            Err(_not_the_account) => unchanged(false),
        }
    }

    fn said(&self, stored: &Stored, said: StatementFacts, now: i64) -> (Decision, bool) {
        let token = stored.token().filter(|token| token.facts().lid == said.lid);
        let Some(token) = token else {
            return (self.genuine(stored, now), false);
        };
        let known = stored
            .word_on(token)
            .map_or(token.facts().ver, |word| word.ver);
        if said.ver <= known {
            return (self.genuine(stored, now), false);
        }
        if said.revoked || said.deleted || said.epoch > token.facts().epoch {
            let ended = stored.ended(StatusCode::E_REVOKED);
            return (Decision::of(StatusCode::E_REVOKED).storing(ended), false);
        }
        let restricted = stored.restricted(said);
        let decision = self.genuine(&restricted, now);
        let store = decision.store.clone().unwrap_or(restricted);
        (decision.storing(store), true)
    }
}

impl Stored {
    fn restricted(&self, said: StatementFacts) -> Self {
        let StatementFacts {
            lid,
            ver,
            suspended,
            eat,
            ..
        } = said;
        let word = Word {
            lid,
            ver,
            suspended,
            eat,
        };
        Self {
            word: Part::new(Some(word)),
            ..self.clone()
        }
    }
}
