//! News of the license, which come without being asked for.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::session::{Session, seconds};

#[wasm_bindgen]
impl Session {
    /// Returns the id of the activation that may wait for news: one that is synced.
    #[must_use]
    pub fn followed(&self) -> Option<String> {
        self.schedule.due()?;
        Some(self.client.follows(&self.stored)?.0)
    }

    /// Returns the version of its license that is known.
    #[wasm_bindgen(js_name = knownVersion)]
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "versions are far below 2^53")]
    pub fn known_version(&self) -> f64 {
        let follows = self.client.follows(&self.stored);
        follows.map_or(0, |(_, version)| version) as f64
    }

    /// Decides what news do. If they leave something to be asked, the next sync comes soon.
    pub fn told(&mut self, news: &str, jitter: u32, now: f64) -> u32 {
        let now = seconds(now);
        let (decision, left) = self.client.told(&self.stored, news, now);
        let outcome = self.heard(decision);
        self.schedule = self.schedule.told(&self.stored, left, jitter, now);
        outcome
    }
}
