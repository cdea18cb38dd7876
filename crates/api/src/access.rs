//! Access: who asks, and whether a route lets them.

use licentia_core::{Code, Problem};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::host::Actor;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Holders of an access token.
    Management,
    /// Anybody: the license key or the activation's id is the credential.
    Open,
    /// Anybody, and a token that is sent must be valid: the route does another thing for its holder.
    OpenOrManagement,
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
    let same = Sha256::digest(token.trim()).ct_eq(&Sha256::digest(root_token));
    if bool::from(same) {
        Actor::Root
    } else {
        Actor::Refused
    }
}

impl Access {
    /// Refuses an actor that a route does not let in.
    ///
    /// # Errors
    /// Says whether a token is missing or wrong, and never repeats it.
    pub fn admit(self, actor: Actor) -> Result<(), Problem> {
        match (self, actor) {
            (_, Actor::Root) | (Self::Open, _) | (Self::OpenOrManagement, Actor::Anonymous) => {
                Ok(())
            }
            (Self::Management, Actor::Anonymous) => Err(Problem::new(
                Code::Unauthorized,
                "this call needs an access token: send `Authorization: Bearer <token>`",
            )),
            (Self::Management | Self::OpenOrManagement, Actor::Refused) => Err(Problem::new(
                Code::Unauthorized,
                "the access token is malformed or not valid",
            )),
        }
    }
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
}
