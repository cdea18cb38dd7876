//! The statement: what a vendor publishes of a license, signed with the account's Ed25519 statement key.

use ed25519_dalek::{Signer, SigningKey};
use serde::Serialize;

use crate::claims::Statement;
use crate::jws::{Compact, TokenFault, join_signature, read_object, signing_input};
use crate::key::VerifyingKey;
use crate::key_set::KeySet;
use crate::product::Algorithm;

/// The `typ` of a statement's header: what keeps it from being taken for an activation token.
const TYP: &str = "license-statement+jwt";

/// The statement key: derived by the host from its master secret.
#[derive(Clone)]
pub struct StatementKey {
    key: SigningKey,
    kid: String,
}

impl StatementKey {
    /// Makes the key out of its 32 secret bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let kid = VerifyingKey::Ed25519(key.verifying_key()).kid();
        Self { key, kid }
    }

    /// Returns the public half.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey::Ed25519(self.key.verifying_key())
    }

    /// Returns the key's name in headers.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Signs a statement. The same statement gives the same text.
    #[must_use]
    pub fn sign(&self, statement: &Statement) -> String {
        self.sign_claims(TYP, statement)
    }

    /// Signs claims, whose `typ` says what they are.
    pub(crate) fn sign_claims(&self, typ: &str, claims: &impl Serialize) -> String {
        // INVARIANT: a struct of texts, numbers and flags always serializes.
        let claims = serde_json::to_vec(claims).unwrap_or_default();
        let input = signing_input(Algorithm::EdDSA, &self.kid, typ, &claims);
        let signature = self.key.sign(input.as_bytes()).to_bytes();
        join_signature(&input, &signature)
    }
}

impl std::fmt::Debug for StatementKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatementKey({})", self.kid)
    }
}

impl Statement {
    /// Checks a published statement with the account's statement keys, then reads it.
    ///
    /// # Errors
    /// Says what is wrong with the text, its key or its signature.
    pub fn verify(text: &str, keys: &KeySet) -> Result<Self, TokenFault> {
        let compact = Compact::parse(text)?;
        compact.refuse_other_than(TYP)?;
        let payload = compact.verify(keys)?;
        read_object(&payload).map_err(|reason| TokenFault::Claims { reason })
    }
}
