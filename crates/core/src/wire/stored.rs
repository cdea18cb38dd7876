//! What rows and published documents hold: whole and strict, so that a stored value that is not understood is an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{LicenseId, MetadataId, MeterId, ProductId, TemplateId, UserId};
use crate::license::{License, LicenseKey, Pending, Place, Totals};
use crate::metadata::Metadata;
use crate::meter::{Meter, MeterTotals};
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
    // Documents of before these were kept lack them, and where they say nothing they are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effective_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "StoredPending::is_none")]
    pending: StoredPending,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    additional_user_ids: Vec<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template_id: Option<TemplateId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    meters: Vec<StoredMeter>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPending {
    renewals: u32,
    seconds: Seconds,
}

impl StoredPending {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoredMeter {
    id: MeterId,
    created_at: Timestamp,
    updated_at: Timestamp,
    name: String,
    allowed_uses: i64,
    floating: bool,
    view_permissions: Vec<String>,
    resets: u32,
}

impl From<&Meter> for StoredMeter {
    fn from(meter: &Meter) -> Self {
        Self {
            id: meter.id,
            created_at: meter.created_at,
            updated_at: meter.updated_at,
            name: meter.name.clone(),
            allowed_uses: meter.allowed_uses,
            floating: meter.floating,
            view_permissions: meter.view_permissions.clone(),
            resets: meter.resets,
        }
    }
}

impl From<StoredMeter> for Meter {
    fn from(meter: StoredMeter) -> Self {
        Self {
            id: meter.id,
            created_at: meter.created_at,
            updated_at: meter.updated_at,
            name: meter.name,
            allowed_uses: meter.allowed_uses,
            floating: meter.floating,
            view_permissions: meter.view_permissions,
            resets: meter.resets,
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPlace {
    list: u32,
    index: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StoredMetadata {
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
            effective_at: license.effective_at,
            pending: StoredPending {
                renewals: license.pending.renewals,
                seconds: license.pending.seconds,
            },
            user_id: license.user_id,
            additional_user_ids: license.additional_user_ids.clone(),
            template_id: license.template_id,
            meters: license.meters.iter().map(StoredMeter::from).collect(),
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
            effective_at: self.effective_at,
            pending: Pending {
                renewals: self.pending.renewals,
                seconds: self.pending.seconds,
            },
            user_id: self.user_id,
            additional_user_ids: self.additional_user_ids,
            template_id: self.template_id,
            terms: self.terms,
            meters: self.meters.into_iter().map(Meter::from).collect(),
            metadata: self.metadata.into_iter().map(Metadata::from).collect(),
            totals,
        })
    }
}

/// What was counted of a license's meters: it stands beside the document, since it changes too often to be published.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredMeterTotals(BTreeMap<MeterId, StoredTotals>);

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoredTotals {
    total_uses: i64,
    gross_uses: i64,
}

impl From<&Totals> for StoredMeterTotals {
    fn from(totals: &Totals) -> Self {
        let stored = |totals: &MeterTotals| StoredTotals {
            total_uses: totals.total_uses,
            gross_uses: totals.gross_uses,
        };
        let meters = totals.meters.iter();
        Self(meters.map(|(id, totals)| (*id, stored(totals))).collect())
    }
}

impl From<StoredMeterTotals> for BTreeMap<MeterId, MeterTotals> {
    fn from(stored: StoredMeterTotals) -> Self {
        let totals = |stored: StoredTotals| MeterTotals {
            total_uses: stored.total_uses,
            gross_uses: stored.gross_uses,
        };
        let meters = stored.0.into_iter();
        meters.map(|(id, stored)| (id, totals(stored))).collect()
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
    // An export leaves them out: they stand there by themselves, and encrypted, if they are asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<StoredKey>,
    metadata: Vec<StoredMetadata>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template_id: Option<TemplateId>,
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
            template_id: product.template_id,
        }
    }
}

impl StoredProduct {
    /// Returns how it signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.keys
            .first()
            .map_or_else(Algorithm::default, |key| key.algorithm)
    }

    /// Returns the product as it may leave: its keys stay.
    #[must_use]
    pub fn without_keys(self) -> Self {
        Self {
            keys: Vec::new(),
            ..self
        }
    }

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
            template_id: self.template_id,
            metadata: self.metadata.into_iter().map(Metadata::from).collect(),
        }
    }
}
