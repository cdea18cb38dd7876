//! What a client keeps between starts: one JSON text, whose parts are sealed against other hands.
//!
//! A seal is a digest of a part, keyed by product and fingerprint. Who reads this code can make one: it tells an edited store
//! from one that this code wrote, and keeps no secret. A part whose seal is broken stays broken when it is written again.
//! Members that this version does not know are kept as they are, so that two versions can share a store.

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::Client;
use crate::jws::read_object;
use crate::status_code::StatusCode;
use crate::token::Token;

/// What a client keeps, read and verified once. The token may lie open: it is signed, and holds nothing secret but the license key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    pub(super) token: Part<Option<String>>,
    /// The token, if the product's keys signed it.
    pub(super) verified: Option<Token>,
    pub(super) key: Part<Option<String>>,
    pub(super) seen: Part<i64>,
    pub(super) trial: Part<Option<Trial>>,
    pub(super) ended: Part<Option<Ended>>,
    pub(super) last_error: StatusCode,
    /// Members of other versions, as they were.
    pub(super) more: BTreeMap<String, String>,
}

/// A trial that no server knows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// When it began.
    pub start: i64,
    /// When it is over.
    pub end: i64,
}

/// The activation that the server ended last, or that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    /// Its id.
    aid: String,
    /// When the token was issued that was erased.
    iat: i64,
}

/// A part of what is stored, and whether its seal is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part<T> {
    pub value: T,
    pub whole: bool,
}

impl<T> Part<T> {
    pub fn new(value: T) -> Self {
        Self { value, whole: true }
    }
}

impl<T: Default> Default for Part<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// Times closer than this to the last one are not worth a write.
const SEEN_STEP: i64 = 60;
const SEAL_SIZE: usize = 16;

const TOKEN: &str = "token";
const KEY: &str = "key";
const SEEN: &str = "seen";
const TRIAL: &str = "trial";
const ENDED: &str = "ended";
const LAST_ERROR: &str = "lastError";

type Members = BTreeMap<String, Box<RawValue>>;

impl Client {
    /// Reads what was stored. A text that is none of ours holds nothing, just as an empty store does.
    #[must_use]
    pub fn read(&self, text: &str) -> Stored {
        self.read_again(text, &Stored::default())
    }

    /// Reads what was stored, and verifies no token a second time that `known` holds verified.
    #[must_use]
    pub fn read_again(&self, text: &str, known: &Stored) -> Stored {
        let Ok(mut members) = read_object::<Members>(text.as_bytes()) else {
            return Stored::default();
        };
        if !members.contains_key(&seal_of(SEEN)) {
            return Stored::default();
        }
        let token: Option<String> = take(&mut members, TOKEN);
        let verified = match &token {
            Some(text) if known.token.value.as_ref() == Some(text) => known.verified.clone(),
            Some(text) => self.verified(text),
            None => None,
        };
        let sealer = self.sealer(verified.as_ref());
        let last_error: Option<u8> = take(&mut members, LAST_ERROR);
        Stored {
            token: sealer.part(&mut members, TOKEN, token),
            key: {
                let key = take(&mut members, KEY);
                sealer.part(&mut members, KEY, key)
            },
            seen: {
                let seen = take(&mut members, SEEN).unwrap_or_default();
                sealer.part(&mut members, SEEN, seen)
            },
            trial: {
                let trial = take(&mut members, TRIAL);
                sealer.part(&mut members, TRIAL, trial)
            },
            ended: {
                let ended = take(&mut members, ENDED);
                sealer.part(&mut members, ENDED, ended)
            },
            last_error: last_error.map_or(StatusCode::OK, |number| {
                StatusCode::from_number(number).unwrap_or(StatusCode::FAIL)
            }),
            verified,
            more: members
                .into_iter()
                .map(|(name, value)| (name, value.get().to_owned()))
                .collect(),
        }
    }

    /// Returns the text to store.
    #[must_use]
    pub fn write(&self, stored: &Stored) -> String {
        let sealer = self.sealer(stored.verified.as_ref());
        let mut members: Members = stored
            .more
            .iter()
            .filter_map(|(name, text)| {
                Some((name.clone(), RawValue::from_string(text.clone()).ok()?))
            })
            .collect();
        sealer.put(&mut members, TOKEN, &stored.token);
        sealer.put(&mut members, KEY, &stored.key);
        sealer.put(&mut members, SEEN, &stored.seen);
        sealer.put(&mut members, TRIAL, &stored.trial);
        sealer.put(&mut members, ENDED, &stored.ended);
        put(&mut members, LAST_ERROR, &stored.last_error.number());
        // INVARIANT: texts and raw values always serialize.
        serde_json::to_string(&members).unwrap_or_default()
    }

    /// A store that was copied from another device keeps that device's seals, so that what is wrong with it is the device.
    fn sealer<'a>(&'a self, verified: Option<&'a Token>) -> Sealer<'a> {
        Sealer {
            product: self.product_id.to_ascii_lowercase(),
            fingerprint: verified.map_or(&self.fingerprint, |token| &token.facts().fp),
        }
    }
}

struct Sealer<'a> {
    product: String,
    fingerprint: &'a str,
}

impl Sealer<'_> {
    fn seal(&self, name: &str, json: &str) -> String {
        let mut digest = Sha256::new();
        for part in ["licentia", &self.product, self.fingerprint, name, json] {
            // The length keeps two lists of parts from making one text.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let digest: [u8; 32] = digest.finalize().into();
        let start = digest.first_chunk::<SEAL_SIZE>();
        Base64UrlUnpadded::encode_string(start.map_or(&digest, |start| start.as_slice()))
    }

    fn part<T: Serialize>(&self, members: &mut Members, name: &str, value: T) -> Part<T> {
        let seal: Option<String> = take(members, &seal_of(name));
        let json = json(&value);
        // What never was needs no seal: another version may know more parts.
        let whole = match seal {
            Some(seal) => seal == self.seal(name, &json),
            None => json == "null",
        };
        Part { value, whole }
    }

    fn put<T: Serialize>(&self, members: &mut Members, name: &str, part: &Part<T>) {
        let json = json(&part.value);
        let seal = if part.whole {
            self.seal(name, &json)
        } else {
            String::new()
        };
        put(members, name, &part.value);
        put(members, &seal_of(name), &seal);
    }
}

fn seal_of(name: &str) -> String {
    format!("{name}Seal")
}

/// INVARIANT: texts, numbers and structs of numbers always serialize.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Takes a member out; one of another type is as one that is not there, and breaks its seal.
fn take<T: DeserializeOwned>(members: &mut Members, name: &str) -> Option<T> {
    let value = members.remove(name)?;
    serde_json::from_str(value.get()).ok()
}

fn put(members: &mut Members, name: &str, value: &impl Serialize) {
    if let Ok(value) = serde_json::value::to_raw_value(value) {
        members.insert(name.to_owned(), value);
    }
}

impl Stored {
    /// Returns the token, if the product's keys signed it and it is the one that was stored.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.verified.as_ref().filter(|_| self.token.whole)
    }

    /// Returns the license key that was activated.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.value.as_deref()
    }

    /// Returns the latest time that was seen.
    #[must_use]
    pub fn seen(&self) -> i64 {
        self.seen.value
    }

    /// Returns why the token was last erased; `OK` if it was not since the last success.
    #[must_use]
    pub fn last_error(&self) -> StatusCode {
        self.last_error
    }

    /// Returns the trial that was begun on this device.
    #[must_use]
    pub fn trial(&self) -> Option<Trial> {
        self.trial.value
    }

    /// What is stored after an activation or a sync.
    pub(super) fn activated(&self, text: &str, token: &Token, key: &str, now: i64) -> Self {
        Self {
            token: Part::new(Some(text.to_owned())),
            verified: Some(token.clone()),
            key: Part::new(Some(key.to_owned())),
            seen: Part::new(now),
            last_error: StatusCode::OK,
            ..self.clone()
        }
    }

    /// What is stored after an offline response. One that is stored already says nothing new about the time.
    pub(super) fn activated_offline(&self, text: &str, token: &Token, now: i64) -> Self {
        let is_known = |current: &Token| current.facts().iat == token.facts().iat;
        let seen = match self.token().is_some_and(is_known) && self.seen.whole {
            true => self.seen.value.max(now),
            false => now,
        };
        Self {
            seen: Part::new(seen),
            ..self.activated(text, token, &token.facts().key, now)
        }
    }

    /// Whether a response is of the activation that ended last, and was issued before that.
    pub(super) fn has_ended(&self, token: &Token) -> bool {
        let facts = token.facts();
        let ended = self.ended.value.as_ref();
        ended.is_some_and(|ended| ended.aid == facts.aid && facts.iat <= ended.iat)
    }

    /// What is stored once a later time was seen; none if it is not worth a write.
    pub(super) fn seen_at(&self, time: i64) -> Option<Self> {
        let is_later = time.saturating_sub(self.seen.value) >= SEEN_STEP;
        (is_later || !self.seen.whole).then(|| Self {
            seen: Part::new(time),
            ..self.clone()
        })
    }

    /// What is stored without the token. The license key stays, so that the verdict is "not activated" and not "no key".
    pub(super) fn erased(&self, because: StatusCode) -> Self {
        Self {
            token: Part::default(),
            verified: None,
            last_error: because,
            ..self.clone()
        }
    }

    /// The same, where the server says so: no response that was issued before brings the activation back.
    pub(super) fn ended(&self, because: StatusCode) -> Self {
        let ended = self.verified.as_ref().map(|token| Ended {
            aid: token.facts().aid.clone(),
            iat: token.facts().iat,
        });
        Self {
            ended: ended.map_or_else(|| self.ended.clone(), |ended| Part::new(Some(ended))),
            ..self.erased(because)
        }
    }

    /// What is stored once the activation was given up. The license key is kept if the license is floating.
    pub(super) fn given_up(&self, token: &Token, because: StatusCode) -> Self {
        let is_floating = token.facts().kind == "hosted-floating";
        let key = if is_floating {
            self.key.clone()
        } else {
            Part::default()
        };
        Self {
            key,
            ..self.ended(because)
        }
    }

    /// What is stored once the license is forgotten: the trial and the time stay.
    #[must_use]
    pub fn reset(&self) -> Self {
        Self {
            key: Part::default(),
            ..self.erased(StatusCode::OK)
        }
    }
}
