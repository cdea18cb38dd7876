//! A running client: what it is, what it has read from its storage, and when it syncs next.

use licentia_core::{
    Asked, Client, Decision, Response, Schedule, Seconds, StatusCode, StatusList, Stored, Turn,
};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use crate::belief::Belief;
use crate::outcome;

/// A running client. JavaScript loads what is stored, asks, and writes what `written` gives.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Session {
    pub(crate) client: Client,
    pub(crate) stored: Stored,
    pub(crate) schedule: Schedule,
    /// Which activation the server is being asked about: one question at a time.
    asked: Option<Asked>,
    /// The list that was read last, and until when none is to be fetched.
    pub(crate) list: Option<(StatusList, i64)>,
    /// What answers are believed.
    pub(crate) belief: Belief,
    /// What the last decision gave besides its outcome.
    pub(crate) text: Option<String>,
}

#[wasm_bindgen]
impl Session {
    /// Makes a client of an application on a device.
    ///
    /// # Errors
    /// Throws if the public key cannot be read.
    #[wasm_bindgen(constructor)]
    pub fn new(
        product_id: String,
        public_key: &str,
        fingerprint: String,
        user_hash: Option<String>,
    ) -> Result<Self, JsError> {
        let client = Client {
            product_id,
            license_key: None,
            fingerprint,
            user_hash,
            release: licentia_core::Release::default(),
            keys: crate::keys(public_key)?,
        };
        Ok(Self {
            client,
            stored: Stored::default(),
            schedule: Schedule::default(),
            asked: None,
            list: None,
            belief: Belief::default(),
            text: None,
        })
    }

    /// Sets the license key that is used from now on; without one, the stored one is.
    #[wasm_bindgen(js_name = setKey)]
    pub fn set_key(&mut self, license_key: Option<String>) {
        self.client.license_key = license_key;
    }

    /// Takes the fingerprint that others who share the storage have drawn.
    #[wasm_bindgen(js_name = setFingerprint)]
    pub fn set_fingerprint(&mut self, fingerprint: String) {
        self.client.fingerprint = fingerprint;
    }

    /// Sets the application's release version.
    ///
    /// # Errors
    /// Throws if it is none.
    #[wasm_bindgen(js_name = setRelease)]
    pub fn set_release(&mut self, version: &str) -> Result<(), JsError> {
        self.client.release.version = Some(version.parse()?);
        Ok(())
    }

    /// Sets when the application's release was published, in seconds since 1970.
    #[wasm_bindgen(js_name = setPublished)]
    pub fn set_published(&mut self, published: f64) {
        self.client.release.published = Some(seconds(published));
    }

    /// Takes what the storage holds. Returns whether others have erased the activation since.
    pub fn load(&mut self, text: &str) -> bool {
        let had = self.stored.token().is_some();
        self.stored = self.client.read(text);
        had && self.stored.token().is_none()
    }

    /// Returns what the storage is to hold.
    #[must_use]
    pub fn written(&self) -> String {
        self.client.write(&self.stored)
    }

    /// Returns what the storage is to hold, where `mine` was made of `base` and others have written `theirs` since.
    #[must_use]
    pub fn merged(&self, base: &str, mine: &str, theirs: &str) -> String {
        self.client.merged(base, mine, theirs)
    }

    /// Decides whether the license is genuine.
    pub fn genuine(&mut self, now: f64) -> u32 {
        let decision = self.client.genuine(&self.stored, seconds(now));
        self.taken(decision)
    }

    /// Decides whether an activation may be asked for. The text is the license key.
    #[wasm_bindgen(js_name = askActivation)]
    pub fn ask_activation(&mut self, license_key: Option<String>) -> u32 {
        let given = license_key.as_deref();
        let asked = self.client.ask_activation(given, &self.stored);
        self.given(asked)
    }

    /// Takes the text that the last decision gave.
    pub fn text(&mut self) -> Option<String> {
        self.text.take()
    }

    /// Decides what the answer to an activation does.
    pub fn activated(&mut self, key: &str, status: u16, body: &str, now: f64) -> u32 {
        let now = seconds(now);
        let response = self.belief.response(status, body);
        let decision = self.client.activated(&self.stored, key, response, now);
        if decision.stands {
            self.client.license_key = Some(key.to_owned());
        }
        self.rescheduled(decision, now)
    }

    /// Decides whether the activation may be synced.
    #[wasm_bindgen(js_name = askSync)]
    pub fn ask_sync(&mut self, now: f64) -> u32 {
        let (decision, asked) = self.client.ask_sync(&self.stored, seconds(now));
        self.asking(decision, asked)
    }

    /// Decides whether uses of a meter may be counted.
    #[wasm_bindgen(js_name = askMeter)]
    pub fn ask_meter(&mut self, name: &str, now: f64) -> u32 {
        let (decision, asked) = self.client.ask_meter(&self.stored, name, seconds(now));
        self.asking(decision, asked)
    }

    /// Returns the id of the activation that may be asked about.
    #[must_use]
    pub fn asked(&self) -> Option<String> {
        self.asked.as_ref().map(|asked| asked.activation.clone())
    }

    /// Returns its license key.
    #[wasm_bindgen(js_name = askedKey)]
    #[must_use]
    pub fn asked_key(&self) -> Option<String> {
        self.asked.as_ref().map(|asked| asked.key.clone())
    }

    /// Decides what the answer to a sync does, and when the next one is.
    pub fn synced(
        &mut self,
        status: u16,
        body: &str,
        retry_after: Option<f64>,
        jitter: u32,
        now: f64,
    ) -> u32 {
        let now = seconds(now);
        let decision = self.answered(status, body, now, Client::synced);
        let after = decision.store.as_ref().unwrap_or(&self.stored);
        let retry_after = retry_after.map(|after| Seconds(seconds(after)));
        self.schedule = self
            .schedule
            .synced(&decision, after, retry_after, jitter, now);
        self.taken(decision)
    }

    /// Goes on after a sync that was not asked for, since the activation does not stand.
    pub fn unsynced(&mut self, now: f64) {
        let now = seconds(now);
        let (decision, _) = self.client.ask_sync(&self.stored, now);
        self.schedule = self.schedule.synced(&decision, &self.stored, None, 0, now);
    }

    /// Decides what the answer to a change of a meter does: that of a sync, but a refusal ends no syncs.
    pub fn metered(&mut self, status: u16, body: &str, now: f64) -> u32 {
        let decision = self.answered(status, body, seconds(now), Client::synced);
        self.taken(decision)
    }

    /// Decides whether the activation may be given up.
    #[wasm_bindgen(js_name = askDeactivation)]
    pub fn ask_deactivation(&mut self, now: f64) -> u32 {
        let (decision, asked) = self.client.ask_deactivation(&self.stored, seconds(now));
        self.asking(decision, asked)
    }

    /// Decides what the answer to a deactivation does.
    pub fn deactivated(&mut self, status: u16, body: &str, now: f64) -> u32 {
        let now = seconds(now);
        let decision = self.answered(status, body, now, Client::deactivated);
        self.rescheduled(decision, now)
    }

    /// Forgets the license; the trial stays.
    pub fn reset(&mut self) {
        self.stored = self.stored.reset();
        self.schedule = Schedule::default();
    }

    /// Begins with background syncs, if there is something to sync and they have not begun yet.
    pub fn begin(&mut self, now: f64) {
        let now = seconds(now);
        let decision = self.client.genuine(&self.stored, now);
        self.schedule = self.schedule.begun(&decision, now);
    }

    /// Ends background syncs, until the next activation.
    pub fn end(&mut self) {
        self.schedule = self.schedule.ended();
    }

    /// Returns after how many seconds to ask again; 0 to sync now, -1 for never.
    pub fn turn(&mut self, now: f64) -> i32 {
        let (schedule, turn) = self.schedule.turn(&self.stored, seconds(now));
        self.schedule = schedule;
        match turn {
            Turn::Sync => 0,
            Turn::Wait(wait) => i32::try_from(wait.0).unwrap_or(i32::MAX),
            Turn::Rest => -1,
        }
    }

    /// Returns when the next background sync is due, in seconds since 1970.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^53")]
    pub fn due(&self) -> Option<f64> {
        self.schedule.due().map(|due| due as f64)
    }

    /// Decides whether the trial on this device still runs.
    #[wasm_bindgen(js_name = localTrial)]
    pub fn local_trial(&mut self, now: f64) -> u32 {
        let decision = self.client.local_trial(&self.stored, seconds(now));
        self.taken(decision)
    }

    /// Begins a trial of some days.
    #[wasm_bindgen(js_name = activateLocalTrial)]
    pub fn activate_local_trial(&mut self, days: u32, now: f64) -> u32 {
        let decision = self
            .client
            .activate_local_trial(&self.stored, days, seconds(now));
        self.taken(decision)
    }

    /// Lets the trial run some days longer.
    #[wasm_bindgen(js_name = extendLocalTrial)]
    pub fn extend_local_trial(&mut self, days: u32, now: f64) -> u32 {
        let decision = self
            .client
            .extend_local_trial(&self.stored, days, seconds(now));
        self.taken(decision)
    }

    /// Returns when the trial ends, in seconds since 1970.
    #[wasm_bindgen(js_name = trialEnd)]
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^53")]
    pub fn trial_end(&self) -> Option<f64> {
        self.stored.trial().map(|trial| trial.end as f64)
    }

    /// Returns the claims of the activation that stands, as JSON.
    #[must_use]
    pub fn claims(&self, now: f64) -> Option<String> {
        let decision = self.client.genuine(&self.stored, seconds(now));
        let token = self.stored.token().filter(|_| decision.stands)?;
        Some(token.claims_json().to_owned())
    }

    /// Returns the token of the activation that stands, as the server signed it.
    #[must_use]
    pub fn token(&self, now: f64) -> Option<String> {
        let decision = self.client.genuine(&self.stored, seconds(now));
        let text = self.stored.token_text().filter(|_| decision.stands)?;
        Some(text.to_owned())
    }

    /// Returns the license key in use.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        let given = self.client.license_key.as_deref();
        given.or(self.stored.key()).map(str::to_owned)
    }

    /// Returns the number of why the activation was last erased.
    #[wasm_bindgen(js_name = lastError)]
    #[must_use]
    pub fn last_error(&self) -> u8 {
        self.stored.last_error().number()
    }

    /// Says in one sentence what the state is, what it rests on, and when it is checked next.
    #[must_use]
    pub fn explain(&self, now: f64) -> String {
        self.client
            .explain(&self.stored, self.schedule, seconds(now))
    }
}

type Answered = fn(&Client, &Stored, &Asked, Response<'_>, i64) -> Decision;

impl Session {
    /// Takes what a decision stores, and returns what it says.
    pub(crate) fn taken(&mut self, decision: Decision) -> u32 {
        let had = self.stored.token().is_some();
        let outcome = outcome::of(&decision, had);
        if let Some(stored) = decision.store {
            self.stored = stored;
        }
        outcome
    }

    /// The same of a word that came outside a sync: where it ends the activation, it ends syncs.
    pub(crate) fn heard(&mut self, decision: Decision) -> u32 {
        let outcome = self.taken(decision);
        if self.stored.token().is_none() {
            self.schedule = Schedule::default();
        }
        outcome
    }

    /// The same, where syncs begin or end with it.
    pub(crate) fn rescheduled(&mut self, decision: Decision, now: i64) -> u32 {
        let after = decision.store.as_ref().unwrap_or(&self.stored);
        self.schedule = self.schedule.activated(&decision, after, now);
        self.taken(decision)
    }

    /// Keeps a text for JavaScript to take, or says why there is none.
    pub(crate) fn given(&mut self, text: Result<String, StatusCode>) -> u32 {
        let status = text.as_ref().err().copied().unwrap_or_default();
        self.text = text.ok();
        status.number().into()
    }

    fn asking(&mut self, decision: Decision, asked: Option<Asked>) -> u32 {
        self.asked = asked;
        self.taken(decision)
    }

    /// Decides by an answer. Where nothing was asked, what is stored is the verdict.
    fn answered(&mut self, status: u16, body: &str, now: i64, decide: Answered) -> Decision {
        let response = self.belief.response(status, body);
        match self.asked.take() {
            Some(asked) => decide(&self.client, &self.stored, &asked, response, now),
            None => self.client.genuine(&self.stored, now),
        }
    }
}

/// Whole seconds, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
pub(crate) fn seconds(now: f64) -> i64 {
    now.floor() as i64
}
