//! RS256: whether an RSA key of 2048 bits signed a message (RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017 §8.2.2).
//!
//! The exponent is 65537, so a check is sixteen squarings and a product. The whole encoded digest is compared:
//! nothing in the padding is parsed, so nothing in it can be forged. All inputs are public; no step need hide its time.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Encoding, Odd, U2048};
use sha2::{Digest, Sha256};

/// The bytes of a modulus and of a signature.
pub(crate) const SIZE: usize = 256;

/// What stands before the digest: `DigestInfo` of SHA-256 (RFC 8017 §9.2, note 1).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// A host's own RS256: whether the key of this `SubjectPublicKeyInfo` signed a message, or none if the host cannot say.
pub type HostRs256 = fn(spki: &[u8], message: &[u8], signature: &[u8]) -> Option<bool>;

/// The public half of an RSA key: 2048 bits, exponent 65537.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaKey {
    modulus: U2048,
    params: Box<FixedMontyParams<{ U2048::LIMBS }>>,
}

impl RsaKey {
    /// Takes a modulus: odd, and of 2048 bits exactly. What its Montgomery form needs is computed once, here.
    pub(crate) fn from_modulus(bytes: [u8; SIZE]) -> Option<Self> {
        let modulus = U2048::from_be_bytes(bytes.into());
        if modulus.bits_vartime() != U2048::BITS {
            return None;
        }
        let odd: Odd<U2048> = Option::from(Odd::new(modulus))?;
        let params = Box::new(FixedMontyParams::new_vartime(odd));
        Some(Self { modulus, params })
    }

    /// Returns the modulus, most significant byte first.
    pub(crate) fn modulus(&self) -> [u8; SIZE] {
        self.modulus.to_be_bytes().into()
    }

    /// Returns a signature as the number that this key can open, if it is one: as long as the modulus, and smaller.
    pub(crate) fn number(&self, signature: &[u8]) -> Option<U2048> {
        let bytes = <[u8; SIZE]>::try_from(signature).ok()?;
        let signature = U2048::from_be_bytes(bytes.into());
        (signature < self.modulus).then_some(signature)
    }

    /// Returns whether `signature` is this key's signature of `message`.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.number(signature)
            .is_some_and(|signature| self.opens(message, signature))
    }

    fn opens(&self, message: &[u8], signature: U2048) -> bool {
        let base = FixedMontyForm::new(&signature, &self.params);
        let power = (0..16).fold(base, |power, _| power.square());
        let opened = power.mul(&base).retrieve();
        opened == U2048::from_be_bytes(encoded_digest(message).into())
    }
}

impl std::fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RsaKey(…)")
    }
}

/// `00 01 ff … ff 00 DigestInfo digest`, as long as the modulus.
fn encoded_digest(message: &[u8]) -> [u8; SIZE] {
    let digest: [u8; 32] = Sha256::digest(message).into();
    let tail = [0].into_iter().chain(DIGEST_INFO).chain(digest);
    let mut encoded = [0xff; SIZE];
    // The tail has 52 bytes: it fills the end, and the head keeps its two bytes.
    for (place, byte) in encoded.iter_mut().skip(SIZE - 52).zip(tail) {
        *place = byte;
    }
    for (place, byte) in encoded.iter_mut().zip([0, 1]) {
        *place = byte;
    }
    encoded
}
