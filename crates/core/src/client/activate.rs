//! Activating: whether it may be asked for, and what the answer does.

use super::verdict::Verdict;
use super::{Client, Decision, Response, Stored, is_key};
use crate::answer::{Answer, Effect};
use crate::status_code::StatusCode;
use crate::token::Token;

impl Client {
    /// Decides whether an activation may be asked for, and with which license key: the one that is given here, the
    /// application's, or the one that was activated last.
    ///
    /// # Errors
    /// Returns the verdict if not.
    pub fn ask_activation(
        &self,
        given: Option<&str>,
        stored: &Stored,
    ) -> Result<String, StatusCode> {
        self.identified()?;
        let kept = || stored.key().filter(|_| stored.key.whole);
        let key = given.or(self.license_key.as_deref()).or_else(kept);
        key.filter(|key| is_key(key))
            .map(str::to_owned)
            .ok_or(StatusCode::E_LICENSE_KEY)
    }

    /// Decides what the answer to an activation with `key` does.
    ///
    /// A refusal erases only an activation of the same key, and never because the key or the product is unknown:
    /// that is said of what was mistyped, too.
    #[must_use]
    pub fn activated(
        &self,
        stored: &Stored,
        key: &str,
        response: Response<'_>,
        now: i64,
    ) -> Decision {
        let decision = match response.understood(Answer::to_activation) {
            Answer::Token(text) => self.granted(stored, &text, key, now),
            Answer::Refused(status, Effect::Erase)
                if stored.token.value.is_some()
                    && stored.key() == Some(key)
                    && !matches!(status, StatusCode::E_LICENSE_KEY | StatusCode::E_PRODUCT_ID) =>
            {
                Decision::of(status).storing(stored.ended(status).ended_as_of(response))
            }
            Answer::Refused(status, _) => Decision::of(status),
            Answer::Done => Decision::of(StatusCode::E_INET),
        };
        Self::noticing(decision, stored, response)
    }

    /// Takes the token of an answer, if it stands. One of what has ended was recorded before: no server has answered.
    ///
    /// Nor has one where an activation stands, and what came is no token of the product or of no use here: that the device is
    /// not activated is never said of one that is.
    pub(super) fn granted(&self, stored: &Stored, text: &str, key: &str, now: i64) -> Decision {
        let decision = match self.verified(text) {
            None => Decision::of(StatusCode::FAIL),
            Some(token) if stored.has_ended(&token) => Decision::of(StatusCode::E_INET),
            Some(token) => self.taken(stored, text, &token, key, now),
        };
        if decision.status == StatusCode::FAIL && self.genuine(stored, now).stands {
            return Decision::of(StatusCode::E_INET);
        }
        decision
    }

    /// Takes a token, if it stands and what is stored is no later word. One that is no news proves nothing about the clock.
    pub(super) fn taken(
        &self,
        stored: &Stored,
        text: &str,
        token: &Token,
        key: &str,
        now: i64,
    ) -> Decision {
        if stored.outranks(token) {
            return self.genuine(stored, now);
        }
        let verdict = self.judge(token, stored.said_of(token), key, now);
        let decision = Decision::of(verdict.status());
        if !matches!(verdict, Verdict::Stands(_)) {
            return decision;
        }
        match self.timely(stored, now) {
            Err(status) if !stored.is_news(token) => Decision::of(status),
            _ => decision
                .storing(stored.activated(text, token, key, now))
                .standing(token),
        }
    }
}
