//! The vault: what the master secret protects. It wraps token keys, hides license keys in KV keys, and signs statements.
//!
//! One master key gives three independent keys by HKDF (RFC 5869). The first master key is in use; the others still open
//! what they wrapped and still verify, so that a master key is rotated by putting a new one in front.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, Payload};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac};
use licentia_core::{KeyFault, KeySet, StatementKey};
use sha2::Sha256;

/// Why the vault cannot open: the text never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The secret has another form.
    #[error(
        "the master keys must be `id:base64,…` with 32 bytes each and ids of 1 to 32 letters, digits, `-` or `_`"
    )]
    MalformedSecret,
    /// A wrapped text names no master key that is here, was changed, or was bound to something else.
    #[error("a wrapped key does not open with the master keys that are set")]
    Sealed,
}

/// The account's secrets.
pub struct Vault {
    current: Master,
    earlier: Vec<Master>,
}

struct Master {
    id: String,
    wrapping: [u8; 32],
    naming: [u8; 32],
    statement: StatementKey,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({})", self.current.id)
    }
}

impl Vault {
    /// Reads `id:base64,…`, the form of `LICENTIA_MASTER_KEYS`.
    ///
    /// # Errors
    /// Refuses any other form, and an id that stands twice.
    pub fn from_secrets(secrets: &str) -> Result<Self, VaultError> {
        let masters = secrets.split(',').map(|entry| Master::read(entry.trim()));
        let mut masters = masters
            .collect::<Option<Vec<_>>>()
            .ok_or(VaultError::MalformedSecret)?
            .into_iter();
        let current = masters.next().ok_or(VaultError::MalformedSecret)?;
        let vault = Self {
            current,
            earlier: masters.collect(),
        };
        let mut ids: Vec<&str> = vault.masters().map(|master| master.id.as_str()).collect();
        ids.sort_unstable();
        let repeated = ids.windows(2).any(|pair| matches!(pair, [a, b] if a == b));
        if repeated {
            Err(VaultError::MalformedSecret)
        } else {
            Ok(vault)
        }
    }

    /// Wraps a private key, bound to what `bound_to` says. `nonce` must be fresh.
    ///
    /// # Errors
    /// Fails only where the cipher does, which it does not for keys.
    pub fn wrap(
        &self,
        bound_to: &str,
        secret: &[u8],
        nonce: [u8; 12],
    ) -> Result<String, VaultError> {
        let payload = Payload {
            msg: secret,
            aad: bound_to.as_bytes(),
        };
        let sealed = self
            .current
            .cipher()
            .encrypt(&nonce.into(), payload)
            .map_err(|_cipher| VaultError::Sealed)?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        Ok(format!(
            "{}.{}",
            self.current.id,
            Base64UrlUnpadded::encode_string(&bytes)
        ))
    }

    /// Opens what `wrap` made.
    ///
    /// # Errors
    /// Refuses a text that was changed, that names no master key here, or that was bound to something else.
    pub fn unwrap(&self, bound_to: &str, wrapped: &str) -> Result<Vec<u8>, VaultError> {
        let (id, text) = wrapped.split_once('.').ok_or(VaultError::Sealed)?;
        let master = self
            .masters()
            .find(|master| master.id == id)
            .ok_or(VaultError::Sealed)?;
        let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_base64| VaultError::Sealed)?;
        let (nonce, sealed) = bytes.split_first_chunk::<12>().ok_or(VaultError::Sealed)?;
        let payload = Payload {
            msg: sealed,
            aad: bound_to.as_bytes(),
        };
        master
            .cipher()
            .decrypt(&(*nonce).into(), payload)
            .map_err(|_cipher| VaultError::Sealed)
    }

    /// Returns the id of the master key in use.
    #[must_use]
    pub fn current_id(&self) -> &str {
        &self.current.id
    }

    /// Says whether the master key in use has wrapped something.
    #[must_use]
    pub fn is_current(&self, wrapped: &str) -> bool {
        wrapped
            .split_once('.')
            .is_some_and(|(id, _)| id == self.current.id)
    }

    /// Returns the names that hide `license_key` in KV, that of the master key in use first.
    #[must_use]
    pub fn names_of(&self, license_key: &str) -> Vec<String> {
        self.masters()
            .map(|master| master.name(license_key))
            .collect()
    }

    /// Returns the key that signs statements.
    #[must_use]
    pub fn statement_key(&self) -> &StatementKey {
        &self.current.statement
    }

    /// Returns every statement key that still verifies, that in use first.
    pub fn statement_keys(&self) -> impl Iterator<Item = &StatementKey> {
        self.masters().map(|master| &master.statement)
    }

    /// Returns what verifies what they sign.
    ///
    /// # Errors
    /// Fails only where a key of the vault's own is none, which does not happen.
    pub fn statement_verifiers(&self) -> Result<KeySet, KeyFault> {
        let keys = self.statement_keys();
        let jwks: Vec<_> = keys.map(|key| key.verifying_key().to_jwk()).collect();
        KeySet::from_jwks(&jwks)
    }

    fn masters(&self) -> impl Iterator<Item = &Master> {
        std::iter::once(&self.current).chain(&self.earlier)
    }
}

impl Master {
    fn read(entry: &str) -> Option<Self> {
        let (id, text) = entry.split_once(':')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if id.is_empty() || id.len() > 32 || !id.bytes().all(plain) {
            return None;
        }
        let secret: [u8; 32] = Base64::decode_vec(text).ok()?.try_into().ok()?;
        let derivation = Hkdf::<Sha256>::new(None, &secret);
        let derive = |purpose: &str| {
            let mut key = [0; 32];
            derivation
                .expand(purpose.as_bytes(), &mut key)
                .ok()
                .map(|()| key)
        };
        Some(Self {
            id: id.to_owned(),
            wrapping: derive("licentia/1/wrap token keys")?,
            naming: derive("licentia/1/name license keys")?,
            statement: StatementKey::from_seed(&derive("licentia/1/sign statements")?),
        })
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&self.wrapping.into())
    }

    /// HMAC-SHA-256 of the license key, cut to 128 bits: enough to never meet another.
    fn name(&self, license_key: &str) -> String {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.naming) else {
            return String::new(); // INVARIANT: HMAC takes keys of every length.
        };
        let digest = mac
            .chain_update(license_key.as_bytes())
            .finalize()
            .into_bytes();
        Base64UrlUnpadded::encode_string(digest.get(..16).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "new:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    #[test]
    fn what_was_wrapped_opens_only_for_what_it_was_bound_to() {
        let vault = Vault::from_secrets(OLD).unwrap();
        let wrapped = vault
            .wrap("default/product/kid", b"secret", [1; 12])
            .unwrap();
        assert_eq!(
            vault.unwrap("default/product/kid", &wrapped).unwrap(),
            b"secret"
        );
        assert_eq!(
            vault.unwrap("default/product/other", &wrapped),
            Err(VaultError::Sealed)
        );
    }

    #[test]
    fn an_earlier_master_key_still_opens_and_a_missing_one_does_not() {
        let wrapped = Vault::from_secrets(OLD)
            .unwrap()
            .wrap("x", b"secret", [1; 12])
            .unwrap();
        let rotated = Vault::from_secrets(&format!("{NEW},{OLD}")).unwrap();
        assert_eq!(rotated.unwrap("x", &wrapped).unwrap(), b"secret");
        assert_eq!(rotated.names_of("key").len(), 2);
        assert_eq!(
            Vault::from_secrets(NEW).unwrap().unwrap("x", &wrapped),
            Err(VaultError::Sealed)
        );
    }

    #[test]
    fn malformed_secrets_are_refused() {
        for secrets in [
            "",
            "AAAA",
            "id:AAAA",
            ":AAAA",
            "a b:AAAA",
            &format!("{OLD},{OLD}"),
            &format!("{OLD},"),
        ] {
            assert_eq!(
                Vault::from_secrets(secrets).err(),
                Some(VaultError::MalformedSecret),
                "{secrets}"
            );
        }
    }
}
