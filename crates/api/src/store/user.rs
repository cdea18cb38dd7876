//! Users' rows: the document, a column for each filter, and children for what is many.

use licentia_core::wire::StoredUser;
use licentia_core::{MetadataId, User, UserId};

use super::row::{self, Columns};
use super::{corrupt, document, optional, read, text};
use crate::database::{Database, DatabaseError, Row, Value};

const FIND: &str = "SELECT document FROM users WHERE id = ?1";
const FIND_ALL: &str = "SELECT document FROM users WHERE id IN (SELECT value FROM json_each(?1))";
const FIND_BY_METADATA: &str = "SELECT u.document FROM user_metadata m JOIN users u ON u.number = m.number WHERE m.id = ?1 LIMIT 1";
const HAS_LICENSES: &str = "SELECT 1 FROM licenses WHERE user_id = ?1
    UNION ALL SELECT 1 FROM license_users WHERE user_id = ?1 LIMIT 1";
const DELETE: &str = "DELETE FROM users WHERE id = ?1";

/// Loads a user by its id.
pub(crate) fn load(db: &dyn Database, id: UserId) -> Result<Option<User>, DatabaseError> {
    let rows = db.query(FIND, &[text(id)])?;
    rows.first().map(from_row).transpose()
}

/// Loads the user with a metadata entry.
pub(crate) fn load_by_metadata(
    db: &dyn Database,
    id: MetadataId,
) -> Result<Option<User>, DatabaseError> {
    let rows = db.query(FIND_BY_METADATA, &[text(id)])?;
    rows.first().map(from_row).transpose()
}

/// Loads those users of `ids` that there are, in no order.
pub(crate) fn load_all(db: &dyn Database, ids: &[UserId]) -> Result<Vec<User>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    db.query(FIND_ALL, &[document(&ids)?])?
        .iter()
        .map(from_row)
        .collect()
}

/// Says whether a user owns a license, or is among the additional users of one.
pub(crate) fn has_licenses(db: &dyn Database, id: UserId) -> Result<bool, DatabaseError> {
    Ok(!db.query(HAS_LICENSES, &[text(id)])?.is_empty())
}

/// Adds a user.
pub(crate) fn insert(db: &dyn Database, user: &User) -> Result<(), DatabaseError> {
    let mut columns = columns(user)?;
    columns.extend([("id", text(user.id)), ("created_at", text(user.created_at))]);
    let number = row::insert(db, "users", user.created_at, &columns)?;
    row::add_children(db, "user_tags", &["tag"], number, &tags(user))?;
    row::add_children(db, "user_metadata", &METADATA, number, &metadata(user))
}

/// Saves a user that is there, and was as `before` says.
pub(crate) fn save(db: &dyn Database, before: &User, user: &User) -> Result<(), DatabaseError> {
    row::update(db, "users", &user.id, &columns(before)?, &columns(user)?)?;
    if named_by(before) != named_by(user) {
        super::license::search_anew(db, user)?;
    }
    let number = row::number(db, "users", &user.id)?;
    if before.tags != user.tags {
        row::replace_children(db, "user_tags", &["tag"], number, &tags(user))?;
    }
    if metadata(before) != metadata(user) {
        row::replace_children(db, "user_metadata", &METADATA, number, &metadata(user))?;
    }
    Ok(())
}

/// Deletes a user.
pub(crate) fn delete(db: &dyn Database, id: UserId) -> Result<(), DatabaseError> {
    db.execute(DELETE, &[text(id)])
}

const METADATA: [&str; 3] = ["id", "key", "value"];

fn columns(user: &User) -> Result<Columns, DatabaseError> {
    Ok(vec![
        ("email", text(User::email_key(&user.email))),
        ("name", text(user.name())),
        ("company", text(&user.company)),
        ("role", text(&user.role)),
        ("last_seen_at", optional(user.last_seen_at)),
        ("search", text(searched(user))),
        ("document", document(&StoredUser::from(user))?),
    ])
}

/// What a search looks into, a line each, so that no fragment spans two.
fn searched(user: &User) -> String {
    let mut lines = vec![named_by(user)];
    lines.extend(user.tags.iter().cloned());
    lines.extend(user.metadata.iter().map(|entry| entry.value.clone()));
    lines.join("\n").to_lowercase()
}

/// What names a user, where licenses are searched by their owner.
pub(super) fn named_by(user: &User) -> String {
    [user.email.as_str(), &user.name(), &user.company].join("\n")
}

fn tags(user: &User) -> Vec<Vec<Value>> {
    user.tags.iter().map(|tag| vec![text(tag)]).collect()
}

fn metadata(user: &User) -> Vec<Vec<Value>> {
    let entries = user.metadata.iter();
    entries
        .map(|entry| vec![text(entry.id), text(&entry.key), text(&entry.value)])
        .collect()
}

/// Reads a row as lists select it.
pub(crate) fn from_row(row: &Row) -> Result<User, DatabaseError> {
    match row.as_slice() {
        [Value::Text(document)] => read::<StoredUser>(document).map(User::from),
        _ => Err(corrupt("the row of a user")),
    }
}
