//! Trials that no server knows of: begun, checked and extended on the device alone.
//!
//! A trial is begun once. An edited one is over, and who deletes all that is stored begins another: this is what a trial
//! without a server can be.

use super::stored::Part;
use super::{Client, Decision, Stored, Trial};
use crate::status_code::StatusCode;

const DAY: i64 = 86_400;

impl Client {
    /// Decides whether the trial on this device still runs.
    #[must_use]
    pub fn local_trial(&self, stored: &Stored, now: i64) -> Decision {
        if let Err(status) = self.timely(stored, now) {
            return Decision::of(status);
        }
        Decision::of(state(&stored.trial, now)).recording(stored.seen_at(now))
    }

    /// Begins a trial of some days. One that was begun before is not begun again, and the verdict is that on it.
    #[must_use]
    pub fn activate_local_trial(&self, stored: &Stored, days: u32, now: i64) -> Decision {
        let decision = self.local_trial(stored, now);
        if decision.status != StatusCode::FAIL {
            return decision;
        }
        let trial = Trial {
            start: now,
            end: after(now, days),
        };
        Decision::of(StatusCode::OK).storing(with_trial(stored, trial, now))
    }

    /// Lets a trial run some days longer: from its end, or from now if it is over. Without a trial it fails.
    #[must_use]
    pub fn extend_local_trial(&self, stored: &Stored, days: u32, now: i64) -> Decision {
        if let Err(status) = self.timely(stored, now) {
            return Decision::of(status);
        }
        let Some(trial) = stored.trial().filter(|_| stored.trial.whole) else {
            return Decision::of(StatusCode::FAIL).recording(stored.seen_at(now));
        };
        let longer = Trial {
            end: after(trial.end.max(now), days),
            ..trial
        };
        Decision::of(StatusCode::OK).storing(with_trial(stored, longer, now))
    }
}

fn state(trial: &Part<Option<Trial>>, now: i64) -> StatusCode {
    match trial {
        Part { whole: false, .. } => StatusCode::LOCAL_TRIAL_EXPIRED,
        Part { value: None, .. } => StatusCode::FAIL,
        Part {
            value: Some(trial), ..
        } if trial.end < now => StatusCode::LOCAL_TRIAL_EXPIRED,
        Part { value: Some(_), .. } => StatusCode::OK,
    }
}

fn after(time: i64, days: u32) -> i64 {
    time.saturating_add(i64::from(days).saturating_mul(DAY))
}

fn with_trial(stored: &Stored, trial: Trial, now: i64) -> Stored {
    let stored = stored.seen_at(now).unwrap_or_else(|| stored.clone());
    Stored {
        trial: Part::new(Some(trial)),
        ..stored
    }
}
