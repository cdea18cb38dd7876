//! Roles on the wire.

use serde::Serialize;

use crate::id::RoleId;
use crate::scope::Role;
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
