//! What activations' rows hold: whole and strict, so that a stored value that is not understood is an error.

use serde::{Deserialize, Serialize};

use super::activation::ActivationMetadata;
use crate::activation::{Activation, Device, Seat};
use crate::id::{ActivationId, LicenseId, MeterId, ProductId};
use crate::meter::MeterUse;
use crate::restriction::Area;
use crate::time::{Seconds, Timestamp};

/// What an activation's row holds beside its ids, seat and lease, which have columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredActivation {
    id: ActivationId,
    license_id: LicenseId,
    epoch: i64,
    seat: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    last_synced_at: Timestamp,
    expires_at: Option<Timestamp>,
    lease_expires_at: Option<Timestamp>,
    asked_lease: Option<Seconds>,
    os: String,
    os_version: Option<String>,
    fingerprint: String,
    vm_name: Option<String>,
    container: bool,
    hostname: String,
    app_version: String,
    user_hash: String,
    metadata: Vec<ActivationMetadata>,
    address: Option<std::net::IpAddr>,
    country: Option<String>,
    // Rows of before these were kept lack them, and where they say nothing they are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    product_id: Option<ProductId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release_version: Option<String>,
    #[serde(default, skip_serializing_if = "Area::is_unknown")]
    area: Area,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    offline: bool,
    /// Left out where it is as `offline` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_offline: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    meters: Vec<StoredUse>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredUse {
    meter: MeterId,
    uses: i64,
    resets: u32,
}

impl From<&MeterUse> for StoredUse {
    fn from(counted: &MeterUse) -> Self {
        Self {
            meter: counted.meter,
            uses: counted.uses,
            resets: counted.resets,
        }
    }
}

impl From<StoredUse> for MeterUse {
    fn from(counted: StoredUse) -> Self {
        Self {
            meter: counted.meter,
            uses: counted.uses,
            resets: counted.resets,
        }
    }
}

impl From<&Activation> for StoredActivation {
    fn from(activation: &Activation) -> Self {
        let device = activation.device.clone();
        let entries = device
            .metadata
            .into_iter()
            .map(|(key, value)| ActivationMetadata { key, value });
        Self {
            id: activation.id,
            license_id: activation.license_id,
            epoch: activation.epoch,
            seat: activation.seat.0.clone(),
            created_at: activation.created_at,
            updated_at: activation.updated_at,
            last_synced_at: activation.last_synced_at,
            expires_at: activation.expires_at,
            lease_expires_at: activation.lease_expires_at,
            asked_lease: activation.asked_lease,
            os: device.os,
            os_version: device.os_version,
            fingerprint: device.fingerprint,
            vm_name: device.vm_name,
            container: device.container,
            hostname: device.hostname,
            app_version: device.app_version,
            user_hash: device.user_hash,
            metadata: entries.collect(),
            address: activation.address,
            country: activation.country.clone(),
            product_id: activation.product_id,
            release_version: device.release_version,
            area: activation.area.clone(),
            offline: activation.offline,
            made_offline: (activation.made_offline != activation.offline)
                .then_some(activation.made_offline),
            meters: activation.meters.iter().map(StoredUse::from).collect(),
        }
    }
}

impl From<StoredActivation> for Activation {
    fn from(stored: StoredActivation) -> Self {
        let device = Device {
            os: stored.os,
            os_version: stored.os_version,
            fingerprint: stored.fingerprint,
            vm_name: stored.vm_name,
            container: stored.container,
            hostname: stored.hostname,
            app_version: stored.app_version,
            release_version: stored.release_version,
            user_hash: stored.user_hash,
            metadata: stored
                .metadata
                .into_iter()
                .map(|entry| (entry.key, entry.value))
                .collect(),
        };
        Self {
            id: stored.id,
            license_id: stored.license_id,
            product_id: stored.product_id,
            epoch: stored.epoch,
            seat: Seat(stored.seat),
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            last_synced_at: stored.last_synced_at,
            expires_at: stored.expires_at,
            lease_expires_at: stored.lease_expires_at,
            asked_lease: stored.asked_lease,
            device,
            address: stored.address,
            country: stored.country,
            area: stored.area,
            made_offline: stored.made_offline.unwrap_or(stored.offline),
            offline: stored.offline,
            meters: stored.meters.into_iter().map(MeterUse::from).collect(),
        }
    }
}
