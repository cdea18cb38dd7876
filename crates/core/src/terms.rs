//! Terms: what a license allows, as a vendor sets it. The built-in defaults stand here, once.
//!
//! Terms are plain values without a rule of their own, so the same struct is the shape of requests' answers and of rows.

use serde::{Deserialize, Serialize};

use crate::interval::Interval;
use crate::time::Seconds;

/// Where a license may run and how it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LicenseType {
    /// Bound to machines.
    NodeLocked,
    /// Leased to machines for a while, by this server.
    HostedFloating,
    /// Leased by a server on the customer's premises.
    OnPremiseFloating,
}

/// When the term of a license begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ExpirationStrategy {
    /// At creation.
    Immediate,
    /// At the first activation.
    Delayed,
    /// At each activation, for that activation.
    Rolling,
}

/// What begins a subscription's first interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum StartTrigger {
    /// The creation of the license.
    Creation,
    /// The first activation.
    Activation,
}

/// How closely a machine must match its fingerprint. Unstructured fingerprints are compared byte for byte under each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FingerprintMatching {
    /// Most parts.
    Fuzzy,
    /// Every part.
    Exact,
    /// Some parts.
    Loose,
}

/// What takes one seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LeasingStrategy {
    /// A machine, however often it activates.
    PerMachine,
    /// Every activation.
    PerInstance,
}

/// Sixty-eight years, in seconds.
const ANY_OFFSET: i64 = 2_147_483_647;

/// What a license allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Terms {
    /// Where it may run and how it is counted.
    #[serde(rename = "type")]
    pub license_type: LicenseType,
    /// How long a term lasts; 0 is for ever.
    pub validity: Seconds,
    /// When the term begins.
    pub expiration_strategy: ExpirationStrategy,
    /// The calendar length of a term, in place of `validity`.
    pub subscription_interval: Option<Interval>,
    /// When the first interval begins.
    pub subscription_start_trigger: StartTrigger,
    /// How closely a machine must match.
    pub fingerprint_matching_strategy: FingerprintMatching,
    /// Seats; 0 and -1 are unlimited.
    pub allowed_activations: i64,
    /// Deactivations by clients; -1 is unlimited. A hosted-floating license ignores it.
    pub allowed_deactivations: i64,
    /// Clients of an on-premise floating server.
    pub allowed_floating_clients: i64,
    /// How long a floating seat is held without renewal; 0 and -1 are for ever.
    pub lease_duration: Seconds,
    /// Whether a client may name its own lease duration.
    pub allow_client_lease_duration: bool,
    /// What takes one seat.
    pub leasing_strategy: LeasingStrategy,
    /// How often a client asks the server; 0 is never.
    pub server_sync_interval: Seconds,
    /// How long a client tolerates failing to reach the server; 0 and -1 are for ever.
    pub server_sync_grace_period: Seconds,
    /// How far a client's clock may lag behind the server's; -1 is any.
    pub allowed_clock_offset: Seconds,
    /// The older way to say -1 above.
    pub disable_clock_validation: bool,
    /// How long before expiry `license.expiring-soon` fires.
    pub expiring_soon_event_offset: Seconds,
    /// Whether a virtual machine may activate.
    pub allow_vm_activation: bool,
    /// Whether a container may activate.
    pub allow_container_activation: bool,
    /// Whether each user of a machine takes a seat of their own.
    pub user_locked: bool,
    /// Whether an activation must carry its user's e-mail address and password.
    pub require_authentication: bool,
    /// Whether addresses and places of activations go unrecorded.
    pub disable_geo_location: bool,
    /// Free text.
    pub notes: Option<String>,
    /// One range of addresses that may activate, in CIDR form.
    pub allowed_ip_range: Option<String>,
    /// Ranges of addresses that may activate, in CIDR form.
    pub allowed_ip_ranges: Vec<String>,
    /// Addresses that may activate.
    pub allowed_ip_addresses: Vec<String>,
    /// Addresses that may not activate.
    pub disallowed_ip_addresses: Vec<String>,
    /// Countries that may activate, as ISO 3166 alpha-2.
    pub allowed_countries: Vec<String>,
    /// Countries that may not activate, as ISO 3166 alpha-2.
    pub disallowed_countries: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
}

/// The built-in template: what a license has that was created with a product and nothing else.
impl Default for Terms {
    fn default() -> Self {
        Self {
            license_type: LicenseType::NodeLocked,
            validity: Seconds(2_595_000),
            expiration_strategy: ExpirationStrategy::Immediate,
            subscription_interval: None,
            subscription_start_trigger: StartTrigger::Creation,
            fingerprint_matching_strategy: FingerprintMatching::Fuzzy,
            allowed_activations: 1,
            allowed_deactivations: 10,
            allowed_floating_clients: 0,
            lease_duration: Seconds(0),
            allow_client_lease_duration: false,
            leasing_strategy: LeasingStrategy::PerMachine,
            server_sync_interval: Seconds(3_600),
            server_sync_grace_period: Seconds(2_595_000),
            allowed_clock_offset: Seconds(3_600),
            disable_clock_validation: false,
            expiring_soon_event_offset: Seconds(0),
            allow_vm_activation: true,
            allow_container_activation: true,
            user_locked: false,
            require_authentication: false,
            disable_geo_location: false,
            notes: None,
            allowed_ip_range: None,
            allowed_ip_ranges: Vec::new(),
            allowed_ip_addresses: Vec::new(),
            disallowed_ip_addresses: Vec::new(),
            allowed_countries: Vec::new(),
            disallowed_countries: Vec::new(),
            tags: Vec::new(),
        }
    }
}

impl Terms {
    /// Returns the number of seats, or `None` where they are unlimited.
    #[must_use]
    pub fn seat_limit(&self) -> Option<u64> {
        u64::try_from(self.allowed_activations)
            .ok()
            .filter(|limit| *limit > 0)
    }

    /// Returns how often clients may deactivate, or `None` where they may always.
    #[must_use]
    pub fn deactivation_limit(&self) -> Option<u64> {
        let counted = self.license_type != LicenseType::HostedFloating;
        u64::try_from(self.allowed_deactivations)
            .ok()
            .filter(|_| counted)
    }

    /// Returns how long a seat is held without renewal, or `None` where it is held for good.
    #[must_use]
    pub fn lease(&self, asked: Option<Seconds>) -> Option<Seconds> {
        if self.license_type != LicenseType::HostedFloating {
            return None;
        }
        let asked = asked.filter(|asked| self.allow_client_lease_duration && asked.0 > 0);
        Some(asked.unwrap_or(self.lease_duration)).filter(|lease| lease.0 > 0)
    }

    /// Returns how far a client's clock may lag behind, in the form of the token's claim. Any distance is the greatest that
    /// existing clients can hold: one of them knows no -1, and would find every clock wrong.
    #[must_use]
    pub fn clock_offset(&self) -> i64 {
        let any = self.disable_clock_validation || self.allowed_clock_offset.0 < 0;
        if any {
            ANY_OFFSET
        } else {
            self.allowed_clock_offset.0
        }
    }
}
