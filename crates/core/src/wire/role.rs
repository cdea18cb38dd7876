//! Roles on the wire.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::id::RoleId;
use crate::scope::{Role, Scope};
use crate::time::Timestamp;

/// A role as the API answers it. Reserved roles have been there since 1970.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoleView {
    id: RoleId,
    created_at: Timestamp,
    updated_at: Timestamp,
    name: &'static str,
    description: &'static str,
    claims: Vec<&'static str>,
}

impl From<&Role> for RoleView {
    fn from(role: &Role) -> Self {
        let always = Timestamp::from_unix_seconds(0);
        Self {
            id: role.id(),
            created_at: always,
            updated_at: always,
            name: role.name,
            description: role.description,
            claims: role.claims.iter().map(|scope| scope.as_str()).collect(),
        }
    }
}

/// What roles and access tokens may claim, by the group of resources that it is about. The compatible API answers with an
/// object whose members are written nowhere; groups of lists are what a form for scopes needs.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClaimsView(BTreeMap<&'static str, Vec<&'static str>>);

impl ClaimsView {
    /// Makes the view of every scope.
    #[must_use]
    pub fn all() -> Self {
        let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for scope in Scope::ALL {
            let name = scope.as_str();
            let group = name.split_once(':').map_or(name, |(group, _)| group);
            groups.entry(group).or_default().push(name);
        }
        Self(groups)
    }
}
