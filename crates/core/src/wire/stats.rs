//! Statistics on the wire.

use serde::Serialize;

/// How many licenses are of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LicenseStatsView {
    pub active: u64,
    pub expired: u64,
    pub expiring_soon: u64,
    pub revoked: u64,
    pub suspended: u64,
}

/// How many there are of each resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountStatsView {
    pub products: u64,
    pub licenses: u64,
    pub activations: u64,
    pub trial_activations: u64,
    pub releases: u64,
    pub users: u64,
    pub admins: u64,
    pub email_templates: u64,
}
