//! Changes to a license's terms, key and metadata: what a request names, and what comes of it.

use super::{License, LicenseKey, Metadata};
use crate::terms::Terms;
use crate::time::Timestamp;

/// What an update sets. The terms are whole: the request's fields laid over the license's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key as it is to be.
    pub key: LicenseKey,
    /// The terms as they are to be.
    pub terms: Terms,
    /// The metadata as it is to be. Entries whose key, value and permissions stay keep their dates.
    pub metadata: Vec<Metadata>,
}

/// An accepted change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The key from now on.
    pub key: LicenseKey,
    /// The terms from now on.
    pub terms: Terms,
    /// The metadata from now on.
    pub metadata: Vec<Metadata>,
}

impl License {
    /// Returns what changes, or `None` if all is as asked already.
    pub(super) fn update(&self, change: &Change, now: Timestamp) -> Option<super::Event> {
        let metadata: Vec<Metadata> = change
            .metadata
            .iter()
            .map(|entry| self.dated(entry, now))
            .collect();
        let same =
            self.key == change.key && self.terms == change.terms && self.metadata == metadata;
        let update = || Update {
            key: change.key.clone(),
            terms: change.terms.clone(),
            metadata,
        };
        (!same).then(|| super::Event::Updated(Box::new(update())))
    }

    /// A license whose end was to come with an activation, and under its new terms is not, begins its term now:
    /// otherwise it would never end.
    pub(super) fn take(&mut self, update: &Update, now: Timestamp) {
        let awaited_its_end = self.awaits_its_end();
        self.key = update.key.clone();
        self.terms = update.terms.clone();
        self.metadata = update.metadata.clone();
        if awaited_its_end && !self.awaits_its_end() && self.expires_at.is_none() {
            self.expires_at = Self::term_end(&self.terms, now);
        }
    }

    /// Keeps the id and dates of an entry that exists, and moves its date of change if it changes.
    fn dated(&self, entry: &Metadata, now: Timestamp) -> Metadata {
        let Some(known) = self
            .metadata
            .iter()
            .find(|known| known.key.eq_ignore_ascii_case(&entry.key))
        else {
            return entry.clone();
        };
        let same = known.value == entry.value && known.view_permissions == entry.view_permissions;
        if same {
            return known.clone();
        }
        Metadata {
            id: known.id,
            created_at: known.created_at,
            updated_at: now,
            ..entry.clone()
        }
    }
}
