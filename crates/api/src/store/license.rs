//! Licenses' rows: the document, a column for each filter, and children for what is many.

use licentia_core::wire::{StoredLicense, StoredMeterTotals};
use licentia_core::{
    License, LicenseId, LicenseKey, MetadataId, MeterId, ProductId, Seconds, Timestamp, Totals,
    User,
};

use super::row::{self, Columns};
use super::tombstone::Kind;
use super::{corrupt, count, document, optional, read, text, unsigned};
use crate::database::{Database, DatabaseError, Row, Value};

const FIND_BY_ID: &str =
    "SELECT activations, deactivations, meter_uses, document FROM licenses WHERE id = ?1";
const FIND_BY_KEY: &str =
    "SELECT activations, deactivations, meter_uses, document FROM licenses WHERE key = ?1";
const FIND_BY_METADATA: &str = "SELECT l.activations, l.deactivations, l.meter_uses, l.document
    FROM license_metadata AS m JOIN licenses AS l ON l.number = m.number WHERE m.id = ?1";
const FIND_BY_METER: &str = "SELECT l.activations, l.deactivations, l.meter_uses, l.document
    FROM license_meters AS m JOIN licenses AS l ON l.number = m.number WHERE m.id = ?1";
const OF_OWNER: &str =
    "SELECT number, activations, deactivations, meter_uses, document FROM licenses
    WHERE user_id = ?1 AND number > ?2 ORDER BY number LIMIT 500";
const FIND_ALL: &str = "SELECT activations, deactivations, meter_uses, document FROM licenses
    WHERE id IN (SELECT value FROM json_each(?1))";
const COUNT_ACTIVATION: &str =
    "UPDATE licenses SET activations = activations + 1 WHERE id = ?1 RETURNING product_id";
const ANY: &str = "SELECT 1 FROM licenses LIMIT 1";
const AFTER: &str = "SELECT number, id, document ->> '$.version' FROM licenses WHERE number > ?1 ORDER BY number LIMIT ?2";
const DELETE: &str = "DELETE FROM licenses WHERE id = ?1";

/// Loads a license by its id.
pub(crate) fn load(db: &dyn Database, id: LicenseId) -> Result<Option<License>, DatabaseError> {
    find(db, FIND_BY_ID, text(id))
}

/// Loads the license that a metadata entry is of.
pub(crate) fn load_by_metadata(
    db: &dyn Database,
    id: MetadataId,
) -> Result<Option<License>, DatabaseError> {
    find(db, FIND_BY_METADATA, text(id))
}

/// Loads the license that a meter attribute is of.
pub(crate) fn load_by_meter(
    db: &dyn Database,
    id: MeterId,
) -> Result<Option<License>, DatabaseError> {
    find(db, FIND_BY_METER, text(id))
}

/// Loads a license by its key.
pub(crate) fn load_by_key(
    db: &dyn Database,
    key: &LicenseKey,
) -> Result<Option<License>, DatabaseError> {
    find(db, FIND_BY_KEY, text(key.as_str()))
}

fn find(db: &dyn Database, sql: &str, value: Value) -> Result<Option<License>, DatabaseError> {
    db.query(sql, &[value])?.first().map(from_row).transpose()
}

/// Loads those licenses of `ids` that there are, in no order.
pub(crate) fn load_all(
    db: &dyn Database,
    ids: &[LicenseId],
) -> Result<Vec<License>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    db.query(FIND_ALL, &[document(&ids)?])?
        .iter()
        .map(from_row)
        .collect()
}

/// Adds a license.
pub(crate) fn insert(db: &dyn Database, license: &License) -> Result<(), DatabaseError> {
    let mut columns = columns(license)?;
    columns.extend(fixed(license));
    columns.extend(totals(license)?);
    columns.push(searched(db, license)?);
    let number = row::insert(db, "licenses", license.created_at, &columns)?;
    let mut children = children(license).into_iter();
    children.try_for_each(|(table, columns, entries)| {
        row::add_children(db, table, columns, number, &entries)
    })
}

/// Saves a license that is there, and was as `before` says.
pub(crate) fn save(
    db: &dyn Database,
    before: &License,
    license: &License,
) -> Result<(), DatabaseError> {
    let mut changed = columns(license)?;
    if lines(before) != lines(license) || before.user_id != license.user_id {
        changed.push(searched(db, license)?);
    }
    row::update(db, "licenses", &license.id, &columns(before)?, &changed)?;
    save_totals(db, before, license)?;
    save_children(db, before, license)
}

/// Writes those children that changed.
fn save_children(
    db: &dyn Database,
    before: &License,
    license: &License,
) -> Result<(), DatabaseError> {
    let was = children(before);
    let mut changed = children(license).to_vec();
    changed.retain(|many| !was.contains(many));
    if changed.is_empty() {
        return Ok(());
    }
    let number = row::number(db, "licenses", &license.id)?;
    changed.iter().try_for_each(|(table, columns, entries)| {
        row::replace_children(db, table, columns, number, entries)
    })
}

/// Saves what was counted, and nothing else.
pub(crate) fn save_totals(
    db: &dyn Database,
    before: &License,
    license: &License,
) -> Result<(), DatabaseError> {
    row::update(
        db,
        "licenses",
        &license.id,
        &totals(before)?,
        &totals(license)?,
    )
}

/// Says whether there is no license.
pub(crate) fn is_empty(db: &dyn Database) -> Result<bool, DatabaseError> {
    Ok(db.query(ANY, &[])?.is_empty())
}

/// Returns number, id and version of the next licenses after a number, at most `limit`.
pub(crate) fn after(
    db: &dyn Database,
    number: Option<i64>,
    limit: i64,
) -> Result<Vec<(i64, LicenseId, i64)>, DatabaseError> {
    let begin = Value::Integer(number.unwrap_or(row::FIRST));
    let read = |row: &Row| match row.as_slice() {
        [
            Value::Integer(number),
            Value::Text(id),
            Value::Integer(version),
        ] => {
            let id = id.parse();
            let id = id.map_err(|_id| corrupt("the id of a license"))?;
            Ok((*number, id, *version))
        }
        _ => Err(corrupt("the version of a license")),
    };
    let rows = db.query(AFTER, &[begin, Value::Integer(limit)])?;
    rows.iter().map(read).collect()
}

/// Counts an activation that is added by itself. Returns the license's product.
pub(crate) fn count_activation(
    db: &dyn Database,
    id: LicenseId,
) -> Result<Option<ProductId>, DatabaseError> {
    match db
        .query(COUNT_ACTIVATION, &[text(id)])?
        .first()
        .map(Vec::as_slice)
    {
        None => Ok(None),
        Some([Value::Text(product)]) => {
            let product = product.parse();
            product
                .map(Some)
                .map_err(|_id| corrupt("the product of a license"))
        }
        Some(_) => Err(corrupt("the product of a license")),
    }
}

/// Deletes a license with its activations.
pub(crate) fn delete(db: &dyn Database, id: LicenseId) -> Result<(), DatabaseError> {
    db.execute(DELETE, &[text(id)])
}

/// What never changes.
fn fixed(license: &License) -> Columns {
    vec![
        ("id", text(license.id)),
        ("product_id", text(license.product_id)),
        ("created_at", text(license.created_at)),
    ]
}

/// What is counted.
fn totals(license: &License) -> Result<Columns, DatabaseError> {
    let totals = &license.totals;
    Ok(vec![
        ("activations", count(totals.activations)),
        ("deactivations", count(totals.deactivations)),
        ("meter_uses", document(&StoredMeterTotals::from(totals))?),
    ])
}

/// What may change, in the form that filters compare.
fn columns(license: &License) -> Result<Columns, DatabaseError> {
    let terms = &license.terms;
    let flag = |set: bool| Value::Integer(i64::from(set));
    Ok(vec![
        ("key", text(license.key.as_str())),
        ("user_id", optional(license.user_id)),
        ("expires_at", optional(license.expires_at)),
        ("expiring_at", optional(expiring_at(license))),
        ("revoked", flag(license.revoked)),
        ("suspended", flag(license.suspended)),
        ("type", word(&terms.license_type)?),
        ("validity", Value::Integer(terms.validity.0)),
        ("expiration_strategy", word(&terms.expiration_strategy)?),
        (
            "subscription_interval",
            optional(terms.subscription_interval.as_ref()),
        ),
        (
            "subscription_start_trigger",
            word(&terms.subscription_start_trigger)?,
        ),
        (
            "allowed_activations",
            Value::Integer(terms.allowed_activations),
        ),
        (
            "allowed_deactivations",
            Value::Integer(terms.allowed_deactivations),
        ),
        ("allow_vm_activation", flag(terms.allow_vm_activation)),
        ("user_locked", flag(terms.user_locked)),
        ("document", document(&StoredLicense::from(license))?),
    ])
}

/// When a license begins to end soon.
fn expiring_at(license: &License) -> Option<Timestamp> {
    let offset = license.terms.expiring_soon_event_offset;
    license
        .expires_at
        .map(|end| end.plus(Seconds(offset.0.saturating_neg())))
}

/// A word as it stands in JSON, without its quotation marks.
fn word(value: &impl serde::Serialize) -> Result<Value, DatabaseError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(Value::Text(word)),
        _ => Err(corrupt("a word of a license")),
    }
}

/// What a search looks into, a line each, so that no fragment spans two: what the license says, and who owns it.
fn searched(db: &dyn Database, license: &License) -> Result<(&'static str, Value), DatabaseError> {
    let owner = license.user_id.map(|id| super::user::load(db, id));
    Ok(searched_with(
        license,
        owner.transpose()?.flatten().as_ref(),
    ))
}

fn searched_with(license: &License, owner: Option<&User>) -> (&'static str, Value) {
    let mut lines = lines(license);
    lines.extend(owner.map(super::user::named_by));
    ("search", text(lines.join("\n").to_lowercase()))
}

fn lines(license: &License) -> Vec<String> {
    let mut lines = vec![license.key.as_str().to_owned()];
    lines.extend(license.terms.notes.clone());
    lines.extend(license.terms.tags.iter().cloned());
    lines.extend(license.metadata.iter().map(|entry| entry.value.clone()));
    lines
}

/// Writes anew what searches look into, of every license of an owner whose name, company or address changed. An owner may
/// have more licenses than fit into memory.
pub(super) fn search_anew(db: &dyn Database, owner: &User) -> Result<(), DatabaseError> {
    let mut after = row::FIRST;
    loop {
        let rows = db.query(OF_OWNER, &[text(owner.id), Value::Integer(after)])?;
        if rows.is_empty() {
            return Ok(());
        }
        for mut row in rows {
            let Some(Value::Integer(number)) = row.first() else {
                return Err(corrupt("the number of a license"));
            };
            after = *number;
            let license = from_row(&row.split_off(1))?;
            let searched = vec![searched_with(&license, Some(owner))];
            row::update(db, "licenses", &license.id, &Vec::new(), &searched)?;
        }
    }
}

/// Returns what a license has many of: a table each, with its columns and its entries.
fn children(license: &License) -> [row::Children; 4] {
    let tags = license.terms.tags.iter().map(|tag| vec![text(tag)]);
    let users = license.additional_user_ids.iter().map(|id| vec![text(id)]);
    let meters = license.meters.iter().map(|meter| vec![text(meter.id)]);
    let metadata = license.metadata.iter();
    let metadata = metadata.map(|entry| vec![text(&entry.key), text(&entry.value), text(entry.id)]);
    [
        ("license_tags", &["tag"], tags.collect()),
        ("license_users", &["user_id"], users.collect()),
        ("license_meters", &["id"], meters.collect()),
        (
            "license_metadata",
            &["key", "value", "id"],
            metadata.collect(),
        ),
    ]
}

/// Reads the document of a license, as a row or a tombstone holds it.
pub(super) fn from_document(document: &str, totals: Totals) -> Result<License, DatabaseError> {
    let stored: StoredLicense = read(document)?;
    stored
        .into_license(totals)
        .ok_or_else(|| corrupt("the key of a license"))
}

/// Reads a row as lists select it.
pub(crate) fn from_row(row: &Row) -> Result<License, DatabaseError> {
    let [
        Value::Integer(activations),
        Value::Integer(deactivations),
        Value::Text(meter_uses),
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
            meters: read::<StoredMeterTotals>(meter_uses)?.into(),
        },
    )
}

/// Leaves a tombstone of a license, of its key and of its activations; `now` is when it was deleted.
pub(crate) fn bury(
    db: &dyn Database,
    license: &License,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let stored = document(&StoredLicense::from(license))?;
    super::tombstone::put(db, Kind::License, &license.id, now, stored)?;
    super::tombstone::bury_activations(db, license.id, now)?;
    let key = license.key.as_str();
    super::tombstone::put(db, Kind::LicenseKey, &key, now, Value::Null)
}
