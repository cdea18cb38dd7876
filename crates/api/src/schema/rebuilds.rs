//! That the ledger is being rebuilt from what is published, a page a call.

pub(super) const STATEMENTS: &[&str] = &["CREATE TABLE rebuilds (
        number INTEGER PRIMARY KEY CHECK (number = 1),
        begun_at TEXT NOT NULL
    ) STRICT"];
