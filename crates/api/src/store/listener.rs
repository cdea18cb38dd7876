//! The gates at which applications wait for news of a license.

use licentia_core::LicenseId;

use super::{corrupt, text};
use crate::database::{Database, DatabaseError, Value};
use crate::published::Subject;

/// Who asks again and again, where nothing has changed, costs no write.
const NOTE: &str = "INSERT INTO listeners (license_id, gate, joined) VALUES (?1, ?2, 1)
    ON CONFLICT (license_id, gate) DO UPDATE SET joined = joined + 1
        WHERE EXISTS (SELECT 1 FROM outbox WHERE subject = ?3)";
const GATES: &str = "SELECT gate FROM listeners WHERE license_id = ?1";
const JOINED: &str = "SELECT joined FROM listeners WHERE license_id = ?1 AND gate = ?2";
const FORGET: &str = "DELETE FROM listeners WHERE license_id = ?1 AND gate = ?2 AND joined = ?3";
const FORGET_ALL: &str = "DELETE FROM listeners WHERE license_id = ?1";

/// Notes that an application waits at a gate, and counts it if news of the license have yet to be told there.
pub(crate) fn note(db: &dyn Database, license: LicenseId, gate: u32) -> Result<(), DatabaseError> {
    let news = Subject::Gate(gate, license);
    db.execute(NOTE, &[text(license), number(gate), text(news)])
}

/// Returns the gates at which applications of a license wait.
pub(crate) fn gates(db: &dyn Database, license: LicenseId) -> Result<Vec<u32>, DatabaseError> {
    let rows = db.query(GATES, &[text(license)])?;
    let gate = |row: Vec<Value>| match row.as_slice() {
        [Value::Integer(gate)] => u32::try_from(*gate).map_err(|_range| corrupt("a gate")),
        _ => Err(corrupt("a gate")),
    };
    rows.into_iter().map(gate).collect()
}

/// Returns how many applications of a license have been counted at a gate so far.
pub(crate) fn joined(
    db: &dyn Database,
    license: LicenseId,
    gate: u32,
) -> Result<i64, DatabaseError> {
    match db
        .query(JOINED, &[text(license), number(gate)])?
        .first()
        .map(Vec::as_slice)
    {
        None => Ok(0),
        Some([Value::Integer(joined)]) => Ok(*joined),
        Some(_) => Err(corrupt("the number of those who came to a gate")),
    }
}

/// Forgets a gate at which nobody is left, unless somebody came since.
pub(crate) fn forget(
    db: &dyn Database,
    license: LicenseId,
    gate: u32,
    joined: i64,
) -> Result<(), DatabaseError> {
    db.execute(
        FORGET,
        &[text(license), number(gate), Value::Integer(joined)],
    )
}

/// Forgets every gate of a license of which there will be no more news.
pub(crate) fn forget_all(db: &dyn Database, license: LicenseId) -> Result<(), DatabaseError> {
    db.execute(FORGET_ALL, &[text(license)])
}

fn number(gate: u32) -> Value {
    Value::Integer(i64::from(gate))
}
