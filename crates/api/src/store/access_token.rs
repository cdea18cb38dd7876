//! Access tokens' rows. No text of a token is stored, only its digest; and its last use, which moves without the rest.

use licentia_core::wire::StoredAccessToken;
use licentia_core::{AccessToken, Seconds, Timestamp, TokenId, TokenText};

use super::row::{self, Columns};
use super::{corrupt, document, read, text};
use crate::access::TokenDigest;
use crate::database::{Database, DatabaseError, Row, Value};

const FIND: &str = "SELECT last_used_at, document FROM access_tokens WHERE id = ?1";
const FIND_BY_DIGEST: &str = "SELECT last_used_at, document FROM access_tokens WHERE digest = ?1";
const TOUCH: &str = "UPDATE access_tokens SET last_used_at = ?2 WHERE id = ?1";
const DELETE: &str = "DELETE FROM access_tokens WHERE id = ?1";

/// How exact `lastUsedAt` is: a busy token must not cost a write a call.
const TOUCHED_ONCE_IN: Seconds = Seconds(60);

/// Loads a token by its id.
pub(crate) fn load(db: &dyn Database, id: TokenId) -> Result<Option<AccessToken>, DatabaseError> {
    let rows = db.query(FIND, &[text(id)])?;
    rows.first().map(from_row).transpose()
}

/// Finds a token by its digest.
pub(crate) fn find_by_digest(
    db: &dyn Database,
    digest: TokenDigest,
) -> Result<Option<AccessToken>, DatabaseError> {
    let rows = db.query(FIND_BY_DIGEST, &[text(digest)])?;
    rows.first().map(from_row).transpose()
}

/// Adds a token with the digest of its text.
pub(crate) fn insert(
    db: &dyn Database,
    token: &AccessToken,
    secret: &TokenText,
) -> Result<(), DatabaseError> {
    let mut columns = columns(token)?;
    columns.extend([
        ("id", text(token.id)),
        ("digest", text(TokenDigest::of(secret.as_str()))),
        ("created_at", text(token.created_at)),
    ]);
    row::insert(db, "access_tokens", token.created_at, &columns).map(drop)
}

/// Saves a token that is there, and was as `before` says.
pub(crate) fn save(
    db: &dyn Database,
    before: &AccessToken,
    token: &AccessToken,
) -> Result<(), DatabaseError> {
    let (was, is) = (columns(before)?, columns(token)?);
    row::update(db, "access_tokens", &token.id, &was, &is)
}

/// Notes that a token was used, at most once a minute.
pub(crate) fn touch(
    db: &dyn Database,
    token: &AccessToken,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let fresh = |last: Timestamp| now < last.plus(TOUCHED_ONCE_IN);
    if token.last_used_at.is_some_and(fresh) {
        return Ok(());
    }
    db.execute(TOUCH, &[text(token.id), text(now)])
}

/// Deletes a token.
pub(crate) fn delete(db: &dyn Database, id: TokenId) -> Result<(), DatabaseError> {
    db.execute(DELETE, &[text(id)])
}

fn columns(token: &AccessToken) -> Result<Columns, DatabaseError> {
    Ok(vec![
        ("name", text(&token.name)),
        ("search", text(token.name.to_lowercase())),
        ("document", document(&StoredAccessToken::from(token))?),
    ])
}

/// Reads a row as lists select it.
pub(crate) fn from_row(row: &Row) -> Result<AccessToken, DatabaseError> {
    let (last_used_at, document) = match row.as_slice() {
        [Value::Null, Value::Text(document)] => (None, document),
        [Value::Text(at), Value::Text(document)] => {
            let at = at.parse();
            let at = at.map_err(|_at| corrupt("the last use of an access token"))?;
            (Some(at), document)
        }
        _ => return Err(corrupt("the row of an access token")),
    };
    let token = read::<StoredAccessToken>(document)?.into_token(last_used_at);
    token.ok_or_else(|| corrupt("the scopes of an access token"))
}
