//! A product: what licenses are for, and the keys that sign its tokens.

use serde::{Deserialize, Serialize};

use crate::code::Problem;
use crate::id::{ProductId, TemplateId};
use crate::limits::{fits, name};
use crate::metadata::Metadata;
use crate::time::Timestamp;

const TEXT_LIMIT: usize = 256;
const DESCRIPTION_LIMIT: usize = 4_096;

/// How a key signs. It belongs to the key, never to a token's header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 and 2048 bits: what existing clients verify.
    #[default]
    RS256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDSA,
}

impl Algorithm {
    /// Returns the name in a token's header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// A key that signs or once signed a product's tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenKey {
    /// Its name in a token's header.
    pub kid: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The public half, as SPKI PEM.
    pub public_key: String,
    /// The private half as PKCS #8, wrapped with the master key; a text that only the vault reads.
    pub wrapped: String,
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenKey({} {})", self.algorithm.as_str(), self.kid)
    }
}

/// A product: facts only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its name among the vendor's products.
    pub name: String,
    /// Its name for customers.
    pub display_name: String,
    /// What it is.
    pub description: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows with every change, as a license's does.
    pub version: i64,
    /// Its keys; the first one signs, all verify.
    pub keys: Vec<TokenKey>,
    /// The template that its licenses are created from, unless a request names another; else the built-in one.
    pub template_id: Option<TemplateId>,
    /// The vendor's own fields.
    pub metadata: Vec<Metadata>,
}

impl Product {
    /// Checks names, texts and metadata.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(&self) -> Result<(), Problem> {
        name("name", &self.name, TEXT_LIMIT)?;
        for (field, text, limit) in [
            ("displayName", &self.display_name, TEXT_LIMIT),
            ("description", &self.description, DESCRIPTION_LIMIT),
        ] {
            fits(text, limit).map_err(|reason| Problem::field(field, reason))?;
        }
        Metadata::check(&self.metadata)
    }

    /// Returns the key that signs.
    #[must_use]
    pub fn signing_key(&self) -> Option<&TokenKey> {
        self.keys.first()
    }
}
