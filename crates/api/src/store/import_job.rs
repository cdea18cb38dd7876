//! Imports of more than one request: the job, its parts, the lines that wait, and what they keep others from taking.

use licentia_core::ImportId;
use licentia_core::wire::{ImportProblem, ImportStatus, StoredImport};

use super::import::Kind;
use super::{corrupt, count, document, read, text};
use crate::database::{Database, DatabaseError, Row, Value};

const PUT: &str = "INSERT INTO imports (id, created_at, status, document) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, document = excluded.document";
const FIND: &str = "SELECT document FROM imports WHERE id = ?1";
const LATEST: &str = "SELECT document FROM imports ORDER BY created_at DESC LIMIT 100";
const WITH_STATUS: &str = "SELECT document FROM imports WHERE status = ?1 ORDER BY created_at";
const DELETE: &str = "DELETE FROM imports WHERE id = ?1";
const FREE: &str = "DELETE FROM import_claims WHERE import_id = ?1";
const FORGET_REFERENCES: &str = "DELETE FROM import_references WHERE import_id = ?1";
const FORGET_CHUNKS: &str = "DELETE FROM import_chunks WHERE import_id = ?1";

const PUT_PART: &str =
    "INSERT INTO import_parts (import_id, part, lines, problems, keys) VALUES (?1, ?2, ?3, ?4, ?5)";
const PARTS: &str =
    "SELECT part, lines, problems FROM import_parts WHERE import_id = ?1 ORDER BY part";
const KEYS: &str =
    "SELECT keys FROM import_parts WHERE import_id = ?1 AND keys <> '{}' ORDER BY part";
const DELETE_PART: &str = "DELETE FROM import_parts WHERE import_id = ?1 AND part = ?2";
const FREE_PART: &str = "DELETE FROM import_claims WHERE import_id = ?1 AND part = ?2";
const FORGET_REFERENCES_OF_PART: &str =
    "DELETE FROM import_references WHERE import_id = ?1 AND part = ?2";
const FORGET_CHUNKS_OF_PART: &str = "DELETE FROM import_chunks WHERE import_id = ?1 AND part = ?2";

const PUT_CHUNK: &str = "INSERT INTO import_chunks (import_id, part, first_line, lines, text) VALUES (?1, ?2, ?3, ?4, ?5)";
const NEXT_CHUNK: &str = "SELECT number, part, first_line, lines, text FROM import_chunks
    WHERE import_id = ?1 ORDER BY part, first_line LIMIT 1";
const DELETE_CHUNK: &str = "DELETE FROM import_chunks WHERE number = ?1";
const CLAIM: &str = "INSERT INTO import_claims (kind, value, import_id, part, line)
    SELECT ?1, value ->> 0, ?2, ?3, value ->> 1 FROM json_each(?4)";
const REFER: &str =
    "INSERT OR IGNORE INTO import_references (import_id, part, kind, value, line, field)
    SELECT ?1, ?2, ?3, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?4)";

/// A part of a job.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) number: u32,
    pub(crate) lines: u64,
    pub(crate) problems: Vec<ImportProblem>,
}

/// Lines that wait to be applied at once.
#[derive(Debug)]
pub(crate) struct Chunk {
    number: i64,
    pub(crate) part: u32,
    pub(crate) first_line: usize,
    pub(crate) lines: u64,
    pub(crate) text: String,
}

/// Saves a job.
pub(crate) fn save(db: &dyn Database, import: &StoredImport) -> Result<(), DatabaseError> {
    let row = [
        text(import.id),
        text(import.created_at),
        text(import.status.as_str()),
        document(import)?,
    ];
    db.execute(PUT, &row)
}

/// Loads a job.
pub(crate) fn load(db: &dyn Database, id: ImportId) -> Result<Option<StoredImport>, DatabaseError> {
    Ok(jobs(&db.query(FIND, &[text(id)])?)?.pop())
}

/// Loads the latest jobs, the newest first.
pub(crate) fn latest(db: &dyn Database) -> Result<Vec<StoredImport>, DatabaseError> {
    jobs(&db.query(LATEST, &[])?)
}

/// Loads the jobs of a status, the oldest first.
pub(crate) fn with_status(
    db: &dyn Database,
    status: ImportStatus,
) -> Result<Vec<StoredImport>, DatabaseError> {
    jobs(&db.query(WITH_STATUS, &[text(status.as_str())])?)
}

fn jobs(rows: &[Row]) -> Result<Vec<StoredImport>, DatabaseError> {
    let job = |row: &Row| match row.as_slice() {
        [Value::Text(document)] => read(document),
        _ => Err(corrupt("an import")),
    };
    rows.iter().map(job).collect()
}

/// Forgets a job with all that waits.
pub(crate) fn delete(db: &dyn Database, id: ImportId) -> Result<(), DatabaseError> {
    release(db, id)?;
    db.execute(DELETE, &[text(id)])
}

/// Frees what a job keeps from others, and forgets the lines that wait.
pub(crate) fn release(db: &dyn Database, id: ImportId) -> Result<(), DatabaseError> {
    for sql in [FREE, FORGET_REFERENCES, FORGET_CHUNKS] {
        db.execute(sql, &[text(id)])?;
    }
    Ok(())
}

/// Forgets a part, if it was there.
pub(crate) fn delete_part(db: &dyn Database, id: ImportId, part: u32) -> Result<(), DatabaseError> {
    for sql in [
        FREE_PART,
        FORGET_REFERENCES_OF_PART,
        FORGET_CHUNKS_OF_PART,
        DELETE_PART,
    ] {
        db.execute(sql, &[text(id), Value::Integer(part.into())])?;
    }
    Ok(())
}

/// Frees what a part has claimed: its things are here by now, and take their names themselves.
pub(crate) fn free_part(db: &dyn Database, id: ImportId, part: u32) -> Result<(), DatabaseError> {
    db.execute(FREE_PART, &[text(id), Value::Integer(part.into())])
}

/// Adds a part, with the keys that it brings to products: a JSON object.
pub(crate) fn put_part(
    db: &dyn Database,
    id: ImportId,
    part: &Part,
    keys: String,
) -> Result<(), DatabaseError> {
    let row = [
        text(id),
        Value::Integer(part.number.into()),
        count(part.lines),
        document(&part.problems)?,
        Value::Text(keys),
    ];
    db.execute(PUT_PART, &row)
}

/// Loads the parts of a job, in order.
pub(crate) fn parts(db: &dyn Database, id: ImportId) -> Result<Vec<Part>, DatabaseError> {
    let part = |row: &Row| match row.as_slice() {
        [
            Value::Integer(number),
            Value::Integer(lines),
            Value::Text(problems),
        ] => Ok(Part {
            number: u32::try_from(*number).map_err(|_range| corrupt("the number of a part"))?,
            lines: super::unsigned(*lines),
            problems: read(problems)?,
        }),
        _ => Err(corrupt("a part of an import")),
    };
    db.query(PARTS, &[text(id)])?.iter().map(part).collect()
}

/// Loads the keys that the parts bring to products, a JSON object a part.
pub(crate) fn keys(db: &dyn Database, id: ImportId) -> Result<Vec<String>, DatabaseError> {
    let keys = |row: Row| match row.into_iter().next() {
        Some(Value::Text(keys)) => Ok(keys),
        _ => Err(corrupt("the keys of an import")),
    };
    db.query(KEYS, &[text(id)])?.into_iter().map(keys).collect()
}

/// Adds lines that wait.
pub(crate) fn put_chunk(
    db: &dyn Database,
    id: ImportId,
    part: u32,
    (first_line, lines): (usize, u64),
    waiting: String,
) -> Result<(), DatabaseError> {
    let first_line = u64::try_from(first_line).unwrap_or(u64::MAX);
    let row = [
        text(id),
        Value::Integer(part.into()),
        count(first_line),
        count(lines),
        Value::Text(waiting),
    ];
    db.execute(PUT_CHUNK, &row)
}

/// Loads the lines that are next.
pub(crate) fn next_chunk(db: &dyn Database, id: ImportId) -> Result<Option<Chunk>, DatabaseError> {
    let row = db.query(NEXT_CHUNK, &[text(id)])?.into_iter().next();
    let Some(row) = row else { return Ok(None) };
    let malformed = || corrupt("the waiting lines of an import");
    let Ok(
        [
            Value::Integer(number),
            Value::Integer(part),
            Value::Integer(first_line),
            Value::Integer(lines),
            Value::Text(text),
        ],
    ) = <[Value; 5]>::try_from(row)
    else {
        return Err(malformed());
    };
    Ok(Some(Chunk {
        number,
        part: u32::try_from(part).map_err(|_range| malformed())?,
        first_line: usize::try_from(first_line).map_err(|_range| malformed())?,
        lines: super::unsigned(lines),
        text,
    }))
}

/// Forgets lines that were applied.
pub(crate) fn delete_chunk(db: &dyn Database, chunk: &Chunk) -> Result<(), DatabaseError> {
    db.execute(DELETE_CHUNK, &[Value::Integer(chunk.number)])
}

/// Keeps others from taking `values`, each with its line.
pub(crate) fn claim(
    db: &dyn Database,
    (id, part): (ImportId, u32),
    kind: Kind,
    values: &[(&str, usize)],
) -> Result<(), DatabaseError> {
    let part = Value::Integer(part.into());
    db.execute(
        CLAIM,
        &[text(kind.name()), text(id), part, document(&values)?],
    )
}

/// Remembers what lines of a part refer to: a value, its line and its field.
pub(crate) fn refer(
    db: &dyn Database,
    (id, part): (ImportId, u32),
    kind: Kind,
    values: &[(&str, usize, &str)],
) -> Result<(), DatabaseError> {
    let part = Value::Integer(part.into());
    db.execute(
        REFER,
        &[text(id), part, text(kind.name()), document(&values)?],
    )
}

/// Returns the first line that refers to what is neither here nor in a line before it: its part, line, value and field.
pub(crate) fn dangling(
    db: &dyn Database,
    id: ImportId,
    kind: Kind,
) -> Result<Option<(u32, usize, String, String)>, DatabaseError> {
    let (table, column) = kind.table();
    let sql = format!(
        "SELECT r.part, r.line, r.value, r.field FROM import_references r
        WHERE r.import_id = ?1 AND r.kind = ?2
            AND NOT EXISTS (SELECT 1 FROM {table} WHERE {column} = r.value)
            AND NOT EXISTS (SELECT 1 FROM import_claims c WHERE c.kind = r.kind AND c.value = r.value
                AND c.import_id = r.import_id AND (c.part, c.line) < (r.part, r.line))
        ORDER BY r.part, r.line LIMIT 1"
    );
    let row = db
        .query(&sql, &[text(id), text(kind.name())])?
        .into_iter()
        .next();
    let Some(row) = row else { return Ok(None) };
    let Ok(
        [
            Value::Integer(part),
            Value::Integer(line),
            Value::Text(value),
            Value::Text(field),
        ],
    ) = <[Value; 4]>::try_from(row)
    else {
        return Err(corrupt("a reference of an import"));
    };
    let range = |_range| corrupt("a reference of an import");
    Ok(Some((
        u32::try_from(part).map_err(range)?,
        usize::try_from(line).map_err(range)?,
        value,
        field,
    )))
}
