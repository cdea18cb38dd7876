//! The outbox's rows: what is to be published, one row a subject, the latest version wins.
//!
//! A row in flight is claimed until a time. A put whose outcome nobody knows may still land, after a newer one:
//! such a row is uncertain until no put could linger any more, and what it publishes is put once more after that.

use licentia_core::{Seconds, Timestamp};

use super::{corrupt, optional, text};
use crate::database::{Database, DatabaseError, Value};

/// How long a claim keeps others from putting the same subject.
const CLAIM: Seconds = Seconds(10);
/// After what time a put of unknown outcome has landed or never will.
const LINGER: Seconds = Seconds(60);
const LONGEST_BACKOFF: i64 = 300;

/// What is due sooner, or was changed by somebody, stays so.
const ENQUEUE: &str = "INSERT INTO outbox (subject, version, next_at, paced) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (subject) DO UPDATE SET version = excluded.version, attempts = 0,
        paced = MIN(paced, excluded.paced),
        next_at = CASE WHEN claimed_until IS NULL THEN MIN(next_at, excluded.next_at) ELSE next_at END";
const ENQUEUE_UNCERTAIN: &str = "INSERT INTO outbox (subject, version, next_at, uncertain_until)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (subject) DO UPDATE SET uncertain_until = excluded.uncertain_until";
const HASTEN: &str = "INSERT INTO outbox (subject, version, next_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (subject) DO UPDATE SET version = MAX(version + 1, excluded.version),
        next_at = CASE WHEN claimed_until IS NULL THEN MIN(next_at, excluded.next_at) ELSE next_at END";
const ENQUEUE_AGAIN: &str = "INSERT INTO outbox (subject, version, next_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (subject) DO UPDATE SET next_at = MAX(?4, CASE
        WHEN claimed_until IS NULL AND attempts = 0 THEN MIN(next_at, excluded.next_at) ELSE next_at END)";
const CLAIM_ONE: &str = "UPDATE outbox SET claim = claim + 1, next_at = ?2, claimed_until = ?2,
        uncertain_until = CASE WHEN claimed_until IS NULL THEN uncertain_until ELSE ?4 END
    WHERE subject = ?1 AND (claimed_until IS NULL OR claimed_until <= ?3)
    RETURNING claim, version";
/// News are due apart from all else, by an index of their own: where many documents wait for KV, no news wait behind them.
const DUE_NEWS: &str = "SELECT subject FROM outbox
    WHERE subject >= 'gate' AND subject < 'gatf' AND next_at <= ?1 ORDER BY next_at LIMIT ?2";
const DUE_CHANGES: &str = "SELECT subject FROM outbox
    WHERE paced = 0 AND NOT (subject >= 'gate' AND subject < 'gatf') AND next_at <= ?1 ORDER BY next_at LIMIT ?2";
const DUE_PACED: &str =
    "SELECT subject FROM outbox WHERE paced = 1 AND next_at <= ?1 ORDER BY next_at LIMIT ?2";
const NEXT: &str =
    "SELECT MIN(next_at) FROM (SELECT MIN(next_at) AS next_at FROM outbox WHERE paced = 0
    UNION ALL SELECT MIN(next_at) FROM outbox WHERE paced = 1)";
const FIND: &str =
    "SELECT version, claim, uncertain_until, attempts FROM outbox WHERE subject = ?1";
const COUNT: &str = "SELECT COUNT(*) FROM outbox WHERE subject NOT LIKE 'status-list/%'";
const FORGET: &str = "DELETE FROM outbox WHERE subject = ?1";
const RELEASE: &str =
    "UPDATE outbox SET claimed_until = NULL, next_at = ?2, attempts = ?3, uncertain_until = ?4
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
    /// It landed where nobody waits for it.
    Unheard,
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
    enqueue_in(db, subject, version, now, 0)
}

/// Says that a subject is to be published in `version` when its time comes, after all that somebody changes.
pub(crate) fn enqueue_paced(
    db: &dyn Database,
    subject: &str,
    version: i64,
    then: Timestamp,
) -> Result<(), DatabaseError> {
    enqueue_in(db, subject, version, then, 1)
}

fn enqueue_in(
    db: &dyn Database,
    subject: &str,
    version: i64,
    at: Timestamp,
    paced: i64,
) -> Result<(), DatabaseError> {
    let (version, paced) = (Value::Integer(version), Value::Integer(paced));
    db.execute(ENQUEUE, &[text(subject), version, text(at), paced])
}

/// Says that a subject is to be published now, and once more when no put of what was there before can linger.
pub(crate) fn enqueue_uncertain(
    db: &dyn Database,
    subject: &str,
    version: i64,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let row = [
        text(subject),
        Value::Integer(version),
        text(now),
        text(now.plus(LINGER)),
    ];
    db.execute(ENQUEUE_UNCERTAIN, &row)
}

/// Says that a subject has changed, and is to be published by `then`, with what else changes until then.
pub(crate) fn hasten(
    db: &dyn Database,
    subject: &str,
    now: Timestamp,
    then: Timestamp,
) -> Result<(), DatabaseError> {
    let version = Value::Integer(now.unix_milliseconds());
    db.execute(HASTEN, &[text(subject), version, text(then)])
}

/// Says that a subject is to be published again `then`, or sooner if it is anyway, but not before `earliest`. After a put that
/// has failed, its next try is.
pub(crate) fn enqueue_again(
    db: &dyn Database,
    subject: &str,
    then: Timestamp,
    earliest: Timestamp,
) -> Result<(), DatabaseError> {
    let version = Value::Integer(then.unix_milliseconds());
    db.execute(
        ENQUEUE_AGAIN,
        &[text(subject), version, text(then), text(earliest)],
    )
}

/// Claims a subject, unless it is in flight. What was claimed and never settled may have been put.
pub(crate) fn claim(
    db: &dyn Database,
    subject: &str,
    now: Timestamp,
) -> Result<Option<Claimed>, DatabaseError> {
    let args = [
        text(subject),
        text(now.plus(CLAIM)),
        text(now),
        text(now.plus(LINGER)),
    ];
    match db.query(CLAIM_ONE, &args)?.first().map(Vec::as_slice) {
        None => Ok(None),
        Some([Value::Integer(claim), Value::Integer(version)]) => Ok(Some(Claimed {
            claim: *claim,
            version: *version,
        })),
        Some(_) => Err(corrupt("the row of the outbox")),
    }
}

/// What is due apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    News,
    /// What somebody changed, for KV.
    Changes,
    /// What an import brings, for KV.
    Paced,
}

/// Returns the subjects of a lane that are due, longest due first.
pub(crate) fn due(
    db: &dyn Database,
    lane: Lane,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<String>, DatabaseError> {
    let sql = match lane {
        Lane::News => DUE_NEWS,
        Lane::Changes => DUE_CHANGES,
        Lane::Paced => DUE_PACED,
    };
    let rows = db.query(sql, &[text(now), Value::Integer(i64::from(limit))])?;
    let subject = |row: Vec<Value>| match row.into_iter().next() {
        Some(Value::Text(subject)) => Ok(subject),
        _ => Err(corrupt("the subject of the outbox")),
    };
    rows.into_iter().map(subject).collect()
}

/// Returns how many subjects have yet to be published, but for status lists, which always are.
pub(crate) fn count(db: &dyn Database) -> Result<u64, DatabaseError> {
    match db.query(COUNT, &[])?.first().map(Vec::as_slice) {
        Some([Value::Integer(count)]) => Ok(super::unsigned(*count)),
        _ => Err(corrupt("the number of the outbox's rows")),
    }
}

/// Returns when something is due next.
pub(crate) fn next_due(db: &dyn Database) -> Result<Option<Timestamp>, DatabaseError> {
    match db.query(NEXT, &[])?.first().map(Vec::as_slice) {
        None | Some([Value::Null]) => Ok(None),
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
    let row = find(db, subject)?.filter(|row| row.claim == put.claim);
    let Some(row) = row else {
        // A later put has been claimed or settled since, and this one may have landed over it.
        enqueue_uncertain(db, subject, put.version, now)?;
        return Ok(false);
    };
    let certain = row
        .uncertain_until
        .as_ref()
        .is_none_or(|until| *until <= now.to_string());
    match landed {
        Landed::Unknown => {
            let uncertain_until = Some(now.plus(LINGER).to_string());
            let attempts = row.attempts.saturating_add(1);
            release(
                db,
                subject,
                &now.plus(backoff(row.attempts)).to_string(),
                &Row {
                    attempts,
                    uncertain_until,
                    ..row
                },
            )?;
        }
        // A product that was imported anew after it was deleted may have a lower version.
        Landed::Yes | Landed::Unheard if row.version != put.version => {
            release(db, subject, &now.to_string(), &Row { attempts: 0, ..row })?
        }
        Landed::Yes | Landed::Unheard if certain => db.execute(FORGET, &[text(subject)])?,
        Landed::Yes | Landed::Unheard => {
            let then = row.uncertain_until.clone().unwrap_or_default();
            release(db, subject, &then, &Row { attempts: 0, ..row })?;
        }
    }
    Ok(landed != Landed::Unknown)
}

/// Says whether a subject has yet to be published, for all that is known.
pub(crate) fn is_pending(db: &dyn Database, subject: &str) -> Result<bool, DatabaseError> {
    Ok(find(db, subject)?.is_some())
}

struct Row {
    version: i64,
    claim: i64,
    uncertain_until: Option<String>,
    attempts: i64,
}

fn find(db: &dyn Database, subject: &str) -> Result<Option<Row>, DatabaseError> {
    let rows = db.query(FIND, &[text(subject)])?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let Ok(
        [
            Value::Integer(version),
            Value::Integer(claim),
            uncertain_until,
            Value::Integer(attempts),
        ],
    ) = <[Value; 4]>::try_from(row)
    else {
        return Err(corrupt("the row of the outbox"));
    };
    let uncertain_until = if let Value::Text(until) = uncertain_until {
        Some(until)
    } else {
        None
    };
    Ok(Some(Row {
        version,
        claim,
        uncertain_until,
        attempts,
    }))
}

fn release(
    db: &dyn Database,
    subject: &str,
    next_at: &str,
    row: &Row,
) -> Result<(), DatabaseError> {
    let until = optional(row.uncertain_until.as_ref());
    db.execute(
        RELEASE,
        &[
            text(subject),
            text(next_at),
            Value::Integer(row.attempts),
            until,
        ],
    )
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
