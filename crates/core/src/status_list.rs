//! Status lists: what the vendor says of many licenses at once, in the form of the IETF Token Status List.
//!
//! A list holds two bits for each place (draft-ietf-oauth-status-list §4.1, §7.1), lowest first, and is signed by the account's
//! statement key (§5.1). Bits are read apart from what compresses them: a host inflates with what it has.

#[cfg(test)]
mod tests;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;

use crate::jws::{TokenFault, json_of, members, misfit, verified};
use crate::key_set::KeySet;
use crate::object::{Misfit, Object};
use crate::statement::StatementKey;
use crate::time::{Seconds, Timestamp};

/// The `typ` of a list's header.
const TYP: &str = "statuslist+jwt";
/// A list stands for this long, or for a few times as long as it may be kept, if that is more.
const STANDS_FOR: Seconds = Seconds(900);
/// After this many times as long as it may be kept, a newer list should have come.
const LATE_AFTER: i64 = 3;

/// Statuses of so many bits each, one a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusBits {
    bits: u8,
    bytes: Vec<u8>,
}

/// What a list says of a license.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListedStatus {
    /// Neither of the others.
    Valid,
    /// Revoked or deleted, or marked with what is not known here.
    Revoked,
    /// Suspended.
    Suspended,
}

/// The claims of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusList {
    /// Where the list is served: what the tokens of its licenses name.
    pub sub: String,
    /// When it was signed.
    pub iat: i64,
    /// When it ends to say anything.
    pub exp: i64,
    /// How many seconds it may be kept before a newer one is asked for.
    pub ttl: i64,
    /// Its version, which grows with every list that is signed.
    pub ver: i64,
    /// The statuses.
    pub status_list: EncodedStatuses,
}

/// Statuses as a list holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EncodedStatuses {
    /// How many bits a status has.
    pub bits: u8,
    /// The bytes, compressed as zlib (RFC 1950) and in base64url.
    pub lst: String,
}

impl StatusBits {
    /// Makes `places` statuses, each of `bits` bits and zero; `None` if no list has that many bits.
    #[must_use]
    pub fn new(bits: u8, places: usize) -> Option<Self> {
        let bytes = places.div_ceil(usize::from(per_byte(bits)?));
        Self::from_bytes(bits, vec![0; bytes])
    }

    /// Makes `places` statuses of ours, each of them valid.
    #[must_use]
    pub fn ours(places: usize) -> Self {
        let per_byte = u8::BITS.checked_div(u32::from(ListedStatus::BITS));
        let per_byte = per_byte.and_then(|count| usize::try_from(count).ok());
        Self {
            bits: ListedStatus::BITS,
            bytes: vec![0; places.div_ceil(per_byte.unwrap_or(1))],
        }
    }

    /// Takes statuses as they lie; `None` if no list has that many bits.
    #[must_use]
    pub fn from_bytes(bits: u8, bytes: Vec<u8>) -> Option<Self> {
        per_byte(bits).map(|_| Self { bits, bytes })
    }

    /// Returns the status at `place`, if the list is as long.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<u8> {
        let (byte, shift) = self.find(place)?;
        self.bytes
            .get(byte)
            .map(|byte| (byte >> shift) & self.mask())
    }

    /// Sets the status at `place`; what is beyond the list, or more than its bits hold, is left out.
    pub fn set(&mut self, place: usize, status: u8) {
        let (mask, found) = (self.mask(), self.find(place));
        if let Some((byte, shift)) = found
            && let Some(byte) = self.bytes.get_mut(byte)
        {
            *byte = (*byte & !(mask << shift)) | ((status & mask) << shift);
        }
    }

    /// Returns what the list says of the license at `place`. A place that it lacks is not known to be valid.
    #[must_use]
    pub fn status(&self, place: usize) -> Option<ListedStatus> {
        self.get(place).map(ListedStatus::from_bits)
    }

    /// Returns the bytes, which are yet to be compressed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn find(&self, place: usize) -> Option<(usize, u8)> {
        let per_byte = per_byte(self.bits)?;
        let byte = place.checked_div(usize::from(per_byte))?;
        let within = u8::try_from(place.checked_rem(usize::from(per_byte))?).ok()?;
        Some((byte, within.checked_mul(self.bits)?))
    }

    fn mask(&self) -> u8 {
        u8::MAX >> 8_u8.saturating_sub(self.bits)
    }
}

fn per_byte(bits: u8) -> Option<u8> {
    matches!(bits, 1 | 2 | 4 | 8).then(|| 8_u8.checked_div(bits))?
}

impl ListedStatus {
    /// How many bits a status of ours has.
    pub const BITS: u8 = 2;

    /// Reads a status. What the vendor's own codes mean is not known here: they restrict.
    #[must_use]
    pub fn from_bits(bits: u8) -> Self {
        match bits {
            0 => Self::Valid,
            2 => Self::Suspended,
            _ => Self::Revoked,
        }
    }

    /// Returns the status as lists hold it.
    #[must_use]
    pub fn bits(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Revoked => 1,
            Self::Suspended => 2,
        }
    }
}

impl EncodedStatuses {
    /// Takes statuses of ours, which `compressed` holds as zlib.
    #[must_use]
    pub fn of(compressed: &[u8]) -> Self {
        Self::encoded(Base64UrlUnpadded::encode_string(compressed))
    }

    /// Takes statuses of ours that were encoded before.
    #[must_use]
    pub fn encoded(lst: String) -> Self {
        let bits = ListedStatus::BITS;
        Self { bits, lst }
    }

    /// Returns what is to be inflated; `None` if it is no base64url.
    #[must_use]
    pub fn compressed(&self) -> Option<Vec<u8>> {
        Base64UrlUnpadded::decode_vec(&self.lst).ok()
    }
}

impl StatusList {
    /// What the address of every list begins with.
    pub const ADDRESS: &'static str = "/v3/status-lists/";

    const MEMBERS: &'static [&'static str] = &[
        "sub",
        "iat",
        "exp",
        "ttl",
        "ver",
        "status_list",
        "bits",
        "lst",
    ];

    /// Makes the list of this number at `now`; it may be kept for `ttl`.
    #[must_use]
    pub fn new(
        number: u32,
        ver: i64,
        status_list: EncodedStatuses,
        ttl: Seconds,
        now: Timestamp,
    ) -> Self {
        let stands_for = Seconds(ttl.0.saturating_mul(LATE_AFTER)).max(STANDS_FOR);
        Self {
            sub: Self::address(number),
            iat: now.unix_seconds(),
            exp: now.plus(stands_for).unix_seconds(),
            ttl: ttl.0,
            ver,
            status_list,
        }
    }

    /// Returns where the list of this number is served, relative to the server's address.
    #[must_use]
    pub fn address(number: u32) -> String {
        [Self::ADDRESS, &number.to_string()].concat()
    }

    /// Returns the number of the list that is served at an address; `None` if none is.
    #[must_use]
    pub fn number_of(address: &str) -> Option<u32> {
        address.strip_prefix(Self::ADDRESS)?.parse().ok()
    }

    /// Returns the list as it is served, signed.
    #[must_use]
    pub fn sign(&self, key: &StatementKey) -> String {
        key.sign_claims(TYP, self)
    }

    /// Checks a list with the account's statement keys, then reads it.
    ///
    /// # Errors
    /// Says what is wrong with the text, its key, its signature or its claims.
    pub fn verify(text: &str, keys: &KeySet) -> Result<Self, TokenFault> {
        let json = json_of(verified(text, TYP, keys)?)?;
        let claims = members(&json, Self::MEMBERS)?;
        Self::read(&claims).map_err(|fault| misfit(fault.reason()))
    }

    fn read(claims: &Object<'_>) -> Result<Self, Misfit> {
        let statuses = claims.object("status_list").ok_or(Misfit("status_list"))?;
        let bits = u8::try_from(statuses.number("bits")?).ok();
        let bits = bits.filter(|bits| per_byte(*bits).is_some());
        Ok(Self {
            sub: claims.text("sub")?,
            iat: claims.number("iat")?,
            exp: claims.number("exp")?,
            ttl: claims.number("ttl")?,
            ver: claims.number("ver")?,
            status_list: EncodedStatuses {
                bits: bits.ok_or(Misfit("bits"))?,
                lst: statuses.text("lst")?,
            },
        })
    }

    /// Says whether the list says anything yet at `now`.
    #[must_use]
    pub fn stands(&self, now: Timestamp) -> bool {
        now.unix_seconds() < self.exp
    }

    /// Says whether a newer list should have come by `now`.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        let late_after = self.ttl.saturating_mul(LATE_AFTER);
        now.unix_seconds() > self.iat.saturating_add(late_after)
    }
}
