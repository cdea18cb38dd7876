//! What an import asks the ledger, many values at a time, and what only an import writes.

use licentia_core::wire::{ExportedActivationLog, ExportedTombstone, StoredAccessToken};
use licentia_core::{AccessToken, Code, Problem};

use super::{corrupt, document, optional, row, text};
use crate::database::{Database, DatabaseError, Row, Value};

const KNOWN_ACTIVATION_LOG: &str = "SELECT 1 FROM activation_logs WHERE id = ?1";
const PUT_TOMBSTONE: &str =
    "INSERT INTO tombstones (kind, id, deleted_at, document) VALUES (?1, ?2, ?3, ?4)";

/// What one thing alone may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Template,
    Product,
    User,
    Email,
    Tag,
    TagName,
    Token,
    TokenDigest,
    License,
    LicenseKey,
    Activation,
}

impl Kind {
    /// Names its table and column, and the tombstones that keep it taken.
    fn place(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Template => ("templates", "id", ""),
            Self::Product => ("products", "id", ""),
            Self::User => ("users", "id", ""),
            Self::Email => ("users", "email", ""),
            Self::Tag => ("tags", "id", ""),
            Self::TagName => ("tags", "name", ""),
            Self::Token => ("access_tokens", "id", ""),
            Self::TokenDigest => ("access_tokens", "digest", ""),
            Self::License => ("licenses", "id", "license"),
            Self::LicenseKey => ("licenses", "key", "license-key"),
            Self::Activation => ("activations", "id", "activation"),
        }
    }

    /// Names its table and column.
    pub(crate) fn table(self) -> (&'static str, &'static str) {
        let (table, column, _) = self.place();
        (table, column)
    }

    /// Returns its name in the rows of jobs.
    pub(crate) fn name(self) -> String {
        let (table, column, _) = self.place();
        format!("{table}.{column}")
    }

    /// Returns what a tombstone of this kind keeps taken.
    pub(crate) fn of_tombstone(kind: &str) -> Option<Self> {
        [Self::License, Self::LicenseKey, Self::Activation]
            .into_iter()
            .find(|known| known.place().2 == kind)
    }

    /// Refuses a value that is taken. A key is a secret, and not repeated.
    pub(crate) fn taken(self, value: &str) -> Problem {
        let (code, thing) = match self {
            Self::Template => (Code::TemplateExists, "a license template"),
            Self::Product => (Code::ProductExists, "a product"),
            Self::User => (Code::UserExists, "a user"),
            Self::Email => {
                return Problem::new(Code::UserExists, "another user has this e-mail address");
            }
            Self::Tag => (Code::TagExists, "a tag"),
            Self::TagName => return Problem::new(Code::TagExists, "another tag has this name"),
            Self::Token => (Code::TokenExists, "an access token"),
            Self::TokenDigest => {
                return Problem::new(Code::TokenExists, "another access token has this digest");
            }
            Self::License => (Code::LicenseExists, "a license"),
            Self::LicenseKey => {
                let message = "another license has this key, or a deleted one had it";
                return Problem::new(Code::LicenseKeyExists, message);
            }
            Self::Activation => (Code::ActivationExists, "an activation"),
        };
        Problem::new(
            code,
            format!("{thing} has the id `{value}` already, or had it and was deleted"),
        )
    }

    /// Refuses a reference to what is not here.
    pub(crate) fn absent(self, value: &str, field: &str) -> Problem {
        let thing = match self {
            Self::Product => "product",
            Self::User => "user",
            Self::License => "license",
            _ => "license template",
        };
        Problem::field(field, format!("no {thing} has the id `{value}`"))
    }
}

/// Returns which of `values` are taken, by their index: by what is here or was deleted, or claimed by a job that is not `import`.
pub(crate) fn taken(
    db: &dyn Database,
    kind: Kind,
    values: &[&str],
    import: &str,
) -> Result<Vec<usize>, DatabaseError> {
    let (table, column, tombstone) = kind.place();
    let sql = format!(
        "SELECT j.key FROM json_each(?1) AS j WHERE EXISTS (SELECT 1 FROM {table} WHERE {column} = j.value)
            OR EXISTS (SELECT 1 FROM tombstones WHERE kind = '{tombstone}' AND id = j.value)
            OR EXISTS (SELECT 1 FROM import_claims WHERE kind = ?2 AND value = j.value AND import_id <> ?3)"
    );
    indices(&db.query(&sql, &[document(&values)?, text(kind.name()), text(import)])?)
}

/// Returns which of `values` are of nothing that is here, by their index.
pub(crate) fn absent(
    db: &dyn Database,
    kind: Kind,
    values: &[&str],
) -> Result<Vec<usize>, DatabaseError> {
    let (table, column, _) = kind.place();
    let sql = format!(
        "SELECT j.key FROM json_each(?1) AS j WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {column} = j.value)"
    );
    indices(&db.query(&sql, &[document(&values)?])?)
}

fn indices(rows: &[Row]) -> Result<Vec<usize>, DatabaseError> {
    let index = |row: &Row| match row.as_slice() {
        [Value::Integer(index)] => usize::try_from(*index).map_err(|_range| corrupt("an index")),
        _ => Err(corrupt("an index")),
    };
    rows.iter().map(index).collect()
}

/// Puts a tombstone where it was.
pub(crate) fn restore_tombstone(
    db: &dyn Database,
    tombstone: &ExportedTombstone,
) -> Result<(), DatabaseError> {
    let license = match &tombstone.license {
        Some(license) => document(license)?,
        None => Value::Null,
    };
    let (kind, id) = (text(&tombstone.kind), text(&tombstone.id));
    db.execute(
        PUT_TOMBSTONE,
        &[kind, id, text(tombstone.deleted_at), license],
    )
}

/// Puts an entry of the activation log where it was, unless it is there.
pub(crate) fn restore_activation_log(
    db: &dyn Database,
    entry: &ExportedActivationLog,
) -> Result<(), DatabaseError> {
    if !db
        .query(KNOWN_ACTIVATION_LOG, &[text(entry.id)])?
        .is_empty()
    {
        return Ok(());
    }
    let columns = vec![
        ("id", text(entry.id)),
        ("created_at", text(entry.created_at)),
        ("action", text(&entry.action)),
        ("product_id", text(entry.product_id)),
        ("license_id", text(entry.license_id)),
        ("document", text(entry.document.get())),
    ];
    row::insert(db, "activation_logs", entry.created_at, &columns).map(drop)
}

/// Puts an access token where it was: whoever holds its text is let in again.
pub(crate) fn restore_access_token(
    db: &dyn Database,
    token: &AccessToken,
    digest: &str,
) -> Result<(), DatabaseError> {
    let columns = vec![
        ("id", text(token.id)),
        ("digest", text(digest)),
        ("created_at", text(token.created_at)),
        ("name", text(&token.name)),
        ("last_used_at", optional(token.last_used_at)),
        ("search", text(token.name.to_lowercase())),
        ("document", document(&StoredAccessToken::from(token))?),
    ];
    row::insert(db, "access_tokens", token.created_at, &columns).map(drop)
}
