//! Licenses on the wire: what requests may name, and what answers say.

use serde::{Deserialize, Deserializer, Serialize};

use crate::code::{Code, Problem};
use crate::id::{LicenseId, MetadataId, ProductId};
use crate::interval::Interval;
use crate::license::{License, Metadata};
use crate::terms::{
    ExpirationStrategy, FingerprintMatching, LeasingStrategy, LicenseType, StartTrigger, Terms,
};
use crate::time::{Seconds, Timestamp};

/// What a request says of a license: to create, to update, or to import one. Absent and null are the same here;
/// `NullableFields` tells them apart for `application/merge-patch+json`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LicenseInput {
    pub id: Option<LicenseId>,
    pub key: Option<String>,
    pub product_id: Option<ProductId>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub activated_at: Option<Timestamp>,
    /// Absent, null and a date are three things here: a whole license may say that it has no end.
    #[serde(deserialize_with = "nullable")]
    pub expires_at: Option<Option<Timestamp>>,
    pub revoked: Option<bool>,
    pub suspended: Option<bool>,
    pub total_activations: Option<u64>,
    pub total_deactivations: Option<u64>,
    #[serde(rename = "type")]
    pub license_type: Option<LicenseType>,
    pub validity: Option<Seconds>,
    pub expiration_strategy: Option<ExpirationStrategy>,
    pub subscription_interval: Option<Interval>,
    pub subscription_start_trigger: Option<StartTrigger>,
    pub fingerprint_matching_strategy: Option<FingerprintMatching>,
    pub allowed_activations: Option<i64>,
    pub allowed_deactivations: Option<i64>,
    pub allowed_floating_clients: Option<i64>,
    pub lease_duration: Option<Seconds>,
    pub allow_client_lease_duration: Option<bool>,
    pub leasing_strategy: Option<LeasingStrategy>,
    pub server_sync_interval: Option<Seconds>,
    pub server_sync_grace_period: Option<Seconds>,
    pub allowed_clock_offset: Option<Seconds>,
    pub disable_clock_validation: Option<bool>,
    pub expiring_soon_event_offset: Option<Seconds>,
    pub allow_vm_activation: Option<bool>,
    pub allow_container_activation: Option<bool>,
    pub user_locked: Option<bool>,
    pub require_authentication: Option<bool>,
    pub disable_geo_location: Option<bool>,
    pub notes: Option<String>,
    pub allowed_ip_range: Option<String>,
    pub allowed_ip_ranges: Option<Vec<String>>,
    pub allowed_ip_addresses: Option<Vec<String>>,
    pub disallowed_ip_addresses: Option<Vec<String>>,
    pub allowed_countries: Option<Vec<String>>,
    pub disallowed_countries: Option<Vec<String>>,
    pub tags: Option<Vec<String>>,
    pub metadata: Option<Vec<MetadataInput>>,
    pub meter_attributes: Option<Vec<serde::de::IgnoredAny>>,
    pub additional_user_ids: Option<Vec<serde::de::IgnoredAny>>,
    pub user: Option<serde::de::IgnoredAny>,
    pub user_id: Option<String>,
    pub reseller_id: Option<String>,
    pub organization_id: Option<String>,
    pub product_version_id: Option<String>,
    pub license_policy_id: Option<String>,
    pub license_template_id: Option<String>,
    pub entitlement_set_id: Option<String>,
    pub maintenance_policy_id: Option<String>,
    pub max_allowed_release_version: Option<String>,
}

/// A metadata entry as requests give it. `viewPermissions` is the newer form of `visible`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetadataInput {
    pub key: String,
    pub value: String,
    pub id: Option<MetadataId>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub visible: Option<bool>,
    pub view_permissions: Option<Vec<ViewPermission>>,
}

/// Who sees a metadata entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ViewPermission {
    Activation,
    User,
    Organization,
    Reseller,
}

impl ViewPermission {
    const ALL: [Self; 4] = [
        Self::Activation,
        Self::User,
        Self::Organization,
        Self::Reseller,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::User => "user",
            Self::Organization => "organization",
            Self::Reseller => "reseller",
        }
    }
}

impl MetadataInput {
    /// Returns who sees the entry, each once: as named, or all or none for `visible`; `None` if nothing is said of it.
    #[must_use]
    pub fn permissions(&self) -> Option<Vec<String>> {
        let names = |seers: &[ViewPermission]| {
            let named = ViewPermission::ALL
                .iter()
                .filter(|permission| seers.contains(permission));
            named
                .map(|permission| permission.as_str().to_owned())
                .collect()
        };
        match (&self.view_permissions, self.visible) {
            (Some(seers), _) => Some(names(seers)),
            (None, Some(true)) => Some(names(&ViewPermission::ALL)),
            (None, Some(false)) => Some(Vec::new()),
            (None, None) => None,
        }
    }
}

/// The fields that a merge patch may clear, with whether it does: present and null (RFC 7396).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NullableFields {
    #[serde(deserialize_with = "is_null")]
    pub subscription_interval: bool,
    #[serde(deserialize_with = "is_null")]
    pub notes: bool,
    #[serde(deserialize_with = "is_null")]
    pub allowed_ip_range: bool,
    #[serde(deserialize_with = "is_null")]
    pub allowed_ip_ranges: bool,
    #[serde(deserialize_with = "is_null")]
    pub allowed_ip_addresses: bool,
    #[serde(deserialize_with = "is_null")]
    pub disallowed_ip_addresses: bool,
    #[serde(deserialize_with = "is_null")]
    pub allowed_countries: bool,
    #[serde(deserialize_with = "is_null")]
    pub disallowed_countries: bool,
    #[serde(deserialize_with = "is_null")]
    pub tags: bool,
    #[serde(deserialize_with = "is_null")]
    pub metadata: bool,
}

fn nullable<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn is_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::<serde::de::IgnoredAny>::deserialize(deserializer).map(|value| value.is_none())
}

impl NullableFields {
    /// Clears what the patch says to clear.
    pub fn clear(self, terms: &mut Terms, metadata: &mut Vec<Metadata>) {
        if self.subscription_interval {
            terms.subscription_interval = None;
        }
        if self.notes {
            terms.notes = None;
        }
        if self.allowed_ip_range {
            terms.allowed_ip_range = None;
        }
        for (clears, list) in [
            (self.allowed_ip_ranges, &mut terms.allowed_ip_ranges),
            (self.allowed_ip_addresses, &mut terms.allowed_ip_addresses),
            (
                self.disallowed_ip_addresses,
                &mut terms.disallowed_ip_addresses,
            ),
            (self.allowed_countries, &mut terms.allowed_countries),
            (self.disallowed_countries, &mut terms.disallowed_countries),
            (self.tags, &mut terms.tags),
        ] {
            if clears {
                list.clear();
            }
        }
        if self.metadata {
            metadata.clear();
        }
    }
}

impl LicenseInput {
    /// Refuses references to what this server does not have yet; an empty text or list refers to nothing.
    ///
    /// # Errors
    /// Names the field.
    pub fn refuse_unsupported(&self) -> Result<(), Problem> {
        let text = |value: &Option<String>| value.as_ref().is_some_and(|value| !value.is_empty());
        let list = |value: &Option<Vec<serde::de::IgnoredAny>>| {
            value.as_ref().is_some_and(|value| !value.is_empty())
        };
        let unsupported = [
            (
                "requireAuthentication",
                self.require_authentication == Some(true),
            ),
            ("meterAttributes", list(&self.meter_attributes)),
            ("additionalUserIds", list(&self.additional_user_ids)),
            ("user", self.user.is_some()),
            ("userId", text(&self.user_id)),
            ("resellerId", text(&self.reseller_id)),
            ("organizationId", text(&self.organization_id)),
            ("productVersionId", text(&self.product_version_id)),
            ("licensePolicyId", text(&self.license_policy_id)),
            ("licenseTemplateId", text(&self.license_template_id)),
            ("entitlementSetId", text(&self.entitlement_set_id)),
            ("maintenancePolicyId", text(&self.maintenance_policy_id)),
            (
                "maxAllowedReleaseVersion",
                text(&self.max_allowed_release_version),
            ),
        ];
        match unsupported.iter().find(|(_, named)| *named) {
            Some((field, _)) => Err(Problem::new(
                Code::UnsupportedField,
                format!("`{field}` refers to something that this server does not have yet"),
            )),
            None => Ok(()),
        }
    }

    /// Lays the fields that an update may change over `terms`.
    pub fn lay_over(&self, terms: &mut Terms) {
        macro_rules! lay {
            ($($field:ident)*) => {$(
                if let Some(value) = &self.$field {
                    terms.$field = value.clone();
                }
            )*};
        }
        lay! {
            subscription_start_trigger fingerprint_matching_strategy
            allowed_activations allowed_deactivations allowed_floating_clients
            lease_duration allow_client_lease_duration
            server_sync_interval server_sync_grace_period allowed_clock_offset disable_clock_validation
            expiring_soon_event_offset allow_vm_activation allow_container_activation
            require_authentication disable_geo_location
            allowed_ip_ranges allowed_ip_addresses disallowed_ip_addresses allowed_countries disallowed_countries tags
        }
        terms.subscription_interval = self
            .subscription_interval
            .clone()
            .or(terms.subscription_interval.take());
        terms.notes = self
            .notes
            .clone()
            .or(terms.notes.take())
            .filter(|notes| !notes.is_empty());
        terms.allowed_ip_range = self
            .allowed_ip_range
            .clone()
            .or(terms.allowed_ip_range.take());
    }

    /// Lays the fields over `terms` that only a creation or an import sets.
    pub fn lay_over_fixed(&self, terms: &mut Terms) {
        terms.license_type = self.license_type.unwrap_or(terms.license_type);
        terms.validity = self.validity.unwrap_or(terms.validity);
        terms.expiration_strategy = self
            .expiration_strategy
            .unwrap_or(terms.expiration_strategy);
        terms.leasing_strategy = self.leasing_strategy.unwrap_or(terms.leasing_strategy);
        terms.user_locked = self.user_locked.unwrap_or(terms.user_locked);
    }

    /// Refuses an update of a field that cannot change, unless it says what is so already: clients send back whole licenses.
    ///
    /// # Errors
    /// Names the field.
    pub fn refuse_immutable(&self, license: &License) -> Result<(), Problem> {
        let terms = &license.terms;
        let changed = [
            (
                "productId",
                self.product_id
                    .is_some_and(|value| value != license.product_id),
            ),
            (
                "createdAt",
                self.created_at
                    .is_some_and(|value| value != license.created_at),
            ),
            (
                "type",
                self.license_type
                    .is_some_and(|value| value != terms.license_type),
            ),
            (
                "validity",
                self.validity.is_some_and(|value| value != terms.validity),
            ),
            (
                "expirationStrategy",
                self.expiration_strategy
                    .is_some_and(|value| value != terms.expiration_strategy),
            ),
            (
                "leasingStrategy",
                self.leasing_strategy
                    .is_some_and(|value| value != terms.leasing_strategy),
            ),
            (
                "userLocked",
                self.user_locked
                    .is_some_and(|value| value != terms.user_locked),
            ),
            (
                "expiresAt",
                self.expires_at
                    .flatten()
                    .is_some_and(|value| Some(value) != license.expires_at),
            ),
        ];
        match changed.iter().find(|(_, changes)| *changes) {
            Some((field, _)) => Err(Problem::new(
                Code::ImmutableField,
                format!("`{field}` cannot be changed by an update"),
            )),
            None => Ok(()),
        }
    }
}

/// A license as the API answers it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LicenseView<'a> {
    key: &'a str,
    revoked: bool,
    suspended: bool,
    total_activations: u64,
    total_deactivations: u64,
    #[serde(flatten)]
    terms: &'a Terms,
    expires_at: Option<Timestamp>,
    activated_at: Option<Timestamp>,
    product_id: ProductId,
    product_version_id: Option<&'a str>,
    user: Option<&'a str>,
    reseller: Option<&'a str>,
    organization: Option<&'a str>,
    additional_user_ids: [&'a str; 0],
    metadata: Vec<MetadataView<'a>>,
    meter_attributes: [&'a str; 0],
    id: LicenseId,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A metadata entry as the API answers it, with both forms of who sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetadataView<'a> {
    id: MetadataId,
    created_at: Timestamp,
    updated_at: Timestamp,
    key: &'a str,
    value: &'a str,
    visible: bool,
    view_permissions: &'a [String],
}

impl<'a> From<&'a Metadata> for MetadataView<'a> {
    fn from(entry: &'a Metadata) -> Self {
        Self {
            id: entry.id,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
            key: &entry.key,
            value: &entry.value,
            visible: !entry.view_permissions.is_empty(),
            view_permissions: &entry.view_permissions,
        }
    }
}

impl<'a> From<&'a License> for LicenseView<'a> {
    fn from(license: &'a License) -> Self {
        Self {
            key: license.key.as_str(),
            revoked: license.revoked,
            suspended: license.suspended,
            total_activations: license.totals.activations,
            total_deactivations: license.totals.deactivations,
            terms: &license.terms,
            expires_at: license.expires_at,
            activated_at: license.activated_at,
            product_id: license.product_id,
            product_version_id: None,
            user: None,
            reseller: None,
            organization: None,
            additional_user_ids: [],
            metadata: license.metadata.iter().map(MetadataView::from).collect(),
            meter_attributes: [],
            id: license.id,
            created_at: license.created_at,
            updated_at: license.updated_at,
        }
    }
}
