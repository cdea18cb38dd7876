//! The verdict on a token: whose it is, whether the clock can be trusted, and what state the license is in.

use super::stored::Said;
use super::{Client, Release};
use crate::claims::Facts;
use crate::status_code::StatusCode;
use crate::token::Token;

/// What a verified token is worth.
pub(super) enum Verdict {
    /// It cannot be used here.
    Refused(StatusCode),
    /// It is this device's, and its lease has ended.
    LeaseOver,
    /// It stands, in one of the states that keep an activation.
    Stands(StatusCode),
}

impl Verdict {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::LeaseOver => StatusCode::FAIL,
            Self::Refused(status) | Self::Stands(status) => *status,
        }
    }
}

impl Client {
    /// Judges a token for this device and a license key, and by what the vendor said since it was issued.
    pub(super) fn judge(&self, token: &Token, said: Said, key: &str, now: i64) -> Verdict {
        let facts = token.facts();
        if let Err(status) = self.is_usable(facts, key, now) {
            return Verdict::Refused(status);
        }
        if is_past(facts.leat, facts, now) {
            return Verdict::LeaseOver;
        }
        Verdict::Stands(license_state(facts, said, &self.release, now))
    }

    fn is_usable(&self, facts: &Facts, key: &str, now: i64) -> Result<(), StatusCode> {
        if facts.key != key || !facts.pid.eq_ignore_ascii_case(&self.product_id) {
            return Err(StatusCode::FAIL);
        }
        if facts.fp != self.fingerprint {
            return Err(StatusCode::E_MACHINE_FINGERPRINT);
        }
        if facts.user_hash.is_some()
            && self.user_hash.is_some()
            && facts.user_hash != self.user_hash
        {
            return Err(StatusCode::E_OS_USER);
        }
        if facts.aco >= 0 && facts.iat.saturating_sub(now) > facts.aco {
            return Err(StatusCode::E_TIME);
        }
        Ok(())
    }
}

/// The state of the license: the end of the grace period hides the end of the license, which hides a suspension, which
/// hides that the release is not covered.
fn license_state(facts: &Facts, said: Said, release: &Release, now: i64) -> StatusCode {
    let has_ended = |eat| is_past(eat, facts, now);
    if facts.ssi != 0 && facts.ssgpeat != 0 && facts.ssgpeat < now {
        StatusCode::GRACE_PERIOD_OVER
    } else if has_ended(facts.eat) || has_ended(said.eat) {
        StatusCode::EXPIRED
    } else if facts.suspended || said.suspended {
        StatusCode::SUSPENDED
    } else if !release.is_covered(facts) {
        StatusCode::E_RELEASE_VERSION_NOT_ALLOWED
    } else {
        StatusCode::OK
    }
}

/// Whether an instant is set and has passed, by the device's clock or by the server's when it signed.
fn is_past(instant: i64, facts: &Facts, now: i64) -> bool {
    instant != 0 && (instant < now || instant < facts.iat)
}
