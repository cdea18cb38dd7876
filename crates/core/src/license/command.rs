//! What may be asked of a license, what may come of it, and why it may be refused.

use std::net::IpAddr;

use super::change::Change;
use super::term::End;
use crate::activation::{Activation, Device, Reach};
use crate::code::Code;
use crate::id::{MetadataId, MeterId};
use crate::meter::{AskedUses, Tally};
use crate::restriction::Origin;
use crate::time::{Seconds, Timestamp};

/// What is asked of a license.
#[derive(Clone, Copy, Debug)]
pub enum Command<'a> {
    /// Change its facts.
    Update(&'a Change),
    /// Delete it, with its activations.
    Delete,
    /// Take it back.
    Revoke,
    /// Let it be activated again.
    Approve,
    /// Withhold it for a while.
    Suspend,
    /// End the suspension.
    Resume,
    /// Add one term to its end.
    Renew,
    /// Move its end.
    Extend(Seconds),
    /// Set its end, or take it away.
    SetExpiry(Option<Timestamp>),
    /// Begin to count a meter anew.
    ResetMeter(MeterId),
    /// Remove a meter, with what was counted.
    DeleteMeter(MeterId),
    /// Remove a metadata entry.
    DeleteMetadata(MetadataId),
    /// Give a machine a seat, or the one that it has.
    Activate {
        /// The activation that holds the machine's seat, if one does.
        held: Option<&'a Activation>,
        /// The machine.
        device: &'a Device,
        /// How it asks.
        reach: Reach<'a>,
        /// The uses that it asks for.
        asked: &'a [AskedUses],
    },
    /// Tell a machine what the license has become.
    Sync {
        /// The machine's activation, as it stands.
        activation: &'a Activation,
        /// The machine, as it says now.
        device: &'a Device,
        /// Where the request came from.
        origin: &'a Origin,
        /// The uses that it asks for.
        asked: &'a [AskedUses],
    },
    /// Count uses.
    Count {
        /// Whose.
        activation: &'a Activation,
        /// What is asked for.
        asked: &'a [AskedUses],
    },
    /// Free a seat.
    Deactivate {
        /// The activation that holds it.
        activation: &'a Activation,
        /// Who asks.
        by: DeactivatedBy,
    },
}

/// Who frees a seat: only a client's own deactivations are counted and limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeactivatedBy {
    /// The vendor.
    Administrator,
    /// The machine that holds it.
    Client,
}

/// What was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Facts changed: as they are from now on.
    Updated(Box<Change>),
    /// It is deleted; a tombstone remains.
    Deleted,
    /// It was taken back; every activation of before is dead.
    Revoked,
    /// It may be activated again.
    Approved,
    /// It is withheld.
    Suspended,
    /// It is no longer withheld.
    Resumed,
    /// A term was added.
    Renewed(End),
    /// The end moved.
    Extended(End),
    /// The end was set.
    ExpirySet(End),
    /// A meter is counted anew.
    MeterReset(MeterId),
    /// A meter is no more.
    MeterDeleted(MeterId),
    /// A metadata entry is no more.
    MetadataDeleted(MetadataId),
    /// A machine holds a seat.
    Activated {
        /// Whether it is the license's first activation.
        first: bool,
        /// Whether the machine held no seat before.
        takes_seat: bool,
        /// What was counted, from now on.
        tally: Tally,
    },
    /// A machine was told how things stand.
    Synced(Tally),
    /// Uses were counted.
    Counted(Tally),
    /// A seat is free.
    Deactivated {
        /// Whether it counts against the limit.
        counted: bool,
        /// What was counted, from now on.
        tally: Tally,
    },
}

impl Event {
    /// Returns the action's name in the audit log.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::Updated(_) => "license.updated",
            Self::Deleted => "license.deleted",
            Self::Revoked => "license.revoked",
            Self::Approved => "license.approved",
            Self::Suspended => "license.suspended",
            Self::Resumed => "license.resumed",
            Self::Renewed(_) => "license.renewed",
            Self::Extended(_) => "license.extended",
            Self::ExpirySet(_) => "license.expiresAt.updated",
            Self::MeterReset(_) => "license.meterAttribute.reset",
            Self::MeterDeleted(_) => "license.meterAttribute.deleted",
            Self::MetadataDeleted(_) => "license.metadata.deleted",
            Self::Activated { .. } => "activation.created",
            Self::Synced(_) => "activation.synced",
            Self::Counted(_) => "activation.meterAttribute.incremented",
            Self::Deactivated { .. } => "activation.deleted",
        }
    }

    /// Says whether the published document changes: counters are no part of it, the date of first activation is.
    #[must_use]
    pub fn changes_document(&self) -> bool {
        match self {
            Self::Updated(_)
            | Self::Deleted
            | Self::Revoked
            | Self::Approved
            | Self::Suspended
            | Self::Resumed
            | Self::Renewed(_)
            | Self::Extended(_)
            | Self::ExpirySet(_)
            | Self::MeterReset(_)
            | Self::MeterDeleted(_)
            | Self::MetadataDeleted(_) => true,
            Self::Activated { first, .. } => *first,
            Self::Synced(_) | Self::Counted(_) | Self::Deactivated { .. } => false,
        }
    }

    /// Returns what was counted, where the event counts.
    #[must_use]
    pub fn tally(&self) -> Option<&Tally> {
        match self {
            Self::Activated { tally, .. }
            | Self::Deactivated { tally, .. }
            | Self::Synced(tally)
            | Self::Counted(tally) => Some(tally),
            _ => None,
        }
    }
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Every seat is taken.
    #[error("all {limit} activations of this license are in use; deactivate one first")]
    ActivationLimitReached {
        /// The number of seats.
        limit: u64,
    },
    /// The address is not allowed.
    #[error("this license may not be used from {}", .address.map_or("an unknown address".to_owned(), |address| format!("the address `{address}`")))]
    AddressNotAllowed {
        /// Where the request came from.
        address: Option<IpAddr>,
    },
    /// Containers may not activate.
    #[error("this license may not be used in a container")]
    ContainerNotAllowed,
    /// The country is not allowed.
    #[error("this license may not be used in {}", .country.as_deref().map_or("an unknown country".to_owned(), |country| format!("the country `{country}`")))]
    CountryNotAllowed {
        /// Where the request came from.
        country: Option<String>,
    },
    /// Clients have deactivated as often as they may.
    #[error(
        "this license has been deactivated {limit} times, which is its limit; ask the vendor to free a seat"
    )]
    DeactivationLimitReached {
        /// How often they may.
        limit: u64,
    },
    /// The machine is another than the one that activated.
    #[error("the fingerprint is not that of the machine that was activated")]
    FingerprintMismatch,
    /// The type is for another kind of client.
    #[error("a license of type `on-premise-floating` is activated by its floating server")]
    InvalidLicenseType,
    /// No metadata entry has the id.
    #[error("no metadata entry has this id")]
    MetadataNotFound,
    /// More uses were asked for than are allowed.
    #[error("the meter attribute `{name}` allows {limit} uses in all")]
    MeterLimitReached {
        /// Its name.
        name: String,
        /// How many uses are allowed.
        limit: i64,
    },
    /// No meter has the id.
    #[error("no meter attribute has this id")]
    MeterNotFound,
    /// The license is not in effect yet.
    #[error("this license may be used from {at} on")]
    NotEffective {
        /// When it may.
        at: Timestamp,
    },
    /// There is no end to move.
    #[error(
        "this license has no end that could be moved: it is perpetual, or each activation has an end of its own"
    )]
    NotRenewable,
    /// The license is revoked, or was since this machine activated.
    #[error("the license has been revoked")]
    RevokedLicense,
    /// The license has no such meter. An application is told so as of any other field: to it, 404 says that its activation
    /// is gone.
    #[error("`meterAttributes` is wrong: the license has no meter attribute `{name}`")]
    UnknownMeter {
        /// The name that was asked for.
        name: String,
    },
    /// Virtual machines may not activate.
    #[error("this license may not be used in a virtual machine")]
    VmNotAllowed,
}

impl Refusal {
    /// Returns the code that clients act on.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::ActivationLimitReached { .. } => Code::ActivationLimitReached,
            Self::AddressNotAllowed { .. } => Code::IpAddressNotAllowed,
            Self::ContainerNotAllowed => Code::ContainerActivationNotAllowed,
            Self::CountryNotAllowed { .. } => Code::CountryNotAllowed,
            Self::DeactivationLimitReached { .. } => Code::DeactivationLimitReached,
            Self::FingerprintMismatch => Code::InvalidActivationFingerprint,
            Self::InvalidLicenseType => Code::InvalidLicenseType,
            Self::MetadataNotFound => Code::MetadataNotFound,
            Self::MeterLimitReached { .. } => Code::MeterAttributeUsesLimitReached,
            Self::MeterNotFound => Code::MeterAttributeNotFound,
            Self::NotEffective { .. } => Code::LicenseNotEffective,
            Self::NotRenewable => Code::LicenseNotRenewable,
            Self::RevokedLicense => Code::RevokedLicense,
            Self::UnknownMeter { .. } => Code::InvalidField,
            Self::VmNotAllowed => Code::VmActivationNotAllowed,
        }
    }
}
