//! Which gates have applications of a license waiting for news of it.
//!
//! `joined` grows with every application that comes while news are on their way there: a gate that says nobody is left speaks
//! of those before.

pub(super) const STATEMENTS: &[&str] = &["CREATE TABLE listeners (
        license_id TEXT NOT NULL,
        gate INTEGER NOT NULL,
        joined INTEGER NOT NULL,
        PRIMARY KEY (license_id, gate)
    ) STRICT, WITHOUT ROWID"];
