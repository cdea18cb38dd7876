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

/// Runs what adds many rows. None of them is found by a search before the end.
pub(crate) fn once_all_are_added<T, E: From<DatabaseError>>(
    db: &dyn Database,
    add: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    db.execute(LATER, &[])?;
    let added = add()?;
    for statement in [LICENSES, USERS, ACTIVATIONS, NONE_LEFT] {
        db.execute(statement, &[])?;
    }
    Ok(added)
}
