//! `GET /v3/export`: everything that the ledger holds, a document a line, in an order in which it can be read back.
//!
//! The documents are as they are stored, so that a ledger that reads them exports the same bytes. What is created after
//! the export began is not in it; the rest is as each slice finds it.

use licentia_core::wire::{
    ExportLine, ExportedActivationLog, ExportedAlgorithm, ExportedDigest, ExportedEvent,
    ExportedTombstone, ExportedTotals, FORM, Resource, StoredAccessToken, StoredActivation,
    StoredLicense, StoredMeterTotals, StoredProduct, StoredTag, StoredTemplate, StoredUser,
};
use licentia_core::{Code, Problem, Timestamp, Totals};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::moved_keys;
use crate::access::Caller;
use crate::context::{Context, Fault};
use crate::database::{DatabaseError, Row, Value};
use crate::host::Reply;
use crate::store::export::{ROWS, number, rows, tombstones};

const NDJSON: &str = "application/x-ndjson";
/// A slice ends with the rows that reach this many bytes.
const ENOUGH: usize = 262_144;

/// What follows what.
const ORDER: [Resource; 10] = [
    Resource::LicenseTemplate,
    Resource::Product,
    Resource::User,
    Resource::Tag,
    Resource::AccessToken,
    Resource::License,
    Resource::Activation,
    Resource::Deleted,
    Resource::EventLog,
    Resource::ActivationLog,
];

/// Where an export goes on: after which row of which resource, as of which time.
struct Place {
    resource: usize,
    after: String,
    until: Timestamp,
}

/// `GET /v3/export`
pub(super) fn export(cx: &Context<'_>) -> Result<Reply, Fault> {
    let asked = Asked::read(cx)?;
    let mut bytes = Vec::new();
    let place = match cx.request.slice {
        Some(text) => Place::read(text)?,
        None => {
            if asked.keys {
                append_keys(cx, &mut bytes)?;
            }
            Place {
                resource: 0,
                after: String::new(),
                until: cx.now(),
            }
        }
    };
    let next = fill(cx, place, asked.sections(), &mut bytes)?;
    let reply = Reply::slice(NDJSON, bytes, next.map(|place| place.to_string()));
    Ok(reply.header(
        "Content-Disposition",
        "attachment; filename=\"licentia.ndjson\"",
    ))
}

/// What of it is asked for.
#[derive(Default)]
struct Asked {
    keys: bool,
    logs: bool,
}

impl Asked {
    fn read(cx: &Context<'_>) -> Result<Self, Problem> {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(cx.request.query.as_bytes()) {
            let flag = match name.as_ref() {
                "keys" => &mut asked.keys,
                "logs" => &mut asked.logs,
                other => {
                    return Err(Problem::field(
                        other,
                        "this call has `keys` and `logs` only",
                    ));
                }
            };
            *flag = match value.as_ref() {
                "true" => true,
                "false" => false,
                _ => return Err(Problem::field(&name, "it must be `true` or `false`")),
            };
        }
        Ok(asked)
    }

    fn sections(&self) -> &'static [Resource] {
        let logs = ORDER
            .iter()
            .position(|resource| *resource == Resource::EventLog);
        let end = logs.filter(|_| !self.logs).unwrap_or(ORDER.len());
        ORDER.get(..end).unwrap_or(&ORDER)
    }
}

/// Signing keys leave with the root token alone, encrypted, and not without a trace.
fn append_keys(cx: &Context<'_>, bytes: &mut Vec<u8>) -> Result<(), Fault> {
    if cx.caller != Caller::Root {
        let message = "signing keys leave with the root token alone";
        return Err(Problem::new(Code::Forbidden, message).into());
    }
    let sealed = moved_keys::seal(cx)?;
    cx.record(
        "keys.exported",
        "account",
        &crate::published::ACCOUNT,
        Vec::new(),
    )?;
    Ok(append(bytes, Resource::SigningKeys, &sealed, None::<()>)?)
}

/// Appends rows until there are enough of them. Returns where to go on.
fn fill(
    cx: &Context<'_>,
    mut place: Place,
    sections: &[Resource],
    bytes: &mut Vec<u8>,
) -> Result<Option<Place>, DatabaseError> {
    while let Some(resource) = sections.get(place.resource) {
        let found = read(cx, *resource, &place)?;
        for row in &found {
            append_row(bytes, *resource, row)?;
        }
        if found.len() < ROWS {
            place = Place {
                resource: place.resource.saturating_add(1),
                after: String::new(),
                ..place
            };
        } else if let Some(last) = found.last() {
            place.after = position(*resource, last)?;
        }
        if bytes.len() >= ENOUGH {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

fn read(cx: &Context<'_>, resource: Resource, place: &Place) -> Result<Vec<Row>, DatabaseError> {
    if resource == Resource::Deleted {
        let after = place.after.split_once(' ').unwrap_or_default();
        return tombstones(cx.db, after, place.until);
    }
    let after = place.after.parse().unwrap_or(i64::MIN >> 10);
    rows(cx.db, table(resource), after, place.until)
}

/// Names a resource's table, and the columns that its line is made of.
fn table(resource: Resource) -> (&'static str, &'static str) {
    match resource {
        Resource::LicenseTemplate => ("templates", "document"),
        Resource::Product => ("products", "document"),
        Resource::User => ("users", "document"),
        Resource::Tag => ("tags", "document"),
        Resource::AccessToken => ("access_tokens", "document, digest, last_used_at"),
        Resource::License => ("licenses", "document, deactivations, meter_uses"),
        Resource::Activation => ("activations", "document"),
        Resource::ActivationLog => (
            "activation_logs",
            "document, id, created_at, action, product_id, license_id",
        ),
        Resource::EventLog | Resource::Deleted | Resource::SigningKeys => (
            "event_logs",
            "changes, id, created_at, request_id, actor, address, action, resource, resource_id",
        ),
    }
}

fn position(resource: Resource, row: &Row) -> Result<String, DatabaseError> {
    match (resource, row.as_slice()) {
        (Resource::Deleted, [Value::Text(kind), Value::Text(id), ..]) => Ok(format!("{kind} {id}")),
        _ => number(row).map(|number| number.to_string()),
    }
}

fn append_row(bytes: &mut Vec<u8>, resource: Resource, row: &Row) -> Result<(), DatabaseError> {
    let row = row.as_slice();
    let (Some(document), Some(beside)) = (row.get(1), row.get(2..)) else {
        return Err(corrupt("a row of an export"));
    };
    match resource {
        Resource::LicenseTemplate => plain::<StoredTemplate>(bytes, resource, document),
        Resource::User => plain::<StoredUser>(bytes, resource, document),
        Resource::Tag => plain::<StoredTag>(bytes, resource, document),
        Resource::Activation => plain::<StoredActivation>(bytes, resource, document),
        Resource::Product => {
            let product: StoredProduct = stored(document)?;
            let token_algorithm = product.algorithm();
            append(
                bytes,
                resource,
                &product.without_keys(),
                Some(ExportedAlgorithm { token_algorithm }),
            )
        }
        Resource::AccessToken => {
            let token: StoredAccessToken = stored(document)?;
            append(bytes, resource, &token, Some(digest(beside)?))
        }
        Resource::License => {
            let license: StoredLicense = stored(document)?;
            append(bytes, resource, &license, Some(totals(beside)?))
        }
        Resource::Deleted => append(bytes, resource, &tombstone(row)?, None::<()>),
        Resource::ActivationLog => append(
            bytes,
            resource,
            &activation_log(document, beside)?,
            None::<()>,
        ),
        Resource::EventLog | Resource::SigningKeys => {
            append(bytes, resource, &event(document, beside)?, None::<()>)
        }
    }
}

fn plain<T: DeserializeOwned + Serialize>(
    bytes: &mut Vec<u8>,
    resource: Resource,
    document: &Value,
) -> Result<(), DatabaseError> {
    append(bytes, resource, &stored::<T>(document)?, None::<()>)
}

fn append(
    bytes: &mut Vec<u8>,
    resource: Resource,
    data: &impl Serialize,
    beside: Option<impl Serialize>,
) -> Result<(), DatabaseError> {
    let line = ExportLine {
        resource,
        form: FORM,
        data,
        beside,
    };
    serde_json::to_writer(&mut *bytes, &line).map_err(unreadable)?;
    bytes.push(b'\n');
    Ok(())
}

fn digest(beside: &[Value]) -> Result<ExportedDigest, DatabaseError> {
    let [digest, last_used_at] = beside else {
        return Err(corrupt("the row of an access token"));
    };
    let last_used_at = match last_used_at {
        Value::Null => None,
        other => Some(read_text(other)?),
    };
    Ok(ExportedDigest {
        digest: read_text(digest)?,
        last_used_at,
    })
}

fn totals(beside: &[Value]) -> Result<ExportedTotals, DatabaseError> {
    let [Value::Integer(deactivations), meters] = beside else {
        return Err(corrupt("what a license counted"));
    };
    Ok(ExportedTotals::from(&Totals {
        activations: 0,
        deactivations: u64::try_from(*deactivations).unwrap_or(0),
        meters: stored::<StoredMeterTotals>(meters)?.into(),
    }))
}

fn tombstone(row: &[Value]) -> Result<ExportedTombstone, DatabaseError> {
    let [kind, id, deleted_at, document] = row else {
        return Err(corrupt("a tombstone"));
    };
    let license = match document {
        Value::Null => None,
        document => Some(stored(document)?),
    };
    Ok(ExportedTombstone {
        kind: read_text(kind)?,
        id: read_text(id)?,
        deleted_at: read_text(deleted_at)?,
        license,
    })
}

fn event(changes: &Value, beside: &[Value]) -> Result<ExportedEvent, DatabaseError> {
    let [
        id,
        created_at,
        request_id,
        actor,
        address,
        action,
        resource,
        resource_id,
    ] = beside
    else {
        return Err(corrupt("an entry of the event log"));
    };
    Ok(ExportedEvent {
        id: read_text(id)?,
        created_at: read_text(created_at)?,
        request_id: read_text(request_id)?,
        actor: read_text(actor)?,
        address: if *address == Value::Null {
            None
        } else {
            Some(read_text(address)?)
        },
        action: read_text(action)?,
        resource: read_text(resource)?,
        resource_id: read_text(resource_id)?,
        changes: stored(changes)?,
    })
}

fn activation_log(
    document: &Value,
    beside: &[Value],
) -> Result<ExportedActivationLog, DatabaseError> {
    let [id, created_at, action, product_id, license_id] = beside else {
        return Err(corrupt("an entry of the activation log"));
    };
    Ok(ExportedActivationLog {
        id: read_text(id)?,
        created_at: read_text(created_at)?,
        action: read_text(action)?,
        product_id: read_text(product_id)?,
        license_id: read_text(license_id)?,
        document: stored(document)?,
    })
}

fn stored<T: DeserializeOwned>(document: &Value) -> Result<T, DatabaseError> {
    match document {
        Value::Text(text) => serde_json::from_str(text).map_err(unreadable),
        _ => Err(corrupt("a document")),
    }
}

fn read_text<T: std::str::FromStr>(value: &Value) -> Result<T, DatabaseError> {
    let Value::Text(text) = value else {
        return Err(corrupt("a column of an export"));
    };
    text.parse()
        .map_err(|_malformed| corrupt("a column of an export"))
}

fn unreadable(fault: serde_json::Error) -> DatabaseError {
    DatabaseError::Corrupt(fault.to_string())
}

fn corrupt(what: &str) -> DatabaseError {
    DatabaseError::Corrupt(what.to_owned())
}

impl Place {
    /// INVARIANT: the host asks with what `to_string` said, and nobody else can.
    fn read(text: &str) -> Result<Self, Fault> {
        let mut words = text.splitn(3, ' ');
        let mut next = || words.next().unwrap_or_default();
        match (next().parse(), next().parse(), next()) {
            (Ok(resource), Ok(until), after) => Ok(Self {
                resource,
                after: after.to_owned(),
                until,
            }),
            _ => Err(Fault::Internal("the place of an export".to_owned())),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.resource, self.until, self.after)
    }
}
