//! The term of a license: when it begins, when it ends, and how renewing, extending and setting the end move that.
//!
//! A term that has not begun has no end to move: what is added to it waits, visibly, until the first activation.

use super::{Event, License, Refusal};
use crate::terms::{ExpirationStrategy, StartTrigger, Terms};
use crate::time::{Seconds, Timestamp};

/// What was added to a term that has not begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// How many terms more.
    pub renewals: u32,
    /// How many seconds more.
    pub seconds: Seconds,
}

/// When a license ends, as an event leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// When it ends, if that is known and it does.
    pub expires_at: Option<Timestamp>,
    /// What waits for the term to begin.
    pub pending: Pending,
}

impl License {
    /// Returns when a term that begins at `start` ends, or `None` where it does not.
    #[must_use]
    pub fn term_end(terms: &Terms, start: Timestamp) -> Option<Timestamp> {
        terms_end(terms, 1, start)
    }

    /// Says whether the end of a license follows from an activation: the first one, or each.
    #[must_use]
    pub fn ends_by_activation(terms: &Terms) -> bool {
        begins_at_activation(terms) || is_rolling(terms)
    }

    /// Returns the end of a new license: known at creation, unless its term begins later or with each activation.
    #[must_use]
    pub fn first_end(terms: &Terms, created_at: Timestamp) -> Option<Timestamp> {
        if Self::ends_by_activation(terms) {
            None
        } else {
            Self::term_end(terms, created_at)
        }
    }

    /// Returns the end of an activation made at `now`: that of the license, or its own where it rolls.
    #[must_use]
    pub fn activation_end(&self, activated_at: Timestamp) -> Option<Timestamp> {
        if is_rolling(&self.terms) {
            Self::term_end(&self.terms, activated_at)
        } else {
            self.expires_at
        }
    }

    /// Adds one term to the end, which may be past: the old end counts, not the time of renewal.
    pub(super) fn renew(&self) -> Result<Event, Refusal> {
        if is_rolling(&self.terms) || Self::term_end(&self.terms, self.created_at).is_none() {
            return Err(Refusal::NotRenewable);
        }
        if self.awaits_its_term() {
            let renewals = self.pending.renewals.saturating_add(1);
            return Ok(Event::Renewed(self.waiting(Pending {
                renewals,
                ..self.pending
            })));
        }
        let end = self.expires_at.ok_or(Refusal::NotRenewable)?;
        Ok(Event::Renewed(
            self.ending(Self::term_end(&self.terms, end)),
        ))
    }

    pub(super) fn extend(&self, length: Seconds) -> Result<Event, Refusal> {
        if is_rolling(&self.terms) {
            return Err(Refusal::NotRenewable);
        }
        if self.awaits_its_term() && Self::term_end(&self.terms, self.created_at).is_some() {
            let seconds = Seconds(self.pending.seconds.0.saturating_add(length.0));
            return Ok(Event::Extended(self.waiting(Pending {
                seconds,
                ..self.pending
            })));
        }
        let end = self.expires_at.ok_or(Refusal::NotRenewable)?;
        Ok(Event::Extended(self.ending(Some(end.plus(length)))))
    }

    /// Sets the end, or takes it away. An end that is set before the term begins stays when it does: it outranks the term
    /// and what was added to it.
    pub(super) fn end(&self, at: Option<Timestamp>) -> Result<Option<Event>, Refusal> {
        if is_rolling(&self.terms) {
            return Err(Refusal::NotRenewable);
        }
        let pending = if at.is_some() {
            Pending::default()
        } else {
            self.pending
        };
        let end = End {
            expires_at: at,
            pending,
        };
        let same = end == self.current_end();
        Ok((!same).then_some(Event::ExpirySet(end)))
    }

    /// Begins the term of a license that is first activated. An imported one may have an end already: it was activated
    /// elsewhere.
    pub(super) fn begin_at_activation(&mut self, now: Timestamp) {
        if begins_at_activation(&self.terms) {
            self.begin(now);
        }
    }

    /// Begins the term, with what was added to it while it waited.
    pub(super) fn begin(&mut self, now: Timestamp) {
        let pending = std::mem::take(&mut self.pending);
        if self.expires_at.is_none() {
            let count = pending.renewals.saturating_add(1);
            let end = terms_end(&self.terms, count, now);
            self.expires_at = end.map(|end| end.plus(pending.seconds));
        }
    }

    /// Whether the end of the license is still to come, with an activation.
    pub(super) fn awaits_its_end(&self) -> bool {
        is_rolling(&self.terms)
            || (begins_at_activation(&self.terms) && self.activated_at.is_none())
    }

    fn awaits_its_term(&self) -> bool {
        self.awaits_its_end() && self.expires_at.is_none()
    }

    fn current_end(&self) -> End {
        End {
            expires_at: self.expires_at,
            pending: self.pending,
        }
    }

    fn waiting(&self, pending: Pending) -> End {
        End {
            pending,
            ..self.current_end()
        }
    }

    fn ending(&self, expires_at: Option<Timestamp>) -> End {
        End {
            expires_at,
            ..self.current_end()
        }
    }
}

/// Returns when that many terms in a row end.
fn terms_end(terms: &Terms, count: u32, start: Timestamp) -> Option<Timestamp> {
    match &terms.subscription_interval {
        Some(interval) => Some(interval.times_after(count, start)),
        None => {
            let length = terms.validity.0.saturating_mul(i64::from(count));
            (length > 0).then(|| start.plus(Seconds(length)))
        }
    }
}

/// A subscription's trigger says when it begins; without an interval the older strategy does.
fn begins_at_activation(terms: &Terms) -> bool {
    match terms.subscription_interval {
        Some(_) => terms.subscription_start_trigger == StartTrigger::Activation,
        None => terms.expiration_strategy == ExpirationStrategy::Delayed,
    }
}

fn is_rolling(terms: &Terms) -> bool {
    terms.subscription_interval.is_none()
        && terms.expiration_strategy == ExpirationStrategy::Rolling
}
