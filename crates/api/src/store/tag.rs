//! Tags' rows.

use licentia_core::wire::StoredTag;
use licentia_core::{Tag, TagId};

use super::row::{self, Columns};
use super::{corrupt, document, read, text};
use crate::database::{Database, DatabaseError, Row, Value};

const FIND: &str = "SELECT document FROM tags WHERE id = ?1";
const DELETE: &str = "DELETE FROM tags WHERE id = ?1";

/// Loads a tag by its id.
pub(crate) fn load(db: &dyn Database, id: TagId) -> Result<Option<Tag>, DatabaseError> {
    let rows = db.query(FIND, &[text(id)])?;
    rows.first().map(from_row).transpose()
}

/// Adds a tag.
pub(crate) fn insert(db: &dyn Database, tag: &Tag) -> Result<(), DatabaseError> {
    let mut columns = columns(tag)?;
    columns.extend([("id", text(tag.id)), ("created_at", text(tag.created_at))]);
    row::insert(db, "tags", tag.created_at, &columns).map(drop)
}

/// Saves a tag that is there, and was as `before` says.
pub(crate) fn save(db: &dyn Database, before: &Tag, tag: &Tag) -> Result<(), DatabaseError> {
    row::update(db, "tags", &tag.id, &columns(before)?, &columns(tag)?)
}

/// Deletes a tag.
pub(crate) fn delete(db: &dyn Database, id: TagId) -> Result<(), DatabaseError> {
    db.execute(DELETE, &[text(id)])
}

fn columns(tag: &Tag) -> Result<Columns, DatabaseError> {
    let lines = [tag.name.as_str(), tag.description.as_str()];
    Ok(vec![
        ("name", text(&tag.name)),
        ("search", text(lines.join("\n").to_lowercase())),
        ("document", document(&StoredTag::from(tag))?),
    ])
}

/// Reads a row as lists select it.
pub(crate) fn from_row(row: &Row) -> Result<Tag, DatabaseError> {
    match row.as_slice() {
        [Value::Text(document)] => read::<StoredTag>(document).map(Tag::from),
        _ => Err(corrupt("the row of a tag")),
    }
}
