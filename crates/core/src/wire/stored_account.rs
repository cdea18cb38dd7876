//! What rows of templates, users, tags and access tokens hold: whole and strict, so that a stored value that is not
//! understood is an error.

use serde::{Deserialize, Serialize};

use super::stored::StoredMetadata;
use crate::access_token::AccessToken;
use crate::id::{TagId, TemplateId, TokenId, UserId};
use crate::metadata::Metadata;
use crate::scope::Scope;
use crate::tag::Tag;
use crate::template::Template;
use crate::terms::Terms;
use crate::time::Timestamp;
use crate::user::User;

/// A license template.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredTemplate {
    id: TemplateId,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
    name: String,
    terms: Terms,
    key_pattern: Option<String>,
    required_metadata_keys: Vec<String>,
    required_meter_attributes: Vec<String>,
}

impl From<&Template> for StoredTemplate {
    fn from(template: &Template) -> Self {
        Self {
            id: template.id,
            created_at: template.created_at,
            updated_at: template.updated_at,
            version: template.version,
            name: template.name.clone(),
            terms: template.terms.clone(),
            key_pattern: template.key_pattern.clone(),
            required_metadata_keys: template.required_metadata_keys.clone(),
            required_meter_attributes: template.required_meter_attributes.clone(),
        }
    }
}

impl From<StoredTemplate> for Template {
    fn from(stored: StoredTemplate) -> Self {
        Self {
            id: stored.id,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            version: stored.version,
            name: stored.name,
            terms: stored.terms,
            key_pattern: stored.key_pattern,
            required_metadata_keys: stored.required_metadata_keys,
            required_meter_attributes: stored.required_meter_attributes,
        }
    }
}

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredUser {
    id: UserId,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
    first_name: String,
    last_name: String,
    email: String,
    company: String,
    role: String,
    roles: Vec<String>,
    allow_customer_portal_access: bool,
    last_login_at: Option<Timestamp>,
    last_seen_at: Option<Timestamp>,
    metadata: Vec<StoredMetadata>,
    tags: Vec<String>,
}

impl From<&User> for StoredUser {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            created_at: user.created_at,
            updated_at: user.updated_at,
            version: user.version,
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            email: user.email.clone(),
            company: user.company.clone(),
            role: user.role.clone(),
            roles: user.roles.clone(),
            allow_customer_portal_access: user.allow_customer_portal_access,
            last_login_at: user.last_login_at,
            last_seen_at: user.last_seen_at,
            metadata: user.metadata.iter().map(StoredMetadata::from).collect(),
            tags: user.tags.clone(),
        }
    }
}

impl From<StoredUser> for User {
    fn from(stored: StoredUser) -> Self {
        Self {
            id: stored.id,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            version: stored.version,
            first_name: stored.first_name,
            last_name: stored.last_name,
            email: stored.email,
            company: stored.company,
            role: stored.role,
            roles: stored.roles,
            allow_customer_portal_access: stored.allow_customer_portal_access,
            last_login_at: stored.last_login_at,
            last_seen_at: stored.last_seen_at,
            metadata: stored.metadata.into_iter().map(Metadata::from).collect(),
            tags: stored.tags,
        }
    }
}

/// A tag.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredTag {
    id: TagId,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
    name: String,
    description: String,
}

impl From<&Tag> for StoredTag {
    fn from(tag: &Tag) -> Self {
        Self {
            id: tag.id,
            created_at: tag.created_at,
            updated_at: tag.updated_at,
            version: tag.version,
            name: tag.name.clone(),
            description: tag.description.clone(),
        }
    }
}

impl From<StoredTag> for Tag {
    fn from(stored: StoredTag) -> Self {
        Self {
            id: stored.id,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            version: stored.version,
            name: stored.name,
            description: stored.description,
        }
    }
}

/// An access token, without its text: the row has a digest of that. When it was last used stands in the row, too, since it
/// moves without the rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredAccessToken {
    id: TokenId,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
    name: String,
    expires_at: Option<Timestamp>,
    revoked: bool,
    scopes: Vec<String>,
}

impl From<&AccessToken> for StoredAccessToken {
    fn from(token: &AccessToken) -> Self {
        let scopes = token.scopes.iter().map(|scope| scope.as_str().to_owned());
        Self {
            id: token.id,
            created_at: token.created_at,
            updated_at: token.updated_at,
            version: token.version,
            name: token.name.clone(),
            expires_at: token.expires_at,
            revoked: token.revoked,
            scopes: scopes.collect(),
        }
    }
}

impl StoredAccessToken {
    /// Returns the access token, with its last use from elsewhere; `None` if a scope is unknown.
    #[must_use]
    pub fn into_token(self, last_used_at: Option<Timestamp>) -> Option<AccessToken> {
        let scopes = self.scopes.iter().map(|name| Scope::named(name));
        Some(AccessToken {
            id: self.id,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
            name: self.name,
            expires_at: self.expires_at,
            revoked: self.revoked,
            scopes: scopes.collect::<Option<_>>()?,
            last_used_at,
        })
    }
}
