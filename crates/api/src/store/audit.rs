//! The audit log: who did what, when and from where, in the transaction of the change itself. Never a secret.

use licentia_core::{RequestId, Timestamp};
use serde::Serialize;
use std::net::IpAddr;

use super::{document, optional, text};
use crate::access::Caller;
use crate::database::{Database, DatabaseError};

const APPEND: &str =
    "INSERT INTO audit (at, request_id, actor, address, action, resource, resource_id, changes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

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
    let row = [
        text(entry.at),
        text(entry.request_id),
        text(entry.actor),
        optional(entry.address),
        text(entry.action),
        text(entry.resource),
        text(&entry.resource_id),
        document(&entry.changes)?,
    ];
    db.execute(APPEND, &row)
}
