//! What rows and published documents hold: whole and strict, so that a stored value that is not understood is an error.

use serde::{Deserialize, Serialize};

use super::activation::ActivationMetadata;
use crate::activation::{Activation, Device, Seat};
use crate::id::{ActivationId, LicenseId, MetadataId, ProductId};
use crate::license::{License, LicenseKey, Metadata, Place, Totals};
use crate::product::{Algorithm, Product, TokenKey};
use crate::terms::Terms;
use crate::time::{Seconds, Timestamp};

/// A license, without what is counted: the same in its row and in KV, from where a ledger can be rebuilt.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredLicense {
    id: LicenseId,
    product_id: ProductId,
    key: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
    epoch: i64,
    revoked: bool,
    suspended: bool,
    expires_at: Option<Timestamp>,
    activated_at: Option<Timestamp>,
    status_list: StoredPlace,
    terms: Terms,
    metadata: Vec<StoredMetadata>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPlace {
    list: u32,
    index: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoredMetadata {
    id: MetadataId,
    created_at: Timestamp,
    updated_at: Timestamp,
    key: String,
    value: String,
    view_permissions: Vec<String>,
}

impl From<&Metadata> for StoredMetadata {
    fn from(entry: &Metadata) -> Self {
        Self {
            id: entry.id,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
            key: entry.key.clone(),
            value: entry.value.clone(),
            view_permissions: entry.view_permissions.clone(),
        }
    }
}

impl From<StoredMetadata> for Metadata {
    fn from(entry: StoredMetadata) -> Self {
        Self {
            id: entry.id,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
            key: entry.key,
            value: entry.value,
            view_permissions: entry.view_permissions,
        }
    }
}

impl From<&License> for StoredLicense {
    fn from(license: &License) -> Self {
        Self {
            id: license.id,
            product_id: license.product_id,
            key: license.key.as_str().to_owned(),
            created_at: license.created_at,
            updated_at: license.updated_at,
            version: license.version,
            epoch: license.epoch,
            revoked: license.revoked,
            suspended: license.suspended,
            expires_at: license.expires_at,
            activated_at: license.activated_at,
            status_list: StoredPlace {
                list: license.place.list,
                index: license.place.index,
            },
            terms: license.terms.clone(),
            metadata: license.metadata.iter().map(StoredMetadata::from).collect(),
        }
    }
}

impl StoredLicense {
    /// Returns the license, with what was counted from elsewhere; `None` if the key is malformed.
    #[must_use]
    pub fn into_license(self, totals: Totals) -> Option<License> {
        Some(License {
            id: self.id,
            product_id: self.product_id,
            key: self.key.parse::<LicenseKey>().ok()?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
            epoch: self.epoch,
            revoked: self.revoked,
            suspended: self.suspended,
            expires_at: self.expires_at,
            activated_at: self.activated_at,
            place: Place {
                list: self.status_list.list,
                index: self.status_list.index,
            },
            terms: self.terms,
            metadata: self.metadata.into_iter().map(Metadata::from).collect(),
            totals,
        })
    }
}

/// A product with its wrapped keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredProduct {
    id: ProductId,
    name: String,
    display_name: String,
    description: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
    keys: Vec<StoredKey>,
    metadata: Vec<StoredMetadata>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoredKey {
    kid: String,
    algorithm: Algorithm,
    public_key: String,
    wrapped: String,
}

impl From<&Product> for StoredProduct {
    fn from(product: &Product) -> Self {
        let keys = product.keys.iter().map(|key| StoredKey {
            kid: key.kid.clone(),
            algorithm: key.algorithm,
            public_key: key.public_key.clone(),
            wrapped: key.wrapped.clone(),
        });
        Self {
            id: product.id,
            name: product.name.clone(),
            display_name: product.display_name.clone(),
            description: product.description.clone(),
            created_at: product.created_at,
            updated_at: product.updated_at,
            version: product.version,
            keys: keys.collect(),
            metadata: product.metadata.iter().map(StoredMetadata::from).collect(),
        }
    }
}

impl StoredProduct {
    /// Returns the product.
    #[must_use]
    pub fn into_product(self) -> Product {
        let keys = self.keys.into_iter().map(|key| TokenKey {
            wrapped: key.wrapped,
            kid: key.kid,
            algorithm: key.algorithm,
            public_key: key.public_key,
        });
        Product {
            id: self.id,
            name: self.name,
            display_name: self.display_name,
            description: self.description,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
            keys: keys.collect(),
            metadata: self.metadata.into_iter().map(Metadata::from).collect(),
        }
    }
}

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
        }
    }
}
