//! Products on the wire.

use serde::{Deserialize, Serialize};

use super::license::clear;
use super::metadata::{MetadataInput, MetadataView};
use super::template::TemplateView;
use super::{lay_text, refuse_named};
use crate::code::Problem;
use crate::draw::Draw;
use crate::id::{ProductId, TemplateId};
use crate::json::is_null;
use crate::product::{Algorithm, Product};
use crate::template::Template;
use crate::time::Timestamp;

/// What a request says of a product: to create, to update or to import one.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ProductInput {
    pub id: Option<ProductId>,
    pub name: Option<String>,
    pub display_name: Option<String>,
    #[serde(deserialize_with = "crate::json::text")]
    pub description: Option<String>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub token_algorithm: Option<Algorithm>,
    pub token_keys: Option<Vec<TokenKeyInput>>,
    /// The older word for `licenseTemplateId`, which counts where both are said.
    pub license_policy_id: Option<TemplateId>,
    pub license_template_id: Option<TemplateId>,
    pub trial_policy_id: Option<String>,
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub email_templates: Option<Vec<serde::de::IgnoredAny>>,
    pub metadata: Option<Vec<MetadataInput>>,
}

impl ProductInput {
    /// Makes a new product out of the request, without keys.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn create(&self, draw: &mut Draw, now: Timestamp) -> Result<Product, Problem> {
        let blank = Product {
            id: self.id.unwrap_or_else(|| draw.id()),
            name: String::new(),
            display_name: String::new(),
            description: String::new(),
            created_at: now,
            updated_at: now,
            version: now.unix_milliseconds(),
            keys: Vec::new(),
            template_id: None,
            metadata: Vec::new(),
        };
        self.update(&blank, draw, now)
    }

    /// Lays the request over a product; `Product::revised` tells whether that changes it. A product is shown under its name
    /// until it has another one to show.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn update(
        &self,
        known: &Product,
        draw: &mut Draw,
        now: Timestamp,
    ) -> Result<Product, Problem> {
        self.refuse_unsupported()?;
        let mut product = known.clone();
        if let Some(name) = &self.name {
            name.trim().clone_into(&mut product.name);
        }
        lay_text(&mut product.display_name, self.display_name.as_ref());
        if product.display_name.is_empty() {
            product.display_name.clone_from(&product.name);
        }
        lay_text(&mut product.description, self.description.as_ref());
        product.template_id = self.template().or(known.template_id);
        if let Some(named) = &self.metadata {
            product.metadata = MetadataInput::laid_over(named, &known.metadata, draw, now);
        }
        product.check()?;
        Ok(product)
    }

    /// Drops the entries that the request's lists leave out, as a merge patch has it: a list is the whole of it.
    pub fn drop_unnamed(&self, product: &mut Product) {
        if let Some(named) = &self.metadata {
            MetadataInput::drop_unnamed(named, &mut product.metadata);
        }
    }

    /// Refuses an update of what cannot change, unless it says what is so already: clients send back whole products.
    ///
    /// # Errors
    /// Names the field.
    pub fn refuse_immutable(&self, product: &Product) -> Result<(), Problem> {
        let signs = product.signing_key().map(|key| key.algorithm);
        let keys = self.token_keys.as_ref();
        let changed = [
            ("id", self.id.is_some_and(|id| id != product.id)),
            (
                "createdAt",
                self.created_at.is_some_and(|at| at != product.created_at),
            ),
            (
                "tokenAlgorithm",
                self.token_algorithm.is_some() && self.token_algorithm != signs,
            ),
            ("tokenKeys", keys.is_some_and(|keys| !keys.is_empty())),
        ];
        match changed.iter().find(|(_, changed)| *changed) {
            Some((field, _)) => Err(Problem::immutable(field)),
            None => Ok(()),
        }
    }

    /// Returns the default template that the request names, under either name.
    #[must_use]
    pub fn template(&self) -> Option<TemplateId> {
        self.license_template_id.or(self.license_policy_id)
    }

    fn refuse_unsupported(&self) -> Result<(), Problem> {
        let templates = self.email_templates.as_ref();
        refuse_named(&[
            ("trialPolicyId", self.trial_policy_id.is_some()),
            (
                "emailTemplates",
                templates.is_some_and(|templates| !templates.is_empty()),
            ),
        ])
    }
}

/// What a merge patch clears of a product: present and null (RFC 7396).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NullableProductFields {
    #[serde(deserialize_with = "is_null")]
    pub description: bool,
    #[serde(deserialize_with = "is_null")]
    pub license_policy_id: bool,
    #[serde(deserialize_with = "is_null")]
    pub license_template_id: bool,
    /// The template as answers show it.
    #[serde(deserialize_with = "is_null")]
    pub license_policy: bool,
    #[serde(deserialize_with = "is_null")]
    pub metadata: bool,
}

impl NullableProductFields {
    /// Clears what the patch says to clear.
    pub fn clear(self, product: &mut Product) {
        clear(self.description, &mut product.description);
        clear(self.metadata, &mut product.metadata);
        let template = self.license_policy_id || self.license_template_id || self.license_policy;
        clear(template, &mut product.template_id);
    }
}

/// What a request says of a key to make.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct KeyInput {
    /// How it signs; as the key before it unless this says another way.
    pub algorithm: Option<Algorithm>,
    /// Whether it signs at once, which it does unless this says no.
    pub signs: Option<bool>,
}

/// A key that an imported product brings.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    license_policy: Option<TemplateView<'a>>,
    trial_policy: Option<&'a str>,
    metadata: Vec<MetadataView<'a>>,
}

impl<'a> ProductView<'a> {
    /// Makes the view of a product with its number of licenses and its default template.
    #[must_use]
    pub fn new(product: &'a Product, total_licenses: u64, template: Option<&'a Template>) -> Self {
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
            license_policy: template.map(TemplateView::from),
            trial_policy: None,
            metadata: product.metadata.iter().map(MetadataView::from).collect(),
        }
    }
}
