//! The activation token: a JWT whose claims can be read only after its signature was checked.

use std::sync::Arc;

use crate::claims::Facts;
use crate::id::ProductId;
use crate::jws::{Compact, TokenFault, json_of, members, misfit};
use crate::key_set::KeySet;
use crate::object::Object;

/// A text that looks like a token. It has nothing to read, but for whose keys may have signed it.
pub struct UnverifiedToken<'a>(Compact<'a>);

/// A token whose signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(Arc<Content>);

#[derive(Debug, PartialEq, Eq)]
struct Content {
    facts: Facts,
    json: String,
}

impl<'a> UnverifiedToken<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// Says what a compact JWS has and this text lacks.
    pub fn parse(text: &'a str) -> Result<Self, TokenFault> {
        Compact::parse(text).map(Self)
    }

    /// Returns the product whose keys the token says to be verified with. It may say so of any.
    #[must_use]
    pub fn product(&self) -> Option<ProductId> {
        let json = String::from_utf8(self.0.unverified().ok()?).ok()?;
        let claims = Object::parse(&json, &["pid"])?;
        claims.text("pid").ok()?.parse().ok()
    }

    /// Checks the signature with the key that the header names, then reads the claims.
    ///
    /// A statement, which the account's other key signs, is no token even if that key were in the set.
    ///
    /// # Errors
    /// Says whether the key is unknown, the algorithm is not the key's, the signature is wrong, or the claims do not fit.
    pub fn verify(&self, keys: &KeySet) -> Result<Token, TokenFault> {
        if let Some(typ) = &self.0.header.typ
            && !typ.eq_ignore_ascii_case("JWT")
        {
            return Err(TokenFault::WrongType { typ: typ.clone() });
        }
        let payload = self.0.verify(keys)?;
        let json = json_of(payload)?;
        let claims = members(&json, Facts::MEMBERS)?;
        let facts = Facts::read(&claims).map_err(|fault| misfit(fault.reason()))?;
        Ok(Token(Arc::new(Content { facts, json })))
    }
}

impl std::fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UnverifiedToken(…)")
    }
}

impl KeySet {
    /// Returns a token if these keys signed it, and the same text is not verified again. Why it is none, [`UnverifiedToken`] says.
    #[must_use]
    pub fn token(&self, text: &str) -> Option<Token> {
        if let Some(token) = self.known_tokens().find(text) {
            return Some(token);
        }
        let token = UnverifiedToken::parse(text).ok()?.verify(self).ok()?;
        self.known_tokens().remember(text, &token);
        Some(token)
    }
}

impl Token {
    /// Returns the claims that decisions lean on.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.0.facts
    }

    /// Returns the claims as they were signed, byte for byte, with those that this version does not know.
    #[must_use]
    pub fn claims_json(&self) -> &str {
        &self.0.json
    }
}

#[cfg(test)]
mod tests;
