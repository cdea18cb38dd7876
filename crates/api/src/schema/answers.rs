//! Answers to requests that may be sent twice.

pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE idempotency (
        key_hash TEXT PRIMARY KEY,
        request_hash TEXT NOT NULL,
        at TEXT NOT NULL,
        reply TEXT NOT NULL
    ) STRICT",
    "CREATE INDEX idempotency_by_time ON idempotency (at)",
];
