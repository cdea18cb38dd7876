//! The ledger's SQLite as the API's `Database`.
//!
//! Arguments and rows cross as one JSON text each: a statement costs the same few crossings however many columns it has.
//! Numbers are bound as doubles by the runtime; STRICT columns turn them back into integers.

use js_sys::{Array, JSON};
use licentia_api::{Database, DatabaseError, Row, Value};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use wasm_bindgen::prelude::*;

use crate::fault::describe;
use crate::transaction::Storage;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(method, getter)]
    fn sql(this: &Storage) -> Statements;

    #[derive(Debug)]
    type Statements;
    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &Statements, sql: &str, arguments: &Array) -> Result<Cursor, JsValue>;

    type Cursor;
    #[wasm_bindgen(method, catch)]
    fn raw(this: &Cursor) -> Result<Rows, JsValue>;

    type Rows;
    #[wasm_bindgen(method, catch, js_name = toArray)]
    fn to_array(this: &Rows) -> Result<Array, JsValue>;
}

/// The database of one object.
#[derive(Debug)]
pub(crate) struct Sql(Statements);

impl Sql {
    pub(crate) fn of(storage: &Storage) -> Self {
        Self(storage.sql())
    }

    fn exec(&self, sql: &str, arguments: &[Value]) -> Result<Cursor, DatabaseError> {
        let arguments = bind(arguments)?;
        self.0
            .exec(sql, &arguments)
            .map_err(|thrown| refused(sql, &thrown))
    }
}

impl Database for Sql {
    fn query(&self, sql: &'static str, arguments: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        let cursor = self.exec(sql, arguments)?;
        let rows = cursor
            .raw()
            .and_then(|rows| rows.to_array())
            .map_err(|thrown| refused(sql, &thrown))?;
        if rows.length() == 0 {
            return Ok(Vec::new());
        }
        let text = JSON::stringify(&rows).map_err(|thrown| refused(sql, &thrown))?;
        let rows: Vec<Vec<Cell>> = serde_json::from_str(&String::from(text))
            .map_err(|error| DatabaseError::Corrupt(error.to_string()))?;
        Ok(rows
            .into_iter()
            .map(|row| row.into_iter().map(|Cell(value)| value).collect())
            .collect())
    }

    fn execute(&self, sql: &'static str, arguments: &[Value]) -> Result<(), DatabaseError> {
        self.exec(sql, arguments).map(drop)
    }
}

fn bind(arguments: &[Value]) -> Result<Array, DatabaseError> {
    if arguments.is_empty() {
        return Ok(Array::new());
    }
    let cells: Vec<Bound<'_>> = arguments.iter().map(Bound).collect();
    let text = serde_json::to_string(&cells)
        .map_err(|error| DatabaseError::Statement(error.to_string()))?;
    let array = JSON::parse(&text).map_err(|thrown| DatabaseError::Statement(describe(&thrown)))?;
    Ok(array.unchecked_into())
}

fn refused(sql: &str, thrown: &JsValue) -> DatabaseError {
    DatabaseError::Statement(format!("{} in {sql}", describe(thrown)))
}

struct Bound<'a>(&'a Value);

impl Serialize for Bound<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Text(text) => serializer.serialize_str(text),
        }
    }
}

struct Cell(Value);

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Cells).map(Self)
    }
}

struct Cells;

impl Visitor<'_> for Cells {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("null, a whole number below 2^53 or a text")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::Integer).map_err(E::custom)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }
}
