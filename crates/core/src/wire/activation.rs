//! Activations on the wire: what applications send, and what both sides are answered.

use serde::{Deserialize, Serialize};

use super::meter::{ActivationMeterInput, ActivationMeterView};
use super::user::UserView;
use crate::activation::{Activation, Device};
use crate::code::Problem;
use crate::id::{ActivationId, LicenseId, ProductId};
use crate::meter::{AskedUses, Meter};
use crate::time::{Seconds, Timestamp};
use crate::user::User;

/// What an application sends to activate and to sync. Clients send empty texts for what they lack. They may send
/// `accountId`, `clientVersion`, `email` and `password` besides, which nothing here asks for: so nothing reads them.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActivationRequest {
    pub key: String,
    pub product_id: String,
    pub os: Os,
    pub fingerprint: String,
    pub hostname: String,
    pub app_version: String,
    pub user_hash: String,
    pub os_version: Option<String>,
    pub vm_name: Option<String>,
    pub container: Option<bool>,
    pub lease_duration: Option<Seconds>,
    pub release_version: Option<String>,
    pub metadata: Option<Vec<ActivationMetadata>>,
    pub meter_attributes: Option<Vec<ActivationMeterInput>>,
}

/// What a client sends to deactivate: as much of an activation as it likes, since the id says which one it is.
/// What it does send must be so.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct DeactivationRequest {
    pub key: Option<String>,
    pub product_id: Option<String>,
    pub fingerprint: Option<String>,
}

/// A family of operating systems. The published schema has these five; a browser sends the one that it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Os {
    Windows,
    Linux,
    Macos,
    Android,
    Ios,
}

impl Os {
    fn as_str(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Linux => "linux",
            Self::Macos => "macos",
            Self::Android => "android",
            Self::Ios => "ios",
        }
    }
}

/// A field of the client's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActivationMetadata {
    pub key: String,
    pub value: String,
}

const TEXT_LIMIT: usize = 256;
const FINGERPRINT_LIMIT: usize = 4_096;
const METADATA_LIMIT: usize = 21;
const METER_LIMIT: usize = 50;
const METADATA_VALUE_LIMIT: usize = 4_096;

impl ActivationRequest {
    /// Reads the machine out of the request; empty texts are absent.
    ///
    /// # Errors
    /// Names the field that is missing or too long.
    pub fn device(&self) -> Result<Device, Problem> {
        if self.fingerprint.is_empty() {
            return Err(Problem::field("fingerprint", "it is empty"));
        }
        let texts = [
            ("fingerprint", &self.fingerprint, FINGERPRINT_LIMIT),
            ("hostname", &self.hostname, TEXT_LIMIT),
            ("appVersion", &self.app_version, TEXT_LIMIT),
            ("userHash", &self.user_hash, TEXT_LIMIT),
        ];
        let optional = [
            ("osVersion", &self.os_version),
            ("vmName", &self.vm_name),
            ("releaseVersion", &self.release_version),
        ];
        let optional = optional
            .into_iter()
            .filter_map(|(field, text)| Some((field, text.as_ref()?, TEXT_LIMIT)));
        for (field, text, limit) in texts.into_iter().chain(optional) {
            at_most(field, text, limit)?;
        }
        Ok(Device {
            os: self.os.as_str().to_owned(),
            os_version: self.os_version.clone(),
            fingerprint: self.fingerprint.clone(),
            vm_name: self.vm_name.clone(),
            container: self.container.unwrap_or(false),
            hostname: self.hostname.clone(),
            app_version: self.app_version.clone(),
            release_version: self.release_version.clone(),
            user_hash: self.user_hash.clone(),
            metadata: self.metadata()?,
        })
    }

    /// Returns the uses that are asked for; an empty list asks for none.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn asked_uses(&self) -> Result<Vec<AskedUses>, Problem> {
        let asked = self.meter_attributes.as_deref().unwrap_or_default();
        if asked.len() > METER_LIMIT {
            let reason = format!("it has more than {METER_LIMIT} entries");
            return Err(Problem::field("meterAttributes", reason));
        }
        asked.iter().map(ActivationMeterInput::asked).collect()
    }

    fn metadata(&self) -> Result<Vec<(String, String)>, Problem> {
        let entries = self.metadata.as_deref().unwrap_or_default();
        if entries.len() > METADATA_LIMIT {
            return Err(Problem::field(
                "metadata",
                format!("it has more than {METADATA_LIMIT} entries"),
            ));
        }
        for entry in entries {
            at_most("metadata.key", &entry.key, TEXT_LIMIT)?;
            at_most("metadata.value", &entry.value, METADATA_VALUE_LIMIT)?;
        }
        Ok(entries
            .iter()
            .map(|entry| (entry.key.clone(), entry.value.clone()))
            .collect())
    }
}

fn at_most(field: &str, text: &str, limit: usize) -> Result<(), Problem> {
    if text.chars().count() > limit {
        return Err(Problem::field(
            field,
            format!("it has more than {limit} characters"),
        ));
    }
    Ok(())
}

/// The answer to an activation or a sync. The host puts the signed token in.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActivationAnswer<'a> {
    /// The token.
    pub activation_token: &'a str,
}

/// An activation as management calls are answered.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActivationView<'a> {
    id: ActivationId,
    created_at: Timestamp,
    updated_at: Timestamp,
    os: &'a str,
    os_version: Option<&'a str>,
    hostname: &'a str,
    location: LocationView<'a>,
    vm_name: Option<&'a str>,
    container: bool,
    offline: bool,
    app_version: &'a str,
    release_version: Option<&'a str>,
    expires_at: Option<Timestamp>,
    metadata: Vec<ActivationMetadata>,
    license_id: LicenseId,
    product_id: Option<ProductId>,
    last_synced_at: Timestamp,
    lease_expires_at: Option<Timestamp>,
    meter_attributes: Vec<ActivationMeterView<'a>>,
    /// The license's owner, or null if it has none: there where it is asked for alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Option<UserView<'a>>>,
}

/// Where an activation was last seen. Clients parse every field, so those that are not known are null.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct LocationView<'a> {
    ip_address: Option<String>,
    country_code: Option<&'a str>,
    country_name: Option<&'a str>,
    region_code: Option<&'a str>,
    region_name: Option<&'a str>,
    city: Option<&'a str>,
    zip_code: Option<&'a str>,
    time_zone: Option<&'a str>,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl<'a> ActivationView<'a> {
    /// Makes the view of an activation with the meters of its license, which have the names; an activation that has counted
    /// nothing needs none.
    #[must_use]
    pub fn new(activation: &'a Activation, meters: &'a [Meter]) -> Self {
        let device = &activation.device;
        Self {
            id: activation.id,
            created_at: activation.created_at,
            updated_at: activation.updated_at,
            os: &device.os,
            os_version: device.os_version.as_deref(),
            hostname: &device.hostname,
            location: LocationView::of(activation),
            vm_name: device.vm_name.as_deref(),
            container: device.container,
            offline: activation.offline,
            app_version: &device.app_version,
            release_version: device.release_version.as_deref(),
            expires_at: activation.expires_at,
            metadata: ActivationMetadata::all(device),
            license_id: activation.license_id,
            product_id: activation.product_id,
            last_synced_at: activation.last_synced_at,
            lease_expires_at: activation.lease_expires_at,
            meter_attributes: ActivationMeterView::all(&activation.meters, meters),
            user: None,
        }
    }

    /// Adds the owner of its license.
    #[must_use]
    pub fn with_owner(mut self, owner: Option<&'a User>) -> Self {
        self.user = Some(owner.map(UserView::from));
        self
    }
}

impl ActivationMetadata {
    /// Returns what a machine says of its own.
    pub(super) fn all(device: &Device) -> Vec<Self> {
        let entries = device.metadata.iter();
        entries
            .map(|(key, value)| Self {
                key: key.clone(),
                value: value.clone(),
            })
            .collect()
    }
}

impl<'a> LocationView<'a> {
    pub(super) fn of(activation: &'a Activation) -> Self {
        let area = &activation.area;
        let degrees = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
        Self {
            ip_address: activation.address.map(|address| address.to_string()),
            country_code: activation.country.as_deref(),
            country_name: None,
            region_code: area.region_code.as_deref(),
            region_name: area.region_name.as_deref(),
            city: area.city.as_deref(),
            zip_code: area.zip_code.as_deref(),
            time_zone: area.time_zone.as_deref(),
            latitude: degrees(&area.latitude).filter(|degrees: &f64| degrees.is_finite()),
            longitude: degrees(&area.longitude).filter(|degrees: &f64| degrees.is_finite()),
        }
    }
}
