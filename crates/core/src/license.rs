//! A license: its facts, the status that follows from them, and what each command does to it.
//!
//! `decide` changes nothing and `apply` cannot fail. The accepted event is also what the audit record says.
//! Revoking raises the epoch: an activation of an older epoch never syncs again, so approving heals no client.

mod change;
mod command;
mod key;
#[cfg(test)]
mod tests;

pub use change::{Change, Update};
pub use command::{Command, DeactivatedBy, Event, Refusal, Seats};
pub use key::LicenseKey;

use crate::activation::{Activation, Device};
use crate::id::{LicenseId, MetadataId, ProductId};
use crate::restriction::{self, Origin};
use crate::terms::{ExpirationStrategy, LicenseType, StartTrigger, Terms};
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
    /// What it allows.
    pub terms: Terms,
    /// The vendor's own fields.
    pub metadata: Vec<Metadata>,
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

/// A field of the vendor's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Its id.
    pub id: MetadataId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Its name; names are the same in any case.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Who sees it: `activation`, `user`, `organization`, `reseller`.
    pub view_permissions: Vec<String>,
}

/// What was counted; never published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Seats that are taken.
    pub activations: u64,
    /// Deactivations by clients so far.
    pub deactivations: u64,
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
            // An expired or suspended license is admitted: its token says so, and the client heals once the license does.
            (
                Command::Activate {
                    device,
                    origin,
                    seats,
                },
                Active | Suspended | Expired,
            ) => self.activate(device, origin, seats).map(Some),
            (
                Command::Sync {
                    activation,
                    device,
                    origin,
                },
                Active | Suspended | Expired,
            ) => self.sync(activation, device, origin).map(Some),
            (Command::Deactivate { by }, _) => self.deactivate(by).map(Some),
            (Command::Activate { .. } | Command::Sync { .. }, _) => Err(Refusal::RevokedLicense),
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
            Event::Activated { first, takes_seat } => {
                self.count_activation(*first, *takes_seat, now)
            }
            Event::Synced => {}
            Event::Deactivated { counted } => self.count_deactivation(*counted),
        }
        if event.changes_document() {
            self.updated_at = now.max(self.updated_at.next());
            self.version = now.unix_milliseconds().max(self.version.saturating_add(1));
        }
    }

    /// Returns when a term that begins at `start` ends, or `None` where it does not.
    #[must_use]
    pub fn term_end(terms: &Terms, start: Timestamp) -> Option<Timestamp> {
        match &terms.subscription_interval {
            Some(interval) => Some(interval.after(start)),
            None => (terms.validity.0 > 0).then(|| start.plus(terms.validity)),
        }
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

    fn activate(&self, device: &Device, origin: &Origin, seats: Seats) -> Result<Event, Refusal> {
        self.admit(device, origin)?;
        if let Some(limit) = self.terms.seat_limit()
            && !seats.known
            && seats.taken >= limit
        {
            return Err(Refusal::ActivationLimitReached { limit });
        }
        Ok(Event::Activated {
            first: self.activated_at.is_none(),
            takes_seat: !seats.known,
        })
    }

    fn sync(
        &self,
        activation: &Activation,
        device: &Device,
        origin: &Origin,
    ) -> Result<Event, Refusal> {
        if activation.epoch < self.epoch {
            return Err(Refusal::RevokedLicense);
        }
        self.admit(device, origin)?;
        if activation.device.fingerprint != device.fingerprint {
            return Err(Refusal::FingerprintMismatch);
        }
        if self.terms.user_locked && activation.device.user_hash != device.user_hash {
            return Err(Refusal::FingerprintMismatch);
        }
        Ok(Event::Synced)
    }

    /// The checks that activating and syncing share, in their fixed order.
    fn admit(&self, device: &Device, origin: &Origin) -> Result<(), Refusal> {
        if self.terms.license_type == LicenseType::OnPremiseFloating {
            return Err(Refusal::InvalidLicenseType);
        }
        restriction::admit(&self.terms, origin)?;
        if device.vm_name.is_some() && !self.terms.allow_vm_activation {
            return Err(Refusal::VmNotAllowed);
        }
        if device.container && !self.terms.allow_container_activation {
            return Err(Refusal::ContainerNotAllowed);
        }
        Ok(())
    }

    /// Whether the end of the license is still to come, with an activation.
    fn awaits_its_end(&self) -> bool {
        is_rolling(&self.terms)
            || (begins_at_activation(&self.terms) && self.activated_at.is_none())
    }

    fn deactivate(&self, by: DeactivatedBy) -> Result<Event, Refusal> {
        let counted = by == DeactivatedBy::Client;
        match self.terms.deactivation_limit() {
            Some(limit) if counted && self.totals.deactivations >= limit => {
                Err(Refusal::DeactivationLimitReached { limit })
            }
            _ => Ok(Event::Deactivated { counted }),
        }
    }

    fn count_activation(&mut self, first: bool, takes_seat: bool, now: Timestamp) {
        if takes_seat {
            self.totals.activations = self.totals.activations.saturating_add(1);
        }
        if first {
            self.activated_at = Some(now);
            // An imported license may have an end already: it was activated elsewhere.
            if begins_at_activation(&self.terms) && self.expires_at.is_none() {
                self.expires_at = Self::term_end(&self.terms, now);
            }
        }
    }

    fn count_deactivation(&mut self, counted: bool) {
        self.totals.activations = self.totals.activations.saturating_sub(1);
        if counted {
            self.totals.deactivations = self.totals.deactivations.saturating_add(1);
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
