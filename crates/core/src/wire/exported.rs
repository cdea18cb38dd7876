//! The lines of an export, and of an import: a document each, with the name of its resource.
//!
//! A line of ours says so by `form`: its document is then read strictly, as it is stored. One that says nothing is a
//! document from elsewhere, as requests send it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::product::TokenKeyInput;
use super::stored::{StoredLicense, StoredMeterTotals};
use crate::id::{ActivationLogId, EventLogId, LicenseId, ProductId, RequestId};
use crate::license::Totals;
use crate::product::Algorithm;
use crate::time::Timestamp;

/// The form of the documents that this version exports.
pub const FORM: u32 = 1;

/// What a line is of, in the order in which an export has them: each refers to those before it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    SigningKeys,
    #[serde(alias = "license-policy")]
    LicenseTemplate,
    Product,
    User,
    Tag,
    AccessToken,
    License,
    Activation,
    Deleted,
    EventLog,
    ActivationLog,
}

/// A line that was read: its document is still a text.
#[derive(Debug, Deserialize)]
pub struct ImportLine {
    pub resource: Resource,
    pub form: Option<u32>,
    pub data: Box<RawValue>,
    /// What is counted beside a license's document, or known beside an access token's.
    pub beside: Option<Box<RawValue>>,
}

/// A line on its way out.
#[derive(Debug, Serialize)]
pub struct ExportLine<'a, T, B = ()> {
    pub resource: Resource,
    pub form: u32,
    pub data: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<B>,
}

/// What a license counted. Its activations are lines of their own, which are counted as they come in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedTotals {
    deactivations: u64,
    meters: StoredMeterTotals,
}

impl From<&Totals> for ExportedTotals {
    fn from(totals: &Totals) -> Self {
        Self {
            deactivations: totals.deactivations,
            meters: StoredMeterTotals::from(totals),
        }
    }
}

impl From<ExportedTotals> for Totals {
    fn from(totals: ExportedTotals) -> Self {
        Self {
            activations: 0,
            deactivations: totals.deactivations,
            meters: totals.meters.into(),
        }
    }
}

/// How a product signs: the key that it gets where no key comes with it is of this kind.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedAlgorithm {
    pub token_algorithm: Algorithm,
}

/// What lets a token's holder in, and when it last did. The text of a token is known to its holder alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedDigest {
    pub digest: String,
    pub last_used_at: Option<Timestamp>,
}

/// Something that was deleted, so that it can be told from what was never known.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedTombstone {
    pub kind: String,
    pub id: String,
    pub deleted_at: Timestamp,
    /// A license, as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<StoredLicense>,
}

/// An entry of the event log, as its row has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedEvent {
    pub id: EventLogId,
    pub created_at: Timestamp,
    pub request_id: RequestId,
    pub actor: String,
    pub address: Option<String>,
    pub action: String,
    pub resource: String,
    pub resource_id: String,
    pub changes: Box<RawValue>,
}

/// An entry of the activation log, as its row has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedActivationLog {
    pub id: ActivationLogId,
    pub created_at: Timestamp,
    pub action: String,
    pub product_id: ProductId,
    pub license_id: LicenseId,
    pub document: Box<RawValue>,
}

/// The signing keys of all products, encrypted to a passphrase.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedKeys {
    /// An age file (<https://age-encryption.org/v1>) with its ASCII armor: it holds the lines of `ProductKeys`.
    pub age: String,
}

/// The signing keys of a product, the one that signs first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProductKeys {
    pub product_id: ProductId,
    pub token_keys: Vec<TokenKeyInput>,
}

/// How many lines of each resource were imported.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ImportCounts {
    pub license_templates: u64,
    pub products: u64,
    pub users: u64,
    pub tags: u64,
    pub access_tokens: u64,
    pub licenses: u64,
    pub activations: u64,
    pub deleted: u64,
    pub event_logs: u64,
    pub activation_logs: u64,
}

impl ImportCounts {
    /// Counts a line.
    pub fn count(&mut self, resource: Resource) {
        let count = match resource {
            Resource::SigningKeys => return,
            Resource::LicenseTemplate => &mut self.license_templates,
            Resource::Product => &mut self.products,
            Resource::User => &mut self.users,
            Resource::Tag => &mut self.tags,
            Resource::AccessToken => &mut self.access_tokens,
            Resource::License => &mut self.licenses,
            Resource::Activation => &mut self.activations,
            Resource::Deleted => &mut self.deleted,
            Resource::EventLog => &mut self.event_logs,
            Resource::ActivationLog => &mut self.activation_logs,
        };
        *count = count.saturating_add(1);
    }
}

impl ImportCounts {
    /// Adds what another slice has counted.
    pub fn add(&mut self, more: &Self) {
        let sum = u64::saturating_add;
        *self = Self {
            license_templates: sum(self.license_templates, more.license_templates),
            products: sum(self.products, more.products),
            users: sum(self.users, more.users),
            tags: sum(self.tags, more.tags),
            access_tokens: sum(self.access_tokens, more.access_tokens),
            licenses: sum(self.licenses, more.licenses),
            activations: sum(self.activations, more.activations),
            deleted: sum(self.deleted, more.deleted),
            event_logs: sum(self.event_logs, more.event_logs),
            activation_logs: sum(self.activation_logs, more.activation_logs),
        };
    }
}
