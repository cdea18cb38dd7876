//! Files in place of a connection.

use licentia_core::Client;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::session::{Session, seconds};

#[wasm_bindgen]
impl Session {
    /// Makes the request for an activation with this body: that is the text.
    #[wasm_bindgen(js_name = offlineRequest)]
    pub fn offline_request(&mut self, body: String, now: f64) -> u32 {
        let request = Client::offline_request(body, seconds(now));
        self.given(request)
    }

    /// Decides what the text of an offline response does.
    #[wasm_bindgen(js_name = activatedOffline)]
    pub fn activated_offline(&mut self, text: &str, now: f64) -> u32 {
        let now = seconds(now);
        let decision = self.client.activated_offline(&self.stored, text, now);
        self.rescheduled(decision, now)
    }

    /// Gives the activation up. The text proves it.
    #[wasm_bindgen(js_name = deactivatedOffline)]
    pub fn deactivated_offline(&mut self, now: f64) -> u32 {
        let now = seconds(now);
        let (decision, text) = self.client.deactivated_offline(&self.stored, now);
        self.text = text;
        self.rescheduled(decision, now)
    }
}
