//! The pace of publications: when the period began in which the last one was due, and how many writes it has.

use licentia_core::Timestamp;

use super::{corrupt, text, unsigned};
use crate::database::{Database, DatabaseError, Value};

const LOAD: &str = "SELECT begins_at, writes FROM publication_pace";
const SAVE: &str = "INSERT INTO publication_pace (number, begins_at, writes) VALUES (1, ?1, ?2)
    ON CONFLICT (number) DO UPDATE SET begins_at = excluded.begins_at, writes = excluded.writes";

/// Loads the period, and how many writes it has.
pub(crate) fn load(db: &dyn Database) -> Result<Option<(Timestamp, u64)>, DatabaseError> {
    match db.query(LOAD, &[])?.first().map(Vec::as_slice) {
        None => Ok(None),
        Some([Value::Text(begins_at), Value::Integer(writes)]) => {
            let begins_at = begins_at.parse();
            let begins_at = begins_at.map_err(|_time| corrupt("the pace of publications"))?;
            Ok(Some((begins_at, unsigned(*writes))))
        }
        Some(_) => Err(corrupt("the pace of publications")),
    }
}

/// Saves it.
pub(crate) fn save(
    db: &dyn Database,
    begins_at: Timestamp,
    writes: u64,
) -> Result<(), DatabaseError> {
    db.execute(SAVE, &[text(begins_at), super::count(writes)])
}
