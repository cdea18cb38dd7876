//! The schema: ordered migrations, each run once, in the transaction that the host opened.
//!
//! A document's text holds what a thing is; columns hold what is looked up, counted or compared.
//! Lists are in order of creation, then of insertion: every index ends in the row's number by itself.
//! Times are fixed-width text, never numbers: hosts bind numbers as doubles, which ticks would outgrow.

use licentia_core::Timestamp;

use crate::database::{Database, DatabaseError, Value};

const JOURNAL: &str = "CREATE TABLE IF NOT EXISTS _migrations (number INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT";

/// Every migration, in order. One that has landed is never changed; the next is appended.
const MIGRATIONS: &[&[&str]] = &[FIRST, SECOND];

const FIRST: &[&str] = &[
    "CREATE TABLE products (
        id TEXT PRIMARY KEY,
        created_at TEXT NOT NULL,
        licenses INTEGER NOT NULL DEFAULT 0,
        document TEXT NOT NULL
    ) STRICT",
    "CREATE INDEX products_by_age ON products (created_at)",
    "CREATE TABLE licenses (
        id TEXT PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        product_id TEXT NOT NULL REFERENCES products (id),
        created_at TEXT NOT NULL,
        activations INTEGER NOT NULL DEFAULT 0,
        deactivations INTEGER NOT NULL DEFAULT 0,
        document TEXT NOT NULL
    ) STRICT",
    "CREATE INDEX licenses_by_age ON licenses (created_at)",
    "CREATE INDEX licenses_by_product ON licenses (product_id, created_at)",
    "CREATE TABLE activations (
        id TEXT PRIMARY KEY,
        license_id TEXT NOT NULL REFERENCES licenses (id) ON DELETE CASCADE,
        seat TEXT NOT NULL,
        created_at TEXT NOT NULL,
        lease_expires_at TEXT,
        document TEXT NOT NULL,
        UNIQUE (license_id, seat)
    ) STRICT",
    "CREATE INDEX activations_by_age ON activations (created_at)",
    "CREATE INDEX activations_by_license ON activations (license_id, created_at)",
    "CREATE INDEX activations_by_lease ON activations (license_id, lease_expires_at) WHERE lease_expires_at IS NOT NULL",
    // What was deleted, so that it can be told from what was never known. A license's document stays for its statement.
    "CREATE TABLE tombstones (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        deleted_at TEXT NOT NULL,
        document TEXT,
        PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID",
    // Places in the status lists, never given twice.
    "CREATE TABLE places (
        list INTEGER NOT NULL,
        place INTEGER NOT NULL,
        license_id TEXT NOT NULL,
        PRIMARY KEY (list, place)
    ) STRICT, WITHOUT ROWID",
    "CREATE TABLE place_counts (list INTEGER PRIMARY KEY, given INTEGER NOT NULL) STRICT",
    // One row a published thing, latest wins.
    "CREATE TABLE outbox (
        subject TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        next_at TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        claim INTEGER NOT NULL DEFAULT 0,
        claimed_until TEXT,
        uncertain_until TEXT
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX outbox_by_time ON outbox (next_at)",
    "CREATE TABLE audit (
        number INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        request_id TEXT NOT NULL,
        actor TEXT NOT NULL,
        address TEXT,
        action TEXT NOT NULL,
        resource TEXT NOT NULL,
        resource_id TEXT NOT NULL,
        changes TEXT NOT NULL
    ) STRICT",
];

const SECOND: &[&str] = &[
    "CREATE TABLE access_tokens (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        digest TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        expires_at TEXT,
        revoked INTEGER NOT NULL,
        last_used_at TEXT,
        document TEXT NOT NULL
    ) STRICT",
    // Answers to requests that may be sent twice.
    "CREATE TABLE idempotency (
        key_hash TEXT PRIMARY KEY,
        request_hash TEXT NOT NULL,
        at TEXT NOT NULL,
        reply TEXT NOT NULL
    ) STRICT",
    "CREATE INDEX idempotency_by_time ON idempotency (at)",
];

/// Brings the database up to date.
///
/// # Errors
/// Passes on what the database says; the host must then not serve from it.
pub fn migrate(db: &dyn Database, now: Timestamp) -> Result<(), DatabaseError> {
    db.execute(JOURNAL, &[])?;
    let applied = db.query("SELECT COUNT(*) FROM _migrations", &[])?;
    let Some([Value::Integer(applied)]) = applied.first().map(Vec::as_slice) else {
        return Err(DatabaseError::Corrupt(
            "the number of migrations".to_owned(),
        ));
    };
    let skip = usize::try_from(*applied).unwrap_or(0);
    for (number, statements) in MIGRATIONS.iter().enumerate().skip(skip) {
        for statement in *statements {
            db.execute(statement, &[])?;
        }
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let row = [Value::Integer(number), Value::Text(now.to_string())];
        db.execute(
            "INSERT INTO _migrations (number, applied_at) VALUES (?1, ?2)",
            &row,
        )?;
    }
    Ok(())
}
