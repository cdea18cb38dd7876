//! The check of a license on the wire: `POST /v3/licenses/check`.

use serde::{Deserialize, Serialize};

use crate::license::Status;
use crate::time::Timestamp;

/// Which license is asked about: by its key, or by the token of one of its activations.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LicenseCheckInput {
    /// The license key.
    pub key: Option<String>,
    /// An activation token, as an application holds it; in place of the key.
    pub activation_token: Option<String>,
    /// The fingerprint of the machine: the token must be of it, or an activation of the key is looked for.
    pub fingerprint: Option<String>,
}

/// What is said of a license.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LicenseCheckView<'a> {
    /// A JWS whose payload says what is true of the license; the account's statement key signs it.
    pub statement: &'a str,
    /// What follows from it now.
    pub status: LicenseState,
    /// Whether the activation that was asked about still exists; null if none was.
    pub activation: Option<ActivationState>,
    /// Who has answered.
    pub source: CheckSource,
    /// The license was so then, whatever came since; null if that is not known.
    pub as_of: Option<Timestamp>,
}

/// What a license is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum LicenseState {
    Active,
    Suspended,
    Expired,
    Revoked,
    Deleted,
}

/// What an activation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ActivationState {
    /// It is there, and may be synced.
    Active,
    /// There is none: it was ended, or never was.
    None,
    /// The ledger alone knows.
    Unknown,
}

/// Who answers a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum CheckSource {
    /// The published copy.
    Published,
    /// The ledger itself.
    Ledger,
}

impl From<Status> for LicenseState {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Suspended => Self::Suspended,
            Status::Expired => Self::Expired,
            Status::Revoked => Self::Revoked,
        }
    }
}
