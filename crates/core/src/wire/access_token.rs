//! Personal access tokens on the wire. The text of one stands in the answer to its creation, and nowhere else.

use serde::{Deserialize, Serialize};

use crate::access_token::{AccessToken, TokenText};
use crate::code::Problem;
use crate::draw::Draw;
use crate::id::TokenId;
use crate::scope::Scope;
use crate::time::Timestamp;

/// What a request says of an access token. Once made, it can only be revoked or renamed: who holds its text was told what
/// it may do.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct AccessTokenInput {
    pub name: Option<String>,
    pub revoked: Option<bool>,
    pub expires_at: Option<Timestamp>,
    pub scopes: Option<Vec<String>>,
}

impl AccessTokenInput {
    /// Makes a new access token out of the request.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn create(&self, draw: &mut Draw, now: Timestamp) -> Result<AccessToken, Problem> {
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Problem::field("expiresAt", "it is past"));
        }
        let token = AccessToken {
            id: draw.id(),
            created_at: now,
            updated_at: now,
            version: now.unix_milliseconds(),
            name: self.name.as_deref().unwrap_or_default().trim().to_owned(),
            expires_at: self.expires_at,
            revoked: self.revoked.unwrap_or(false),
            scopes: Scope::read(self.scopes.as_deref().unwrap_or_default())?,
            last_used_at: None,
        };
        token.check()?;
        Ok(token)
    }

    /// Lays a new name and a revocation over an access token; `AccessToken::revised` tells whether that changes it.
    ///
    /// # Errors
    /// Names the field that is wrong, or cannot change.
    pub fn update(&self, known: &AccessToken) -> Result<AccessToken, Problem> {
        let other_end = self.expires_at.is_some() && self.expires_at != known.expires_at;
        let other_scopes = match &self.scopes {
            None => false,
            Some(names) => Scope::read(names)? != known.scopes,
        };
        let restored = known.revoked && self.revoked == Some(false);
        for (field, changes) in [
            ("expiresAt", other_end),
            ("scopes", other_scopes),
            ("revoked", restored),
        ] {
            if changes {
                return Err(Problem::immutable(field));
            }
        }
        let mut token = known.clone();
        if let Some(name) = &self.name {
            name.trim().clone_into(&mut token.name);
        }
        token.revoked = known.revoked || self.revoked == Some(true);
        token.check()?;
        Ok(token)
    }
}

/// An access token as the API answers it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccessTokenView<'a> {
    id: TokenId,
    created_at: Timestamp,
    updated_at: Timestamp,
    name: &'a str,
    expires_at: Option<Timestamp>,
    revoked: bool,
    scopes: Vec<&'static str>,
    last_used_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
}

impl<'a> AccessTokenView<'a> {
    /// Makes the view of a new access token, with its text.
    #[must_use]
    pub fn shown_once(token: &'a AccessToken, text: &'a TokenText) -> Self {
        Self {
            access_token: Some(text.as_str()),
            ..Self::from(token)
        }
    }
}

impl<'a> From<&'a AccessToken> for AccessTokenView<'a> {
    fn from(token: &'a AccessToken) -> Self {
        Self {
            id: token.id,
            created_at: token.created_at,
            updated_at: token.updated_at,
            name: &token.name,
            expires_at: token.expires_at,
            revoked: token.revoked,
            scopes: token.scopes.iter().map(|scope| scope.as_str()).collect(),
            last_used_at: token.last_used_at,
            access_token: None,
        }
    }
}
