//! Status lists' rows: what is marked in each, and what was signed last. Triggers of the schema keep the marks.

use licentia_core::Timestamp;

use super::{corrupt, text};
use crate::database::{Database, DatabaseError, Row, Value};

const CHANGED: &str = "SELECT list FROM status_lists WHERE changed = 1";
const CHANGE_ALL: &str = "UPDATE status_lists SET changed = 1";
const WANT: &str = "UPDATE status_lists SET changed = 0, wanted_until = MAX(wanted_until, ?2)
    WHERE list = ?1 RETURNING version";
const IS_WANTED: &str = "SELECT 1 FROM status_lists WHERE list = ?1 AND wanted_until > ?2";
const FIND: &str = "SELECT version, lst FROM status_lists WHERE list = ?1";
const MARKS: &str = "SELECT place, status FROM marks WHERE list = ?1";
const SAVE: &str = "UPDATE status_lists SET version = ?2, lst = ?3 WHERE list = ?1";

/// What was signed last of a list.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) version: i64,
    /// The encoded statuses, unless a mark has changed since.
    pub(crate) lst: Option<String>,
}

/// Returns the lists that have changed since they were last wanted.
pub(crate) fn changed(db: &dyn Database) -> Result<Vec<u32>, DatabaseError> {
    let rows = db.query(CHANGED, &[])?;
    rows.iter().map(|row| number(row.first())).collect()
}

/// Says of every list that it has changed.
pub(crate) fn change_all(db: &dyn Database) -> Result<(), DatabaseError> {
    db.execute(CHANGE_ALL, &[])
}

/// Says that a list is wanted until then. Returns the version that was signed last, which is 0 before the first; none if there
/// is no such list.
pub(crate) fn want(
    db: &dyn Database,
    list: u32,
    until: Timestamp,
) -> Result<Option<i64>, DatabaseError> {
    let rows = db.query(WANT, &[integer(list), text(until)])?;
    match rows.first().map(Vec::as_slice) {
        None => Ok(None),
        Some([Value::Integer(version)]) => Ok(Some(*version)),
        Some(_) => Err(corrupt("the version of a status list")),
    }
}

/// Says whether a list is still wanted.
pub(crate) fn is_wanted(
    db: &dyn Database,
    list: u32,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    Ok(!db.query(IS_WANTED, &[integer(list), text(now)])?.is_empty())
}

/// Finds what was signed last of a list.
pub(crate) fn find(db: &dyn Database, list: u32) -> Result<Option<Signed>, DatabaseError> {
    let mut rows = db.query(FIND, &[integer(list)])?;
    let Some(row) = rows.pop() else {
        return Ok(None);
    };
    match <[Value; 2]>::try_from(row) {
        Ok([Value::Integer(version), Value::Text(lst)]) => Ok(Some(Signed {
            version,
            lst: Some(lst),
        })),
        Ok([Value::Integer(version), Value::Null]) => Ok(Some(Signed { version, lst: None })),
        _ => Err(corrupt("the row of a status list")),
    }
}

/// Returns the places of a list that are marked, with what.
pub(crate) fn marks(db: &dyn Database, list: u32) -> Result<Vec<(u32, u8)>, DatabaseError> {
    let mark = |row: Row| match row.as_slice() {
        [place, Value::Integer(status)] => {
            let status = u8::try_from(*status).map_err(|_range| corrupt("a mark"))?;
            Ok((number(Some(place))?, status))
        }
        _ => Err(corrupt("a mark")),
    };
    let rows = db.query(MARKS, &[integer(list)])?;
    rows.into_iter().map(mark).collect()
}

/// Keeps what is signed now.
pub(crate) fn save(
    db: &dyn Database,
    list: u32,
    version: i64,
    lst: &str,
) -> Result<(), DatabaseError> {
    let row = [integer(list), Value::Integer(version), text(lst)];
    db.execute(SAVE, &row)
}

fn integer(number: u32) -> Value {
    Value::Integer(i64::from(number))
}

fn number(value: Option<&Value>) -> Result<u32, DatabaseError> {
    match value {
        Some(Value::Integer(number)) => {
            u32::try_from(*number).map_err(|_range| corrupt("the number of a status list"))
        }
        _ => Err(corrupt("the number of a status list")),
    }
}
