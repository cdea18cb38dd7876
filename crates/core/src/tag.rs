//! A tag: a name that licenses and users are marked with, and what it means.

use crate::code::Problem;
use crate::id::TagId;
use crate::limits::{fits, name};
use crate::time::Timestamp;

const NAME_LIMIT: usize = 256;
const DESCRIPTION_LIMIT: usize = 4_096;

/// A tag: facts only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows with every change, as a license's does.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: String,
}

impl Tag {
    /// Checks both texts.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(&self) -> Result<(), Problem> {
        name("name", &self.name, NAME_LIMIT)?;
        fits(&self.description, DESCRIPTION_LIMIT)
            .map_err(|reason| Problem::field("description", reason))?;
        Ok(())
    }
}
