//! Licenses' rows.

use licentia_core::wire::StoredLicense;
use licentia_core::{License, LicenseId, LicenseKey, ProductId, Timestamp, Totals};

use super::{Page, corrupt, count, document, read, text, unsigned};
use crate::database::{Database, DatabaseError, Row, Value};

const FIND_BY_ID: &str = "SELECT activations, deactivations, document FROM licenses WHERE id = ?1";
const FIND_BY_KEY: &str =
    "SELECT activations, deactivations, document FROM licenses WHERE key = ?1";
const INSERT: &str =
    "INSERT INTO licenses (id, key, product_id, created_at, activations, deactivations, document)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const UPDATE: &str = "UPDATE licenses SET key = ?2, activations = ?3, deactivations = ?4, document = ?5 WHERE id = ?1";
const UPDATE_TOTALS: &str =
    "UPDATE licenses SET activations = ?2, deactivations = ?3 WHERE id = ?1";
const DELETE: &str = "DELETE FROM licenses WHERE id = ?1";
const LIST: &str = "SELECT activations, deactivations, document FROM licenses
    ORDER BY created_at, rowid LIMIT ?1 OFFSET ?2";
const LIST_OF_PRODUCT: &str = "SELECT activations, deactivations, document FROM licenses
    WHERE product_id = ?3 ORDER BY created_at, rowid LIMIT ?1 OFFSET ?2";

/// Loads a license by its id.
pub(crate) fn load(db: &dyn Database, id: LicenseId) -> Result<Option<License>, DatabaseError> {
    db.query(FIND_BY_ID, &[text(id)])?
        .first()
        .map(license)
        .transpose()
}

/// Loads a license by its key.
pub(crate) fn load_by_key(
    db: &dyn Database,
    key: &LicenseKey,
) -> Result<Option<License>, DatabaseError> {
    db.query(FIND_BY_KEY, &[text(key.as_str())])?
        .first()
        .map(license)
        .transpose()
}

/// Adds a license.
pub(crate) fn insert(db: &dyn Database, license: &License) -> Result<(), DatabaseError> {
    let row = [
        text(license.id),
        text(license.key.as_str()),
        text(license.product_id),
        text(license.created_at),
        count(license.totals.activations),
        count(license.totals.deactivations),
        document(&StoredLicense::from(license))?,
    ];
    db.execute(INSERT, &row)
}

/// Saves a license that is there.
pub(crate) fn save(db: &dyn Database, license: &License) -> Result<(), DatabaseError> {
    let row = [
        text(license.id),
        text(license.key.as_str()),
        count(license.totals.activations),
        count(license.totals.deactivations),
        document(&StoredLicense::from(license))?,
    ];
    db.execute(UPDATE, &row)
}

/// Saves what was counted, and nothing else.
pub(crate) fn save_totals(db: &dyn Database, license: &License) -> Result<(), DatabaseError> {
    let totals = &license.totals;
    db.execute(
        UPDATE_TOTALS,
        &[
            text(license.id),
            count(totals.activations),
            count(totals.deactivations),
        ],
    )
}

/// Deletes a license with its activations.
pub(crate) fn delete(db: &dyn Database, id: LicenseId) -> Result<(), DatabaseError> {
    db.execute(DELETE, &[text(id)])
}

/// Lists licenses, oldest first.
pub(crate) fn list(
    db: &dyn Database,
    product: Option<ProductId>,
    page: Page,
) -> Result<Vec<License>, DatabaseError> {
    let paging = [Value::Integer(page.limit), Value::Integer(page.offset)];
    let rows = match product {
        None => db.query(LIST, &paging),
        Some(product) => db.query(
            LIST_OF_PRODUCT,
            &[paging.as_slice(), &[text(product)]].concat(),
        ),
    };
    rows?.iter().map(license).collect()
}

/// Reads the document of a license, as a row or a tombstone holds it.
pub(super) fn from_document(document: &str, totals: Totals) -> Result<License, DatabaseError> {
    let stored: StoredLicense = read(document)?;
    stored
        .into_license(totals)
        .ok_or_else(|| corrupt("the key of a license"))
}

/// Writes the document of a license.
pub(super) fn to_document(license: &License) -> Result<Value, DatabaseError> {
    document(&StoredLicense::from(license))
}

fn license(row: &Row) -> Result<License, DatabaseError> {
    let [
        Value::Integer(activations),
        Value::Integer(deactivations),
        Value::Text(document),
    ] = row.as_slice()
    else {
        return Err(corrupt("the row of a license"));
    };
    from_document(
        document,
        Totals {
            activations: unsigned(*activations),
            deactivations: unsigned(*deactivations),
            ..Totals::default()
        },
    )
}

/// Leaves a tombstone of a license, of its key and of its activations; `now` is when it was deleted.
pub(crate) fn bury(
    db: &dyn Database,
    license: &License,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    super::tombstone::put(
        db,
        super::tombstone::Kind::License,
        &license.id,
        now,
        to_document(license)?,
    )?;
    super::tombstone::bury_activations(db, license.id, now)?;
    super::tombstone::put(
        db,
        super::tombstone::Kind::LicenseKey,
        &license.key.as_str(),
        now,
        Value::Null,
    )
}
