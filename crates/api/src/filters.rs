//! The filters of lists, for the description of the API.

use crate::route::Operation;

/// A field that a list filters by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Its name in the query.
    pub name: &'static str,
    /// What its values are.
    pub kind: FilterKind,
}

/// What a field's values are, and so which operators compare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterKind {
    /// Texts.
    Text,
    /// UUIDs.
    Id,
    /// Whole numbers.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Dates and times.
    Time,
}

/// Returns the filters of a call that lists.
#[must_use]
pub fn filters(operation: Operation) -> Option<Vec<Filter>> {
    match operation {
        Operation::ListProducts | Operation::ListLicenses | Operation::ListActivations => {
            Some(vec![])
        }
        _ => None,
    }
}
