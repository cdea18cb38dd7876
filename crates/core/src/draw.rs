//! Draws: ids and license keys made from a request's seed, so that nothing here needs a random source.
//!
//! The seed is 32 bytes from the host's cryptographic source, fresh for every request.
//! Each draw is SHA-256 of the seed and a counter, which is as unpredictable as the seed is.

use sha2::{Digest, Sha256};
use uuid::Builder;

use crate::license::LicenseKey;

/// Thirty-two bytes from a cryptographic source, used for one request.
#[derive(Clone, Copy)]
pub struct Seed(pub [u8; 32]);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// The draws of one request, in order.
#[derive(Debug)]
pub struct Draw {
    seed: Seed,
    count: u64,
}

impl Draw {
    /// Starts drawing from `seed`.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self { seed, count: 0 }
    }

    /// Returns the next 32 bytes.
    pub fn bytes(&mut self) -> [u8; 32] {
        let digest = Sha256::new()
            .chain_update(self.seed.0)
            .chain_update(self.count.to_be_bytes())
            .finalize();
        self.count = self.count.wrapping_add(1);
        digest.into()
    }

    /// Returns the next 12 bytes, a nonce of AES-GCM.
    pub fn nonce(&mut self) -> [u8; 12] {
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = self.bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// Returns the next random (version 4) id.
    pub fn id<T: From<uuid::Uuid>>(&mut self) -> T {
        T::from(Builder::from_random_bytes(self.sixteen()).into_uuid())
    }

    /// Returns the next number below `limit`, each as likely as the others to within one in 2^96.
    pub fn below(&mut self, limit: u32) -> u32 {
        let wide = u128::from_be_bytes(self.sixteen());
        let remainder = wide.checked_rem(u128::from(limit)).unwrap_or(0);
        u32::try_from(remainder).unwrap_or(0)
    }

    /// Returns the next license key of the standard form: six groups of six upper-case hexadecimal digits, 144 bits.
    pub fn license_key(&mut self) -> LicenseKey {
        let mut text = String::with_capacity(41);
        for (position, byte) in self.bytes().iter().take(18).enumerate() {
            if position > 0 && position.is_multiple_of(3) {
                text.push('-');
            }
            for nibble in [byte >> 4, byte & 0x0f] {
                text.extend(
                    char::from_digit(u32::from(nibble), 16).map(|digit| digit.to_ascii_uppercase()),
                );
            }
        }
        LicenseKey::drawn(text)
    }

    /// Returns the next 16 bytes.
    pub fn sixteen(&mut self) -> [u8; 16] {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = self.bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::LicenseId;

    #[test]
    fn one_seed_gives_the_same_draws_again() {
        let draws = |seed| {
            let mut draw = Draw::new(Seed(seed));
            (draw.id::<LicenseId>(), draw.license_key(), draw.below(1000))
        };
        assert_eq!(draws([7; 32]), draws([7; 32]));
        assert_ne!(draws([7; 32]), draws([8; 32]));
    }

    #[test]
    fn a_drawn_key_has_the_standard_form() {
        let key = Draw::new(Seed([1; 32])).license_key();
        let groups: Vec<&str> = key.as_str().split('-').collect();
        assert_eq!(groups.len(), 6);
        for group in groups {
            assert!(
                group.len() == 6 && group.chars().all(|c| matches!(c, '0'..='9' | 'A'..='F')),
                "{group}"
            );
        }
    }

    #[test]
    fn a_draw_stays_below_its_limit() {
        let mut draw = Draw::new(Seed([3; 32]));
        assert!((0..100).all(|_| draw.below(10) < 10));
        assert_eq!(draw.below(0), 0);
    }
}
