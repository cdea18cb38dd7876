//! A device: what it stores, its clock, and core's decisions.

use licentia_core::{
    Client, Decision, KeySet, Release, Schedule, StatusCode, Stored, Turn, VerifyingKey,
};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use super::Outage;
use super::grant::{Answer, FINGERPRINT, Grant, KEY, NOW, PRODUCT, SEED};

#[derive(Clone, Debug)]
pub struct Device {
    pub clock: i64,
    pub schedule: Schedule,
    wobble: i64,
    client: Client,
    stored: Stored,
}

/// `SubjectPublicKeyInfo` of Ed25519, up to the key.
const PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

impl Device {
    pub fn new() -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
        let spki = [&PREFIX[..], pair.public_key().as_ref()].concat();
        let key = VerifyingKey::from_spki_der(&spki).unwrap();
        let client = Client {
            product_id: PRODUCT.to_owned(),
            license_key: None,
            fingerprint: FINGERPRINT.to_owned(),
            user_hash: None,
            release: Release::default(),
            keys: KeySet::from(key),
        };
        Self {
            clock: NOW,
            schedule: Schedule::default(),
            wobble: 0,
            client,
            stored: Stored::default(),
        }
    }

    fn keep(&mut self, decision: &Decision) {
        if let Some(stored) = &decision.store {
            self.stored = stored.clone();
        }
    }

    /// Whether this is the grant that it has stored.
    pub fn holds(&self, grant: &Grant) -> bool {
        self.stored.token_text() == Some(grant.token(SEED).as_str())
    }

    pub fn genuine(&mut self) -> StatusCode {
        let decision = self.client.genuine(&self.stored, self.clock);
        self.keep(&decision);
        self.schedule = self.schedule.begun(&decision, self.clock);
        decision.status
    }

    pub fn activate(&mut self, answer: &Answer) -> StatusCode {
        let decision = answer.heard(|response| {
            self.client
                .activated(&self.stored, KEY, response, self.clock)
        });
        self.keep(&decision);
        self.schedule = self.schedule.activated(&decision, &self.stored, self.clock);
        decision.status
    }

    /// Syncs if there is something to sync, and returns what came of it.
    pub fn sync(&mut self, answer: &Answer) -> Option<StatusCode> {
        let (decision, asked) = self.client.ask_sync(&self.stored, self.clock);
        self.keep(&decision);
        let asked = asked?;
        let decision = answer.heard(|response| {
            self.client
                .synced(&self.stored, &asked, response, self.clock)
        });
        self.keep(&decision);
        self.schedule = self
            .schedule
            .synced(&decision, &self.stored, None, 0, self.clock);
        Some(decision.status)
    }

    pub fn deactivate(&mut self, answer: &Answer) -> Option<StatusCode> {
        let (decision, asked) = self.client.ask_deactivation(&self.stored, self.clock);
        self.keep(&decision);
        let asked = asked?;
        let decision = answer.heard(|response| {
            self.client
                .deactivated(&self.stored, &asked, response, self.clock)
        });
        self.keep(&decision);
        Some(decision.status)
    }

    /// The application ends and starts anew, with what was written.
    pub fn restart(&mut self) {
        self.stored = self.client.read(&self.client.write(&self.stored));
        self.schedule = Schedule::default();
    }

    /// Writes another value for a member, and leaves its seal.
    pub fn edit(&mut self, member: &str) {
        let mut text: Value = serde_json::from_str(&self.client.write(&self.stored)).unwrap();
        text[member] = match &text[member] {
            Value::Number(number) => json!(number.as_i64().unwrap() - 100_000),
            Value::String(text) => json!(format!("{text}0")),
            _ => json!("0000000000000000"),
        };
        self.stored = self.client.read(&text.to_string());
    }

    pub fn suffer(&mut self, outage: &Outage) {
        match outage {
            Outage::Fail(status, body) => {
                self.sync(&Answer::Other(*status, body));
            }
            Outage::Restart => self.restart(),
            Outage::Pass(seconds) => self.clock += seconds,
            Outage::Wobble(distance) => {
                self.clock += distance - self.wobble;
                self.wobble = *distance;
            }
        }
    }

    /// Whether it will sync of itself: now, or no later than it may after a failure.
    pub fn asks_again(&self, interval: i64) -> bool {
        let (schedule, turn) = self.schedule.turn(&self.stored, self.clock);
        let latest = self.clock + interval.max(3_600) * 3 / 2 + 1;
        turn == Turn::Sync || schedule.due().is_some_and(|due| due <= latest)
    }
}
