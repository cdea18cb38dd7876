//! The statement: what a vendor publishes of a license, signed with the account's Ed25519 statement key.

use ed25519_dalek::{Signer, SigningKey};
use serde::Serialize;

use crate::claims::{Statement, StatementFacts};
use crate::jws::{
    Compact, TokenFault, join_signature, json_of, members, misfit, read_object, signing_input,
    verified,
};
use crate::key::VerifyingKey;
use crate::key_set::KeySet;
use crate::license::Standing;
use crate::product::Algorithm;
use crate::status_code::StatusCode;
use crate::time::Timestamp;

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
        join_signature(&input, &self.sign_bytes(input.as_bytes()))
    }

    /// Signs bytes, whose form says that they are no statement.
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
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
        read_object(&verified(text, TYP, keys)?).map_err(misfit)
    }

    /// Reads a statement of ours that comes from where nobody else writes: its signature is not looked at.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn trusted(text: &str) -> Result<Self, TokenFault> {
        read_object(&Compact::parse(text)?.unverified()?).map_err(misfit)
    }

    /// Returns the facts that the license's status follows from.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            revoked: self.revoked,
            suspended: self.suspended,
            expires_at: (self.eat != 0).then(|| Timestamp::from_unix_seconds(self.eat)),
        }
    }
}

impl StatementFacts {
    /// Checks a published statement with the account's statement keys, then reads what a client needs of it. The claims
    /// come with it as they were signed, byte for byte.
    ///
    /// # Errors
    /// Says what is wrong with the text, its key or its signature.
    pub fn verify(text: &str, keys: &KeySet) -> Result<(Self, String), TokenFault> {
        let json = json_of(verified(text, TYP, keys)?)?;
        let claims = members(&json, Self::MEMBERS)?;
        let facts = Self::read(&claims).map_err(|fault| misfit(fault.reason()))?;
        Ok((facts, json))
    }

    /// Returns what the license is to a client at `now`, in seconds since 1970: as in a license's own status, revoked
    /// outranks all but that there is none any more.
    #[must_use]
    pub fn status(&self, now: i64) -> StatusCode {
        if self.deleted {
            StatusCode::E_LICENSE_KEY
        } else if self.revoked {
            StatusCode::E_REVOKED
        } else if self.eat != 0 && self.eat < now {
            StatusCode::EXPIRED
        } else if self.suspended {
            StatusCode::SUSPENDED
        } else {
            StatusCode::OK
        }
    }

    /// The same to whoever asks about a `product`, if that is known, and was told a `status` besides. That may
    /// tell of a revocation or a suspension since: it restricts, and allows nothing.
    #[must_use]
    pub fn status_besides(&self, product: Option<&str>, status: &str, now: i64) -> StatusCode {
        if product.is_some_and(|product| product != self.pid) {
            return StatusCode::E_PRODUCT_ID;
        }
        match (self.status(now), status) {
            (deleted @ StatusCode::E_LICENSE_KEY, _) => deleted,
            (_, "revoked") => StatusCode::E_REVOKED,
            (StatusCode::OK, "suspended") => StatusCode::SUSPENDED,
            (said, _) => said,
        }
    }
}

impl KeySet {
    /// Returns a statement's facts if these keys signed it, and the same text is not verified again.
    ///
    /// # Errors
    /// As [`StatementFacts::verify`].
    pub fn statement(&self, text: &str) -> Result<StatementFacts, TokenFault> {
        if let Some(said) = self.known_statements().find(text) {
            return Ok(said);
        }
        let (said, _) = StatementFacts::verify(text, self)?;
        self.known_statements().remember(text, &said);
        Ok(said)
    }
}

#[cfg(test)]
mod tests;
