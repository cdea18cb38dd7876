//! The database as the API sees it: SQL that runs at once, inside the transaction that the host opened.

/// A value that is bound or read. There is no Boolean on purpose: SQLite has none, and Durable Objects store one as text.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A whole number of less than 2^53: hosts bind numbers as doubles.
    Integer(i64),
    /// A text.
    Text(String),
}

/// One row, by position.
pub type Row = Vec<Value>;

/// A statement that failed, or a row that is not what its statement says. Always ours to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// SQLite's words.
    #[error("the database refused a statement: {0}")]
    Statement(String),
    /// A stored value that cannot be read.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
}

/// A database within an open transaction.
pub trait Database {
    /// Runs a statement and returns its rows.
    ///
    /// # Errors
    /// Passes on what the database says.
    fn query(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>, DatabaseError>;

    /// Runs a statement that returns no rows.
    ///
    /// # Errors
    /// Passes on what the database says.
    fn execute(&self, sql: &str, args: &[Value]) -> Result<(), DatabaseError>;
}
