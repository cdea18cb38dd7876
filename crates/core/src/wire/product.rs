//! Products on the wire.

use serde::{Deserialize, Serialize};

use super::license::{MetadataInput, MetadataView};
use crate::id::ProductId;
use crate::product::{Algorithm, Product};
use crate::time::Timestamp;

/// What a request says of a product: to create or to import one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProductInput {
    pub id: Option<ProductId>,
    pub name: Option<String>,
    pub display_name: Option<String>,
    pub description: Option<String>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub token_algorithm: Option<Algorithm>,
    pub token_keys: Option<Vec<TokenKeyInput>>,
    pub license_policy_id: Option<String>,
    pub trial_policy_id: Option<String>,
    pub email_templates: Option<Vec<serde::de::IgnoredAny>>,
    pub metadata: Option<Vec<MetadataInput>>,
}

/// A key that an imported product brings.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenKeyInput {
    pub algorithm: Algorithm,
    /// PKCS #8, PEM.
    pub private_key: String,
}

impl std::fmt::Debug for TokenKeyInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenKeyInput({})", self.algorithm.as_str())
    }
}

/// A product as the API answers it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductView<'a> {
    id: ProductId,
    created_at: Timestamp,
    updated_at: Timestamp,
    name: &'a str,
    display_name: &'a str,
    description: &'a str,
    public_key: Option<&'a str>,
    token_algorithm: Option<Algorithm>,
    total_licenses: u64,
    total_trial_activations: u64,
    total_releases: u64,
    total_product_versions: u64,
    total_feature_flags: u64,
    email_templates: [&'a str; 0],
    license_policy: Option<&'a str>,
    trial_policy: Option<&'a str>,
    metadata: Vec<MetadataView<'a>>,
}

impl<'a> ProductView<'a> {
    /// Makes the view of a product with its number of licenses.
    #[must_use]
    pub fn new(product: &'a Product, total_licenses: u64) -> Self {
        let key = product.signing_key();
        Self {
            id: product.id,
            created_at: product.created_at,
            updated_at: product.updated_at,
            name: &product.name,
            display_name: &product.display_name,
            description: &product.description,
            public_key: key.map(|key| key.public_key.as_str()),
            token_algorithm: key.map(|key| key.algorithm),
            total_licenses,
            total_trial_activations: 0,
            total_releases: 0,
            total_product_versions: 0,
            total_feature_flags: 0,
            email_templates: [],
            license_policy: None,
            trial_policy: None,
            metadata: product.metadata.iter().map(MetadataView::from).collect(),
        }
    }
}
