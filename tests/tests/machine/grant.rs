//! What a server grants, and what it is worth at a time: the rules once more, in lines that core has no part in.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_core::{Response, StatusCode};
use ring::signature::Ed25519KeyPair;
use serde_json::json;

pub const NOW: i64 = 1_760_000_000;
pub const PRODUCT: &str = "p";
pub const KEY: &str = "KKKKKKKKKKKKKKKK";
pub const FINGERPRINT: &str = "f";

/// An activation token, before it is signed. An instant of 0 is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    pub activation: u8,
    pub issued: i64,
    pub ends: i64,
    pub lease: i64,
    pub grace: i64,
    pub interval: i64,
    pub behind: i64,
    pub suspended: bool,
    pub epoch: i64,
    pub is_mine: bool,
}

/// What a server, or whoever stands between, answers.
#[derive(Clone, Debug)]
pub enum Answer {
    Granted(Grant),
    /// One of the grants so far, once more.
    Repeated(usize),
    /// A grant that another key signed.
    Forged(Grant),
    Refused(u16, &'static str),
    Other(u16, &'static str),
}

impl Grant {
    /// The grant as it is issued at a time: its instants are counted from there.
    pub fn at(&self, time: i64) -> Self {
        let from = |instant: i64| if instant == 0 { 0 } else { time + instant };
        Self {
            issued: time,
            ends: from(self.ends),
            lease: from(self.lease),
            grace: from(self.grace),
            ..self.clone()
        }
    }

    fn has_passed(&self, instant: i64, time: i64) -> bool {
        instant != 0 && (time > instant || self.issued > instant)
    }

    /// Whether it activates this device, by its clock.
    pub fn keeps_activation(&self, clock: i64) -> bool {
        let is_timely = self.behind == -1 || self.issued - clock <= self.behind;
        self.is_mine && is_timely && !self.has_passed(self.lease, clock)
    }

    fn is_heard_from(&self, clock: i64) -> bool {
        self.interval == 0 || self.grace == 0 || clock <= self.grace
    }

    /// Whether it lets the application run, by the device's clock.
    pub fn covers(&self, clock: i64) -> bool {
        self.status(clock) == StatusCode::OK
    }

    pub fn status(&self, clock: i64) -> StatusCode {
        if !self.keeps_activation(clock) {
            StatusCode::FAIL
        } else if !self.is_heard_from(clock) {
            StatusCode::GRACE_PERIOD_OVER
        } else if self.has_passed(self.ends, clock) {
            StatusCode::EXPIRED
        } else if self.suspended {
            StatusCode::SUSPENDED
        } else {
            StatusCode::OK
        }
    }

    pub fn token(&self, seed: [u8; 32]) -> String {
        let fingerprint = if self.is_mine { FINGERPRINT } else { "g" };
        let claims = json!({
            "aid": self.activation.to_string(), "lid": "l", "pid": PRODUCT, "key": KEY, "fp": fingerprint,
            "iat": self.issued, "eat": self.ends, "leat": self.lease, "ssgpeat": self.grace,
            "ssi": self.interval, "aco": self.behind, "suspended": self.suspended, "epoch": self.epoch,
        });
        let encode = Base64UrlUnpadded::encode_string;
        let header = encode(br#"{"alg":"EdDSA"}"#);
        let input = format!("{header}.{}", encode(claims.to_string().as_bytes()));
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        format!("{input}.{}", encode(pair.sign(input.as_bytes()).as_ref()))
    }
}

pub const SEED: [u8; 32] = [0x5a; 32];
const OTHER_SEED: [u8; 32] = [0xa5; 32];

impl Answer {
    /// Hands it to what judges it.
    pub fn heard<T>(&self, judge: impl FnOnce(Response<'_>) -> T) -> T {
        let (status, body) = self.sent();
        judge(Response::unsigned(status, &body))
    }

    /// The status and the body on the wire.
    fn sent(&self) -> (u16, String) {
        let token = |text: String| (200, json!({ "activationToken": text }).to_string());
        match self {
            Self::Granted(grant) => token(grant.token(SEED)),
            Self::Forged(grant) => token(grant.token(OTHER_SEED)),
            Self::Repeated(_) => (0, String::new()),
            Self::Refused(status, code) => (
                *status,
                json!({ "message": "no", "code": code }).to_string(),
            ),
            Self::Other(status, body) => (*status, (*body).to_owned()),
        }
    }

    /// A deactivation is done by any success that has a JSON object, or none at all, and by what says that it is gone.
    pub fn ends_a_deactivation(&self) -> bool {
        match self {
            Self::Granted(_) | Self::Forged(_) => true,
            Self::Refused(status, code) => super::is_final(*status, code),
            Self::Other(status, body) => *status == 204 || *status == 200 && body.starts_with('{'),
            Self::Repeated(_) => false,
        }
    }
}
