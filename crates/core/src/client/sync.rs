//! Syncing: which activation may be asked about, and what the answer does.

use super::{Asked, Client, Decision, Response, Stored, sync_interval};
use crate::answer::{Answer, Effect};
use crate::status_code::StatusCode;
use crate::token::Token;

impl Client {
    /// Decides whether the activation may be synced, and which one it is: one that stands.
    #[must_use]
    pub fn ask_sync(&self, stored: &Stored, now: i64) -> (Decision, Option<Asked>) {
        let mut decision = self.genuine(stored, now);
        let token = stored.token().filter(|_| decision.stands);
        let asked = token.map(Asked::of);
        // A clock that is wrong now may be right at the next turn: a revocation must be heard then.
        if matches!(
            decision.status,
            StatusCode::E_TIME | StatusCode::E_TIME_MODIFIED
        ) {
            decision.interval = stored.token().and_then(sync_interval);
        }
        (decision, asked)
    }

    /// Decides what the answer to a sync does.
    ///
    /// If another activation has taken the place of the one that was asked about, or a newer answer was stored
    /// meanwhile, the answer does nothing and the verdict is that on what is stored.
    #[must_use]
    pub fn synced(
        &self,
        stored: &Stored,
        asked: &Asked,
        response: Response<'_>,
        now: i64,
    ) -> Decision {
        let Some(current) = self.still(stored, asked) else {
            return self.genuine(stored, now);
        };
        let again = |status: StatusCode| Decision {
            interval: sync_interval(current).filter(|_| status.keeps_syncing()),
            ..Decision::of(status)
        };
        match Answer::to_activation(response.status, response.body) {
            Answer::Token(text) if self.is_older(&text, current) => self.genuine(stored, now),
            Answer::Token(text) => {
                let granted = self.granted(stored, &text, &asked.key, now);
                if granted.stands && granted.status.keeps_syncing() {
                    granted
                } else {
                    Decision {
                        interval: again(granted.status).interval,
                        ..granted
                    }
                }
            }
            Answer::Refused(status, Effect::Erase) => {
                Decision::of(status).storing(stored.ended(status))
            }
            // A server that never knew the activation is another one, or was emptied: the right one will be heard again.
            Answer::Refused(StatusCode::E_ACTIVATION_NOT_FOUND, _) => Decision {
                interval: sync_interval(current),
                ..Decision::of(StatusCode::E_ACTIVATION_NOT_FOUND)
            },
            Answer::Refused(status, _) => again(status),
            Answer::Done => again(StatusCode::E_INET),
        }
    }

    fn is_older(&self, text: &str, current: &Token) -> bool {
        self.verified(text)
            .is_some_and(|token| token.facts().iat < current.facts().iat)
    }
}
