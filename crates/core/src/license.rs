//! A license: its facts, the status that follows from them, and what each command does to it.
//!
//! `decide` changes nothing and `apply` cannot fail. The accepted event is also what the audit record says.
//! Revoking raises the epoch: an activation of an older epoch never syncs again, so approving heals no client.

mod change;
mod command;
mod key;
mod term;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use change::Change;
pub use command::{Command, DeactivatedBy, Event, Refusal};
pub use key::LicenseKey;
pub use term::{End, Pending};

use crate::activation::{Activation, Device, Reach};
use crate::id::{LicenseId, MetadataId, MeterId, ProductId, TemplateId, UserId};
use crate::metadata::Metadata;
use crate::meter::{AskedUses, Meter, MeterTotals, MeterUse, Tally};
use crate::restriction;
use crate::revision;
use crate::terms::{LicenseType, Terms};
use crate::time::Timestamp;

/// A license: facts only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct License {
    /// Its id.
    pub id: LicenseId,
    /// What it licenses.
    pub product_id: ProductId,
    /// What the customer types.
    pub key: LicenseKey,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed; grows with every change.
    pub updated_at: Timestamp,
    /// Grows with every change, and through restores: at least the time in milliseconds.
    pub version: i64,
    /// How often it was revoked.
    pub epoch: i64,
    /// Whether it is revoked.
    pub revoked: bool,
    /// Whether it is suspended.
    pub suspended: bool,
    /// When it ends, if that is known and it does.
    pub expires_at: Option<Timestamp>,
    /// When it was first activated.
    pub activated_at: Option<Timestamp>,
    /// Its place in the status lists.
    pub place: Place,
    /// When it may first be used, if that is limited.
    pub effective_at: Option<Timestamp>,
    /// What was added to a term that has not begun.
    pub pending: Pending,
    /// Its owner.
    pub user_id: Option<UserId>,
    /// Its other users.
    pub additional_user_ids: Vec<UserId>,
    /// The template that its terms were copied from.
    pub template_id: Option<TemplateId>,
    /// What it allows.
    pub terms: Terms,
    /// The vendor's own fields.
    pub metadata: Vec<Metadata>,
    /// What it lets applications count.
    pub meters: Vec<Meter>,
    /// What was counted.
    pub totals: Totals,
}

/// A license's place in the status lists: drawn once, never used for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the list.
    pub list: u32,
    /// The index in it.
    pub index: u32,
}

/// What was counted; never published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Seats that are taken.
    pub activations: u64,
    /// Deactivations by clients so far.
    pub deactivations: u64,
    /// Uses of each meter.
    pub meters: BTreeMap<MeterId, MeterTotals>,
}

/// What a license is at one moment. The order is that of precedence, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// May be used.
    Active,
    /// Withheld for a while.
    Suspended,
    /// Past its end.
    Expired,
    /// Taken back.
    Revoked,
}

/// The facts of a license from which its status follows, wherever they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it was taken back.
    pub revoked: bool,
    /// Whether it is withheld.
    pub suspended: bool,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
}

impl Standing {
    /// Derives the status at `now`: revoked outranks everything, expired hides suspended.
    #[must_use]
    pub fn status(self, now: Timestamp) -> Status {
        if self.revoked {
            Status::Revoked
        } else if self.expires_at.is_some_and(|end| end < now) {
            Status::Expired
        } else if self.suspended {
            Status::Suspended
        } else {
            Status::Active
        }
    }
}

impl License {
    /// Makes a license of what a request asks for. It is created at `created_at`, and `now` is when that is kept.
    #[must_use]
    pub fn new(
        id: LicenseId,
        product_id: ProductId,
        asked: Change,
        place: Place,
        created_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            product_id,
            key: asked.key,
            created_at,
            updated_at: now,
            version: now.unix_milliseconds(),
            epoch: 0,
            revoked: false,
            suspended: false,
            expires_at: Self::first_end(&asked.terms, created_at),
            activated_at: None,
            place,
            effective_at: asked.effective_at,
            pending: Pending::default(),
            user_id: asked.user_id,
            additional_user_ids: asked.additional_user_ids,
            template_id: None,
            terms: asked.terms,
            metadata: asked.metadata,
            meters: asked.meters,
            totals: Totals::default(),
        }
    }

    /// Derives the status at `now`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        let standing = Standing {
            revoked: self.revoked,
            suspended: self.suspended,
            expires_at: self.expires_at,
        };
        standing.status(now)
    }

    /// Decides what `command` does at `now`, or refuses it; `None` is "nothing to do".
    ///
    /// # Errors
    /// Says which rule refused.
    pub fn decide(&self, command: Command<'_>, now: Timestamp) -> Result<Option<Event>, Refusal> {
        use Status::{Active, Expired, Revoked, Suspended};
        match (command, self.status(now)) {
            (Command::Update(change), _) => Ok(self.update(change, now)),
            (Command::Delete, _) => Ok(Some(Event::Deleted)),
            (Command::Revoke, Active | Suspended | Expired) => Ok(Some(Event::Revoked)),
            (Command::Approve, Revoked) => Ok(Some(Event::Approved)),
            // A status may hide that the license is suspended.
            (Command::Suspend, _) => Ok((!self.suspended).then_some(Event::Suspended)),
            (Command::Resume, _) => Ok(self.suspended.then_some(Event::Resumed)),
            (Command::Renew, _) => self.renew().map(Some),
            (Command::Extend(length), _) => self.extend(length).map(Some),
            (Command::SetExpiry(at), _) => self.end(at),
            (Command::ResetMeter(id), _) => self.with_meter(id, Event::MeterReset(id)),
            (Command::DeleteMeter(id), _) => self.with_meter(id, Event::MeterDeleted(id)),
            (Command::DeleteMetadata(id), _) => self.without_metadata(id),
            // An expired or suspended license is admitted: its token says so, and the client heals once the license does.
            (
                Command::Activate {
                    held,
                    device,
                    reach,
                    asked,
                },
                Active | Suspended | Expired,
            ) => {
                self.admit(device, reach, now)?;
                self.activate(held, asked).map(Some)
            }
            (
                Command::Sync {
                    activation,
                    device,
                    origin,
                    asked,
                },
                Active | Suspended | Expired,
            ) => {
                self.refuse_dead(activation)?;
                self.admit(device, Reach::Online(origin), now)?;
                self.sync(activation, device, asked).map(Some)
            }
            (Command::Count { activation, asked }, Active | Suspended | Expired) => {
                self.refuse_dead(activation)?;
                let tally = self.tally(&activation.meters).count(&self.meters, asked)?;
                Ok(Some(Event::Counted(tally)))
            }
            (Command::Deactivate { activation, by }, _) => {
                self.deactivate(activation, by).map(Some)
            }
            (Command::Activate { .. } | Command::Sync { .. } | Command::Count { .. }, _) => {
                Err(Refusal::RevokedLicense)
            }
            (Command::Revoke | Command::Approve, _) => Ok(None),
        }
    }

    /// Applies an accepted event. `now` is when it was accepted.
    pub fn apply(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::Updated(update) => self.take(update, now),
            Event::Deleted => {}
            Event::Revoked => {
                self.revoked = true;
                self.epoch = self.epoch.saturating_add(1);
            }
            Event::Approved => self.revoked = false,
            Event::Suspended => self.suspended = true,
            Event::Resumed => self.suspended = false,
            Event::Renewed(end) | Event::Extended(end) | Event::ExpirySet(end) => {
                self.expires_at = end.expires_at;
                self.pending = end.pending;
            }
            Event::MeterReset(id) => self.reset_meter(*id, now),
            Event::MeterDeleted(id) => {
                self.meters.retain(|meter| meter.id != *id);
                self.forget_former_meters();
            }
            Event::MetadataDeleted(id) => self.metadata.retain(|entry| entry.id != *id),
            Event::Activated {
                first,
                takes_seat,
                tally,
            } => {
                self.totals.meters = tally.totals.clone();
                self.count_activation(*first, *takes_seat, now);
            }
            Event::Synced(tally) | Event::Counted(tally) => {
                self.totals.meters = tally.totals.clone();
            }
            Event::Deactivated { counted, tally } => {
                self.totals.meters = tally.totals.clone();
                self.count_deactivation(*counted);
            }
        }
        if event.changes_document() {
            (self.version, self.updated_at) = revision::after(self.version, self.updated_at, now);
        }
    }

    /// `held` is the activation that holds the machine's seat. One of an older epoch is dead: the new one begins to count
    /// anew on the same seat.
    fn activate(&self, held: Option<&Activation>, asked: &[AskedUses]) -> Result<Event, Refusal> {
        if let Some(limit) = self.terms.seat_limit()
            && held.is_none()
            && self.totals.activations >= limit
        {
            return Err(Refusal::ActivationLimitReached { limit });
        }
        let tally = match held {
            None => self.tally(&[]),
            Some(held) if held.epoch < self.epoch => self.tally(&held.meters).ended(&self.meters),
            Some(held) => self.tally(&held.meters),
        };
        Ok(Event::Activated {
            first: self.activated_at.is_none(),
            takes_seat: held.is_none(),
            tally: tally.count(&self.meters, asked)?,
        })
    }

    fn sync(
        &self,
        activation: &Activation,
        device: &Device,
        asked: &[AskedUses],
    ) -> Result<Event, Refusal> {
        if activation.device.fingerprint != device.fingerprint {
            return Err(Refusal::FingerprintMismatch);
        }
        if self.terms.user_locked && activation.device.user_hash != device.user_hash {
            return Err(Refusal::FingerprintMismatch);
        }
        let tally = self.tally(&activation.meters);
        Ok(Event::Synced(tally.count(&self.meters, asked)?))
    }

    fn refuse_dead(&self, activation: &Activation) -> Result<(), Refusal> {
        if activation.epoch < self.epoch {
            return Err(Refusal::RevokedLicense);
        }
        Ok(())
    }

    /// The checks that activating and syncing share, in their fixed order.
    fn admit(&self, device: &Device, reach: Reach<'_>, now: Timestamp) -> Result<(), Refusal> {
        if self.terms.license_type == LicenseType::OnPremiseFloating {
            return Err(Refusal::InvalidLicenseType);
        }
        if let Some(at) = self.effective_at.filter(|at| *at > now) {
            return Err(Refusal::NotEffective { at });
        }
        if let Reach::Online(origin) = reach {
            restriction::admit(&self.terms, origin)?;
        }
        if device.vm_name.is_some() && !self.terms.allow_vm_activation {
            return Err(Refusal::VmNotAllowed);
        }
        if device.container && !self.terms.allow_container_activation {
            return Err(Refusal::ContainerNotAllowed);
        }
        Ok(())
    }

    fn deactivate(&self, activation: &Activation, by: DeactivatedBy) -> Result<Event, Refusal> {
        let counted = by == DeactivatedBy::Client;
        match self.terms.deactivation_limit() {
            Some(limit) if counted && self.totals.deactivations >= limit => {
                Err(Refusal::DeactivationLimitReached { limit })
            }
            _ => Ok(Event::Deactivated {
                counted,
                tally: self.tally(&activation.meters).ended(&self.meters),
            }),
        }
    }

    fn tally(&self, uses: &[MeterUse]) -> Tally {
        let exists =
            |counted: &&MeterUse| self.meters.iter().any(|meter| meter.id == counted.meter);
        Tally {
            uses: uses.iter().filter(exists).copied().collect(),
            totals: self.totals.meters.clone(),
        }
    }

    fn with_meter(&self, id: MeterId, event: Event) -> Result<Option<Event>, Refusal> {
        let known = self.meters.iter().any(|meter| meter.id == id);
        known.then_some(Some(event)).ok_or(Refusal::MeterNotFound)
    }

    fn without_metadata(&self, id: MetadataId) -> Result<Option<Event>, Refusal> {
        let known = self.metadata.iter().any(|entry| entry.id == id);
        known
            .then_some(Some(Event::MetadataDeleted(id)))
            .ok_or(Refusal::MetadataNotFound)
    }

    fn reset_meter(&mut self, id: MeterId, now: Timestamp) {
        for meter in self.meters.iter_mut().filter(|meter| meter.id == id) {
            meter.resets = meter.resets.saturating_add(1);
            meter.updated_at = now;
        }
        if let Some(totals) = self.totals.meters.get_mut(&id) {
            totals.total_uses = 0;
        }
    }

    fn count_activation(&mut self, first: bool, takes_seat: bool, now: Timestamp) {
        if takes_seat {
            self.totals.activations = self.totals.activations.saturating_add(1);
        }
        if first {
            self.activated_at = Some(now);
            self.begin_at_activation(now);
        }
    }

    fn count_deactivation(&mut self, counted: bool) {
        self.totals.activations = self.totals.activations.saturating_sub(1);
        if counted {
            self.totals.deactivations = self.totals.deactivations.saturating_add(1);
        }
    }
}
