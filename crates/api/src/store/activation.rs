//! Activations' rows: one a seat, which the table itself holds to.

use licentia_core::wire::StoredActivation;
use licentia_core::{Activation, ActivationId, LicenseId, Seat, Timestamp};

use super::{Page, corrupt, document, optional, read, text};
use crate::database::{Database, DatabaseError, Row, Value};

const FIND: &str = "SELECT document FROM activations WHERE id = ?1";
const FIND_BY_SEAT: &str = "SELECT document FROM activations WHERE license_id = ?1 AND seat = ?2";
const INSERT: &str =
    "INSERT INTO activations (id, license_id, seat, created_at, lease_expires_at, document)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const UPDATE: &str = "UPDATE activations SET lease_expires_at = ?2, document = ?3 WHERE id = ?1";
const DELETE: &str = "DELETE FROM activations WHERE id = ?1";
const EXPIRED_LEASES: &str =
    "SELECT id FROM activations WHERE license_id = ?1 AND lease_expires_at < ?2";
const LIST: &str = "SELECT document FROM activations ORDER BY created_at, rowid LIMIT ?1 OFFSET ?2";
const LIST_OF_LICENSE: &str = "SELECT document FROM activations
    WHERE license_id = ?3 ORDER BY created_at, rowid LIMIT ?1 OFFSET ?2";

/// Loads an activation by its id.
pub(crate) fn load(
    db: &dyn Database,
    id: ActivationId,
) -> Result<Option<Activation>, DatabaseError> {
    db.query(FIND, &[text(id)])?
        .first()
        .map(activation)
        .transpose()
}

/// Loads the activation that holds a seat.
pub(crate) fn load_by_seat(
    db: &dyn Database,
    license: LicenseId,
    seat: &Seat,
) -> Result<Option<Activation>, DatabaseError> {
    db.query(FIND_BY_SEAT, &[text(license), text(&seat.0)])?
        .first()
        .map(activation)
        .transpose()
}

/// Adds an activation.
pub(crate) fn insert(db: &dyn Database, activation: &Activation) -> Result<(), DatabaseError> {
    let row = [
        text(activation.id),
        text(activation.license_id),
        text(&activation.seat.0),
        text(activation.created_at),
        optional(activation.lease_expires_at),
        document(&StoredActivation::from(activation))?,
    ];
    db.execute(INSERT, &row)
}

/// Saves an activation that is there.
pub(crate) fn save(db: &dyn Database, activation: &Activation) -> Result<(), DatabaseError> {
    let stored = document(&StoredActivation::from(activation))?;
    db.execute(
        UPDATE,
        &[
            text(activation.id),
            optional(activation.lease_expires_at),
            stored,
        ],
    )
}

/// Deletes an activation.
pub(crate) fn delete(db: &dyn Database, id: ActivationId) -> Result<(), DatabaseError> {
    db.execute(DELETE, &[text(id)])
}

/// Returns the activations of a license whose lease ended before `now`.
pub(crate) fn expired_leases(
    db: &dyn Database,
    license: LicenseId,
    now: Timestamp,
) -> Result<Vec<ActivationId>, DatabaseError> {
    let rows = db.query(EXPIRED_LEASES, &[text(license), text(now)])?;
    let id = |row: &Row| match row.as_slice() {
        [Value::Text(id)] => id
            .parse()
            .map_err(|_malformed| corrupt("the id of an activation")),
        _ => Err(corrupt("the row of an activation")),
    };
    rows.iter().map(id).collect()
}

/// Lists activations, oldest first.
pub(crate) fn list(
    db: &dyn Database,
    license: Option<LicenseId>,
    page: Page,
) -> Result<Vec<Activation>, DatabaseError> {
    let paging = [Value::Integer(page.limit), Value::Integer(page.offset)];
    let rows = match license {
        None => db.query(LIST, &paging),
        Some(license) => db.query(
            LIST_OF_LICENSE,
            &[paging.as_slice(), &[text(license)]].concat(),
        ),
    };
    rows?.iter().map(activation).collect()
}

fn activation(row: &Row) -> Result<Activation, DatabaseError> {
    let [Value::Text(document)] = row.as_slice() else {
        return Err(corrupt("the row of an activation"));
    };
    read::<StoredActivation>(document).map(Activation::from)
}
