//! Access tokens, as far as letting somebody in needs them: by their digest. No text of a token is stored.

use std::collections::BTreeSet;

use licentia_core::{Scope, Seconds, Timestamp, TokenId};
use serde::Deserialize;

use super::{corrupt, read, text};
use crate::access::TokenDigest;
use crate::database::{Database, DatabaseError, Value};

const FIND: &str = "SELECT id, last_used_at, document FROM access_tokens WHERE digest = ?1";
const TOUCH: &str = "UPDATE access_tokens SET last_used_at = ?2 WHERE id = ?1";

/// How exact `lastUsedAt` is: a busy token must not cost a write a call.
const TOUCHED_ONCE_IN: Seconds = Seconds(60);

/// What decides whether a token lets its holder in.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) id: TokenId,
    pub(crate) scopes: BTreeSet<Scope>,
    expires_at: Option<Timestamp>,
    revoked: bool,
    last_used_at: Option<Timestamp>,
}

/// What of a token's document that takes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
    revoked: bool,
}

impl Stored {
    /// Says whether it lets anybody in at all.
    pub(crate) fn is_in_force(&self, now: Timestamp) -> bool {
        !self.revoked && self.expires_at.is_none_or(|end| now <= end)
    }
}

/// Finds a token by its digest.
pub(crate) fn find_by_digest(
    db: &dyn Database,
    digest: TokenDigest,
) -> Result<Option<Stored>, DatabaseError> {
    let rows = db.query(FIND, &[text(digest)])?;
    rows.first().map(|row| stored(row)).transpose()
}

/// Notes that a token was used, at most once a minute.
pub(crate) fn touch(
    db: &dyn Database,
    token: &Stored,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let fresh = |last: Timestamp| now < last.plus(TOUCHED_ONCE_IN);
    if token.last_used_at.is_some_and(fresh) {
        return Ok(());
    }
    db.execute(TOUCH, &[text(token.id), text(now)])
}

fn stored(row: &[Value]) -> Result<Stored, DatabaseError> {
    let [Value::Text(id), last_used_at, Value::Text(document)] = row else {
        return Err(corrupt("an access token"));
    };
    let document: Document = read(document)?;
    let scopes = document.scopes.iter().map(|name| Scope::named(name));
    let scopes: Option<_> = scopes.collect();
    let last_used_at = match last_used_at {
        Value::Text(at) => at.parse().map(Some),
        _ => Ok(None),
    };
    Ok(Stored {
        id: id
            .parse()
            .map_err(|_id| corrupt("the id of an access token"))?,
        scopes: scopes.ok_or_else(|| corrupt("the scopes of an access token"))?,
        expires_at: document.expires_at,
        revoked: document.revoked,
        last_used_at: last_used_at.map_err(|_at| corrupt("the last use of an access token"))?,
    })
}
