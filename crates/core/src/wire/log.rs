//! The logs on the wire: what happened to resources, and what machines did.

use serde::Serialize;
use serde_json::value::RawValue;

use super::activation::{ActivationMetadata, LocationView};
use super::user::UserView;
use crate::activation::Activation;
use crate::id::{ActivationLogId, EventLogId, LicenseId, ProductId};
use crate::time::Timestamp;

/// An entry of the event log as the API answers it: who did what, when, from where. `actor` and `requestId` are ours.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EventLogView<'a> {
    pub id: EventLogId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub resource: &'a str,
    pub action: &'a str,
    /// The stored list of `{propertyName, oldValue, newValue}`.
    pub changes: &'a RawValue,
    pub resource_id: &'a str,
    pub ip_address: Option<&'a str>,
    pub user: Option<UserView<'a>>,
    pub actor: &'a str,
    pub request_id: &'a str,
}

/// An entry of the activation log as the API answers it: an activation as it was when something happened to it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActivationLogView<'a> {
    id: ActivationLogId,
    created_at: Timestamp,
    updated_at: Timestamp,
    os: &'a str,
    os_version: Option<&'a str>,
    hostname: &'a str,
    action: &'a str,
    location: LocationView<'a>,
    vm_name: Option<&'a str>,
    container: bool,
    offline: bool,
    app_version: &'a str,
    metadata: Vec<ActivationMetadata>,
    license_id: LicenseId,
    product_id: Option<ProductId>,
}

impl<'a> ActivationLogView<'a> {
    /// Makes the view of an entry that was logged `at`.
    #[must_use]
    pub fn new(
        id: ActivationLogId,
        at: Timestamp,
        action: &'a str,
        activation: &'a Activation,
    ) -> Self {
        let device = &activation.device;
        Self {
            id,
            created_at: at,
            updated_at: at,
            os: &device.os,
            os_version: device.os_version.as_deref(),
            hostname: &device.hostname,
            action,
            location: LocationView::of(activation),
            vm_name: device.vm_name.as_deref(),
            container: device.container,
            offline: activation.offline,
            app_version: &device.app_version,
            metadata: ActivationMetadata::all(device),
            license_id: activation.license_id,
            product_id: activation.product_id,
        }
    }
}
