//! Files in place of a connection.

use licentia_core::Client;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::session::{Session, seconds};
use crate::shape;

#[wasm_bindgen]
impl Session {
    /// Returns the text of a request for activation with this body, or why there is none.
    #[wasm_bindgen(js_name = offlineRequest)]
    #[must_use]
    pub fn offline_request(&self, body: String, now: f64) -> String {
        let request = Client::offline_request(body, seconds(now));
        shape::json(&shape::Written::from(request))
    }

    /// Decides what the text of an offline response does.
    #[wasm_bindgen(js_name = activatedOffline)]
    pub fn activated_offline(&mut self, text: &str, now: f64) -> u32 {
        let now = seconds(now);
        let decision = self.client.activated_offline(&self.stored, text, now);
        self.rescheduled(decision, now)
    }

    /// Gives the activation up, and returns the text that proves it, or why there is none.
    #[wasm_bindgen(js_name = deactivatedOffline)]
    pub fn deactivated_offline(&mut self, now: f64) -> String {
        let now = seconds(now);
        let (decision, text) = self.client.deactivated_offline(&self.stored, now);
        let outcome = self.rescheduled(decision, now);
        shape::json(&shape::Written { outcome, text })
    }
}
