//! What may be asked of a license, what may come of it, and why it may be refused.

use std::net::IpAddr;

use super::change::{Change, Update};
use crate::activation::{Activation, Device};
use crate::code::Code;
use crate::restriction::Origin;

/// What is asked of a license.
#[derive(Clone, Copy, Debug)]
pub enum Command<'a> {
    /// Change its terms, key or metadata.
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
    /// Give a machine a seat, or the one that it has.
    Activate {
        /// The machine.
        device: &'a Device,
        /// Where the request came from.
        origin: &'a Origin,
        /// The seats as they are.
        seats: Seats,
    },
    /// Tell a machine what the license has become.
    Sync {
        /// The machine's activation, as it stands.
        activation: &'a Activation,
        /// The machine, as it says now.
        device: &'a Device,
        /// Where the request came from.
        origin: &'a Origin,
    },
    /// Free a seat.
    Deactivate {
        /// Who asks.
        by: DeactivatedBy,
    },
}

/// The seats of a license when a machine asks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Whether this machine holds one.
    pub known: bool,
    /// How many are held in all.
    pub taken: u64,
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
    /// Terms, key or metadata changed.
    Updated(Box<Update>),
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
    /// A machine holds a seat.
    Activated {
        /// Whether it is the license's first activation.
        first: bool,
        /// Whether the machine held no seat before.
        takes_seat: bool,
    },
    /// A machine was told how things stand.
    Synced,
    /// A seat is free.
    Deactivated {
        /// Whether it counts against the limit.
        counted: bool,
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
            Self::Activated { .. } => "activation.created",
            Self::Synced => "activation.synced",
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
            | Self::Resumed => true,
            Self::Activated { first, .. } => *first,
            Self::Synced | Self::Deactivated { .. } => false,
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
    /// The license is revoked, or was since this machine activated.
    #[error("the license has been revoked")]
    RevokedLicense,
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
            Self::RevokedLicense => Code::RevokedLicense,
            Self::VmNotAllowed => Code::VmActivationNotAllowed,
        }
    }
}
