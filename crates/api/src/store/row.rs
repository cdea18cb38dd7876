//! Rows of tables that are kept in order of creation: their numbers, and writing no more columns than changed.

use licentia_core::Timestamp;

use super::corrupt;
use crate::database::{Database, DatabaseError, Value};

/// So many rows may be created in one second.
const A_SECOND: i64 = 1 << 21;
/// The first number: 136 years before 1970, and the last is as long after.
pub(crate) const FIRST: i64 = -(1 << 53) + 1;
pub(crate) const LAST: i64 = (1 << 53) - 1;

/// The columns of a row, by name.
pub(crate) type Columns = Vec<(&'static str, Value)>;

/// What a row has many of: the child table, its columns after `number`, and its entries.
pub(crate) type Children = (&'static str, &'static [&'static str], Vec<Vec<Value>>);

/// Returns the first and the last number of rows that are created in the second of `time`.
pub(crate) fn places_of(time: Timestamp) -> (i64, i64) {
    let first = time.unix_seconds().saturating_mul(A_SECOND);
    let last = first.saturating_add(A_SECOND).saturating_sub(1);
    (first.clamp(FIRST, LAST), last.clamp(FIRST, LAST))
}

/// Says whether rows can be created at `time`, whose second has numbers of its own: from 1834 on, and until 2106.
pub(crate) fn has_places(time: Timestamp) -> bool {
    let (first, last) = places_of(time);
    last.saturating_sub(first) == A_SECOND.saturating_sub(1)
}

/// Adds a row after those of its second, and returns its number.
pub(crate) fn insert(
    db: &dyn Database,
    table: &'static str,
    created_at: Timestamp,
    columns: &Columns,
) -> Result<i64, DatabaseError> {
    let (first, last) = places_of(created_at);
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let marks = vec!["?"; columns.len()].join(", ");
    let sql = format!(
        "INSERT INTO {table} (number, {}) VALUES ((SELECT COALESCE(MAX(number) + 1, ?) FROM {table} \
        WHERE number BETWEEN ? AND ?), {marks}) RETURNING number",
        names.join(", ")
    );
    let mut values = vec![
        Value::Integer(first),
        Value::Integer(first),
        Value::Integer(last),
    ];
    values.extend(columns.iter().map(|(_, value)| value.clone()));
    match db.query(&sql, &values)?.first().map(Vec::as_slice) {
        Some([Value::Integer(number)]) => Ok(*number),
        _ => Err(corrupt("the number of a new row")),
    }
}

/// Writes the columns that changed: an index over one that did not is left alone.
pub(crate) fn update(
    db: &dyn Database,
    table: &'static str,
    id: &impl ToString,
    before: &Columns,
    after: &Columns,
) -> Result<(), DatabaseError> {
    let changed: Vec<&(&str, Value)> = after
        .iter()
        .filter(|column| !before.contains(column))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = changed
        .iter()
        .map(|(name, _)| format!("{name} = ?"))
        .collect();
    let sql = format!("UPDATE {table} SET {} WHERE id = ?", names.join(", "));
    let mut values: Vec<Value> = changed.iter().map(|(_, value)| value.clone()).collect();
    values.push(super::text(id.to_string()));
    db.execute(&sql, &values)
}

/// Returns the number of a row that is there.
pub(crate) fn number(
    db: &dyn Database,
    table: &'static str,
    id: &impl ToString,
) -> Result<i64, DatabaseError> {
    let sql = format!("SELECT number FROM {table} WHERE id = ?");
    let rows = db.query(&sql, &[super::text(id.to_string())])?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Integer(number)]) => Ok(*number),
        _ => Err(corrupt("the number of a row")),
    }
}

/// Puts the entries of a child table in place of those that a row had: `columns` after `number`.
pub(crate) fn replace_children(
    db: &dyn Database,
    table: &'static str,
    columns: &[&'static str],
    number: i64,
    entries: &[Vec<Value>],
) -> Result<(), DatabaseError> {
    db.execute(
        &format!("DELETE FROM {table} WHERE number = ?"),
        &[Value::Integer(number)],
    )?;
    add_children(db, table, columns, number, entries)
}

/// Adds the entries of a child table to a new row.
pub(crate) fn add_children(
    db: &dyn Database,
    table: &'static str,
    columns: &[&'static str],
    number: i64,
    entries: &[Vec<Value>],
) -> Result<(), DatabaseError> {
    let marks = vec!["?"; columns.len().saturating_add(1)].join(", ");
    let sql = format!(
        "INSERT OR REPLACE INTO {table} (number, {}) VALUES ({marks})",
        columns.join(", ")
    );
    for entry in entries {
        let mut values = vec![Value::Integer(number)];
        values.extend(entry.iter().cloned());
        db.execute(&sql, &values)?;
    }
    Ok(())
}
