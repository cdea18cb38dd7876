//! What a client keeps between starts, and how each event changes it.

use crate::claims::Facts;
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
    pub(super) word: Part<Option<Word>>,
    pub(super) listed: Part<Option<Listed>>,
    pub(super) last_error: StatusCode,
    /// Members of other versions, as they were.
    pub(super) more: Vec<(String, String)>,
}

/// A trial that no server knows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// When it began.
    pub start: i64,
    /// When it is over.
    pub end: i64,
}

/// The activation that ended last: the server said so, its lease was over, or it was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// Its id.
    pub aid: String,
    /// When the token was issued that was erased.
    pub iat: i64,
    /// The license's id.
    pub lid: String,
    /// The license's epoch by then: nothing of an earlier one comes back.
    pub epoch: i64,
    /// When the server signed that it has ended; 0 if it did not. Its clock is not the one that tokens are issued by.
    pub until: i64,
}

/// What the vendor said of the license last, beside its tokens. It restricts what older tokens say, and extends nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The license's id.
    pub lid: String,
    /// Its version.
    pub ver: i64,
    /// Since when it is so.
    pub iat: i64,
    pub suspended: bool,
    pub eat: i64,
}

/// What a status list has said of the license last. It restricts tokens that were issued before it, unless a word of later says
/// otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// The license's id.
    pub lid: String,
    /// The list's version.
    pub ver: i64,
    /// When it was signed.
    pub iat: i64,
    pub suspended: bool,
}

/// What the vendor has said beside a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub suspended: bool,
    /// When the license expires; 0 if that was not said.
    pub eat: i64,
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

/// How far the clock may lie behind the last time that was seen: an hour of daylight saving and some minutes.
const CLOCK_TOLERANCE: i64 = 3_800;
/// Times closer than this to the last one are not worth a write.
const SEEN_STEP: i64 = 60;

impl Stored {
    /// Returns the token, if the product's keys signed it and it is the one that was stored.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.verified.as_ref().filter(|_| self.token.whole)
    }

    /// Returns the text of that token.
    #[must_use]
    pub fn token_text(&self) -> Option<&str> {
        self.token().and(self.token.value.as_deref())
    }

    /// Returns the license key that was activated.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.value.as_deref()
    }

    /// What the vendor said that a token does not know of, by whichever way.
    pub(super) fn said_of(&self, token: &Token) -> Said {
        let word = self.word_on(token);
        let facts = token.facts();
        let since = word.map_or(facts.iat, |word| word.iat.max(facts.iat));
        let listed = self.listed.value.as_ref().filter(|_| self.listed.whole);
        let listed = listed.filter(|listed| listed.lid == facts.lid && listed.iat > since);
        let is_suspended = word.is_some_and(|word| word.suspended);
        Said {
            suspended: is_suspended || listed.is_some_and(|listed| listed.suspended),
            eat: word.map_or(0, |word| word.eat),
        }
    }

    /// What statements said that a token does not know of.
    fn word_on(&self, token: &Token) -> Option<&Word> {
        let facts = token.facts();
        let word = self.word.value.as_ref().filter(|_| self.word.whole);
        word.filter(|word| word.lid == facts.lid && word.ver > facts.ver)
    }

    /// The version of a token's license that is known, from it or from what the vendor said since.
    pub(super) fn known_version(&self, token: &Token) -> i64 {
        let word = self.word_on(token);
        word.map_or(token.facts().ver, |word| word.ver)
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

    /// Whether there is something that a clock which was set back would prolong, or bring back. What another device has ended is
    /// nothing here.
    pub(super) fn holds(&self) -> bool {
        let has_ended = self.ended.whole && self.ended.value.is_some();
        has_ended || self.token.value.is_some() || self.trial.value.is_some()
    }

    /// Whether a later time was seen than the clock can have.
    pub(super) fn is_ahead(&self, now: i64) -> bool {
        self.seen.value.saturating_sub(now) > CLOCK_TOLERANCE
    }

    /// What is stored after an activation or a sync. Only a token that is news sets the time back: the clock was ahead before.
    pub(super) fn activated(&self, text: &str, token: &Token, key: &str, now: i64) -> Self {
        let follows = self.is_news(token) || !self.seen.whole || !self.holds();
        let seen = if follows {
            now
        } else {
            self.seen.value.max(now)
        };
        Self {
            token: Part::new(Some(text.to_owned())),
            verified: Some(token.clone()),
            key: Part::new(Some(key.to_owned())),
            seen: Part::new(seen),
            last_error: StatusCode::OK,
            ..self.clone()
        }
    }

    /// Whether a token was issued after all that is known, so that nobody can have recorded it before.
    pub(super) fn is_news(&self, token: &Token) -> bool {
        let held = self.verified.as_ref().map(|token| token.facts().iat);
        let ended = self.ended.value.as_ref().map(|ended| ended.iat);
        held.max(ended)
            .is_none_or(|known| token.facts().iat > known)
    }

    /// Whether a token is of the activation that ended last, or of one of that license before it. What a license is given
    /// anew within the same second is neither. What a revocation ended stays ended, however late its last token comes.
    pub(super) fn has_ended(&self, token: &Token) -> bool {
        let facts = token.facts();
        self.ended.value.as_ref().is_some_and(|ended| {
            let is_before = facts.iat < ended.iat || facts.epoch < ended.epoch;
            let is_of_it = facts.aid == ended.aid && facts.iat <= ended.iat.max(ended.until);
            is_before && facts.lid == ended.lid || is_of_it
        })
    }

    /// Whether the token that is stored is a later word on the same license than this one.
    ///
    /// Of those of one second, the later version is the later word. A server that tells no versions is believed the one that
    /// restricts; of equal ones, the one that comes last.
    pub(super) fn outranks(&self, token: &Token) -> bool {
        self.token().is_some_and(|current| {
            let (current, facts) = (current.facts(), token.facts());
            current.lid == facts.lid && rank(facts) < rank(current)
        })
    }

    /// What is stored once a later time was seen; none if it is not worth a write. With nothing to protect, the time that is
    /// recorded follows a clock that was ahead.
    pub(super) fn seen_at(&self, time: i64) -> Option<Self> {
        let is_later = time.saturating_sub(self.seen.value) >= SEEN_STEP;
        let follows = !self.holds() && self.is_ahead(time);
        (is_later || follows || !self.seen.whole).then(|| Self {
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

    /// The same, where that is final: nothing that was issued before brings the activation back.
    pub(super) fn ended(&self, because: StatusCode) -> Self {
        self.ended_at(i64::MIN, because)
    }

    /// The same, where the license has reached an epoch.
    pub(super) fn ended_at(&self, epoch: i64, because: StatusCode) -> Self {
        let ended = self.verified.as_ref().map(|token| Ended {
            aid: token.facts().aid.clone(),
            iat: token.facts().iat,
            lid: token.facts().lid.clone(),
            epoch: token.facts().epoch.max(epoch),
            until: 0,
        });
        Self {
            ended: ended.map_or_else(|| self.ended.clone(), |ended| Part::new(Some(ended))),
            ..self.erased(because)
        }
    }

    /// The same, where that was so at a time: of what was issued before, nothing comes back.
    pub(super) fn by(mut self, time: i64) -> Self {
        if let Some(ended) = &mut self.ended.value {
            ended.iat = ended.iat.max(time);
        }
        self
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

/// What orders the words on one license.
fn rank(facts: &Facts) -> (i64, i64, i64, bool) {
    (facts.epoch, facts.iat, facts.ver, facts.suspended)
}
