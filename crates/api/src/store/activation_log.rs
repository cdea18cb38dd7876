//! The activation log: an activation as it was when it began or ended, in the transaction of the change itself.
//!
//! What identifies a machine (its fingerprint and its user) is left out: no answer shows it, and a log outlives what it tells of.

use licentia_core::wire::StoredActivation;
use licentia_core::{Activation, ActivationLogId, Device, ProductId, Seat, Timestamp};

use super::{corrupt, document, read, row, text};
use crate::database::{Database, DatabaseError, Row, Value};

const FIND: &str = "SELECT id, created_at, action, document FROM activation_logs WHERE id = ?1";

/// What happened to an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A machine took a seat.
    Activated,
    /// Its client gave the seat up.
    Deactivated,
    /// An administrator deleted it.
    Deleted,
    /// Its lease ended.
    LeaseExpired,
    /// Its machine activated anew after the license was revoked.
    Replaced,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "activated",
            Self::Deactivated => "deactivated",
            Self::Deleted => "deleted",
            Self::LeaseExpired => "lease-expired",
            Self::Replaced => "replaced",
        }
    }
}

/// An entry to write.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) id: ActivationLogId,
    pub(crate) at: Timestamp,
    pub(crate) action: Action,
    pub(crate) product_id: ProductId,
    pub(crate) activation: &'a Activation,
}

/// An entry as it was written.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) id: ActivationLogId,
    pub(crate) at: Timestamp,
    pub(crate) action: String,
    pub(crate) activation: Activation,
}

/// Appends an entry.
pub(crate) fn append(db: &dyn Database, entry: &Entry<'_>) -> Result<(), DatabaseError> {
    let activation = unidentified(entry.activation);
    let columns = vec![
        ("id", text(entry.id)),
        ("created_at", text(entry.at)),
        ("action", text(entry.action.as_str())),
        ("product_id", text(entry.product_id)),
        ("license_id", text(activation.license_id)),
        ("document", document(&StoredActivation::from(&activation))?),
    ];
    row::insert(db, "activation_logs", entry.at, &columns).map(drop)
}

fn unidentified(activation: &Activation) -> Activation {
    Activation {
        seat: Seat(String::new()),
        meters: Vec::new(),
        device: Device {
            fingerprint: String::new(),
            user_hash: String::new(),
            ..activation.device.clone()
        },
        ..activation.clone()
    }
}

/// Loads an entry by its id.
pub(crate) fn load(
    db: &dyn Database,
    id: ActivationLogId,
) -> Result<Option<Logged>, DatabaseError> {
    db.query(FIND, &[text(id)])?
        .first()
        .map(from_row)
        .transpose()
}

/// Reads a row as lists select it.
pub(crate) fn from_row(row: &Row) -> Result<Logged, DatabaseError> {
    let [
        Value::Text(id),
        Value::Text(at),
        Value::Text(action),
        Value::Text(document),
    ] = row.as_slice()
    else {
        return Err(corrupt("the row of an activation log"));
    };
    Ok(Logged {
        id: id
            .parse()
            .map_err(|_malformed| corrupt("the id of an activation log"))?,
        at: at
            .parse()
            .map_err(|_malformed| corrupt("the time of an activation log"))?,
        action: action.clone(),
        activation: read::<StoredActivation>(document).map(Activation::from)?,
    })
}
