//! Access tokens, as far as letting somebody in needs them: by their digest. No text of a token is stored.

use licentia_core::wire::StoredAccessToken;
use licentia_core::{AccessToken, Seconds, Timestamp};

use super::{corrupt, read, text};
use crate::access::TokenDigest;
use crate::database::{Database, DatabaseError, Value};

const FIND: &str = "SELECT last_used_at, document FROM access_tokens WHERE digest = ?1";
const TOUCH: &str = "UPDATE access_tokens SET last_used_at = ?2 WHERE id = ?1";

/// How exact `lastUsedAt` is: a busy token must not cost a write a call.
const TOUCHED_ONCE_IN: Seconds = Seconds(60);

/// Finds a token by its digest.
pub(crate) fn find_by_digest(
    db: &dyn Database,
    digest: TokenDigest,
) -> Result<Option<AccessToken>, DatabaseError> {
    let rows = db.query(FIND, &[text(digest)])?;
    match rows.first().map(Vec::as_slice) {
        None => Ok(None),
        Some([last_used_at, Value::Text(document)]) => {
            let last_used_at = match last_used_at {
                Value::Text(at) => at.parse().map(Some),
                _ => Ok(None),
            };
            let last_used_at =
                last_used_at.map_err(|_at| corrupt("the last use of an access token"))?;
            let token = read::<StoredAccessToken>(document)?.into_token(last_used_at);
            let token = token.ok_or_else(|| corrupt("the scopes of an access token"))?;
            Ok(Some(token))
        }
        Some(_) => Err(corrupt("an access token")),
    }
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
