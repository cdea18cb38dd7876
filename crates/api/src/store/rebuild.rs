//! That a rebuild is under way: from its first page until its last.

use licentia_core::Timestamp;

use super::text;
use crate::database::{Database, DatabaseError};

const UNDER_WAY: &str = "SELECT 1 FROM rebuilds WHERE number = 1";
const BEGIN: &str = "INSERT INTO rebuilds (number, begun_at) VALUES (1, ?1) ON CONFLICT DO NOTHING";
const END: &str = "DELETE FROM rebuilds";

/// Says whether one is under way.
pub(crate) fn is_under_way(db: &dyn Database) -> Result<bool, DatabaseError> {
    Ok(!db.query(UNDER_WAY, &[])?.is_empty())
}

/// Notes that one is under way.
pub(crate) fn begin(db: &dyn Database, now: Timestamp) -> Result<(), DatabaseError> {
    db.execute(BEGIN, &[text(now)])
}

/// Notes that its last page is here.
pub(crate) fn end(db: &dyn Database) -> Result<(), DatabaseError> {
    db.execute(END, &[])
}
