//! Access: who asks, and whether a call lets them.
//!
//! The door (`admit`) refuses what can be refused with no ledger: no token, garbage, a wrong scheme. What only the ledger
//! knows, whether a token is known, in force and has the scope, is decided there (`caller`), before anything is done.

use std::fmt;

use licentia_core::{AccessToken, Code, Problem, Scope, Timestamp, TokenId, TokenText};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::context::Fault;
use crate::database::Database;
use crate::host::Actor;
use crate::store;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody: the license key or the activation's id is the credential. A token that is sent is ignored.
    Open,
    /// Anybody, and a token that is sent must be valid and have the scope: the call does another thing for its holder.
    OpenOrScoped(Scope),
    /// The root, and holders of a token with the scope.
    Scoped(Scope),
}

/// The SHA-256 of a token's text: all that is kept of it, and all that leaves the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDigest(pub [u8; 32]);

impl TokenDigest {
    /// Returns the digest of a token's text.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Who asks, once the ledger has looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Anonymous,
    Root,
    Token(TokenId),
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Root => f.write_str("root"),
            Self::Token(id) => write!(f, "token:{id}"),
        }
    }
}

/// Tells who asks from the `Authorization` header. Digests are compared, so that time tells neither text nor length.
#[must_use]
pub fn identify(authorization: Option<&str>, root_token: &str) -> Actor {
    let Some(header) = authorization.filter(|header| !header.trim().is_empty()) else {
        return Actor::Anonymous;
    };
    let token = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, token)) = token else {
        return Actor::Refused;
    };
    let (token, digest) = (token.trim(), TokenDigest::of(token.trim()));
    let is_root = digest.0.ct_eq(&TokenDigest::of(root_token).0);
    if bool::from(is_root) {
        Actor::Root
    } else if TokenText::is_well_formed(token) {
        Actor::Token(digest)
    } else {
        Actor::Refused
    }
}

impl Access {
    /// Refuses whom no ledger would let in.
    ///
    /// # Errors
    /// Says whether a token is missing or wrong, and never repeats it.
    pub fn admit(self, actor: Actor) -> Result<(), Problem> {
        match (self, actor) {
            (_, Actor::Root | Actor::Token(_))
            | (Self::Open, _)
            | (Self::OpenOrScoped(_), Actor::Anonymous) => Ok(()),
            (Self::Scoped(_), Actor::Anonymous) => Err(Problem::new(
                Code::Unauthorized,
                "this call needs an access token: send `Authorization: Bearer <token>`",
            )),
            (Self::Scoped(_) | Self::OpenOrScoped(_), Actor::Refused) => Err(wrong_token()),
        }
    }

    /// Says whether applications call it.
    #[must_use]
    pub fn is_of_applications(self) -> bool {
        matches!(self, Self::Open | Self::OpenOrScoped(_))
    }

    /// Says whether a host must ask the ledger before it answers by itself.
    #[must_use]
    pub fn asks_the_ledger(self, actor: Actor) -> bool {
        self != Self::Open && matches!(actor, Actor::Token(_))
    }
}

/// Finds out who asks, and refuses whom the call does not let in.
pub(crate) fn caller(
    db: &dyn Database,
    access: Access,
    actor: Actor,
    now: Timestamp,
) -> Result<Caller, Fault> {
    access.admit(actor)?;
    match (access, actor) {
        (_, Actor::Root) => Ok(Caller::Root),
        (Access::Scoped(scope) | Access::OpenOrScoped(scope), Actor::Token(digest)) => {
            let token = store::access_token::find_by_digest(db, digest)?;
            let token = token.filter(|token| token.is_valid(now));
            let token = token.ok_or_else(wrong_token)?;
            require(&token, scope)?;
            store::access_token::touch(db, &token, now)?;
            Ok(Caller::Token(token.id))
        }
        (Access::Open, _) | (_, Actor::Anonymous | Actor::Refused) => Ok(Caller::Anonymous),
    }
}

/// Refuses to hand on scopes that the caller lacks, in a token or a role: nobody gives more than they have.
pub(crate) fn hand_on(
    db: &dyn Database,
    caller: Caller,
    scopes: impl Iterator<Item = Scope>,
) -> Result<(), Fault> {
    let mut scopes = scopes.peekable();
    if scopes.peek().is_none() {
        return Ok(());
    }
    let held = match caller {
        Caller::Root => return Ok(()),
        Caller::Token(id) => store::access_token::load(db, id)?,
        Caller::Anonymous => None,
    };
    let holds = |scope: &Scope| held.as_ref().is_some_and(|token| token.allows(*scope));
    match scopes.find(|scope| !holds(scope)) {
        None => Ok(()),
        Some(scope) => Err(lacks(scope).into()),
    }
}

fn require(token: &AccessToken, scope: Scope) -> Result<(), Problem> {
    if token.allows(scope) {
        return Ok(());
    }
    Err(lacks(scope))
}

fn lacks(scope: Scope) -> Problem {
    let message = format!("the access token lacks the scope `{}`", scope.as_str());
    Problem::new(Code::Forbidden, message)
}

fn wrong_token() -> Problem {
    Problem::new(
        Code::Unauthorized,
        "the access token is malformed or not valid",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_token_is_the_root() {
        let actor = |header| identify(header, "lct_secret");
        assert_eq!(actor(Some("Bearer lct_secret")), Actor::Root);
        assert_eq!(actor(Some("bearer lct_secret")), Actor::Root);
        for header in [
            "Bearer lct_secre",
            "Bearer lct_secretx",
            "Bearer",
            "Bearer ",
            "Basic lct_secret",
            "lct_secret",
        ] {
            assert_eq!(actor(Some(header)), Actor::Refused, "{header}");
        }
        assert_eq!(actor(None), Actor::Anonymous);
        assert_eq!(actor(Some("")), Actor::Anonymous);
    }

    #[test]
    fn a_digest_is_written_as_hexadecimal_digits() {
        let digest = TokenDigest::of("abc").to_string();
        assert!(digest.starts_with("ba7816bf") && digest.len() == 64);
    }
}
