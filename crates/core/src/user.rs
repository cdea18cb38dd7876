//! A user: who owns licenses. An e-mail address is kept as it was sent, and is the same in any case.

use crate::code::Problem;
use crate::id::UserId;
use crate::limits::{each, fits};
use crate::metadata::Metadata;
use crate::scope::Role;
use crate::time::Timestamp;

const TEXT_LIMIT: usize = 256;
const EMAIL_LIMIT: usize = 254;
const TAG_LIMIT: usize = 10;

/// A user: facts only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows with every change, as a license's does.
    pub version: i64,
    /// Its first name.
    pub first_name: String,
    /// Its last name.
    pub last_name: String,
    /// Its e-mail address.
    pub email: String,
    /// Its company; empty if there is none.
    pub company: String,
    /// What it may do: the name of a role.
    pub role: String,
    /// Further roles.
    pub roles: Vec<String>,
    /// Whether it may see its licenses in a portal.
    pub allow_customer_portal_access: bool,
    /// When it last signed in.
    pub last_login_at: Option<Timestamp>,
    /// When it was last seen.
    pub last_seen_at: Option<Timestamp>,
    /// The vendor's own fields.
    pub metadata: Vec<Metadata>,
    /// Tags.
    pub tags: Vec<String>,
}

impl User {
    /// Returns the whole name.
    #[must_use]
    pub fn name(&self) -> String {
        let name = format!("{} {}", self.first_name.trim(), self.last_name.trim());
        name.trim().to_owned()
    }

    /// Returns the form of an e-mail address in which two are compared.
    #[must_use]
    pub fn email_key(email: &str) -> String {
        email.trim().to_lowercase()
    }

    /// Checks every value.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(&self) -> Result<(), Problem> {
        if !is_address(&self.email) {
            return Err(Problem::field("email", "it is not an e-mail address"));
        }
        for (field, text) in [
            ("firstName", &self.first_name),
            ("lastName", &self.last_name),
            ("company", &self.company),
        ] {
            fits(text, TEXT_LIMIT).map_err(|reason| Problem::field(field, reason))?;
        }
        known_role(&self.role).map_err(|reason| Problem::field("role", reason))?;
        let most = Role::RESERVED.len();
        each("roles", &mut self.roles.clone(), most, known_role)?;
        each("tags", &mut self.tags.clone(), TAG_LIMIT, |tag| {
            fits(tag, TEXT_LIMIT)
        })?;
        Metadata::check(&self.metadata)
    }
}

fn known_role(name: &str) -> Result<String, String> {
    match Role::named(name) {
        Some(role) => Ok(role.name.to_owned()),
        None => Err("no role has this name".to_owned()),
    }
}

/// One `@` with something on both sides, a dot-separated domain, and nothing that a mail header could trip over. Whether
/// mail arrives there, only mail can tell.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = |c: char| {
        !c.is_whitespace() && !c.is_control() && !matches!(c, '@' | '<' | '>' | ',' | ';')
    };
    let labelled = domain.split('.').all(|label| !label.is_empty());
    text.len() <= EMAIL_LIMIT
        && !local.is_empty()
        && labelled
        && local.chars().chain(domain.chars()).all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_at_sign_and_a_domain() {
        for text in [
            "ada@example.com",
            "Ada.L+x@EXAMPLE.co.uk",
            "ä@bücher.example",
        ] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@.com",
            "ada@a..b",
            "a@b@c.example",
            "a b@c.example",
            "a@c.example,d@c.example",
            "a@c.example\r\nBcc: x",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn addresses_are_the_same_in_any_case() {
        assert_eq!(User::email_key(" Ada@Example.COM"), "ada@example.com");
    }
}
