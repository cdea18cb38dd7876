//! A license as the API answers it.

use serde::Serialize;

use super::metadata::MetadataView;
use super::meter::MeterView;
use super::user::UserView;
use crate::id::{LicenseId, ProductId, TemplateId, UserId};
use crate::license::{License, Pending};
use crate::terms::Terms;
use crate::time::{Seconds, Timestamp};
use crate::user::User;

/// A license as the API answers it, with its owner.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    effective_at: Option<Timestamp>,
    pending_extension: Option<PendingView>,
    product_id: ProductId,
    product_version_id: Option<&'a str>,
    license_template_id: Option<TemplateId>,
    license_policy_id: Option<TemplateId>,
    user: Option<UserView<'a>>,
    reseller: Option<&'a str>,
    organization: Option<&'a str>,
    additional_user_ids: &'a [UserId],
    metadata: Vec<MetadataView<'a>>,
    meter_attributes: Vec<MeterView<'a>>,
    id: LicenseId,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What was added to a term that begins with the first activation.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct PendingView {
    renewals: u32,
    extension_length: Seconds,
}

impl PendingView {
    fn of(pending: Pending) -> Option<Self> {
        (pending != Pending::default()).then_some(Self {
            renewals: pending.renewals,
            extension_length: pending.seconds,
        })
    }
}

impl<'a> LicenseView<'a> {
    /// Makes the view of a license with its owner, if it has one.
    #[must_use]
    pub fn new(license: &'a License, owner: Option<&'a User>) -> Self {
        let totals = |id| license.totals.meters.get(&id).copied().unwrap_or_default();
        let meters = license.meters.iter();
        Self {
            key: license.key.as_str(),
            revoked: license.revoked,
            suspended: license.suspended,
            total_activations: license.totals.activations,
            total_deactivations: license.totals.deactivations,
            terms: &license.terms,
            expires_at: license.expires_at,
            activated_at: license.activated_at,
            effective_at: license.effective_at,
            pending_extension: PendingView::of(license.pending),
            product_id: license.product_id,
            product_version_id: None,
            license_template_id: license.template_id,
            license_policy_id: license.template_id,
            user: owner.map(UserView::from),
            reseller: None,
            organization: None,
            additional_user_ids: &license.additional_user_ids,
            metadata: license.metadata.iter().map(MetadataView::from).collect(),
            meter_attributes: meters
                .map(|meter| MeterView::new(meter, totals(meter.id)))
                .collect(),
            id: license.id,
            created_at: license.created_at,
            updated_at: license.updated_at,
        }
    }
}
