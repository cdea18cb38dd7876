//! What an export reads: every table in order of creation, as it was when the export began.

use licentia_core::Timestamp;

use super::{corrupt, text};
use crate::database::{Database, DatabaseError, Row, Value};

const TOMBSTONES: &str = "SELECT kind, id, deleted_at, document FROM tombstones
    WHERE (kind, id) > (?1, ?2) AND deleted_at <= ?3 ORDER BY kind, id LIMIT ?4";

/// How many rows are read at once. A row's document is a kilobyte or two.
pub(crate) const ROWS: usize = 250;

/// Reads the next rows of a table that is kept in order of creation: `columns`, with the number in front.
pub(crate) fn rows(
    db: &dyn Database,
    (table, columns): (&str, &str),
    after: i64,
    until: Timestamp,
) -> Result<Vec<Row>, DatabaseError> {
    let sql = format!(
        "SELECT number, {columns} FROM {table} WHERE number > ?1 AND created_at <= ?2 ORDER BY number LIMIT ?3"
    );
    db.query(&sql, &[Value::Integer(after), text(until), limit()])
}

/// Reads the next tombstones, in order of kind and id.
pub(crate) fn tombstones(
    db: &dyn Database,
    (kind, id): (&str, &str),
    until: Timestamp,
) -> Result<Vec<Row>, DatabaseError> {
    db.query(TOMBSTONES, &[text(kind), text(id), text(until), limit()])
}

/// Returns the number in front of a row.
pub(crate) fn number(row: &Row) -> Result<i64, DatabaseError> {
    match row.first() {
        Some(Value::Integer(number)) => Ok(*number),
        _ => Err(corrupt("the number of a row")),
    }
}

fn limit() -> Value {
    Value::Integer(i64::try_from(ROWS).unwrap_or(i64::MAX))
}
