//! News of a license that the vendor sends by itself, or with an answer: a signed statement.
//!
//! It restricts at once and never extends a right: what it allows anew, the next sync brings as a token. It is believed of
//! the license that is activated here alone, and only if it is newer than all that is known of it.

use super::stored::{Part, Word};
use super::{Client, Decision, Stored};
use crate::claims::StatementFacts;
use crate::jws::TokenFault;
use crate::object::Object;
use crate::status_code::StatusCode;

/// What news leave to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing: they say it all, or are nobody's.
    Whole,
    /// Of this activation alone: nobody else asks for the same reason.
    Alone,
    /// Of the license, by a key that is not known here.
    Unclear,
    /// Of the license, by the vendor: the server is there, however often it failed before.
    Vendors,
}

impl Client {
    /// Returns which activation may wait for news, and the version of its license that is known.
    #[must_use]
    pub fn follows(&self, stored: &Stored) -> Option<(String, i64)> {
        let token = stored.token()?;
        Some((token.facts().aid.clone(), stored.known_version(token)))
    }

    /// Decides what news do that came as `{"statement": …}`. Returns besides what a sync is to say.
    ///
    /// A refusal to tell any, which is an empty text, is no more than a reason to sync. So are the word that this activation is
    /// gone, which is its id alone, and a statement of a key that is not known here. What holds none is nobody's news.
    #[must_use]
    pub fn told(&self, stored: &Stored, news: &str, now: i64) -> (Decision, News) {
        let Some(statement) = member("statement", news) else {
            let is_ours = |gone| self.follows(stored).is_some_and(|(ours, _)| ours == gone);
            let of_one = news.is_empty() || member("activationId", news).is_some_and(is_ours);
            let asks = if of_one { News::Alone } else { News::Whole };
            return (self.genuine(stored, now), asks);
        };
        let said = self.keys.of_statements().statement(&statement);
        if let Err(TokenFault::UnknownKey { .. }) = said {
            return (self.genuine(stored, now), News::Unclear);
        }
        match said.ok().and_then(|said| stored.after_news(said)) {
            None => (self.genuine(stored, now), News::Whole),
            Some(after) if after.token().is_none() => {
                let decision = Decision::of(after.last_error()).storing(after);
                (decision, News::Whole)
            }
            Some(restricted) => {
                let decision = self.genuine(&restricted, now);
                let store = decision.store.clone().unwrap_or(restricted);
                (decision.storing(store), News::Vendors)
            }
        }
    }

    /// Decides what a fault of the server does to a sync: one whose ledger is silent says what is published of the license.
    pub(super) fn told_by_fault(&self, stored: &Stored, body: &str) -> Decision {
        let statement = member("statement", body);
        let said = statement.and_then(|text| self.keys.of_statements().statement(&text).ok());
        let after = said.and_then(|said| stored.after_news(said));
        let status = match &after {
            Some(after) if after.token().is_none() => after.last_error(),
            _ => StatusCode::E_SERVER,
        };
        Decision::of(status).recording(after)
    }
}

fn member(name: &'static str, news: &str) -> Option<String> {
    Object::parse(news, &["statement", "activationId"])?
        .text(name)
        .ok()
}

impl Stored {
    /// What is stored after news of the license that is activated; none if they are no news.
    fn after_news(&self, said: StatementFacts) -> Option<Self> {
        let token = self.token().filter(|token| token.facts().lid == said.lid)?;
        if said.ver <= self.known_version(token) {
            return None;
        }
        let has_ended = said.revoked || said.deleted || said.epoch > token.facts().epoch;
        let StatementFacts {
            epoch,
            iat,
            deleted,
            ..
        } = said;
        // What it says of the license holds for the next activation too, whose token may be older than this.
        let restricted = self.restricted(said);
        if !has_ended {
            return Some(restricted.not_before(iat).unwrap_or(restricted));
        }
        let ended = restricted.ended_at(epoch, StatusCode::E_REVOKED);
        // A deletion raises no epoch.
        Some(if deleted { ended.by(iat) } else { ended })
    }

    fn restricted(&self, said: StatementFacts) -> Self {
        let StatementFacts {
            lid,
            ver,
            iat,
            suspended,
            eat,
            ..
        } = said;
        let word = Word {
            lid,
            ver,
            iat,
            suspended,
            eat,
        };
        Self {
            word: Part::new(Some(word)),
            ..self.clone()
        }
    }
}
