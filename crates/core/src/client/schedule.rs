//! When to sync next: at once when the application starts, then at the license's interval, and sooner after a failure.
//!
//! A wait is counted by the clock on the wall and looked at every minute, so that a computer that slept, or whose clock was
//! set, is at most a minute late. Applications that share a store share its syncs: a newer token in it counts as one.

use super::{Decision, News, Stored};
use crate::status_code::StatusCode;
use crate::time::Seconds;

/// How long to wait after a first failure; each further one doubles it, up to the license's interval.
const FIRST_RETRY: i64 = 15;
/// A server that asks for longer than this, and longer than the interval, is not a server that wants to be asked again.
const LONGEST_RETRY: i64 = 3_600;
/// Over how many seconds the syncs of applications are spread that were told of a change together.
const NEWS_SPREAD: u32 = 5;
/// How long to wait at most before looking at the clock again.
const LONGEST_NAP: i64 = 60;

/// When a running application syncs next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// No sync was asked for yet.
    #[default]
    Unstarted,
    /// Waiting for the next one.
    Waiting(Wait),
    /// There is none, until the application activates again.
    Over,
}

/// A wait for the next sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// When it began.
    since: i64,
    /// How long it takes.
    length: i64,
    /// When the token was issued that it began with.
    issued: i64,
    /// How many syncs in a row brought no word on the license.
    failures: u32,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Sync.
    Sync,
    /// Look again after this long.
    Wait(Seconds),
    /// Nothing.
    Rest,
}

impl Schedule {
    /// Begins with a sync at once if the verdict has something to sync and none was asked for yet.
    #[must_use]
    pub fn begun(self, decision: &Decision, now: i64) -> Self {
        match (self, decision.interval) {
            (Self::Unstarted, Some(_)) => Self::Waiting(Wait {
                since: now,
                length: 0,
                issued: 0,
                failures: 0,
            }),
            _ => self,
        }
    }

    /// Goes on after an activation that took or erased something; another one changes nothing.
    #[must_use]
    pub fn activated(self, decision: &Decision, stored: &Stored, now: i64) -> Self {
        let has_ended = decision.store.is_some() && stored.token.value.is_none();
        match (decision.stands, has_ended) {
            (true, _) => Self::waiting(decision, stored, now),
            (false, true) => Self::Unstarted,
            (false, false) => self,
        }
    }

    /// Goes on after a sync, with `stored` as it left it. `jitter` is any number: it keeps applications that failed
    /// together from coming back together.
    #[must_use]
    pub fn synced(
        self,
        decision: &Decision,
        stored: &Stored,
        retry_after: Option<Seconds>,
        jitter: u32,
        now: i64,
    ) -> Self {
        let Self::Waiting(wait) = self else {
            return self;
        };
        if stored.token.value.is_none() {
            return Self::Unstarted;
        }
        let Some(interval) = decision.interval else {
            return Self::Over;
        };
        if !is_failure(decision) {
            return Self::waiting(decision, stored, now);
        }
        let failures = wait.failures.saturating_add(1);
        Self::Waiting(Wait {
            since: now,
            length: retry(failures, interval.0, retry_after, jitter),
            issued: issued(stored),
            failures,
        })
    }

    /// Goes on after news that a sync has yet to explain: with one soon, each application at a moment of its own, so that a
    /// crowd which was told together does not ask together. One that waits after failures waits on, unless the vendor's own
    /// word says that the server is there again.
    #[must_use]
    pub fn told(self, stored: &Stored, news: News, jitter: u32, now: i64) -> Self {
        let Self::Waiting(wait) = self else {
            return self;
        };
        let spread = match news {
            News::Whole => return self,
            News::Alone => 0,
            News::Unclear | News::Vendors => jitter % NEWS_SPREAD,
        };
        let length = i64::from(spread).saturating_add(1);
        let waits_on = wait.failures > 0 && news != News::Vendors;
        if waits_on || wait.left(now) <= length {
            return self;
        }
        Self::Waiting(Wait {
            since: now,
            length,
            issued: issued(stored),
            failures: 0,
        })
    }

    /// Ends it: nothing is asked until the application activates again.
    #[must_use]
    pub fn ended(self) -> Self {
        Self::Over
    }

    fn waiting(decision: &Decision, stored: &Stored, now: i64) -> Self {
        decision.interval.map_or(Self::Over, |interval| {
            Self::Waiting(Wait {
                since: now,
                length: interval.0,
                issued: issued(stored),
                failures: 0,
            })
        })
    }

    /// Says what to do now, with what is stored now, and how the schedule stands then.
    #[must_use]
    pub fn turn(self, stored: &Stored, now: i64) -> (Self, Turn) {
        let Self::Waiting(wait) = self else {
            return (self, Turn::Rest);
        };
        let wait = wait.seen(stored, now);
        let left = wait.left(now);
        let is_gone = stored.token().is_none();
        let turn = if left <= 0 || is_gone {
            Turn::Sync
        } else {
            Turn::Wait(Seconds(left.min(LONGEST_NAP)))
        };
        (Self::Waiting(wait), turn)
    }

    /// Returns when the next sync is due.
    #[must_use]
    pub fn due(self) -> Option<i64> {
        match self {
            Self::Waiting(wait) => Some(wait.since.saturating_add(wait.length)),
            Self::Unstarted | Self::Over => None,
        }
    }
}

impl Wait {
    /// Begins anew if the clock was set back, and if another application has synced meanwhile.
    fn seen(self, stored: &Stored, now: i64) -> Self {
        let interval = stored.token().map(|token| token.facts().ssi);
        match interval.filter(|interval| *interval > 0) {
            // A wait of no length is the first one: every application that starts asks for itself.
            Some(interval) if self.length > 0 && issued(stored) > self.issued => Self {
                since: now,
                length: interval,
                issued: issued(stored),
                failures: 0,
            },
            _ => Self {
                since: self.since.min(now),
                ..self
            },
        }
    }

    fn left(self, now: i64) -> i64 {
        self.since.saturating_add(self.length).saturating_sub(now)
    }
}

fn issued(stored: &Stored) -> i64 {
    stored.token().map_or(0, |token| token.facts().iat)
}

/// A failure that may be over in a moment, be it the network's, the server's or somebody's in between. A clock that is wrong stays
/// so for longer.
fn is_failure(decision: &Decision) -> bool {
    let is_untimely = matches!(
        decision.status,
        StatusCode::E_TIME | StatusCode::E_TIME_MODIFIED
    );
    !decision.stands && !is_untimely
}

/// Doubles with each failure up to the interval, is no less than what the server asks for, and lies up to half as long above that.
fn retry(failures: u32, interval: i64, retry_after: Option<Seconds>, jitter: u32) -> i64 {
    let doublings = failures.saturating_sub(1).min(30);
    let grown = FIRST_RETRY.saturating_mul(1_i64.checked_shl(doublings).unwrap_or(i64::MAX));
    let base = grown.min(interval);
    let asked = retry_after.map_or(0, |asked| asked.0);
    let base = base.max(asked.min(interval.max(LONGEST_RETRY)));
    let half = (base / 2).saturating_add(1);
    let spread = i64::from(jitter).checked_rem(half).unwrap_or(0);
    base.saturating_add(spread)
}
