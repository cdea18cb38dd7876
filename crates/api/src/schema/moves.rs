//! Imports of more than one request, and the pace at which what was imported is published.

pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE imports (
        id TEXT PRIMARY KEY,
        created_at TEXT NOT NULL,
        status TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX imports_by_status ON imports (status, created_at)",
    "CREATE INDEX imports_by_age ON imports (created_at)",
    "CREATE TABLE import_parts (
        import_id TEXT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
        part INTEGER NOT NULL,
        lines INTEGER NOT NULL,
        problems TEXT NOT NULL,
        keys TEXT NOT NULL,
        PRIMARY KEY (import_id, part)
    ) STRICT, WITHOUT ROWID",
    // Lines that wait to be applied, so many in a row as are applied at once.
    "CREATE TABLE import_chunks (
        number INTEGER PRIMARY KEY,
        import_id TEXT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
        part INTEGER NOT NULL,
        first_line INTEGER NOT NULL,
        lines INTEGER NOT NULL,
        text TEXT NOT NULL
    ) STRICT",
    "CREATE INDEX import_chunks_in_order ON import_chunks (import_id, part, first_line)",
    // Ids, keys and addresses that nobody else may take until the import is done.
    "CREATE TABLE import_claims (
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        import_id TEXT NOT NULL,
        part INTEGER NOT NULL,
        line INTEGER NOT NULL,
        PRIMARY KEY (kind, value)
    ) STRICT, WITHOUT ROWID",
    "CREATE INDEX import_claims_by_part ON import_claims (import_id, part)",
    // The first line that refers to a thing outside its part.
    "CREATE TABLE import_references (
        import_id TEXT NOT NULL,
        part INTEGER NOT NULL,
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        line INTEGER NOT NULL,
        field TEXT NOT NULL,
        PRIMARY KEY (import_id, part, kind, value)
    ) STRICT, WITHOUT ROWID",
    "CREATE TABLE publication_pace (
        number INTEGER PRIMARY KEY CHECK (number = 1),
        begins_at TEXT NOT NULL,
        writes INTEGER NOT NULL
    ) STRICT",
];
