//! The outbox's rows: what is to be published, one row a subject, the latest version wins.
//!
//! A row in flight is claimed until a time. A put whose outcome nobody knows may still land, after a newer one:
//! such a row is `uncertain`, and what it publishes is put once more, later than any put could linger.

use licentia_core::{Seconds, Timestamp};

use super::{corrupt, text};
use crate::database::{Database, DatabaseError, Row, Value};

/// How long a claim keeps others from putting the same subject.
const CLAIM: Seconds = Seconds(10);
/// After what time a put of unknown outcome has landed or never will.
const LINGER: Seconds = Seconds(60);
const LONGEST_BACKOFF: i64 = 300;

const ENQUEUE: &str = "INSERT INTO outbox (subject, version, next_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (subject) DO UPDATE SET version = excluded.version, attempts = 0,
        next_at = MAX(excluded.next_at, COALESCE(claimed_until, excluded.next_at))";
const ENQUEUE_UNCERTAIN: &str =
    "INSERT INTO outbox (subject, version, next_at, uncertain) VALUES (?1, ?2, ?3, 1)
    ON CONFLICT (subject) DO UPDATE SET uncertain = 1";
const CLAIM_ONE: &str = "UPDATE outbox SET claim = claim + 1, next_at = ?2, claimed_until = ?2,
        uncertain = CASE WHEN claimed_until IS NULL THEN uncertain ELSE 1 END
    WHERE subject = ?1 AND (claimed_until IS NULL OR claimed_until <= ?3)
    RETURNING claim, version";
const DUE: &str = "SELECT subject FROM outbox WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2";
const NEXT: &str = "SELECT next_at FROM outbox ORDER BY next_at LIMIT 1";
const FIND: &str = "SELECT version, claim, uncertain, attempts FROM outbox WHERE subject = ?1";
const FORGET: &str = "DELETE FROM outbox WHERE subject = ?1";
const RELEASE: &str =
    "UPDATE outbox SET claimed_until = NULL, next_at = ?2, attempts = ?3, uncertain = ?4
    WHERE subject = ?1";

/// A row that is in flight from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claimed {
    pub(crate) claim: i64,
    pub(crate) version: i64,
}

/// What is known of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    /// It landed.
    Yes,
    /// It failed or was not waited for: it may have landed, or may yet.
    Unknown,
}

/// Says that a subject is to be published in `version`.
pub(crate) fn enqueue(
    db: &dyn Database,
    subject: &str,
    version: i64,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    db.execute(
        ENQUEUE,
        &[text(subject), Value::Integer(version), text(now)],
    )
}

/// Claims a subject, unless it is in flight.
pub(crate) fn claim(
    db: &dyn Database,
    subject: &str,
    now: Timestamp,
) -> Result<Option<Claimed>, DatabaseError> {
    let rows = db.query(
        CLAIM_ONE,
        &[text(subject), text(now.plus(CLAIM)), text(now)],
    )?;
    match rows.first().map(Vec::as_slice) {
        None => Ok(None),
        Some([Value::Integer(claim), Value::Integer(version)]) => Ok(Some(Claimed {
            claim: *claim,
            version: *version,
        })),
        Some(_) => Err(corrupt("the row of the outbox")),
    }
}

/// Returns the subjects that are due, longest due first.
pub(crate) fn due(
    db: &dyn Database,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<String>, DatabaseError> {
    let rows = db.query(DUE, &[text(now), Value::Integer(limit)])?;
    let subject = |row: Row| match row.into_iter().next() {
        Some(Value::Text(subject)) => Ok(subject),
        _ => Err(corrupt("the subject of the outbox")),
    };
    rows.into_iter().map(subject).collect()
}

/// Returns when something is due next.
pub(crate) fn next_due(db: &dyn Database) -> Result<Option<Timestamp>, DatabaseError> {
    match db.query(NEXT, &[])?.first().map(Vec::as_slice) {
        None => Ok(None),
        Some([Value::Text(at)]) => at
            .parse()
            .map(Some)
            .map_err(|_malformed| corrupt("a time of the outbox")),
        Some(_) => Err(corrupt("a time of the outbox")),
    }
}

/// Takes note of what came of a put. Returns whether its version is in KV.
pub(crate) fn settle(
    db: &dyn Database,
    subject: &str,
    put: Claimed,
    landed: Landed,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let rows = db.query(FIND, &[text(subject)])?;
    let (version, claim, uncertain, attempts) = match rows.first().map(Vec::as_slice) {
        Some(
            [
                Value::Integer(version),
                Value::Integer(claim),
                Value::Integer(uncertain),
                Value::Integer(attempts),
            ],
        ) => (*version, *claim, *uncertain != 0, *attempts),
        Some(_) => return Err(corrupt("the row of the outbox")),
        None => {
            // A later put was settled first, and this one may have landed over it.
            db.execute(
                ENQUEUE_UNCERTAIN,
                &[text(subject), Value::Integer(put.version), text(now)],
            )?;
            return Ok(false);
        }
    };
    if claim != put.claim {
        db.execute(
            ENQUEUE_UNCERTAIN,
            &[text(subject), Value::Integer(put.version), text(now)],
        )?;
        return Ok(false);
    }
    match landed {
        Landed::Unknown => {
            let later = now.plus(backoff(attempts));
            release(db, subject, later, attempts.saturating_add(1), true)?;
        }
        Landed::Yes if version > put.version => release(db, subject, now, 0, uncertain)?,
        Landed::Yes if uncertain => release(db, subject, now.plus(LINGER), 0, false)?,
        Landed::Yes => db.execute(FORGET, &[text(subject)])?,
    }
    Ok(landed == Landed::Yes)
}

fn release(
    db: &dyn Database,
    subject: &str,
    next_at: Timestamp,
    attempts: i64,
    uncertain: bool,
) -> Result<(), DatabaseError> {
    let row = [
        text(subject),
        text(next_at),
        Value::Integer(attempts),
        Value::Integer(i64::from(uncertain)),
    ];
    db.execute(RELEASE, &row)
}

/// One second, then twice as long each time, at most five minutes.
fn backoff(attempts: i64) -> Seconds {
    let shift = u32::try_from(attempts.clamp(0, 16)).unwrap_or(0);
    Seconds(
        1_i64
            .checked_shl(shift)
            .unwrap_or(LONGEST_BACKOFF)
            .min(LONGEST_BACKOFF),
    )
}
