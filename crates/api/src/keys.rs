//! Private keys that are brought from elsewhere: read, checked, and given the public half that is theirs.

use crypto_bigint::{NonZero, U1024, U2048};
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
/// What stands before the seed of an Ed25519 key in PKCS #8 of version 1 (RFC 8410 §7).
const ED25519_VERSION_1: &[u8] = &[
    0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
];

/// Why a private key cannot be used. Never says what the key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyFault {
    #[error("a private key must be PKCS #8 in PEM (`BEGIN PRIVATE KEY`)")]
    NotPem,
    #[error(
        "the private key is not of its algorithm: RS256 has RSA keys of 2048 bits, EdDSA has Ed25519 keys"
    )]
    WrongKind,
    /// Its numbers are no key.
    #[error("the numbers of the private key do not belong together")]
    Inconsistent,
}

/// Reads a PKCS #8 PEM, proves that its numbers belong together, and computes its public half.
///
/// # Errors
/// Refuses another form, another kind of key than the algorithm's, and numbers that do not make a key.
pub fn read_private_key(algorithm: Algorithm, pem: &str) -> Result<KeyPair, PrivateKeyFault> {
    let (label, document) =
        pkcs8::Document::from_pem(pem).map_err(|_pem| PrivateKeyFault::NotPem)?;
    if label != "PRIVATE KEY" {
        return Err(PrivateKeyFault::NotPem);
    }
    let info =
        PrivateKeyInfoRef::from_der(document.as_bytes()).map_err(|_der| PrivateKeyFault::NotPem)?;
    let pair = match algorithm {
        Algorithm::RS256 => rsa(&info, document.as_bytes()),
        Algorithm::EdDSA => ed25519(&info),
    }?;
    VerifyingKey::from_spki_der(&pair.public).map_err(|_kind| PrivateKeyFault::WrongKind)?;
    Ok(pair)
}

fn rsa(info: &PrivateKeyInfoRef<'_>, document: &[u8]) -> Result<KeyPair, PrivateKeyFault> {
    let wrong = |_der| PrivateKeyFault::WrongKind;
    let private = RsaPrivateKeyRef::from_der(info.private_key.as_bytes()).map_err(wrong)?;
    if !belong_together(&private).ok_or(PrivateKeyFault::WrongKind)? {
        return Err(PrivateKeyFault::Inconsistent);
    }
    let public = private.public_key().to_der().map_err(wrong)?;
    let public = spki(pkcs1::ALGORITHM_ID, &public)?;
    Ok(KeyPair {
        algorithm: Algorithm::RS256,
        private: document.to_vec(),
        public,
    })
}

/// Checks the equations between the numbers of a private key (RFC 8017 §3.2): what signs with them refuses any others.
/// `None` if a number does not fit a key of 2048 bits.
fn belong_together(key: &RsaPrivateKeyRef<'_>) -> Option<bool> {
    let (p, q) = (
        narrow(key.prime1.as_bytes())?,
        narrow(key.prime2.as_bytes())?,
    );
    let (n, d) = (
        wide(key.modulus.as_bytes())?,
        wide(key.private_exponent.as_bytes())?,
    );
    let e = narrow(key.public_exponent.as_bytes())?;
    let product: U2048 = p.concatenating_mul(&q);

    let holds = |prime: &U1024, exponent: &[u8]| {
        let below = NonZero::new(prime.wrapping_sub(&U1024::ONE)).into_option()?;
        let exponent = narrow(exponent)?;
        Some(d.rem(&below) == exponent && e.mul_mod(&exponent, &below) == U1024::ONE)
    };
    let p_holds = holds(&p, key.exponent1.as_bytes())?;
    let q_holds = holds(&q, key.exponent2.as_bytes())?;
    let p = NonZero::new(p).into_option()?;
    let inverse = narrow(key.coefficient.as_bytes())?;
    Some(n == product && p_holds && q_holds && inverse.mul_mod(&q.rem(&p), &p) == U1024::ONE)
}

fn narrow(bytes: &[u8]) -> Option<U1024> {
    padded::<{ U1024::BYTES }>(bytes).map(|bytes| U1024::from_be_slice(&bytes))
}

fn wide(bytes: &[u8]) -> Option<U2048> {
    padded::<{ U2048::BYTES }>(bytes).map(|bytes| U2048::from_be_slice(&bytes))
}

fn padded<const LENGTH: usize>(bytes: &[u8]) -> Option<[u8; LENGTH]> {
    let mut padded = [0; LENGTH];
    let start = LENGTH.checked_sub(bytes.len())?;
    padded.get_mut(start..)?.copy_from_slice(bytes);
    Some(padded)
}

/// The private half is written anew in the first version of PKCS #8, the only one that WebCrypto reads everywhere.
fn ed25519(info: &PrivateKeyInfoRef<'_>) -> Result<KeyPair, PrivateKeyFault> {
    let seed = info.private_key.as_bytes().strip_prefix(&[0x04, 0x20]);
    let seed = seed
        .and_then(|seed| <[u8; 32]>::try_from(seed).ok())
        .ok_or(PrivateKeyFault::WrongKind)?;
    if info.algorithm.oid != ED25519 {
        return Err(PrivateKeyFault::WrongKind);
    }
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let public = spki(
        AlgorithmIdentifierRef {
            oid: ED25519,
            parameters: None,
        },
        &public,
    )?;
    Ok(KeyPair {
        algorithm: Algorithm::EdDSA,
        private: [ED25519_VERSION_1, &seed].concat(),
        public,
    })
}

fn spki(algorithm: AlgorithmIdentifierRef<'_>, public: &[u8]) -> Result<Vec<u8>, PrivateKeyFault> {
    let subject_public_key =
        BitStringRef::from_bytes(public).map_err(|_der| PrivateKeyFault::WrongKind)?;
    let spki = SubjectPublicKeyInfoRef {
        algorithm,
        subject_public_key,
    };
    spki.to_der().map_err(|_der| PrivateKeyFault::WrongKind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: &str = include_str!("../../../tests/fixtures/rsa-2048.pem");

    #[test]
    fn a_key_whose_numbers_do_not_belong_together_is_refused() {
        assert!(read_private_key(Algorithm::RS256, RSA).is_ok());
        let body = RSA.find('\n').unwrap() + 1;
        for place in [200, 500, 700, 900, 1_100, 1_300, 1_500] {
            let mut pem = RSA.as_bytes().to_vec();
            let letter = &mut pem[body + place];
            *letter = if *letter == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(pem).unwrap();
            assert!(
                read_private_key(Algorithm::RS256, &changed).is_err(),
                "at {place}"
            );
        }
    }

    #[test]
    fn a_key_of_another_kind_is_refused() {
        assert_eq!(
            read_private_key(Algorithm::EdDSA, RSA).err(),
            Some(PrivateKeyFault::WrongKind)
        );
        assert_eq!(
            read_private_key(Algorithm::RS256, "none").err(),
            Some(PrivateKeyFault::NotPem)
        );
    }
}
