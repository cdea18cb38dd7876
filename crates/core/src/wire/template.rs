//! License templates on the wire; the older word for one is license policy.

use serde::{Deserialize, Serialize};

use super::license::{NullableFields, clear};
use super::refuse_named;
use super::terms::{lay_optional, settle_type, with_terms};
use crate::code::Problem;
use crate::draw::Draw;
use crate::id::TemplateId;
use crate::json::is_null;
use crate::template::Template;
use crate::terms::Terms;
use crate::time::Timestamp;

with_terms! {
    /// What a request says of a license template. What it does not say is the built-in template's on creation, and stays on
    /// an update.
    pub struct TemplateInput {
        pub id: Option<TemplateId>,
        pub created_at: Option<Timestamp>,
        pub updated_at: Option<Timestamp>,
        pub name: Option<String>,
        /// An empty text is the standard form.
        #[serde(deserialize_with = "crate::json::text")]
        pub key_pattern: Option<String>,
        pub required_metadata_keys: Option<Vec<String>>,
        pub required_meter_attributes: Option<Vec<String>>,
    }
}

impl TemplateInput {
    /// Makes a new template out of the request, unchecked.
    ///
    /// # Errors
    /// Refuses what this server does not have.
    pub fn create(&self, draw: &mut Draw, now: Timestamp) -> Result<Template, Problem> {
        self.update(&Template {
            id: self.id.unwrap_or_else(|| draw.id()),
            created_at: now,
            updated_at: now,
            version: now.unix_milliseconds(),
            name: String::new(),
            terms: Terms::default(),
            key_pattern: None,
            required_metadata_keys: Vec::new(),
            required_meter_attributes: Vec::new(),
        })
    }

    /// Refuses an update of what cannot change, unless it says what is so already: clients send back whole templates.
    ///
    /// # Errors
    /// Names the field.
    pub fn refuse_immutable(&self, template: &Template) -> Result<(), Problem> {
        if self.id.is_some_and(|id| id != template.id) {
            return Err(Problem::immutable("id"));
        }
        if self.created_at.is_some_and(|at| at != template.created_at) {
            return Err(Problem::immutable("createdAt"));
        }
        Ok(())
    }

    /// Lays the request over a template, unchecked.
    ///
    /// # Errors
    /// Refuses what this server does not have.
    pub fn update(&self, known: &Template) -> Result<Template, Problem> {
        let authenticates = self.require_authentication == Some(true);
        refuse_named(&[("requireAuthentication", authenticates)])?;
        let mut template = known.clone();
        self.lay_over_fixed(&mut template.terms);
        settle_type(&mut template.terms);
        self.lay_over(&mut template.terms);
        lay_optional(&mut template.key_pattern, self.key_pattern.as_ref());
        if let Some(name) = &self.name {
            name.trim().clone_into(&mut template.name);
        }
        if let Some(keys) = &self.required_metadata_keys {
            template.required_metadata_keys.clone_from(keys);
        }
        if let Some(names) = &self.required_meter_attributes {
            template.required_meter_attributes.clone_from(names);
        }
        Ok(template)
    }
}

/// What a merge patch clears of a template: present and null (RFC 7396).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NullableTemplateFields {
    #[serde(deserialize_with = "is_null")]
    pub key_pattern: bool,
    #[serde(deserialize_with = "is_null")]
    pub required_metadata_keys: bool,
    #[serde(deserialize_with = "is_null")]
    pub required_meter_attributes: bool,
}

impl NullableTemplateFields {
    /// Clears what the patch says to clear; `terms` says it of the fields that licenses have too.
    pub fn clear(self, terms: NullableFields, template: &mut Template) {
        terms.clear_terms(&mut template.terms);
        clear(self.key_pattern, &mut template.key_pattern);
        clear(
            self.required_metadata_keys,
            &mut template.required_metadata_keys,
        );
        clear(
            self.required_meter_attributes,
            &mut template.required_meter_attributes,
        );
    }
}

/// A license template as the API answers it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TemplateView<'a> {
    id: TemplateId,
    created_at: Timestamp,
    updated_at: Timestamp,
    name: &'a str,
    #[serde(flatten)]
    terms: &'a Terms,
    key_pattern: Option<&'a str>,
    required_metadata_keys: &'a [String],
    required_meter_attributes: &'a [String],
}

impl<'a> From<&'a Template> for TemplateView<'a> {
    fn from(template: &'a Template) -> Self {
        Self {
            id: template.id,
            created_at: template.created_at,
            updated_at: template.updated_at,
            name: &template.name,
            terms: &template.terms,
            key_pattern: template.key_pattern.as_deref(),
            required_metadata_keys: &template.required_metadata_keys,
            required_meter_attributes: &template.required_meter_attributes,
        }
    }
}
