//! The ledger's SQLite as the API's `Database`.
//!
//! Arguments cross as one JSON text, however many they are; cells cross one by one, because a document in a cell would be
//! escaped and read twice. Statements cross once an isolate: the runtime finds them again by the same JavaScript string.
//! Numbers are bound as doubles by the runtime; STRICT columns turn them back into integers.

use std::cell::RefCell;
use std::collections::BTreeMap;

use js_sys::{Array, JSON, JsString};
use licentia_api::{Database, DatabaseError, Row, Value};
use serde::ser::{Serialize, Serializer};
use wasm_bindgen::prelude::*;

use crate::bytes;
use crate::fault::describe;
use crate::transaction::Storage;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(method, getter)]
    fn sql(this: &Storage) -> Statements;

    #[derive(Debug)]
    type Statements;
    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &Statements, sql: &JsString, arguments: &Array) -> Result<Cursor, JsValue>;

    type Cursor;
    #[wasm_bindgen(method, catch)]
    fn raw(this: &Cursor) -> Result<Rows, JsValue>;

    type Rows;
    #[wasm_bindgen(method, catch, js_name = toArray)]
    fn to_array(this: &Rows) -> Result<Array, JsValue>;
}

thread_local! {
    static STATEMENTS: RefCell<BTreeMap<String, JsString>> = const { RefCell::new(BTreeMap::new()) };
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
            .exec(&statement(sql), &arguments)
            .map_err(|thrown| refused(sql, &thrown))
    }
}

impl Database for Sql {
    fn query(&self, sql: &str, arguments: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        let cursor = self.exec(sql, arguments)?;
        let rows = cursor
            .raw()
            .and_then(|rows| rows.to_array())
            .map_err(|thrown| refused(sql, &thrown))?;
        rows.iter()
            .map(|row| row.unchecked_into::<Array>().iter().map(cell).collect())
            .collect()
    }

    fn execute(&self, sql: &str, arguments: &[Value]) -> Result<(), DatabaseError> {
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

/// Lists put statements together: beyond so many the kept ones are dropped, and cross anew.
const KEPT: usize = 1_024;

fn statement(sql: &str) -> JsString {
    STATEMENTS.with_borrow_mut(|known| {
        if let Some(statement) = known.get(sql) {
            return statement.clone();
        }
        if known.len() >= KEPT {
            known.clear();
        }
        let statement = JsString::from(sql);
        known.insert(sql.to_owned(), statement.clone());
        statement
    })
}

/// Two to the power of 53: the runtime's numbers are doubles, and whole up to here.
const WHOLE: f64 = 9_007_199_254_740_992.0;

fn cell(value: JsValue) -> Result<Value, DatabaseError> {
    if let Some(text) = value.dyn_ref::<JsString>() {
        return bytes::text(text)
            .map(Value::Text)
            .map_err(|fault| DatabaseError::Corrupt(fault.to_string()));
    }
    match value.as_f64() {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a whole number below 2^53 is an i64"
        )]
        Some(number) if number.abs() < WHOLE && number.fract() == 0.0 => {
            Ok(Value::Integer(number as i64))
        }
        None if value.is_null() => Ok(Value::Null),
        _ => Err(DatabaseError::Corrupt(
            "neither null, a whole number below 2^53 nor a text".to_owned(),
        )),
    }
}
