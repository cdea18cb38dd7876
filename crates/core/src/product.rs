//! A product: what licenses are for, and the keys that sign its tokens.

use serde::{Deserialize, Serialize};

use crate::code::{Code, Problem};
use crate::id::{MetadataId, ProductId, TemplateId};
use crate::limits::{fits, name};
use crate::metadata::Metadata;
use crate::revision;
use crate::time::Timestamp;

const TEXT_LIMIT: usize = 256;
const DESCRIPTION_LIMIT: usize = 4_096;
/// Clients read every key of a product before they check one token.
const KEY_LIMIT: usize = 8;

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

    /// Refuses a further key where there are too many to add one.
    ///
    /// # Errors
    /// Says how many there may be.
    pub fn check_room(&self) -> Result<(), Problem> {
        if self.keys.len() < KEY_LIMIT {
            return Ok(());
        }
        let message = format!("a product has at most {KEY_LIMIT} keys; retire one first");
        Err(Problem::new(Code::KeyLimitReached, message))
    }

    /// Returns the product with one more key, which verifies and does not sign yet.
    #[must_use]
    pub fn with_key(&self, key: TokenKey) -> Self {
        let mut product = self.clone();
        product.keys.retain(|known| known.kid != key.kid);
        product.keys.push(key);
        product
    }

    /// Returns the product with a key of its own signing from now on; the others still verify.
    ///
    /// # Errors
    /// Says that it has no such key.
    pub fn signing_with(&self, kid: &str) -> Result<Self, Problem> {
        let mut product = self.clone();
        let place = self.place_of(kid)?;
        let key = product.keys.remove(place);
        product.keys.insert(0, key);
        Ok(product)
    }

    /// Returns the product without a key: what that key signed no longer verifies with the product's keys.
    ///
    /// # Errors
    /// Refuses the key that signs, and one that the product has not.
    pub fn without_key(&self, kid: &str) -> Result<Self, Problem> {
        if self.place_of(kid)? == 0 {
            let message = format!("the key `{kid}` signs the product's tokens");
            return Err(Problem::new(Code::KeyInUse, message));
        }
        let mut product = self.clone();
        product.keys.retain(|key| key.kid != kid);
        Ok(product)
    }

    fn place_of(&self, kid: &str) -> Result<usize, Problem> {
        let place = self.keys.iter().position(|key| key.kid == kid);
        place.ok_or_else(|| {
            let message = format!("the product has no key `{kid}`");
            Problem::new(Code::KeyNotFound, message)
        })
    }

    /// Returns the version of what is published once the product was deleted at `now`.
    #[must_use]
    pub fn version_when_deleted(&self, now: Timestamp) -> i64 {
        revision::after(self.version, self.updated_at, now).0
    }

    /// Returns the product without a metadata entry, or `None` if it has no such entry.
    #[must_use]
    pub fn without_metadata(&self, id: MetadataId) -> Option<Self> {
        let mut product = self.clone();
        product.metadata.retain(|entry| entry.id != id);
        (product.metadata.len() < self.metadata.len()).then_some(product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Draw, Seed};

    fn key(kid: &str) -> TokenKey {
        TokenKey {
            kid: kid.into(),
            algorithm: Algorithm::EdDSA,
            public_key: String::new(),
            wrapped: String::new(),
        }
    }

    fn product() -> Product {
        let now = Timestamp::from_unix_seconds(0);
        Product {
            id: Draw::new(Seed([1; 32])).id(),
            name: "Acme".into(),
            display_name: "Acme".into(),
            description: String::new(),
            created_at: now,
            updated_at: now,
            version: 0,
            keys: vec![key("first")],
            template_id: None,
            metadata: Vec::new(),
        }
    }

    fn kids(product: &Product) -> Vec<&str> {
        product.keys.iter().map(|key| key.kid.as_str()).collect()
    }

    #[test]
    fn a_new_key_signs_once_it_is_told_to_and_the_others_still_verify() {
        let product = product().with_key(key("second")).with_key(key("third"));
        assert_eq!(product.signing_key(), Some(&key("first")));
        let rotated = product.signing_with("third").unwrap();
        assert_eq!(kids(&rotated), ["third", "first", "second"]);
        assert_eq!(rotated.signing_with("third").as_ref(), Ok(&rotated));
        let unknown = rotated.signing_with("fourth").unwrap_err();
        assert_eq!(unknown.code, Code::KeyNotFound);
    }

    #[test]
    fn a_product_has_eight_keys_at_most() {
        let mut product = product();
        for number in 1..KEY_LIMIT {
            assert_eq!(product.check_room(), Ok(()));
            product = product.with_key(key(&number.to_string()));
        }
        let refused = product.check_room().unwrap_err();
        assert_eq!(refused.code, Code::KeyLimitReached);
    }

    #[test]
    fn a_key_is_retired_while_it_does_not_sign() {
        let product = product().with_key(key("second"));
        let code = |kid| product.without_key(kid).unwrap_err().code;
        assert_eq!(code("first"), Code::KeyInUse);
        assert_eq!(code("third"), Code::KeyNotFound);
        assert_eq!(kids(&product.without_key("second").unwrap()), ["first"]);
    }
}
