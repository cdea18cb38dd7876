//! Activations' rows: one a seat, which the table itself holds to.

use licentia_core::wire::StoredActivation;
use licentia_core::{Activation, ActivationId, LicenseId, ProductId, Seat, Timestamp};

use super::row::{self, Columns};
use super::{corrupt, count, document, optional, read, text, unsigned};
use crate::database::{Database, DatabaseError, Row, Value};

const FIND: &str = "SELECT document FROM activations WHERE id = ?1";
const FIND_BY_SEAT: &str = "SELECT document FROM activations WHERE license_id = ?1 AND seat = ?2";
const DELETE: &str = "DELETE FROM activations WHERE id = ?1";
/// So many end in one call at most; the next call ends the rest.
const ENDED_LEASES: &str =
    "SELECT document FROM activations WHERE license_id = ?1 AND lease_expires_at < ?2 LIMIT 1000";
const COUNT_CREATED: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM activations
    WHERE license_id = ?1 AND number BETWEEN ?2 AND ?3 AND created_at BETWEEN ?4 AND ?5 LIMIT ?6)";
const CREATED: &str = "SELECT document FROM activations
    WHERE license_id = ?1 AND number BETWEEN ?2 AND ?3 AND created_at BETWEEN ?4 AND ?5 ORDER BY number LIMIT ?6";

/// Loads an activation by its id.
pub(crate) fn load(
    db: &dyn Database,
    id: ActivationId,
) -> Result<Option<Activation>, DatabaseError> {
    db.query(FIND, &[text(id)])?
        .first()
        .map(from_row)
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
        .map(from_row)
        .transpose()
}

/// Adds an activation of a product's license.
pub(crate) fn insert(
    db: &dyn Database,
    product: ProductId,
    activation: &Activation,
) -> Result<(), DatabaseError> {
    let mut columns = columns(activation)?;
    columns.extend([
        ("id", text(activation.id)),
        ("license_id", text(activation.license_id)),
        ("product_id", text(product)),
        ("seat", text(&activation.seat.0)),
        ("created_at", text(activation.created_at)),
    ]);
    let number = row::insert(db, "activations", activation.created_at, &columns)?;
    row::add_children(
        db,
        "activation_metadata",
        &METADATA,
        number,
        &metadata(activation),
    )
}

/// Saves an activation that is there, and was as `before` says.
pub(crate) fn save(
    db: &dyn Database,
    before: &Activation,
    activation: &Activation,
) -> Result<(), DatabaseError> {
    let (was, is) = (columns(before)?, columns(activation)?);
    row::update(db, "activations", &activation.id, &was, &is)?;
    if metadata(before) == metadata(activation) {
        return Ok(());
    }
    let number = row::number(db, "activations", &activation.id)?;
    row::replace_children(
        db,
        "activation_metadata",
        &METADATA,
        number,
        &metadata(activation),
    )
}

const METADATA: [&str; 2] = ["key", "value"];

/// What may change, in the form that filters compare. The day of the last sync has an index, its time has none.
fn columns(activation: &Activation) -> Result<Columns, DatabaseError> {
    let device = &activation.device;
    let synced = activation.last_synced_at.to_string();
    let day = synced.split_once('T').map_or("", |(day, _)| day).to_owned();
    Ok(vec![
        ("last_synced_at", text(&synced)),
        ("synced_on", text(day)),
        ("lease_expires_at", optional(activation.lease_expires_at)),
        ("os", text(&device.os)),
        ("app_version", text(&device.app_version)),
        ("country_code", optional(activation.country.as_ref())),
        ("search", text(searched(activation))),
        ("document", document(&StoredActivation::from(activation))?),
    ])
}

/// What a search looks into, a line each, so that no fragment spans two.
fn searched(activation: &Activation) -> String {
    let device = &activation.device;
    let mut lines = vec![device.hostname.clone(), device.app_version.clone()];
    lines.extend(activation.address.map(|address| address.to_string()));
    lines.extend(device.metadata.iter().map(|(_, value)| value.clone()));
    lines.join("\n").to_lowercase()
}

fn metadata(activation: &Activation) -> Vec<Vec<Value>> {
    let entries = activation.device.metadata.iter();
    entries
        .map(|(key, value)| vec![text(key), text(value)])
        .collect()
}

/// Deletes an activation.
pub(crate) fn delete(db: &dyn Database, id: ActivationId) -> Result<(), DatabaseError> {
    db.execute(DELETE, &[text(id)])
}

/// Returns the activations of a license whose lease ended before `now`.
pub(crate) fn ended_leases(
    db: &dyn Database,
    license: LicenseId,
    now: Timestamp,
) -> Result<Vec<Activation>, DatabaseError> {
    let rows = db.query(ENDED_LEASES, &[text(license), text(now)])?;
    rows.iter().map(from_row).collect()
}

/// Counts the activations of a license that were made from one date to another, no further than to `limit`.
pub(crate) fn count_created(
    db: &dyn Database,
    license: LicenseId,
    dates: &(Timestamp, Timestamp),
    limit: u64,
) -> Result<u64, DatabaseError> {
    let rows = db.query(COUNT_CREATED, &between(license, dates, count(limit)))?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Integer(counted)]) => Ok(unsigned(*counted)),
        _ => Err(corrupt("a count of activations")),
    }
}

/// Returns the oldest activations of a license that were made from one date to another, at most `limit`.
pub(crate) fn created(
    db: &dyn Database,
    license: LicenseId,
    dates: &(Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Activation>, DatabaseError> {
    let rows = db.query(CREATED, &between(license, dates, Value::Integer(limit)))?;
    rows.iter().map(from_row).collect()
}

/// The places of dates are whole seconds, so the dates themselves are compared besides.
fn between(license: LicenseId, dates: &(Timestamp, Timestamp), limit: Value) -> [Value; 6] {
    let (first, last) = (row::places_of(dates.0).0, row::places_of(dates.1).1);
    [
        text(license),
        Value::Integer(first),
        Value::Integer(last),
        text(dates.0),
        text(dates.1),
        limit,
    ]
}

/// Reads a row as lists select it.
pub(crate) fn from_row(row: &Row) -> Result<Activation, DatabaseError> {
    let [Value::Text(document)] = row.as_slice() else {
        return Err(corrupt("the row of an activation"));
    };
    read::<StoredActivation>(document).map(Activation::from)
}
