//! Status lists at the edge: read from KV, verified, and asked for the status of a license.

use licentia_core::{
    Code, KeyFault, ListedStatus, Problem, Seconds, StatusBits, StatusList, Timestamp, TokenFault,
};

use crate::host::{Body, Reply};
use crate::published;
use crate::store::place::CAPACITY;
use crate::vault::Vault;
use crate::zlib;

const MEDIA_TYPE: &str = "application/statuslist+jwt";
/// A list of ours is as long, two bits a place, whoever has signed it.
const BYTES: u32 = CAPACITY >> 2;

/// Why a text is no list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListFault {
    /// It is not signed by one of the account's statement keys, or says something else.
    #[error("it is not one of the account's")]
    Token(#[from] TokenFault),
    /// The account's own keys cannot be read.
    #[error("the statement keys cannot be read")]
    Keys(#[from] KeyFault),
    /// It is the list of another number.
    #[error("it is the list at `{address}`")]
    Other {
        /// Where it says that it is served.
        address: String,
    },
    /// What it holds is not what lists hold.
    #[error("its statuses cannot be read")]
    Statuses,
}

/// A list whose signature was checked.
#[derive(Debug)]
pub struct Listed {
    list: StatusList,
    bits: StatusBits,
    text: String,
}

impl Listed {
    /// Returns the KV key of a list.
    #[must_use]
    pub fn name(number: u32) -> String {
        published::status_list_name(number)
    }

    /// Checks and reads the list of this number.
    ///
    /// # Errors
    /// Says why it is none.
    pub fn read(number: u32, text: String, vault: &Vault) -> Result<Self, ListFault> {
        let list = StatusList::verify(&text, &vault.statement_verifiers()?)?;
        if list.sub != StatusList::address(number) {
            let address = list.sub;
            return Err(ListFault::Other { address });
        }
        let bytes = list.status_list.compressed().ok_or(ListFault::Statuses)?;
        let bytes = zlib::inflate(&bytes, usize::try_from(BYTES).unwrap_or(usize::MAX));
        let bytes = bytes.map_err(|_compression| ListFault::Statuses)?;
        let bits = StatusBits::from_bytes(list.status_list.bits, bytes);
        let bits = bits.ok_or(ListFault::Statuses)?;
        Ok(Self { list, bits, text })
    }

    /// Returns its version: the newest list has the highest.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.list.ver
    }

    /// Returns how long it may be kept.
    #[must_use]
    pub fn ttl(&self) -> Seconds {
        Seconds(self.list.ttl)
    }

    /// Returns when it was signed.
    #[must_use]
    pub fn signed_at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.list.iat)
    }

    /// Says whether it says anything yet.
    #[must_use]
    pub fn stands(&self, now: Timestamp) -> bool {
        self.list.stands(now)
    }

    /// Says whether a newer one should have come by now.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.list.is_late(now)
    }

    /// Returns what it says of the license at a place, if it has that.
    #[must_use]
    pub fn status(&self, place: u64) -> Option<ListedStatus> {
        self.bits.status(usize::try_from(place).ok()?)
    }

    /// Serves it. Caches keep it for what is left of its time.
    #[must_use]
    pub fn reply(&self, now: Timestamp) -> Reply {
        let age = now.unix_seconds().saturating_sub(self.list.iat);
        let left = self.list.ttl.saturating_sub(age).clamp(0, self.list.ttl);
        let kept_for = format!("public, max-age={left}");
        reply(self.text.clone())
            .header("Cache-Control", kept_for)
            .versioned(self.list.ver)
    }
}

/// Says that there is no list of this number.
#[must_use]
pub fn no_list(number: u32) -> Problem {
    let message = format!("no license has a place in the list {number}");
    Problem::new(Code::StatusListNotFound, message)
}

/// Answers with a signed list.
pub(crate) fn reply(signed: String) -> Reply {
    Reply::with(200, Body::Bytes(signed.into_bytes())).header("Content-Type", MEDIA_TYPE)
}
