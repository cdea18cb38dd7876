//! The store: every SQL statement of the API, by the thing that it keeps.

pub(crate) mod access_token;
pub(crate) mod activation;
pub(crate) mod activation_log;
pub(crate) mod analytics;
pub(crate) mod answer;
pub(crate) mod audit;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod import_job;
pub(crate) mod license;
pub(crate) mod listener;
pub(crate) mod outbox;
pub(crate) mod pace;
pub(crate) mod place;
pub(crate) mod product;
pub(crate) mod rebuild;
pub(crate) mod row;
pub(crate) mod search;
pub(crate) mod status_list;
pub(crate) mod tag;
pub(crate) mod template;
pub(crate) mod tombstone;
pub(crate) mod user;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::database::{DatabaseError, Value};

fn text(value: impl ToString) -> Value {
    Value::Text(value.to_string())
}

fn optional(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, text)
}

fn count(value: u64) -> Value {
    Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

fn document(value: &impl Serialize) -> Result<Value, DatabaseError> {
    let text =
        serde_json::to_string(value).map_err(|fault| DatabaseError::Corrupt(fault.to_string()))?;
    Ok(Value::Text(text))
}

/// Reads a stored document strictly: what it does not understand is an error, not a default.
fn read<T: DeserializeOwned>(document: &str) -> Result<T, DatabaseError> {
    serde_json::from_str(document).map_err(|fault| DatabaseError::Corrupt(fault.to_string()))
}

fn corrupt(what: &str) -> DatabaseError {
    DatabaseError::Corrupt(what.to_owned())
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
