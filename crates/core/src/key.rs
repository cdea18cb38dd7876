//! Public keys: which ones are accepted, from which texts, and what they are called.
//!
//! Two kinds: RSA of 2048 bits with exponent 65537 for RS256, and Ed25519 for EdDSA. Both are read by comparing the exact
//! DER that comes before the key's bytes, so that there is one spelling and no ASN.1 parser. The algorithm is the key's.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::object::{Misfit, Object};
use crate::product::Algorithm;
use crate::rsa::{RsaKey, RsaNumber, RsaPrimitive, rsavp1};

/// `SubjectPublicKeyInfo` of rsaEncryption, up to a modulus of 2048 bits.
const RSA_PREFIX: [u8; 33] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
    0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01,
    0x00,
];
/// The exponent 65537 after it.
const RSA_SUFFIX: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
/// The exponent in a JWK.
const RSA_EXPONENT: &str = "AQAB";
/// `SubjectPublicKeyInfo` of Ed25519 (RFC 8410), up to the key.
const ED25519_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

const PEM_HEAD: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_FOOT: &str = "-----END PUBLIC KEY-----";
const PEM_LINE: usize = 64;

/// A text that holds no key that can verify here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// The text is neither PEM nor JSON.
    #[error("{}", self.message())]
    Unreadable {
        /// What is wrong.
        reason: &'static str,
    },
    /// It can be read and is of another kind.
    #[error("{}", self.message())]
    Unsupported,
}

impl KeyFault {
    /// Returns what [`Display`](std::fmt::Display) writes, without what it takes to format.
    #[must_use]
    pub fn message(&self) -> String {
        let (message, reason) = match self {
            Self::Unreadable { reason } => (
                "the public key is neither SPKI PEM nor a JWK or JWK Set: ",
                *reason,
            ),
            Self::Unsupported => (
                "no public key here is RSA of 2048 bits with exponent 65537, or Ed25519",
                "",
            ),
        };
        [message, reason].concat()
    }
}

/// A public key that verifies tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyingKey {
    /// RS256.
    Rsa2048(RsaKey),
    /// EdDSA.
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// A key as JSON (RFC 7517, RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Jwk {
    /// The kind of key: `RSA` or `OKP`.
    pub kty: String,
    /// The curve of an `OKP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The key of an `OKP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The modulus of an RSA key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent of an RSA key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// The one algorithm that the key is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The key's name in headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// What the key is for: `sig`.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
}

impl Jwk {
    /// The members of a key and of a set.
    pub(crate) const MEMBERS: &'static [&'static str] = &[
        "kty",
        "crv",
        "x",
        "n",
        "e",
        "alg",
        "kid",
        "use",
        "keys",
        "statementKeys",
    ];

    pub(crate) fn read(jwk: &Object<'_>) -> Result<Self, Misfit> {
        Ok(Self {
            kty: jwk.text("kty")?,
            crv: jwk.optional_text("crv")?,
            x: jwk.optional_text("x")?,
            n: jwk.optional_text("n")?,
            e: jwk.optional_text("e")?,
            alg: jwk.optional_text("alg")?,
            kid: jwk.optional_text("kid")?,
            usage: jwk.optional_text("use")?,
        })
    }
}

impl VerifyingKey {
    /// Reads a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// Says that the key is of another kind.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyFault> {
        let key = rsa_modulus(der)
            .and_then(RsaKey::from_modulus)
            .map(Self::Rsa2048);
        key.or_else(|| {
            der.strip_prefix(&ED25519_PREFIX)
                .and_then(Self::from_ed25519)
        })
        .ok_or(KeyFault::Unsupported)
    }

    /// Reads a `SubjectPublicKeyInfo` in PEM.
    ///
    /// # Errors
    /// Says that the text is no PEM, or the key of another kind.
    pub fn from_spki_pem(pem: &str) -> Result<Self, KeyFault> {
        let body = pem
            .trim()
            .strip_prefix(PEM_HEAD)
            .and_then(|rest| rest.strip_suffix(PEM_FOOT));
        let body = body.ok_or(KeyFault::Unreadable {
            reason: "its lines are not those of a public key",
        })?;
        let base64: String = body.split_ascii_whitespace().collect();
        let der = Base64::decode_vec(&base64).map_err(|_encoding| KeyFault::Unreadable {
            reason: "its lines are not base64",
        })?;
        Self::from_spki_der(&der)
    }

    /// Reads a JWK. Its `alg` and `use`, where given, must be those of a key that verifies.
    ///
    /// # Errors
    /// Says that the key is of another kind.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyFault> {
        let decode = |text: &Option<String>| {
            Base64UrlUnpadded::decode_vec(text.as_deref().unwrap_or_default()).ok()
        };
        let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) if jwk.e.as_deref() == Some(RSA_EXPONENT) => decode(&jwk.n)
                .and_then(|modulus| RsaKey::from_modulus(modulus.try_into().ok()?))
                .map(Self::Rsa2048),
            ("OKP", Some("Ed25519")) => decode(&jwk.x).and_then(|key| Self::from_ed25519(&key)),
            _ => None,
        };
        let usable = |key: &Self| {
            let alg = jwk.alg.as_deref();
            let usage = jwk.usage.as_deref();
            alg.is_none_or(|alg| key.is_called(alg)) && usage.is_none_or(|usage| usage == "sig")
        };
        key.filter(usable).ok_or(KeyFault::Unsupported)
    }

    fn from_ed25519(bytes: &[u8]) -> Option<Self> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
        (!key.is_weak()).then_some(Self::Ed25519(key))
    }

    /// Whether `alg` names this key's algorithm; RFC 9864 calls EdDSA over this curve `Ed25519`.
    fn is_called(&self, alg: &str) -> bool {
        alg == self.algorithm().as_str() || (alg == "Ed25519" && matches!(self, Self::Ed25519(_)))
    }

    /// Returns how the key signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa2048(_) => Algorithm::RS256,
            Self::Ed25519(_) => Algorithm::EdDSA,
        }
    }

    /// Returns whether `signature` is this key's signature of `message`.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verify_by(rsavp1, message, signature)
    }

    /// As [`Self::verify`], RSA by the host's primitive.
    pub(crate) fn verify_by(&self, open: RsaPrimitive, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa2048(key) => key.verify(open, message, signature),
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }

    /// Returns the key as a `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        match self {
            Self::Rsa2048(key) => [&RSA_PREFIX[..], &key.modulus(), &RSA_SUFFIX].concat(),
            Self::Ed25519(key) => [&ED25519_PREFIX[..], key.as_bytes()].concat(),
        }
    }

    /// Returns the key as a `SubjectPublicKeyInfo` in PEM.
    #[must_use]
    pub fn to_spki_pem(&self) -> String {
        let base64 = Base64::encode_string(&self.to_spki_der());
        let mut pem = String::from(PEM_HEAD);
        for (position, digit) in base64.chars().enumerate() {
            if position.is_multiple_of(PEM_LINE) {
                pem.push('\n');
            }
            pem.push(digit);
        }
        pem.push('\n');
        pem.push_str(PEM_FOOT);
        pem.push('\n');
        pem
    }

    /// Returns the key as a JWK with its name, its algorithm and its use.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        let (kty, crv, x, n, e) = match self {
            Self::Rsa2048(key) => {
                let n = Base64UrlUnpadded::encode_string(&key.modulus());
                ("RSA", None, None, Some(n), Some(RSA_EXPONENT.to_owned()))
            }
            Self::Ed25519(key) => {
                let x = Base64UrlUnpadded::encode_string(key.as_bytes());
                ("OKP", Some("Ed25519".to_owned()), Some(x), None, None)
            }
        };
        Jwk {
            kty: kty.to_owned(),
            crv,
            x,
            n,
            e,
            alg: Some(self.algorithm().as_str().to_owned()),
            kid: Some(self.kid()),
            usage: Some("sig".to_owned()),
        }
    }

    /// Returns the name that the key has here: the first 16 hexadecimal digits of its SPKI's SHA-256.
    #[must_use]
    pub fn kid(&self) -> String {
        let digest = Sha256::digest(self.to_spki_der());
        let head = digest.iter().take(8);
        head.flat_map(|byte| [byte >> 4, byte & 0x0f])
            .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
            .collect()
    }
}

/// The modulus in an SPKI of exactly our form.
fn rsa_modulus(der: &[u8]) -> Option<RsaNumber> {
    let modulus = der.strip_prefix(&RSA_PREFIX)?.strip_suffix(&RSA_SUFFIX)?;
    modulus.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: &str = include_str!("../../../tests/vectors/keys/product.public.pem");

    fn rsa() -> VerifyingKey {
        VerifyingKey::from_spki_pem(RSA).unwrap()
    }

    fn ed25519() -> VerifyingKey {
        crate::statement::StatementKey::from_seed(&[7; 32]).verifying_key()
    }

    #[test]
    fn a_key_is_read_as_it_is_written() {
        assert_eq!(rsa().to_spki_pem(), RSA);
        for key in [rsa(), ed25519()] {
            assert_eq!(
                VerifyingKey::from_spki_pem(&key.to_spki_pem()),
                Ok(key.clone())
            );
            assert_eq!(
                VerifyingKey::from_spki_der(&key.to_spki_der()),
                Ok(key.clone())
            );
            assert_eq!(VerifyingKey::from_jwk(&key.to_jwk()), Ok(key.clone()));
            assert_eq!(key.kid().len(), 16);
        }
    }

    #[test]
    fn a_pem_may_have_other_line_ends() {
        assert_eq!(
            VerifyingKey::from_spki_pem(&RSA.replace('\n', "\r\n")),
            Ok(rsa())
        );
        assert_eq!(
            VerifyingKey::from_spki_pem(&format!("\n{}", RSA.trim())),
            Ok(rsa())
        );
    }

    #[test]
    fn a_key_for_another_use_is_refused() {
        let jwk = rsa().to_jwk();
        let other_alg = Jwk {
            alg: Some("PS256".into()),
            ..jwk.clone()
        };
        let other_use = Jwk {
            usage: Some("enc".into()),
            ..jwk.clone()
        };
        let other_exponent = Jwk {
            e: Some("Aw".into()),
            ..jwk
        };
        for jwk in [other_alg, other_use, other_exponent] {
            assert_eq!(VerifyingKey::from_jwk(&jwk), Err(KeyFault::Unsupported));
        }
    }

    #[test]
    fn weak_keys_are_refused() {
        let even = RsaKey::from_modulus([0xfe; 256]);
        let short = RsaKey::from_modulus([0x7f; 256]);
        assert!(even.is_none() && short.is_none());
        let neutral = [&ED25519_PREFIX[..], &[1], &[0; 31]].concat();
        assert_eq!(
            VerifyingKey::from_spki_der(&neutral),
            Err(KeyFault::Unsupported)
        );
    }
}
