//! Counts of licenses by status, and of what an account has: read from what triggers count, never by looking at every row.
//!
//! Licenses are counted by the day on which they end. A status at any moment is a sum over days, set right by the licenses
//! of the one day that is not over yet.

use licentia_core::Timestamp;
use licentia_core::wire::{AccountStatsView, LicenseStatsView};

use super::{corrupt, text, unsigned};
use crate::database::{Database, DatabaseError, Value};

const BY_DAY: &str = "SELECT COALESCE(SUM(licenses * revoked), 0),
        COALESCE(SUM(licenses * (revoked = 0 AND day < ?1)), 0),
        COALESCE(SUM(licenses * (revoked = 0 AND suspended = 1 AND day >= ?1)), 0),
        COALESCE(SUM(licenses * (revoked = 0 AND suspended = 0 AND day >= ?1)), 0),
        COALESCE(SUM(licenses * (revoked = 0 AND suspended = 0 AND day < ?1)), 0)
    FROM license_days WHERE kind = ?2";
const EXPIRED_TODAY: &str = "SELECT COUNT(*), COALESCE(SUM(suspended), 0) FROM licenses
    WHERE expires_at >= ?1 AND expires_at < ?2 AND revoked = 0";
const EXPIRING_TODAY: &str = "SELECT COUNT(*), COALESCE(SUM(suspended), 0) FROM licenses
    WHERE expiring_at >= ?1 AND expiring_at <= ?2 AND revoked = 0";
const COUNTS: &str = "SELECT rows FROM counts WHERE name = ?1";
const ADMINS: &str = "SELECT COUNT(*) FROM users WHERE role IN ('admin', 'super-admin')";

/// Licenses by status at the beginning of a day, as if none of that day had ended yet.
struct Days {
    revoked: u64,
    expired: u64,
    suspended: u64,
    active: u64,
    /// Those of `expired` that are not suspended.
    past: u64,
}

/// What has happened since the day began.
struct Today {
    all: u64,
    suspended: u64,
}

/// Counts licenses by their status at `now`, each once: revoked outranks expired, expired outranks suspended. Those that
/// expire soon are active ones.
pub(crate) fn license_stats(
    db: &dyn Database,
    now: Timestamp,
) -> Result<LicenseStatsView, DatabaseError> {
    let ends = days(db, "expires", now)?;
    let ended = today(db, EXPIRED_TODAY, now)?;
    let ended_active = ended.all.saturating_sub(ended.suspended);
    let warns = days(db, "expiring", now)?;
    let warned = today(db, EXPIRING_TODAY, now)?;
    let warned_active = warned.all.saturating_sub(warned.suspended);
    let warned = warns.past.saturating_add(warned_active);
    let past = ends.past.saturating_add(ended_active);
    Ok(LicenseStatsView {
        active: ends.active.saturating_sub(ended_active),
        expired: ends.expired.saturating_add(ended.all),
        // Whatever has ended was about to end before.
        expiring_soon: warned.saturating_sub(past),
        revoked: ends.revoked,
        suspended: ends.suspended.saturating_sub(ended.suspended),
    })
}

/// Counts what the account has.
pub(crate) fn account_stats(db: &dyn Database) -> Result<AccountStatsView, DatabaseError> {
    let rows = |table| number(db, COUNTS, &[text(table)]);
    Ok(AccountStatsView {
        products: rows("products")?,
        licenses: rows("licenses")?,
        activations: rows("activations")?,
        users: rows("users")?,
        admins: number(db, ADMINS, &[])?,
        ..AccountStatsView::default()
    })
}

fn days(db: &dyn Database, kind: &str, now: Timestamp) -> Result<Days, DatabaseError> {
    let rows = db.query(BY_DAY, &[text(day(now)), text(kind)])?;
    match numbers(rows.first())?.as_slice() {
        [revoked, expired, suspended, active, past] => Ok(Days {
            revoked: *revoked,
            expired: *expired,
            suspended: *suspended,
            active: *active,
            past: *past,
        }),
        _ => Err(corrupt("the counts of days")),
    }
}

fn today(db: &dyn Database, sql: &str, now: Timestamp) -> Result<Today, DatabaseError> {
    let rows = db.query(sql, &[text(day(now)), text(now)])?;
    match numbers(rows.first())?.as_slice() {
        [all, suspended] => Ok(Today {
            all: *all,
            suspended: *suspended,
        }),
        _ => Err(corrupt("the counts of today")),
    }
}

fn number(db: &dyn Database, sql: &str, args: &[Value]) -> Result<u64, DatabaseError> {
    let rows = db.query(sql, args)?;
    match numbers(rows.first())?.as_slice() {
        [number] => Ok(*number),
        _ => Err(corrupt("a count")),
    }
}

/// Reads a row of whole numbers.
fn numbers(row: Option<&Vec<Value>>) -> Result<Vec<u64>, DatabaseError> {
    let number = |value: &Value| match value {
        Value::Integer(number) => Ok(unsigned(*number)),
        _ => Err(corrupt("a count")),
    };
    row.into_iter().flatten().map(number).collect()
}

/// The day of a time, as the beginning of its text: less than every time of the day.
fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}
