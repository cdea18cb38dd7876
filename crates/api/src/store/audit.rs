//! The audit log: who did what, when and from where, in the transaction of the change itself. Never a secret.

use std::net::IpAddr;

use licentia_core::wire::ExportedEvent;
use licentia_core::{EventLogId, RequestId, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{corrupt, document, optional, row, text};
use crate::access::Caller;
use crate::database::{Database, DatabaseError, Row, Value};

const FIND: &str =
    "SELECT id, created_at, request_id, actor, address, action, resource, resource_id, changes
    FROM event_logs WHERE id = ?1";

const KNOWN: &str = "SELECT 1 FROM event_logs WHERE id = ?1";

/// A property that changed.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PropertyChange {
    pub(crate) property_name: String,
    pub(crate) old_value: serde_json::Value,
    pub(crate) new_value: serde_json::Value,
}

/// One entry.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) id: EventLogId,
    pub(crate) at: Timestamp,
    pub(crate) request_id: RequestId,
    pub(crate) actor: Caller,
    pub(crate) address: Option<IpAddr>,
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) resource_id: String,
    pub(crate) changes: Vec<PropertyChange>,
}

/// Appends an entry.
pub(crate) fn append(db: &dyn Database, entry: &Entry<'_>) -> Result<(), DatabaseError> {
    let columns = vec![
        ("id", text(entry.id)),
        ("created_at", text(entry.at)),
        ("request_id", text(entry.request_id)),
        ("actor", text(entry.actor)),
        ("address", optional(entry.address)),
        ("action", text(entry.action)),
        ("resource", text(entry.resource)),
        ("resource_id", text(&entry.resource_id)),
        ("changes", document(&entry.changes)?),
    ];
    row::insert(db, "event_logs", entry.at, &columns).map(drop)
}

/// Puts an entry where it was, unless it is there.
pub(crate) fn restore(db: &dyn Database, entry: &ExportedEvent) -> Result<(), DatabaseError> {
    if !db.query(KNOWN, &[text(entry.id)])?.is_empty() {
        return Ok(());
    }
    let columns = vec![
        ("id", text(entry.id)),
        ("created_at", text(entry.created_at)),
        ("request_id", text(entry.request_id)),
        ("actor", text(&entry.actor)),
        ("address", optional(entry.address.as_ref())),
        ("action", text(&entry.action)),
        ("resource", text(&entry.resource)),
        ("resource_id", text(&entry.resource_id)),
        ("changes", text(entry.changes.get())),
    ];
    row::insert(db, "event_logs", entry.created_at, &columns).map(drop)
}

/// An entry that was appended, as texts.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) id: EventLogId,
    pub(crate) at: Timestamp,
    pub(crate) request_id: String,
    pub(crate) actor: String,
    pub(crate) address: Option<String>,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) resource_id: String,
    pub(crate) changes: Box<RawValue>,
}

/// Loads an entry.
pub(crate) fn load(db: &dyn Database, id: EventLogId) -> Result<Option<Logged>, DatabaseError> {
    let rows = db.query(FIND, &[text(id)])?;
    rows.first().map(from_row).transpose()
}

/// Reads a row as lists select it.
pub(crate) fn from_row(row: &Row) -> Result<Logged, DatabaseError> {
    let [
        Value::Text(id),
        Value::Text(at),
        Value::Text(request_id),
        Value::Text(actor),
        address,
        Value::Text(action),
        Value::Text(resource),
        Value::Text(resource_id),
        Value::Text(changes),
    ] = row.as_slice()
    else {
        return Err(corrupt("the row of an event"));
    };
    let address = match address {
        Value::Text(address) => Some(address.clone()),
        _ => None,
    };
    let changes = RawValue::from_string(changes.clone());
    Ok(Logged {
        id: id.parse().map_err(|_id| corrupt("the id of an event"))?,
        at: at.parse().map_err(|_at| corrupt("the time of an event"))?,
        request_id: request_id.clone(),
        actor: actor.clone(),
        address,
        action: action.clone(),
        resource: resource.clone(),
        resource_id: resource_id.clone(),
        changes: changes.map_err(|_json| corrupt("the changes of an event"))?,
    })
}
