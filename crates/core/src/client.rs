//! The client's decisions: what is stored, what a server answered and the time go in; a verdict, what to store and when to ask next come out.
//!
//! No I/O here: whoever carries it reads what is stored just before each call and writes what a [`Decision`] says.
//! The order of the checks is that of the compatible client library, since each verdict hides those after it.
//! Two rules are ours: the recorded time never runs backwards on the client's own word, and an answer
//! acts only on the activation that it was asked for.

mod stored;
mod verdict;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

pub use stored::Stored;

use self::verdict::{Verdict, sync_interval};
use crate::answer::{Answer, Effect};
use crate::key_set::KeySet;
use crate::status_code::StatusCode;
use crate::time::Seconds;
use crate::token::Token;

/// How far the clock may lie behind the last time that was seen: an hour of daylight saving and some minutes.
const CLOCK_TOLERANCE: i64 = 3_800;
/// License keys of other lengths are refused before anything is asked.
const KEY_LENGTHS: std::ops::RangeInclusive<usize> = 16..=256;

/// An application on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The product that the application is.
    pub product_id: String,
    /// The license key that it was given; if none, the one that was activated is used.
    pub license_key: Option<String>,
    /// What tells this device from others.
    pub fingerprint: String,
    /// The keys that sign the product's tokens.
    pub keys: KeySet,
}

/// What comes of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub status: StatusCode,
    /// What to store in place of what was stored; none to leave it.
    pub store: Option<Stored>,
    /// The token that stands, if one does.
    pub token: Option<Token>,
    /// When to sync next, counted from now; none for not at all.
    pub next_sync: Option<Seconds>,
}

/// The verdict on a server's answer by itself, whatever is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The verdict.
    pub status: StatusCode,
    /// What becomes of a stored activation.
    pub activation: Effect,
    /// The token that takes its place.
    pub token: Option<Token>,
}

/// Which activation a server was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its id, for the request's path.
    pub activation: String,
    /// The license's epoch at that time.
    pub epoch: i64,
    /// Its license key, for the request's body.
    pub key: String,
}

impl StatusCode {
    /// Returns whether background syncs go on after a sync that ended so.
    #[must_use]
    pub fn keeps_syncing(self) -> bool {
        matches!(
            self,
            Self::OK
                | Self::EXPIRED
                | Self::SUSPENDED
                | Self::E_INET
                | Self::E_RATE_LIMIT
                | Self::E_SERVER
        )
    }
}

impl Decision {
    fn of(status: StatusCode) -> Self {
        Self {
            status,
            store: None,
            token: None,
            next_sync: None,
        }
    }

    fn storing(self, stored: Stored) -> Self {
        Self {
            store: Some(stored),
            ..self
        }
    }

    /// Stores `next` if it differs from what is stored.
    fn recording(self, stored: &Stored, next: Stored) -> Self {
        Self {
            store: (next != *stored).then_some(next),
            ..self
        }
    }

    /// Goes on with a token: it is synced as it says.
    fn standing(self, token: Token) -> Self {
        Self {
            next_sync: sync_interval(&token),
            token: Some(token),
            ..self
        }
    }
}

impl Client {
    /// Decides whether the license is genuine, from what is stored alone.
    #[must_use]
    pub fn genuine(&self, stored: &Stored, now: i64) -> Decision {
        if let Err(status) = self.identified() {
            return Decision::of(status);
        }
        if stored.seen.saturating_sub(now) > CLOCK_TOLERANCE {
            return Decision::of(StatusCode::E_TIME_MODIFIED);
        }
        let Some(key) = self.key(stored) else {
            return Decision::of(StatusCode::E_LICENSE_KEY).recording(stored, stored.seen_at(now));
        };
        let Some(text) = &stored.token else {
            return Decision::of(StatusCode::FAIL).recording(stored, stored.seen_at(now));
        };
        let verdict = self.judge(text, key, now);
        let decision = Decision::of(verdict.status());
        match verdict {
            Verdict::Unsigned => decision.recording(stored, stored.seen_at(now)),
            Verdict::Refused(_, token) => {
                decision.recording(stored, stored.seen_at(token.facts().iat))
            }
            Verdict::LeaseOver => {
                decision.recording(stored, stored.erased(StatusCode::FAIL).seen_at(now))
            }
            Verdict::Stands(_, token) => decision
                .recording(stored, stored.seen_at(now))
                .standing(token),
        }
    }

    fn identified(&self) -> Result<(), StatusCode> {
        if self.product_id.is_empty() {
            return Err(StatusCode::E_PRODUCT_ID);
        }
        Ok(())
    }

    /// The license key in use, if it can be one.
    fn key<'a>(&'a self, stored: &'a Stored) -> Option<&'a str> {
        let key = self.license_key.as_ref().or(stored.key.as_ref())?;
        KEY_LENGTHS.contains(&key.chars().count()).then_some(key)
    }

    /// Decides whether an activation may be asked for, and with which license key.
    ///
    /// # Errors
    /// Returns the verdict if not.
    pub fn ask_activation(&self, stored: &Stored) -> Result<String, StatusCode> {
        self.identified()?;
        let key = self.key(stored).ok_or(StatusCode::E_LICENSE_KEY)?;
        Ok(key.to_owned())
    }

    /// Decides what the answer to an activation with `key` does.
    ///
    /// A refusal erases only an activation of the same key, and never because the key or the product is unknown:
    /// that is said of what was mistyped, too.
    #[must_use]
    pub fn activated(
        &self,
        stored: &Stored,
        key: &str,
        http_status: u16,
        body: &str,
        now: i64,
    ) -> Decision {
        match Answer::to_activation(http_status, body) {
            Answer::Token(text) => self.granted(&text, key, now),
            Answer::Refused(status, Effect::Erase)
                if stored.token.is_some()
                    && stored.key.as_deref() == Some(key)
                    && !matches!(status, StatusCode::E_LICENSE_KEY | StatusCode::E_PRODUCT_ID) =>
            {
                Decision::of(status).storing(stored.erased(status))
            }
            Answer::Refused(status, _) => Decision::of(status),
            Answer::Done => Decision::of(StatusCode::E_INET),
        }
    }

    /// Takes a token that a server has just issued, if it stands.
    fn granted(&self, text: &str, key: &str, now: i64) -> Decision {
        let verdict = self.judge(text, key, now);
        let decision = Decision::of(verdict.status());
        match verdict {
            Verdict::Stands(_, token) => decision
                .storing(Stored::activated(text, key, now))
                .standing(token),
            _ => decision,
        }
    }

    /// Decides whether the activation may be synced, and which one it is: one that stands.
    #[must_use]
    pub fn ask_sync(&self, stored: &Stored, now: i64) -> (Decision, Option<Asked>) {
        let mut decision = self.genuine(stored, now);
        let asked = decision.token.as_ref().map(Asked::of);
        // A clock that is wrong now may be right at the next turn: a revocation must be heard then.
        if matches!(
            decision.status,
            StatusCode::E_TIME | StatusCode::E_TIME_MODIFIED
        ) {
            decision.next_sync = self.stored_token(stored).as_ref().and_then(sync_interval);
        }
        (decision, asked)
    }

    /// Decides what the answer to a sync does.
    ///
    /// If another activation has taken the place of the one that was asked about, or a newer answer was stored
    /// meanwhile, the answer does nothing and the verdict is that on what is stored.
    #[must_use]
    pub fn synced(
        &self,
        stored: &Stored,
        asked: &Asked,
        http_status: u16,
        body: &str,
        now: i64,
    ) -> Decision {
        let Some(current) = self.still(stored, asked) else {
            return self.genuine(stored, now);
        };
        let again = |status: StatusCode| Decision {
            next_sync: sync_interval(&current).filter(|_| status.keeps_syncing()),
            ..Decision::of(status)
        };
        match Answer::to_activation(http_status, body) {
            Answer::Token(text) if self.is_older(&text, &current) => self.genuine(stored, now),
            Answer::Token(text) => {
                let granted = self.granted(&text, &asked.key, now);
                let interval = sync_interval(granted.token.as_ref().unwrap_or(&current));
                let next_sync = interval.filter(|_| granted.status.keeps_syncing());
                Decision {
                    next_sync,
                    ..granted
                }
            }
            Answer::Refused(status, Effect::Erase) => {
                Decision::of(status).storing(stored.erased(status))
            }
            // A server that never knew the activation is another one, or was emptied: the right one will be heard again.
            Answer::Refused(StatusCode::E_ACTIVATION_NOT_FOUND, _) => Decision {
                next_sync: sync_interval(&current),
                ..Decision::of(StatusCode::E_ACTIVATION_NOT_FOUND)
            },
            Answer::Refused(status, _) => again(status),
            Answer::Done => again(StatusCode::E_INET),
        }
    }

    /// Decides whether the activation may be given up, and which one it is: one that stands, or whose device has a wrong clock.
    #[must_use]
    pub fn ask_deactivation(&self, stored: &Stored, now: i64) -> (Decision, Option<Asked>) {
        let decision = self.genuine(stored, now);
        let asked = match decision.status {
            StatusCode::E_TIME => self.stored_token(stored).as_ref().map(Asked::of),
            _ => decision.token.as_ref().map(Asked::of),
        };
        (decision, asked)
    }

    /// Decides what the answer to a deactivation does. The license key is kept if the license is floating.
    #[must_use]
    pub fn deactivated(
        &self,
        stored: &Stored,
        asked: &Asked,
        http_status: u16,
        body: &str,
        now: i64,
    ) -> Decision {
        let Some(current) = self.still(stored, asked) else {
            return self.genuine(stored, now);
        };
        let cleared = |status| {
            let mut cleared = stored.erased(status);
            if current.facts().kind != "hosted-floating" {
                cleared.key = None;
            }
            Decision::of(status).storing(cleared)
        };
        match Answer::to_deactivation(http_status, body) {
            Answer::Done => cleared(StatusCode::OK),
            Answer::Refused(status, Effect::Erase) => cleared(status),
            Answer::Refused(status, _) => Decision::of(status),
            Answer::Token(_) => Decision::of(StatusCode::E_INET),
        }
    }

    /// The stored token, if it is still the activation that was asked about.
    fn still(&self, stored: &Stored, asked: &Asked) -> Option<Token> {
        self.stored_token(stored)
            .filter(|token| Asked::of(token) == *asked)
    }

    fn stored_token(&self, stored: &Stored) -> Option<Token> {
        self.verified(stored.token.as_deref()?)
    }

    fn verified(&self, text: &str) -> Option<Token> {
        self.keys.token(text).ok()
    }

    fn is_older(&self, text: &str, current: &Token) -> bool {
        self.verified(text)
            .is_some_and(|token| token.facts().iat < current.facts().iat)
    }

    /// Decides what an answer to an activation means by itself, with the license key of this client.
    #[must_use]
    pub fn check(&self, answer: &Answer, now: i64) -> Check {
        let kept = |status| Check {
            status,
            activation: Effect::Keep,
            token: None,
        };
        let key = match self.ask_activation(&Stored::default()) {
            Ok(key) => key,
            Err(status) => return kept(status),
        };
        let text = match answer {
            Answer::Token(text) => text,
            Answer::Refused(status, activation) => {
                return Check {
                    activation: *activation,
                    ..kept(*status)
                };
            }
            Answer::Done => return kept(StatusCode::E_INET),
        };
        match self.judge(text, &key, now) {
            Verdict::Stands(status, token) => Check {
                status,
                activation: Effect::Replace,
                token: Some(token),
            },
            verdict => kept(verdict.status()),
        }
    }
}

impl Asked {
    fn of(token: &Token) -> Self {
        let facts = token.facts();
        Self {
            activation: facts.aid.clone(),
            epoch: facts.epoch,
            key: facts.key.clone(),
        }
    }
}
