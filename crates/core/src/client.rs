//! The client's decisions: what is stored, what a server answered and the time go in; a verdict, what to store and when to ask next come out.
//!
//! No I/O here: whoever carries it reads what is stored just before each call and writes what a [`Decision`] says.
//! The order of the checks is that of the compatible client library, since each verdict hides those after it; those that
//! came to it later stand where they hide least. Two rules are ours: the recorded time never runs backwards on the client's
//! own word, and an answer acts only on the activation that it was asked for.

mod activate;
mod check;
mod deactivate;
mod explain;
mod listed;
mod merge;
mod meter;
mod news;
mod offline;
mod proof;
mod release;
mod schedule;
mod stored;
mod sync;
mod text;
mod trial;
mod verdict;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

pub use check::Check;
pub use news::News;
pub use proof::{Proof, Question};
pub use release::{MalformedVersion, Release, ReleaseVersion};
pub use schedule::{Schedule, Turn};
pub use stored::{Stored, Trial};

use self::verdict::Verdict;
use crate::key_set::KeySet;
use crate::status_code::StatusCode;
use crate::time::Seconds;
use crate::token::Token;

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
    /// The digest of the user's name, if users are told apart here.
    pub user_hash: Option<String>,
    /// Which release of the application it is.
    pub release: Release,
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
    /// Whether an activation stands, be it one that lets nothing run.
    pub stands: bool,
    /// How often to sync it; none for not at all, or no more.
    pub interval: Option<Seconds>,
}

/// A server's answer as it came; status 0 if none came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a str,
    /// Whose it is.
    pub proof: Proof,
}

impl<'a> Response<'a> {
    /// Makes a response whose signature nobody asks for.
    #[must_use]
    pub fn unsigned(status: u16, body: &'a str) -> Self {
        Self {
            status,
            body,
            proof: Proof::Unasked,
        }
    }
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

impl Decision {
    fn of(status: StatusCode) -> Self {
        Self {
            status,
            store: None,
            stands: false,
            interval: None,
        }
    }

    fn storing(self, stored: Stored) -> Self {
        self.recording(Some(stored))
    }

    fn recording(self, store: Option<Stored>) -> Self {
        Self { store, ..self }
    }

    /// Goes on with a token: it is synced as it says.
    fn standing(self, token: &Token) -> Self {
        Self {
            stands: true,
            interval: sync_interval(token),
            ..self
        }
    }
}

impl Client {
    /// Decides whether the license is genuine, from what is stored alone.
    #[must_use]
    pub fn genuine(&self, stored: &Stored, now: i64) -> Decision {
        if let Err(status) = self.timely(stored, now) {
            return Decision::of(status);
        }
        let seen = |time| stored.seen_at(time);
        let Some(key) = self.key(stored) else {
            return Decision::of(StatusCode::E_LICENSE_KEY).recording(seen(now));
        };
        let Some(token) = stored.token() else {
            return Decision::of(StatusCode::FAIL).recording(seen(now));
        };
        let verdict = self.judge(token, stored.said_of(token), key, now);
        let decision = Decision::of(verdict.status());
        match verdict {
            Verdict::Refused(_) => decision.recording(seen(token.facts().iat)),
            Verdict::LeaseOver => {
                let ended = stored.ended(StatusCode::FAIL);
                let later = ended.seen_at(now);
                decision.storing(later.unwrap_or(ended))
            }
            Verdict::Stands(_) => decision.recording(seen(now)).standing(token),
        }
    }

    /// Checks what comes before everything else: the product is named, and the clock was not set back.
    fn timely(&self, stored: &Stored, now: i64) -> Result<(), StatusCode> {
        self.identified()?;
        if stored.holds() && (!stored.seen.whole || stored.is_ahead(now)) {
            return Err(StatusCode::E_TIME_MODIFIED);
        }
        Ok(())
    }

    fn identified(&self) -> Result<(), StatusCode> {
        if self.product_id.is_empty() {
            return Err(StatusCode::E_PRODUCT_ID);
        }
        Ok(())
    }

    /// The license key in use, if it can be one. Beside a token, the one that was stored with it must be as it was.
    fn key<'a>(&'a self, stored: &'a Stored) -> Option<&'a str> {
        let given = self.license_key.as_deref();
        if !stored.key.whole && (given.is_none() || stored.token.value.is_some()) {
            return None;
        }
        let key = given.or(stored.key.value.as_deref())?;
        is_key(key).then_some(key)
    }

    fn verified(&self, text: &str) -> Option<Token> {
        self.keys.token(text)
    }

    /// The stored token, if it is still the activation that was asked about.
    fn still<'a>(&self, stored: &'a Stored, asked: &Asked) -> Option<&'a Token> {
        stored.token().filter(|token| Asked::of(token) == *asked)
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

fn is_key(text: &str) -> bool {
    KEY_LENGTHS.contains(&text.chars().count())
}

/// How often to sync; none for not at all.
fn sync_interval(token: &Token) -> Option<Seconds> {
    let interval = token.facts().ssi;
    (interval > 0).then_some(Seconds(interval))
}
