//! The audit log: who did what, when and from where, in the transaction of the change itself. Never a secret.

use licentia_core::wire::ExportedEvent;
use licentia_core::{RequestId, Timestamp};
use serde::Serialize;
use std::net::IpAddr;

use super::{document, optional, row, text};
use crate::access::Caller;
use crate::database::{Database, DatabaseError};

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
    pub(crate) id: RequestId,
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
