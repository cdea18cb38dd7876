//! Tombstones: what was deleted, so that nobody is told "deleted" of what was never known.

use std::fmt::Display;

use licentia_core::{License, LicenseId, Timestamp, Totals};

use super::{corrupt, text};
use crate::database::{Database, DatabaseError, Value};

const PUT: &str = "INSERT INTO tombstones (kind, id, deleted_at, document) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (kind, id) DO UPDATE SET deleted_at = excluded.deleted_at, document = excluded.document";
const FIND: &str = "SELECT document FROM tombstones WHERE kind = ?1 AND id = ?2";

const BURY_ACTIVATIONS: &str = "INSERT OR IGNORE INTO tombstones (kind, id, deleted_at)
    SELECT 'activation', id, ?2 FROM activations WHERE license_id = ?1";

/// What a tombstone stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Activation,
    License,
    LicenseKey,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::License => "license",
            Self::LicenseKey => "license-key",
        }
    }
}

/// Leaves a tombstone.
pub(crate) fn put(
    db: &dyn Database,
    kind: Kind,
    id: &impl Display,
    now: Timestamp,
    document: Value,
) -> Result<(), DatabaseError> {
    db.execute(PUT, &[text(kind.as_str()), text(id), text(now), document])
}

/// Leaves tombstones of a license's activations.
pub(crate) fn bury_activations(
    db: &dyn Database,
    license: LicenseId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    db.execute(BURY_ACTIVATIONS, &[text(license), text(now)])
}

/// Says whether there is a tombstone.
pub(crate) fn exists(
    db: &dyn Database,
    kind: Kind,
    id: &impl Display,
) -> Result<bool, DatabaseError> {
    Ok(!db.query(FIND, &[text(kind.as_str()), text(id)])?.is_empty())
}

/// Loads a license, be it deleted, and says whether it is.
pub(crate) fn license_or_deleted(
    db: &dyn Database,
    id: LicenseId,
) -> Result<Option<(License, bool)>, DatabaseError> {
    if let Some(license) = super::license::load(db, id)? {
        return Ok(Some((license, false)));
    }
    Ok(license(db, id)?.map(|license| (license, true)))
}

/// Loads a deleted license.
fn license(db: &dyn Database, id: LicenseId) -> Result<Option<License>, DatabaseError> {
    let rows = db.query(FIND, &[text(Kind::License.as_str()), text(id)])?;
    match rows.first().map(Vec::as_slice) {
        None => Ok(None),
        Some([Value::Text(document)]) => {
            super::license::from_document(document, Totals::default()).map(Some)
        }
        Some(_) => Err(corrupt("the tombstone of a license")),
    }
}
