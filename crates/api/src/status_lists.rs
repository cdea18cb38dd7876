//! Status lists in the ledger: when each is signed, and what it says.
//!
//! A list is signed within seconds of a change, and anew every interval as long as it is wanted: for a quarter of an hour after
//! its last change, or after a reader found it late. So an account that nobody uses does nothing, and one that is asked
//! about has fresh lists. They go to KV through the outbox, where a list has a row while it is wanted.

use std::io;

use licentia_core::{EncodedStatuses, Seconds, StatusBits, StatusList, Timestamp};

use crate::database::{Database, DatabaseError};
use crate::host::Settings;
use crate::published::Subject;
use crate::store::outbox;
pub use crate::store::place::{CAPACITY, FILL};
use crate::store::status_list::{self, Signed};
use crate::vault::Vault;
use crate::zlib;

/// How long a list is signed anew after somebody wanted it.
const WANTED_FOR: Seconds = Seconds(900);
/// Changes that come within so long are signed together: KV takes one write a second and name, and whoever waits for
/// news does not wait for a list besides.
const PAUSE: Seconds = Seconds(1);

/// Puts the lists into the outbox that have changed.
pub(crate) fn enqueue_changed(db: &dyn Database, now: Timestamp) -> Result<(), DatabaseError> {
    for list in status_list::changed(db)? {
        want(db, list, now)?;
    }
    Ok(())
}

/// Has a list signed soon, and anew for a while. Returns whether there is such a list. The first one is signed at once: until
/// then nobody can say how fresh a copy is.
pub(crate) fn want(db: &dyn Database, list: u32, now: Timestamp) -> Result<bool, DatabaseError> {
    let Some(version) = status_list::want(db, list, now.plus(WANTED_FOR))? else {
        return Ok(false);
    };
    let pause = if version == 0 { Seconds(0) } else { PAUSE };
    let subject = Subject::StatusList(list).to_string();
    outbox::hasten(db, &subject, now, now.plus(pause))?;
    Ok(true)
}

/// Has a list signed anew after one interval, if it is still wanted by then. To be called once a put is settled.
pub(crate) fn settled(
    db: &dyn Database,
    list: u32,
    now: Timestamp,
    settings: &Settings,
) -> Result<(), DatabaseError> {
    let next = now.plus(settings.status_list_interval);
    if !status_list::is_wanted(db, list, next)? {
        return Ok(());
    }
    let subject = Subject::StatusList(list).to_string();
    outbox::enqueue_again(db, &subject, next, now.plus(PAUSE))
}

/// Signs a list as it stands; `None` if there is no such list.
pub(crate) fn sign(
    db: &dyn Database,
    list: u32,
    now: Timestamp,
    vault: &Vault,
    settings: &Settings,
) -> Result<Option<String>, DatabaseError> {
    let Some(last) = status_list::find(db, list)? else {
        return Ok(None);
    };
    let version = last.version.saturating_add(1).max(now.unix_milliseconds());
    let statuses = statuses(db, list, last)?;
    status_list::save(db, list, version, &statuses.lst)?;
    let ttl = settings.status_list_interval;
    let signed = StatusList::new(list, version, statuses, ttl, now).sign(vault.statement_key());
    Ok(Some(signed))
}

/// Encodes what is marked, unless nothing has changed.
fn statuses(db: &dyn Database, list: u32, last: Signed) -> Result<EncodedStatuses, DatabaseError> {
    if let Some(lst) = last.lst {
        return Ok(EncodedStatuses::encoded(lst));
    }
    let compressed = compressed(&status_list::marks(db, list)?);
    let compressed = compressed.map_err(|fault| DatabaseError::Corrupt(fault.to_string()))?;
    Ok(EncodedStatuses::of(&compressed))
}

/// Returns what a list holds whose places are marked so, as zlib.
///
/// # Errors
/// Passes on what the compression says; it has no reason to fail.
pub fn compressed(marks: &[(u32, u8)]) -> io::Result<Vec<u8>> {
    let mut bits = StatusBits::ours(as_size(CAPACITY));
    for (place, status) in marks {
        bits.set(as_size(*place), *status);
    }
    zlib::deflate(bits.as_bytes())
}

fn as_size(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}
