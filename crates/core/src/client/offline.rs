//! Activating and deactivating by files, where there is no connection.
//!
//! A response may be used again until its time is over, as when a store was lost. So it must not bring back what has ended
//! since: what is stored says which activation ended last, and a response that was issued up to then is none.

use super::{Client, Decision, Stored};
use crate::offline::{OfflineRequest, read_offline_response};
use crate::status_code::StatusCode;

impl Client {
    /// Returns the text of a request whose `body` is that of an online activation.
    ///
    /// # Errors
    /// Returns the verdict if the body is no JSON, or longer than a request may be.
    pub fn offline_request(body: String, now: i64) -> Result<String, StatusCode> {
        let request = OfflineRequest::Activation { made_at: now, body };
        request.to_text().map_err(|_unfit| StatusCode::E_CLIENT)
    }

    /// Decides what the text of an offline response does.
    #[must_use]
    pub fn activated_offline(&self, stored: &Stored, text: &str, now: i64) -> Decision {
        if let Err(status) = self.identified() {
            return Decision::of(status);
        }
        let text = text.trim_ascii();
        let token = match read_offline_response(text, &self.keys, now) {
            Ok(token) => token,
            Err(fault) => return Decision::of(fault.status()),
        };
        if stored.has_ended(&token) {
            return Decision::of(StatusCode::E_OFFLINE_RESPONSE_FILE);
        }
        let key = match self.ask_activation(None, stored) {
            Ok(key) => key,
            Err(_no_key) => token.facts().key.clone(),
        };
        self.taken(stored, text, &token, &key, now)
    }

    /// Gives the activation up. Returns the text that proves it to the server, if there was one to give up.
    #[must_use]
    pub fn deactivated_offline(&self, stored: &Stored, now: i64) -> (Decision, Option<String>) {
        let (decision, asked) = self.ask_deactivation(stored, now);
        let (Some(token), Some(text), Some(_)) = (stored.token(), &stored.token.value, asked)
        else {
            return (decision, None);
        };
        let request = OfflineRequest::Deactivation {
            made_at: now,
            token: text.clone(),
        };
        match request.to_text() {
            Ok(request) => {
                let given_up = stored.given_up(token, StatusCode::OK);
                let decision = Decision::of(StatusCode::OK).storing(given_up);
                (decision, Some(request))
            }
            Err(_too_long) => (Decision::of(StatusCode::E_CLIENT), None),
        }
    }
}
