//! The filters of each list, for the description of the API.

use super::resource::{At, Kind, Resource};
use super::resources::{
    ACCESS_TOKENS, ACTIVATION_LOGS, ACTIVATIONS, EVENT_LOGS, LICENSES, PRODUCTS, ROLES, TAGS,
    TEMPLATES, USERS,
};
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
    /// `true` or `false`: these have no fragments.
    Boolean,
    /// Dates and times.
    Time,
    /// The date and time of creation, which is the order itself and has no fragments.
    Order,
}

/// Returns the filters of a call that lists or exports; `None` if it does not.
#[must_use]
pub fn filters(operation: Operation) -> Option<Vec<Filter>> {
    let fields = listed(operation)?.fields.iter();
    let filter = |field: &super::resource::Field| Filter {
        name: field.name,
        kind: match (field.kind, field.at) {
            (_, At::Order) => FilterKind::Order,
            (Kind::Text | Kind::Word | Kind::Exact, _) => FilterKind::Text,
            (Kind::Id, _) => FilterKind::Id,
            (Kind::Integer, _) => FilterKind::Integer,
            (Kind::Boolean, _) => FilterKind::Boolean,
            (Kind::Time, _) => FilterKind::Time,
        },
    };
    Some(fields.map(filter).collect())
}

fn listed(operation: Operation) -> Option<&'static Resource> {
    Some(match operation {
        Operation::ListProducts => &PRODUCTS,
        Operation::ListLicenseTemplates => &TEMPLATES,
        Operation::ListLicenses | Operation::ExportLicenses => &LICENSES,
        Operation::ListActivations | Operation::ExportActivations => &ACTIVATIONS,
        Operation::ListActivationLogs | Operation::ExportActivationLogs => &ACTIVATION_LOGS,
        Operation::ListUsers | Operation::ExportUsers => &USERS,
        Operation::ListTags => &TAGS,
        Operation::ListPersonalAccessTokens => &ACCESS_TOKENS,
        Operation::ListRoles => &ROLES,
        Operation::ListEventLogs => &EVENT_LOGS,
        _ => return None,
    })
}
