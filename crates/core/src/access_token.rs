//! Personal access tokens: their text, which is shown once, and what is kept of them.
//!
//! The text is `lct_`, 32 drawn bytes in base 62, and a checksum of those 43 characters: garbage is refused with no look-up,
//! and a leaked token can be found by its form. Only a digest is stored.

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::code::Problem;
use crate::draw::Draw;
use crate::id::TokenId;
use crate::limits::name;
use crate::scope::Scope;
use crate::time::Timestamp;

const PREFIX: &str = "lct_";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The digits of 256 bits in base 62, and of 32 bits.
const SECRET_LENGTH: usize = 43;
const CHECKSUM_LENGTH: usize = 6;
const NAME_LIMIT: usize = 256;

/// A personal access token: facts only, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// Its id.
    pub id: TokenId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows with every change, as a license's does; a use is no change.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// Whether it was taken back.
    pub revoked: bool,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// When it was last used, as far as that is recorded.
    pub last_used_at: Option<Timestamp>,
}

impl AccessToken {
    /// Checks its name, and that it may do anything at all.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(&self) -> Result<(), Problem> {
        name("name", &self.name, NAME_LIMIT)?;
        if self.scopes.is_empty() {
            return Err(Problem::field("scopes", "it names none"));
        }
        Ok(())
    }

    /// Says whether it opens anything at `now`.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        !self.revoked && self.expires_at.is_none_or(|end| now <= end)
    }

    /// Says whether it may do `scope`.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// The text of an access token: a secret, which is never stored or logged.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(String);

impl TokenText {
    /// Draws a new one.
    #[must_use]
    pub fn draw(draw: &mut Draw) -> Self {
        let secret = base62(draw.bytes().to_vec(), SECRET_LENGTH);
        Self(format!("{PREFIX}{secret}{}", checksum(&secret)))
    }

    /// Reads a text; `None` if it cannot be an access token.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::is_well_formed(text).then(|| Self(text.to_owned()))
    }

    /// Says whether a text has the form of an access token and its checksum.
    #[must_use]
    pub fn is_well_formed(text: &str) -> bool {
        let Some((secret, check)) = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_at_checked(SECRET_LENGTH))
        else {
            return false;
        };
        check.len() == CHECKSUM_LENGTH
            && secret.bytes().all(|byte| DIGITS.contains(&byte))
            && check == checksum(secret)
    }

    /// Returns the text, to be shown once.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the digest that is stored and looked up, as hexadecimal SHA-256. The text has 256 bits of chance, so the
    /// digest needs no salt.
    #[must_use]
    pub fn digest(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(…)")
    }
}

fn checksum(secret: &str) -> String {
    let crc = crc32(secret.as_bytes());
    base62(crc.to_be_bytes().to_vec(), CHECKSUM_LENGTH)
}

/// CRC-32 as in IEEE 802.3, bit by bit: it runs over 43 bytes, so a table would be longer than its use.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let out = crc & 1;
            crc >>= 1;
            if out == 1 {
                crc ^= 0xEDB8_8320;
            }
        }
    }
    !crc
}

/// Writes a big-endian number in base 62, from the most significant digit of `length`.
fn base62(mut number: Vec<u8>, length: usize) -> String {
    let mut digits = vec![b'0'; length];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0_u16;
        for byte in &mut number {
            let dividend = (remainder << 8) | u16::from(*byte);
            *byte = u8::try_from(dividend / 62).unwrap_or(0);
            remainder = dividend % 62;
        }
        *digit = DIGITS.get(usize::from(remainder)).copied().unwrap_or(b'0');
    }
    String::from_utf8(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Seed;

    #[test]
    fn the_checksum_is_crc_32() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn base_62_is_of_fixed_length_and_exact() {
        assert_eq!(base62(vec![0, 0, 0, 61], 6), "00000z");
        assert_eq!(base62(vec![0, 0, 0, 62], 6), "000010");
        assert_eq!(base62(vec![255; 4], 6), "4gfFC3");
        assert!(!base62(vec![255; 32], 43).starts_with('0'));
        assert!(base62(vec![255; 32], 44).starts_with('0'));
    }

    #[test]
    fn a_drawn_token_is_well_formed_and_a_changed_one_is_not() {
        let token = TokenText::draw(&mut Draw::new(Seed([5; 32])));
        assert_eq!(token.as_str().len(), 53);
        assert!(TokenText::is_well_formed(token.as_str()));
        for position in 0..53 {
            let mut text = token.as_str().to_owned();
            let other = if text.as_bytes()[position] == b'x' {
                "y"
            } else {
                "x"
            };
            text.replace_range(position..=position, other);
            assert!(!TokenText::is_well_formed(&text), "{position}");
        }
        let cut = token.as_str().get(..52).unwrap();
        for text in ["", "lct_", "lct_äöü", cut] {
            assert!(!TokenText::is_well_formed(text), "{text}");
        }
        assert_eq!(token.digest().len(), 64);
        assert_eq!(format!("{token:?}"), "TokenText(…)");
    }

    #[test]
    fn a_token_opens_nothing_once_revoked_or_ended() {
        let now = Timestamp::from_unix_seconds(100);
        let token = AccessToken {
            id: Draw::new(Seed([1; 32])).id(),
            created_at: now,
            updated_at: now,
            version: 1,
            name: "ci".into(),
            expires_at: Some(now),
            revoked: false,
            scopes: BTreeSet::from([Scope::LicenseRead]),
            last_used_at: None,
        };
        assert!(token.is_valid(now) && token.allows(Scope::LicenseRead));
        assert!(!token.allows(Scope::LicenseWrite));
        assert!(!token.is_valid(now.next()));
        assert!(
            !AccessToken {
                revoked: true,
                ..token
            }
            .is_valid(now)
        );
    }
}
