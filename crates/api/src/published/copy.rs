//! The published copy of a license, and how fresh it is: unchanged and withheld look alike, but the status list is signed anew.
//!
//! Of the copy and the list the one counts that allows less. Where the list allows less than the copy, that is outdated.

use licentia_core::wire::{CheckSource, LicenseState};
use licentia_core::{ListedStatus, Statement, StatusList, Timestamp};

use super::Question;
use super::check::Said;
use crate::host::Reply;
use crate::listed::Listed;

/// The header that says how fresh a copy is.
const AS_OF: &str = "Licentia-As-Of";

/// What KV holds of a license.
#[derive(Debug)]
pub struct Copy<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) value: &'a str,
    pub(super) text: &'a str,
    pub(super) statement: Statement,
}

/// What KV tells of a license.
#[derive(Debug)]
pub enum Told {
    /// All that there is to tell, as far as anybody but the ledger can know.
    Surely(Reply),
    /// The copy is outdated: the ledger knows better, and this is what to say where it does not answer.
    Outdated(Reply),
}

/// How a list stands to a copy.
enum Freshness {
    /// The license was so then.
    AsOf(Timestamp),
    /// The list, of then, allows less.
    Outdated(ListedStatus, Timestamp),
    /// No list says anything.
    Unknown,
}

impl Copy<'_> {
    /// Returns the number of the list that tells how fresh the copy is.
    #[must_use]
    pub fn list(&self) -> Option<u32> {
        StatusList::number_of(&self.statement.status.status_list.uri)
    }

    /// Answers, with that list if it is to be had.
    #[must_use]
    pub fn told(&self, list: Option<&Listed>, now: Timestamp) -> Told {
        let freshness = self.freshness(list, now);
        let reply = self.reply(&freshness, now).published(self.statement.ver);
        match freshness {
            Freshness::Outdated(..) if self.question.may_go_to_the_ledger() => {
                Told::Outdated(reply)
            }
            _ => Told::Surely(reply),
        }
    }

    fn reply(&self, freshness: &Freshness, now: Timestamp) -> Reply {
        let as_of = match freshness {
            Freshness::AsOf(then) => Some(*then),
            Freshness::Outdated(..) | Freshness::Unknown => None,
        };
        let Some(check) = &self.question.check else {
            let as_of = as_of.map_or_else(|| "unknown".to_owned(), |then| then.to_string());
            let reply = Reply::json_text(200, self.value).header(AS_OF, as_of);
            return reply.versioned(self.statement.ver);
        };
        let (listed, as_of) = match freshness {
            Freshness::Outdated(listed, then) => (*listed, Some(*then)),
            _ => (ListedStatus::Valid, as_of),
        };
        let said = Said {
            text: self.text,
            statement: &self.statement,
            listed,
            activation: check.told_by(&self.statement),
            source: CheckSource::Published,
            as_of,
        };
        said.reply(now)
    }

    fn freshness(&self, list: Option<&Listed>, now: Timestamp) -> Freshness {
        let place = self.statement.status.status_list.idx;
        let said = list
            .filter(|list| list.stands(now))
            .and_then(|list| Some((list.status(place)?, list.signed_at())));
        match said {
            None => Freshness::Unknown,
            Some((listed, then)) if self.allows_more_than(listed) => {
                Freshness::Outdated(listed, then)
            }
            // What has changed since the list was signed is as new as its change.
            Some((_, then)) => {
                Freshness::AsOf(then.max(Timestamp::from_unix_seconds(self.statement.iat)))
            }
        }
    }

    fn allows_more_than(&self, listed: ListedStatus) -> bool {
        let ended = self.statement.deleted || self.statement.revoked;
        match listed {
            ListedStatus::Valid => false,
            ListedStatus::Suspended => !ended && !self.statement.suspended,
            ListedStatus::Revoked => !ended,
        }
    }
}

/// Returns what a license is by what a list says of it, where that allows less.
pub(super) fn at_most(state: LicenseState, listed: ListedStatus) -> LicenseState {
    match (state, listed) {
        (LicenseState::Deleted, _) => state,
        (_, ListedStatus::Revoked) => LicenseState::Revoked,
        (LicenseState::Active, ListedStatus::Suspended) => LicenseState::Suspended,
        _ => state,
    }
}
