//! The schema: ordered migrations, each run once, in the transaction that the host opened.
//!
//! A document's text holds what a thing is; columns hold what is looked up, counted or compared.
//! Times are fixed-width text, never numbers: hosts bind numbers as doubles, which ticks would outgrow.

mod answers;
mod listeners;
mod lists;
mod moves;
mod news;
mod paces;
mod rebuilds;
mod spine;
mod status_lists;

use licentia_core::Timestamp;

use crate::database::{Database, DatabaseError, Value};

const JOURNAL: &str = "CREATE TABLE IF NOT EXISTS _migrations (number INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT";

/// Every migration, in order. One that has landed is never changed; the next is appended.
const MIGRATIONS: &[&[&str]] = &[
    spine::STATEMENTS,
    lists::STATEMENTS,
    answers::STATEMENTS,
    moves::STATEMENTS,
    rebuilds::STATEMENTS,
    listeners::STATEMENTS,
    status_lists::STATEMENTS,
    news::STATEMENTS,
    paces::STATEMENTS,
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
