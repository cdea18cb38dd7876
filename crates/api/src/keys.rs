//! Private keys that are brought from elsewhere: read, checked, and given the public half that is theirs.

use ed25519_dalek::SigningKey;
use licentia_core::{Algorithm, VerifyingKey};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::ObjectIdentifier;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::BitStringRef;
use pkcs8::der::{Decode, Encode};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::host::KeyPair;

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Why a private key cannot be used. Never says what the key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyFault {
    #[error("a private key must be PKCS #8 in PEM (`BEGIN PRIVATE KEY`)")]
    NotPem,
    #[error(
        "the private key is not of its algorithm: RS256 has RSA keys of 2048 bits, EdDSA has Ed25519 keys"
    )]
    WrongKind,
}

/// Reads a PKCS #8 PEM and computes its public half.
pub fn read_private_key(algorithm: Algorithm, pem: &str) -> Result<KeyPair, PrivateKeyFault> {
    let (label, document) =
        pkcs8::Document::from_pem(pem).map_err(|_pem| PrivateKeyFault::NotPem)?;
    if label != "PRIVATE KEY" {
        return Err(PrivateKeyFault::NotPem);
    }
    let info =
        PrivateKeyInfoRef::from_der(document.as_bytes()).map_err(|_der| PrivateKeyFault::NotPem)?;
    let public = match algorithm {
        Algorithm::RS256 => rsa_public(&info)?,
        Algorithm::EdDSA => ed25519_public(&info)?,
    };
    VerifyingKey::from_spki_der(&public).map_err(|_kind| PrivateKeyFault::WrongKind)?;
    Ok(KeyPair {
        algorithm,
        private: document.as_bytes().to_vec(),
        public,
    })
}

fn rsa_public(info: &PrivateKeyInfoRef<'_>) -> Result<Vec<u8>, PrivateKeyFault> {
    let wrong = |_der| PrivateKeyFault::WrongKind;
    let private = RsaPrivateKeyRef::from_der(info.private_key.as_bytes()).map_err(wrong)?;
    let public = private.public_key().to_der().map_err(wrong)?;
    spki(pkcs1::ALGORITHM_ID, &public)
}

fn ed25519_public(info: &PrivateKeyInfoRef<'_>) -> Result<Vec<u8>, PrivateKeyFault> {
    let seed = info.private_key.as_bytes().strip_prefix(&[0x04, 0x20]);
    let seed = seed
        .and_then(|seed| <[u8; 32]>::try_from(seed).ok())
        .ok_or(PrivateKeyFault::WrongKind)?;
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let algorithm = AlgorithmIdentifierRef {
        oid: ED25519,
        parameters: None,
    };
    spki(algorithm, &public)
}

fn spki(algorithm: AlgorithmIdentifierRef<'_>, public: &[u8]) -> Result<Vec<u8>, PrivateKeyFault> {
    let subject_public_key =
        BitStringRef::from_bytes(public).map_err(|_der| PrivateKeyFault::WrongKind)?;
    SubjectPublicKeyInfoRef {
        algorithm,
        subject_public_key,
    }
    .to_der()
    .map_err(|_der| PrivateKeyFault::WrongKind)
}
