//! RS256: whether an RSA key of 2048 bits signed a message (RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017 §8.2.2).
//!
//! The whole encoded digest is compared: nothing in the padding is parsed, so nothing in it can be forged. All inputs are
//! public; no step need hide its time. JavaScript hosts bring arithmetic of their own, faster and without a download.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Encoding, Odd, U2048};
use sha2::{Digest, Sha256};

/// The bytes of a modulus and of a signature.
pub(crate) const SIZE: usize = 256;

/// A number of 2048 bits, most significant byte first.
pub type RsaNumber = [u8; SIZE];

/// `signature` to the power 65537 modulo `modulus`, which is odd and larger (RSAVP1, RFC 8017 §5.2.2); none if the host fails.
pub type RsaPrimitive = fn(modulus: &RsaNumber, signature: &RsaNumber) -> Option<RsaNumber>;

/// What stands before the digest: `DigestInfo` of SHA-256 (RFC 8017 §9.2, note 1).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// The public half of an RSA key: 2048 bits, exponent 65537.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaKey(RsaNumber);

impl RsaKey {
    /// Takes a modulus: odd, and of 2048 bits exactly.
    pub(crate) fn from_modulus(modulus: RsaNumber) -> Option<Self> {
        let [first, .., last] = modulus;
        (first >= 0x80 && last % 2 == 1).then_some(Self(modulus))
    }

    /// Returns the modulus.
    pub(crate) fn modulus(&self) -> RsaNumber {
        self.0
    }

    /// Returns whether `signature` is this key's signature of `message`: as long as the modulus, a smaller number, and what
    /// opens to the message's digest.
    pub(crate) fn verify(&self, open: RsaPrimitive, message: &[u8], signature: &[u8]) -> bool {
        let signature = RsaNumber::try_from(signature).ok();
        let number = signature.filter(|signature| *signature < self.0);
        let opened = number.and_then(|number| open(&self.0, &number));
        opened.is_some_and(|opened| opened == encoded_digest(message))
    }
}

impl std::fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RsaKey(…)")
    }
}

/// The primitive where no host brings one: sixteen squarings and a product.
pub(crate) fn rsavp1(modulus: &RsaNumber, signature: &RsaNumber) -> Option<RsaNumber> {
    let number = |bytes: &RsaNumber| U2048::from_be_bytes((*bytes).into());
    let odd: Odd<U2048> = Option::from(Odd::new(number(modulus)))?;
    let params = FixedMontyParams::new_vartime(odd);
    let base = FixedMontyForm::new(&number(signature), &params);
    let power = (0..16).fold(base, |power, _| power.square());
    Some(power.mul(&base).retrieve().to_be_bytes().into())
}

/// `00 01 ff … ff 00 DigestInfo digest`, as long as the modulus.
fn encoded_digest(message: &[u8]) -> RsaNumber {
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
