//! SQL that is put together: a text with the values that its question marks stand for.
//!
//! The text is made of names and operators of ours alone; whatever a request says is bound.

use crate::database::{Database, DatabaseError, Row, Value};

/// A text with its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Statement {
    text: String,
    values: Vec<Value>,
}

impl Statement {
    /// Starts with a text.
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    /// Goes on with a text.
    pub(crate) fn push(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with a question mark and its value.
    pub(crate) fn bind(mut self, value: Value) -> Self {
        self.text.push('?');
        self.values.push(value);
        self
    }

    /// Goes on with another statement.
    pub(crate) fn append(mut self, other: &Self) -> Self {
        self.text.push_str(&other.text);
        self.values.extend(other.values.iter().cloned());
        self
    }

    /// Goes on with a text whose question marks stand for these values.
    pub(crate) fn with(mut self, text: &str, values: impl IntoIterator<Item = Value>) -> Self {
        self.text.push_str(text);
        self.values.extend(values);
        self
    }

    pub(crate) fn query(&self, db: &dyn Database) -> Result<Vec<Row>, DatabaseError> {
        db.query(&self.text, &self.values)
    }

    /// Reads a statement's one number; none if it has no row, or null.
    pub(crate) fn number(&self, db: &dyn Database) -> Result<Option<i64>, DatabaseError> {
        match self.query(db)?.first().map(Vec::as_slice) {
            Some([Value::Integer(number)]) => Ok(Some(*number)),
            None | Some([Value::Null]) => Ok(None),
            Some(_) => Err(DatabaseError::Corrupt("a number was expected".to_owned())),
        }
    }
}
