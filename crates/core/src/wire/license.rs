//! Licenses in requests: what may be named to create, to update and to import one.

use serde::Deserialize;

use super::metadata::MetadataInput;
use super::meter::MeterInput;
use super::refuse_named;
use super::terms::{settle_type, with_terms};
use crate::code::Problem;
use crate::draw::Draw;
use crate::id::{LicenseId, ProductId, TemplateId, UserId};
use crate::json::{is_null, nullable};
use crate::license::{Change, License};
use crate::terms::Terms;
use crate::time::{Seconds, Timestamp};

/// An extension is at most sixty-eight years: existing clients hold it as a 32-bit integer.
const LONGEST: i64 = 2_147_483_647;

with_terms! {
    /// What a request says of a license: to create, to update, or to import one. Absent and null are the same here;
    /// `NullableFields` tells them apart for `application/merge-patch+json`.
    pub struct LicenseInput {
        pub id: Option<LicenseId>,
        pub key: Option<String>,
        pub product_id: Option<ProductId>,
        pub created_at: Option<Timestamp>,
        pub updated_at: Option<Timestamp>,
        pub activated_at: Option<Timestamp>,
        pub effective_at: Option<Timestamp>,
        /// Absent, null and a date are three things here: a whole license may say that it has no end.
        #[serde(deserialize_with = "nullable")]
        pub expires_at: Option<Option<Timestamp>>,
        pub revoked: Option<bool>,
        pub suspended: Option<bool>,
        pub total_activations: Option<u64>,
        pub total_deactivations: Option<u64>,
        pub metadata: Option<Vec<MetadataInput>>,
        pub meter_attributes: Option<Vec<MeterInput>>,
        pub user_id: Option<UserId>,
        pub additional_user_ids: Option<Vec<UserId>>,
        /// The older word for `licenseTemplateId`, which counts where both are said.
        pub license_policy_id: Option<TemplateId>,
        pub license_template_id: Option<TemplateId>,
        pub reseller_id: Option<String>,
        pub organization_id: Option<String>,
        pub product_version_id: Option<String>,
        pub entitlement_set_id: Option<String>,
        pub maintenance_policy_id: Option<String>,
        pub max_allowed_release_version: Option<String>,
    }
}

/// How lists of named things are laid over those that a license has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merging {
    /// One that is named replaces its like, the others stay; an empty list empties. `application/json`.
    ByName,
    /// The list is the whole of it. `application/merge-patch+json` (RFC 7396).
    Whole,
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
    #[serde(deserialize_with = "is_null")]
    pub meter_attributes: bool,
    #[serde(deserialize_with = "is_null")]
    pub user_id: bool,
    #[serde(deserialize_with = "is_null")]
    pub additional_user_ids: bool,
    #[serde(deserialize_with = "is_null")]
    pub effective_at: bool,
}

impl NullableFields {
    /// Clears what the patch says to clear.
    pub fn clear(self, change: &mut Change) {
        let Change {
            terms,
            user_id,
            additional_user_ids,
            effective_at,
            metadata,
            meters,
            ..
        } = change;
        self.clear_terms(terms);
        clear(self.user_id, user_id);
        clear(self.additional_user_ids, additional_user_ids);
        clear(self.effective_at, effective_at);
        clear(self.metadata, metadata);
        clear(self.meter_attributes, meters);
    }

    /// Clears what the patch says to clear of terms.
    pub(super) fn clear_terms(self, terms: &mut Terms) {
        clear(self.subscription_interval, &mut terms.subscription_interval);
        clear(self.notes, &mut terms.notes);
        clear(self.allowed_ip_range, &mut terms.allowed_ip_range);
        clear(self.allowed_ip_ranges, &mut terms.allowed_ip_ranges);
        clear(self.allowed_ip_addresses, &mut terms.allowed_ip_addresses);
        clear(
            self.disallowed_ip_addresses,
            &mut terms.disallowed_ip_addresses,
        );
        clear(self.allowed_countries, &mut terms.allowed_countries);
        clear(self.disallowed_countries, &mut terms.disallowed_countries);
        clear(self.tags, &mut terms.tags);
    }
}

pub(super) fn clear<T: Default>(clears: bool, value: &mut T) {
    if clears {
        *value = T::default();
    }
}

impl LicenseInput {
    /// Refuses references to what this server does not have yet; an empty text refers to nothing.
    ///
    /// # Errors
    /// Names the field.
    pub fn refuse_unsupported(&self) -> Result<(), Problem> {
        refuse_named(&[
            (
                "requireAuthentication",
                self.require_authentication == Some(true),
            ),
            ("resellerId", self.reseller_id.is_some()),
            ("organizationId", self.organization_id.is_some()),
            ("productVersionId", self.product_version_id.is_some()),
            ("entitlementSetId", self.entitlement_set_id.is_some()),
            ("maintenancePolicyId", self.maintenance_policy_id.is_some()),
            (
                "maxAllowedReleaseVersion",
                self.max_allowed_release_version.is_some(),
            ),
        ])
    }

    /// Returns the template that the request names, under either name.
    #[must_use]
    pub fn template(&self) -> Option<TemplateId> {
        self.license_template_id.or(self.license_policy_id)
    }

    /// Returns the terms of a new license: the request's laid over its template's, unchecked. A request that says how many
    /// seconds a term lasts, and nothing of an interval, is not about the template's interval.
    #[must_use]
    pub fn new_terms(&self, mut template: Terms) -> Terms {
        if self.validity.is_some() {
            template.subscription_interval = None;
        }
        self.lay_over_fixed(&mut template);
        settle_type(&mut template);
        self.lay_over(&mut template);
        template
    }

    /// Lays the request over what is so already: fields, users, metadata by key, meters by name. The key is left.
    ///
    /// # Errors
    /// Names the field.
    pub fn lay_over_change(
        &self,
        change: &mut Change,
        merging: Merging,
        draw: &mut Draw,
        now: Timestamp,
    ) -> Result<(), Problem> {
        self.lay_over(&mut change.terms);
        change.user_id = self.user_id.or(change.user_id);
        change.effective_at = self.effective_at.or(change.effective_at);
        if let Some(users) = &self.additional_user_ids {
            change.additional_user_ids = each_once(users);
        }
        if let Some(named) = &self.metadata {
            let known = merging.keeps(named, &change.metadata);
            change.metadata = MetadataInput::merge(named, known, draw, now);
        }
        if let Some(named) = &self.meter_attributes {
            let known = merging.keeps(named, &change.meters);
            change.meters = MeterInput::merge(named, known, draw, now)?;
        }
        change.check()
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
                "licenseTemplateId",
                self.template()
                    .is_some_and(|value| Some(value) != license.template_id),
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
            Some((field, _)) => Err(Problem::immutable(field)),
            None => Ok(()),
        }
    }
}

impl Merging {
    /// Returns which of the known entries a list is laid over.
    fn keeps<'a, T, U>(self, named: &[T], known: &'a [U]) -> &'a [U] {
        if self == Self::Whole || named.is_empty() {
            &[]
        } else {
            known
        }
    }
}

fn each_once(users: &[UserId]) -> Vec<UserId> {
    let mut once = Vec::with_capacity(users.len());
    for user in users {
        if !once.contains(user) {
            once.push(*user);
        }
    }
    once
}

/// `POST /v3/licenses/{id}/extend`
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LicenseExtension {
    pub extension_length: Seconds,
}

impl LicenseExtension {
    /// Returns by how much the end moves.
    ///
    /// # Errors
    /// Refuses what is no extension.
    pub fn length(self) -> Result<Seconds, Problem> {
        crate::limits::within("extensionLength", self.extension_length.0, 1, LONGEST)?;
        Ok(self.extension_length)
    }
}

/// `PATCH /v3/licenses/{id}/expires-at`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ExpiresAtInput {
    #[serde(deserialize_with = "nullable")]
    pub expires_at: Option<Option<Timestamp>>,
}

impl ExpiresAtInput {
    /// Returns the end that is to be; null takes the end away, whatever the body's media type: the call is about nothing else.
    ///
    /// # Errors
    /// Refuses a request that does not say.
    pub fn end(self) -> Result<Option<Timestamp>, Problem> {
        self.expires_at
            .ok_or_else(|| Problem::field("expiresAt", "it is missing"))
    }
}
