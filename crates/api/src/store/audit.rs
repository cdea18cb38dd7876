//! The audit log: who did what, when and from where, in the transaction of the change itself. Never a secret.

use licentia_core::{RequestId, Timestamp};
use serde::Serialize;
use std::net::IpAddr;

use super::{document, optional, row, text};
use crate::access::Caller;
use crate::database::{Database, DatabaseError};

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
