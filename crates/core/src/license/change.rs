//! Changes to a license's facts: what a request asks for, and what comes of it.

use super::{Event, License, LicenseKey};
use crate::code::Problem;
use crate::id::UserId;
use crate::metadata::Metadata;
use crate::meter::Meter;
use crate::terms::Terms;
use crate::time::Timestamp;

const USER_LIMIT: usize = 100;

/// What an update sets: whole values, the request's laid over the license's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key as it is to be.
    pub key: LicenseKey,
    /// The terms as they are to be.
    pub terms: Terms,
    /// The owner, if there is to be one.
    pub user_id: Option<UserId>,
    /// Its other users.
    pub additional_user_ids: Vec<UserId>,
    /// When its term may begin to be used, if that is to be limited.
    pub effective_at: Option<Timestamp>,
    /// The metadata as it is to be. Entries whose key, value and permissions stay keep their dates.
    pub metadata: Vec<Metadata>,
    /// The meters as they are to be. Those that stay as they are keep their dates.
    pub meters: Vec<Meter>,
}

impl Change {
    /// Begins with what a new license has that nothing else is said of.
    #[must_use]
    pub fn new(key: LicenseKey, terms: Terms) -> Self {
        Self {
            key,
            terms,
            user_id: None,
            additional_user_ids: Vec::new(),
            effective_at: None,
            metadata: Vec::new(),
            meters: Vec::new(),
        }
    }

    /// Returns the change that asks for what is so already.
    #[must_use]
    pub fn of(license: &License) -> Self {
        Self {
            key: license.key.clone(),
            terms: license.terms.clone(),
            user_id: license.user_id,
            additional_user_ids: license.additional_user_ids.clone(),
            effective_at: license.effective_at,
            metadata: license.metadata.clone(),
            meters: license.meters.clone(),
        }
    }

    /// Checks all but the terms, which `Terms::checked` does.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(&self) -> Result<(), Problem> {
        if self.additional_user_ids.len() > USER_LIMIT {
            let reason = format!("it has more than {USER_LIMIT} entries");
            return Err(Problem::field("additionalUserIds", reason));
        }
        Metadata::check(&self.metadata)?;
        Meter::check(&self.meters)
    }
}

impl License {
    /// Returns what changes, or `None` if all is as asked already.
    pub(super) fn update(&self, change: &Change, now: Timestamp) -> Option<Event> {
        let change = Change {
            metadata: Metadata::dated(&change.metadata, &self.metadata, now),
            meters: Meter::dated(&change.meters, &self.meters, now),
            ..change.clone()
        };
        (change != Change::of(self)).then(|| Event::Updated(Box::new(change)))
    }

    /// A license whose end was to come with an activation, and under its new terms is not, begins its term now:
    /// otherwise it would never end.
    pub(super) fn take(&mut self, change: &Change, now: Timestamp) {
        let awaited_its_end = self.awaits_its_end();
        self.key = change.key.clone();
        self.terms = change.terms.clone();
        self.user_id = change.user_id;
        self.additional_user_ids = change.additional_user_ids.clone();
        self.effective_at = change.effective_at;
        self.metadata = change.metadata.clone();
        self.meters = change.meters.clone();
        self.forget_former_meters();
        if awaited_its_end && !self.awaits_its_end() {
            self.begin(now);
        }
    }

    /// Drops what was counted of meters that are no more.
    pub(super) fn forget_former_meters(&mut self) {
        let meters = &self.meters;
        self.totals
            .meters
            .retain(|id, _| meters.iter().any(|meter| meter.id == *id));
    }
}
