//! Tags on the wire.

use serde::{Deserialize, Serialize};

use super::lay_text;
use super::license::clear;
use crate::code::Problem;
use crate::draw::Draw;
use crate::id::TagId;
use crate::json::is_null;
use crate::tag::Tag;
use crate::time::Timestamp;

/// What a request says of a tag.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TagInput {
    pub id: Option<TagId>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub name: Option<String>,
    #[serde(deserialize_with = "crate::json::text")]
    pub description: Option<String>,
}

impl TagInput {
    /// Makes a new tag out of the request.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn create(&self, draw: &mut Draw, now: Timestamp) -> Result<Tag, Problem> {
        self.update(&Tag {
            id: self.id.unwrap_or_else(|| draw.id()),
            created_at: now,
            updated_at: now,
            version: now.unix_milliseconds(),
            name: String::new(),
            description: String::new(),
        })
    }

    /// Lays the request over a tag; `Tag::revised` tells whether that changes it.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn update(&self, known: &Tag) -> Result<Tag, Problem> {
        let mut tag = known.clone();
        if let Some(name) = &self.name {
            name.trim().clone_into(&mut tag.name);
        }
        lay_text(&mut tag.description, self.description.as_ref());
        tag.check()?;
        Ok(tag)
    }

    /// Refuses an update of what cannot change, unless it says what is so already: clients send back whole tags.
    ///
    /// # Errors
    /// Names the field.
    pub fn refuse_immutable(&self, tag: &Tag) -> Result<(), Problem> {
        if self.id.is_some_and(|id| id != tag.id) {
            return Err(Problem::immutable("id"));
        }
        if self.created_at.is_some_and(|at| at != tag.created_at) {
            return Err(Problem::immutable("createdAt"));
        }
        Ok(())
    }
}

/// What a merge patch clears of a tag: present and null (RFC 7396).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NullableTagFields {
    #[serde(deserialize_with = "is_null")]
    pub description: bool,
}

impl NullableTagFields {
    /// Clears what the patch says to clear.
    pub fn clear(self, tag: &mut Tag) {
        clear(self.description, &mut tag.description);
    }
}

/// A tag as the API answers it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TagView<'a> {
    id: TagId,
    created_at: Timestamp,
    updated_at: Timestamp,
    name: &'a str,
    description: &'a str,
}

impl<'a> From<&'a Tag> for TagView<'a> {
    fn from(tag: &'a Tag) -> Self {
        Self {
            id: tag.id,
            created_at: tag.created_at,
            updated_at: tag.updated_at,
            name: &tag.name,
            description: &tag.description,
        }
    }
}
