//! Answers that are kept for a day, so that a request that is sent twice is answered once.

use licentia_core::{Seconds, Timestamp};

use super::{corrupt, text};
use crate::database::{Database, DatabaseError, Value};

const FIND: &str = "SELECT request_hash, reply FROM idempotency WHERE key_hash = ?1 AND at > ?2";
const KEEP: &str =
    "INSERT INTO idempotency (key_hash, request_hash, at, reply) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (key_hash) DO UPDATE SET
    request_hash = excluded.request_hash, at = excluded.at, reply = excluded.reply";
/// Four go for each that comes, so that the work stays small and the table does too.
const DROP_OLD: &str = "DELETE FROM idempotency WHERE key_hash IN
    (SELECT key_hash FROM idempotency WHERE at <= ?1 ORDER BY at LIMIT 4)";

const WRAPPED_BY_OTHERS: &str = "SELECT key_hash, reply FROM idempotency
    WHERE substr(reply, 1, length(?1)) <> ?1 LIMIT ?2";
const REWRAP: &str = "UPDATE idempotency SET reply = ?2 WHERE key_hash = ?1";

/// How long an answer is kept.
const KEPT: Seconds = Seconds(86_400);

/// A row: hashes, and the answer as the vault wrapped it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) key_hash: String,
    pub(crate) request_hash: String,
    pub(crate) at: Timestamp,
    pub(crate) reply: String,
}

/// Finds what was answered under a key: the request's hash and the wrapped answer.
pub(crate) fn find(
    db: &dyn Database,
    key_hash: &str,
    now: Timestamp,
) -> Result<Option<(String, String)>, DatabaseError> {
    let rows = db.query(FIND, &[text(key_hash), text(horizon(now))])?;
    match rows.first().map(Vec::as_slice) {
        None => Ok(None),
        Some([Value::Text(request_hash), Value::Text(reply)]) => {
            Ok(Some((request_hash.clone(), reply.clone())))
        }
        Some(_) => Err(corrupt("an answer that was kept")),
    }
}

/// Keeps an answer, and drops a few that are too old.
pub(crate) fn keep(db: &dyn Database, kept: &Kept) -> Result<(), DatabaseError> {
    db.execute(DROP_OLD, &[text(horizon(kept.at))])?;
    let row = [
        text(&kept.key_hash),
        text(&kept.request_hash),
        text(kept.at),
        text(&kept.reply),
    ];
    db.execute(KEEP, &row)
}

fn horizon(now: Timestamp) -> Timestamp {
    now.plus(Seconds(KEPT.0.saturating_neg()))
}

/// Returns answers that another master key than `master` has wrapped, with their hashes.
pub(crate) fn wrapped_by_others(
    db: &dyn Database,
    master: &str,
    limit: i64,
) -> Result<Vec<(String, String)>, DatabaseError> {
    let row = |row: Vec<Value>| match <[Value; 2]>::try_from(row) {
        Ok([Value::Text(key_hash), Value::Text(reply)]) => Ok((key_hash, reply)),
        _ => Err(corrupt("a kept answer")),
    };
    let prefix = text(format!("{master}."));
    let rows = db.query(WRAPPED_BY_OTHERS, &[prefix, Value::Integer(limit)])?;
    rows.into_iter().map(row).collect()
}

/// Puts an answer that was wrapped anew in place of the earlier one.
pub(crate) fn rewrap(
    db: &dyn Database,
    key_hash: &str,
    reply: String,
) -> Result<(), DatabaseError> {
    db.execute(REWRAP, &[text(key_hash), Value::Text(reply)])
}
