//! What is searched, where many rows are added in one transaction: they become so together, at its end.
//!
//! FTS5 writes what it was given whenever a statement begins that may fail halfway. Row by row, that makes a segment for
//! each, and merging them takes as long as all else that an import does.

use crate::database::{Database, DatabaseError};

const LATER: &str = "INSERT INTO unsearched (name, number) VALUES ('', 0) ON CONFLICT DO NOTHING";
const LICENSES: &str = "INSERT INTO license_search (rowid, text) SELECT r.number, r.search
    FROM unsearched u CROSS JOIN licenses r ON r.number = u.number WHERE u.name = 'licenses'";
const USERS: &str = "INSERT INTO user_search (rowid, text) SELECT r.number, r.search
    FROM unsearched u CROSS JOIN users r ON r.number = u.number WHERE u.name = 'users'";
const ACTIVATIONS: &str = "INSERT INTO activation_search (rowid, text) SELECT r.number, r.search
    FROM unsearched u CROSS JOIN activations r ON r.number = u.number WHERE u.name = 'activations'";
const NONE_LEFT: &str = "DELETE FROM unsearched";

/// Says that many rows are about to be added: no search finds one before `catch_up`, in the same transaction.
pub(crate) fn later(db: &dyn Database) -> Result<(), DatabaseError> {
    db.execute(LATER, &[])
}

/// Makes searched what was added since `later`.
pub(crate) fn catch_up(db: &dyn Database) -> Result<(), DatabaseError> {
    for statement in [LICENSES, USERS, ACTIVATIONS, NONE_LEFT] {
        db.execute(statement, &[])?;
    }
    Ok(())
}
