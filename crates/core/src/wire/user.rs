//! Users on the wire.

use serde::{Deserialize, Serialize};

use super::license::clear;
use super::metadata::{MetadataInput, MetadataView};
use super::{lay_text, refuse_named};
use crate::code::Problem;
use crate::draw::Draw;
use crate::id::UserId;
use crate::json::is_null;
use crate::time::Timestamp;
use crate::user::User;

/// What a request says of a user: to create, to update or to import one. It has no place for a password yet, and one that
/// was dropped in silence would be believed to hold: a request that brings one is refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct UserInput {
    pub id: Option<UserId>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    #[serde(deserialize_with = "crate::json::text")]
    pub company: Option<String>,
    pub role: Option<String>,
    pub roles: Option<Vec<String>>,
    pub allow_customer_portal_access: Option<bool>,
    pub metadata: Option<Vec<MetadataInput>>,
    pub tags: Option<Vec<String>>,
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub password: Option<serde::de::IgnoredAny>,
    pub organization_id: Option<String>,
    pub reseller_id: Option<String>,
}

const DEFAULT_ROLE: &str = "user";

impl UserInput {
    /// Makes a new user out of the request.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn create(&self, draw: &mut Draw, now: Timestamp) -> Result<User, Problem> {
        let blank = User {
            id: self.id.unwrap_or_else(|| draw.id()),
            created_at: now,
            updated_at: now,
            version: now.unix_milliseconds(),
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
            company: String::new(),
            role: DEFAULT_ROLE.to_owned(),
            roles: Vec::new(),
            allow_customer_portal_access: false,
            last_login_at: None,
            last_seen_at: None,
            metadata: Vec::new(),
            tags: Vec::new(),
        };
        self.update(&blank, draw, now)
    }

    /// Lays the request over a user; `User::revised` tells whether that changes it.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn update(&self, known: &User, draw: &mut Draw, now: Timestamp) -> Result<User, Problem> {
        refuse_named(&[
            ("password", self.password.is_some()),
            ("organizationId", self.organization_id.is_some()),
            ("resellerId", self.reseller_id.is_some()),
        ])?;
        let mut user = known.clone();
        lay_text(&mut user.first_name, self.first_name.as_ref());
        lay_text(&mut user.last_name, self.last_name.as_ref());
        lay_text(&mut user.company, self.company.as_ref());
        lay_text(&mut user.role, self.role.as_ref());
        if let Some(email) = &self.email {
            email.trim().clone_into(&mut user.email);
        }
        if let Some(allows) = self.allow_customer_portal_access {
            user.allow_customer_portal_access = allows;
        }
        if let Some(roles) = &self.roles {
            user.roles.clone_from(roles);
        }
        if let Some(tags) = &self.tags {
            user.tags.clone_from(tags);
        }
        if let Some(named) = &self.metadata {
            user.metadata = MetadataInput::laid_over(named, &known.metadata, draw, now);
        }
        user.check()?;
        Ok(user)
    }

    /// Drops the entries that the request's lists leave out, as a merge patch has it: a list is the whole of it.
    pub fn drop_unnamed(&self, user: &mut User) {
        if let Some(named) = &self.metadata {
            MetadataInput::drop_unnamed(named, &mut user.metadata);
        }
    }

    /// Refuses an update of what cannot change, unless it says what is so already: clients send back whole users.
    ///
    /// # Errors
    /// Names the field.
    pub fn refuse_immutable(&self, user: &User) -> Result<(), Problem> {
        if self.id.is_some_and(|id| id != user.id) {
            return Err(Problem::immutable("id"));
        }
        if self.created_at.is_some_and(|at| at != user.created_at) {
            return Err(Problem::immutable("createdAt"));
        }
        Ok(())
    }
}

/// What a merge patch clears of a user: present and null (RFC 7396).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NullableUserFields {
    #[serde(deserialize_with = "is_null")]
    pub first_name: bool,
    #[serde(deserialize_with = "is_null")]
    pub last_name: bool,
    #[serde(deserialize_with = "is_null")]
    pub company: bool,
    #[serde(deserialize_with = "is_null")]
    pub roles: bool,
    #[serde(deserialize_with = "is_null")]
    pub metadata: bool,
    #[serde(deserialize_with = "is_null")]
    pub tags: bool,
}

impl NullableUserFields {
    /// Clears what the patch says to clear.
    pub fn clear(self, user: &mut User) {
        clear(self.first_name, &mut user.first_name);
        clear(self.last_name, &mut user.last_name);
        clear(self.company, &mut user.company);
        clear(self.roles, &mut user.roles);
        clear(self.metadata, &mut user.metadata);
        clear(self.tags, &mut user.tags);
    }
}

/// A user as the API answers it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UserView<'a> {
    id: UserId,
    created_at: Timestamp,
    updated_at: Timestamp,
    name: String,
    first_name: &'a str,
    last_name: &'a str,
    email: &'a str,
    company: Option<&'a str>,
    two_factor_enabled: bool,
    google_sso_enabled: bool,
    allow_customer_portal_access: bool,
    role: &'a str,
    roles: &'a [String],
    last_login_at: Option<Timestamp>,
    last_seen_at: Option<Timestamp>,
    metadata: Vec<MetadataView<'a>>,
    tags: &'a [String],
}

impl<'a> From<&'a User> for UserView<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id,
            created_at: user.created_at,
            updated_at: user.updated_at,
            name: user.name(),
            first_name: &user.first_name,
            last_name: &user.last_name,
            email: &user.email,
            company: Some(user.company.as_str()).filter(|company| !company.is_empty()),
            two_factor_enabled: false,
            google_sso_enabled: false,
            allow_customer_portal_access: user.allow_customer_portal_access,
            role: &user.role,
            roles: &user.roles,
            last_login_at: user.last_login_at,
            last_seen_at: user.last_seen_at,
            metadata: user.metadata.iter().map(MetadataView::from).collect(),
            tags: &user.tags,
        }
    }
}
