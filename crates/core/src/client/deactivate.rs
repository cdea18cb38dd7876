//! Deactivating: which activation may be given up, and what the answer does.

use super::{Asked, Client, Decision, Response, Stored};
use crate::answer::{Answer, Effect};
use crate::status_code::StatusCode;

impl Client {
    /// Decides whether the activation may be given up, and which one it is: one that stands, or whose device has a wrong clock.
    #[must_use]
    pub fn ask_deactivation(&self, stored: &Stored, now: i64) -> (Decision, Option<Asked>) {
        let decision = self.genuine(stored, now);
        let may = decision.stands || decision.status == StatusCode::E_TIME;
        let asked = stored.token().filter(|_| may).map(Asked::of);
        (decision, asked)
    }

    /// Decides what the answer to a deactivation does. The license key is kept if the license is floating.
    #[must_use]
    pub fn deactivated(
        &self,
        stored: &Stored,
        asked: &Asked,
        response: Response<'_>,
        now: i64,
    ) -> Decision {
        let Some(current) = self.still(stored, asked) else {
            return self.genuine(stored, now);
        };
        let cleared = |status| {
            let given_up = stored.given_up(current, status);
            Decision::of(status).storing(given_up.ended_as_of(response))
        };
        match response.understood(Answer::to_deactivation) {
            Answer::Done => cleared(StatusCode::OK),
            Answer::Refused(status, Effect::Erase) => cleared(status),
            Answer::Refused(status, _) => Decision::of(status),
            Answer::Token(_) => Decision::of(StatusCode::E_INET),
        }
    }
}
