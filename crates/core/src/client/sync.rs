//! Syncing: which activation may be asked about, and what the answer does.

use super::{Asked, Client, Decision, Response, Stored, sync_interval};
use crate::answer::{Answer, Effect};
use crate::status_code::StatusCode;

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
    ///
    /// Syncs go on after every answer that does not erase, whatever it says: who stands between ends none for good.
    #[must_use]
    pub fn synced(
        &self,
        stored: &Stored,
        asked: &Asked,
        response: Response<'_>,
        now: i64,
    ) -> Decision {
        let Some(current) = self.still(stored, asked) else {
            return self.ask_sync(stored, now).0;
        };
        let again = |decision: Decision| Decision {
            interval: sync_interval(current),
            ..decision
        };
        let decision = match response.understood(Answer::to_activation) {
            Answer::Token(text) => {
                let granted = self.granted(stored, &text, &asked.key, now);
                if granted.stands || granted.ends(stored) {
                    granted
                } else {
                    again(granted)
                }
            }
            Answer::Refused(status, Effect::Erase) => {
                Decision::of(status).storing(stored.ended(status).ended_as_of(response))
            }
            Answer::Refused(StatusCode::E_SERVER, _) => {
                let decision = self.told_by_fault(stored, response.body);
                if decision.ends(stored) {
                    decision
                } else {
                    again(decision)
                }
            }
            Answer::Refused(status, _) => again(Decision::of(status)),
            Answer::Done => again(Decision::of(StatusCode::E_INET)),
        };
        Self::noticing(decision, stored, response)
    }
}
