//! Scopes: what an access token may do, and the reserved roles with the scopes that each claims.
//!
//! Names are those of the compatible API: `license:read`. Groups of resources that this server does not have are unknown.

use std::collections::BTreeSet;

use crate::code::Problem;
use crate::id::RoleId;

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident $text:literal;)*) => {
        /// One thing that an access token may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope {
            $($(#[$doc])* $variant,)*
        }

        impl Scope {
            /// Every scope, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns its name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
    };
}

scopes! {
    /// Export everything.
    AccountRead "account:read";
    /// Import and rebuild.
    AccountWrite "account:write";
    /// Read activations and their log.
    ActivationRead "activation:read";
    /// Read statistics.
    AnalyticsRead "analytics:read";
    /// Read the event log.
    EventLogRead "eventLog:read";
    /// Read licenses.
    LicenseRead "license:read";
    /// Change licenses and delete activations.
    LicenseWrite "license:write";
    /// Read license templates.
    LicenseTemplateRead "licenseTemplate:read";
    /// Change license templates.
    LicenseTemplateWrite "licenseTemplate:write";
    /// Make, read and revoke access tokens.
    PersonalAccessTokenWrite "personalAccessToken:write";
    /// Read products.
    ProductRead "product:read";
    /// Change products.
    ProductWrite "product:write";
    /// Read roles.
    RoleRead "role:read";
    /// Read tags.
    TagRead "tag:read";
    /// Change tags.
    TagWrite "tag:write";
    /// Read users.
    UserRead "user:read";
    /// Change users.
    UserWrite "user:write";
}

impl Scope {
    /// Finds a scope by its name; `licensePolicy` is the older word for `licenseTemplate`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = match name {
            "licensePolicy:read" => "licenseTemplate:read",
            "licensePolicy:write" => "licenseTemplate:write",
            other => other,
        };
        Self::ALL
            .iter()
            .copied()
            .find(|scope| scope.as_str() == name)
    }

    /// Reads the scopes that a request names.
    ///
    /// # Errors
    /// Refuses a name that no scope has.
    pub fn read(names: &[String]) -> Result<BTreeSet<Self>, Problem> {
        let scope = |(position, name): (usize, &String)| {
            Self::named(name).ok_or_else(|| {
                Problem::field(&format!("scopes[{position}]"), "no scope has this name")
            })
        };
        names.iter().enumerate().map(scope).collect()
    }
}

/// A role that every account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// The last digit of its id, which is the same everywhere.
    number: u128,
    /// Its name.
    pub name: &'static str,
    /// Who has it.
    pub description: &'static str,
    /// What it claims.
    pub claims: &'static [Scope],
}

/// The version and variant bits of a random UUID: ids that no draw is likely to hit.
const FIRST_ROLE: u128 = 0x0000_0000_0000_4000_8000_0000_0000_0000;

/// All but what moves or replaces a whole account.
const ADMIN: &[Scope] = &[
    Scope::AccountRead,
    Scope::ActivationRead,
    Scope::AnalyticsRead,
    Scope::EventLogRead,
    Scope::LicenseRead,
    Scope::LicenseWrite,
    Scope::LicenseTemplateRead,
    Scope::LicenseTemplateWrite,
    Scope::PersonalAccessTokenWrite,
    Scope::ProductRead,
    Scope::ProductWrite,
    Scope::RoleRead,
    Scope::TagRead,
    Scope::TagWrite,
    Scope::UserRead,
    Scope::UserWrite,
];

impl Role {
    /// The reserved roles. Those of customers claim nothing of the account's: what is their own they reach without.
    pub const RESERVED: &'static [Self] = &[
        Self {
            number: 1,
            name: "super-admin",
            description: "May do everything.",
            claims: Scope::ALL,
        },
        Self {
            number: 2,
            name: "admin",
            description: "May do everything but import into the account.",
            claims: ADMIN,
        },
        Self {
            number: 3,
            name: "organization-admin",
            description: "Administers an organization in the customer portal.",
            claims: &[],
        },
        Self {
            number: 4,
            name: "reseller-admin",
            description: "Administers a reseller in the reseller portal.",
            claims: &[],
        },
        Self {
            number: 5,
            name: "user",
            description: "Owns licenses.",
            claims: &[],
        },
    ];

    /// Finds a reserved role by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::RESERVED.iter().find(|role| role.name == name)
    }

    /// Finds a reserved role by its id.
    #[must_use]
    pub fn with_id(id: RoleId) -> Option<&'static Self> {
        Self::RESERVED.iter().find(|role| role.id() == id)
    }

    /// Returns its id, which is the same in every account.
    #[must_use]
    pub fn id(&self) -> RoleId {
        uuid::Uuid::from_u128(FIRST_ROLE.wrapping_add(self.number)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_listed_once_and_found_by_their_names() {
        let names: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        assert!(names.iter().collect::<BTreeSet<_>>().len() == names.len());
        for scope in Scope::ALL {
            assert_eq!(Scope::named(scope.as_str()), Some(*scope));
        }
        assert_eq!(
            Scope::named("licensePolicy:write"),
            Some(Scope::LicenseTemplateWrite)
        );
    }

    #[test]
    fn an_unknown_scope_is_refused_by_its_place() {
        let names = ["license:read".to_owned(), "license:delete".to_owned()];
        let refused = Scope::read(&names).unwrap_err();
        assert!(refused.message.starts_with("`scopes[1]`"));
        assert_eq!(Scope::read(&names[..1]).unwrap().len(), 1);
    }

    #[test]
    fn a_role_is_found_by_its_name_and_its_id() {
        for role in Role::RESERVED {
            assert_eq!(Role::named(role.name), Some(role));
            assert_eq!(Role::with_id(role.id()), Some(role));
        }
        assert_eq!(Role::named("owner"), None);
    }

    #[test]
    fn an_admin_lacks_the_import_alone() {
        let lacking: Vec<_> = Scope::ALL
            .iter()
            .filter(|scope| !ADMIN.contains(scope))
            .collect();
        assert_eq!(lacking, [&Scope::AccountWrite]);
    }
}
