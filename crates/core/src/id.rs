//! Ids: one newtype for each kind of thing, all UUIDs, written in lower case with hyphens.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is no UUID of the hyphenated form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a UUID")]
pub struct MalformedId(String);

/// Parses `8-4-4-4-12` hexadecimal digits of any case; the braced, URN and bare forms are refused.
fn parse_hyphenated(text: &str) -> Result<Uuid, MalformedId> {
    let malformed = || MalformedId(text.chars().take(64).collect());
    if text.len() != 36 {
        return Err(malformed());
    }
    Uuid::try_parse(text).map_err(|_uuid_error| malformed())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.as_hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                parse_hyphenated(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// An activation: one machine's hold on a license.
    ActivationId
    /// An entry of the activation log.
    ActivationLogId
    /// An entry of the event log.
    EventLogId
    /// An import that is done in parts.
    ImportId
    /// A license.
    LicenseId
    /// One metadata entry of a license, a product or a user.
    MetadataId
    /// A meter attribute of a license.
    MeterId
    /// A product.
    ProductId
    /// One request, as `X-Request-Id` names it.
    RequestId
    /// A role.
    RoleId
    /// A tag.
    TagId
    /// A license template.
    TemplateId
    /// A personal access token; not its text.
    TokenId
    /// A user.
    UserId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_in_any_case_and_written_in_lower_case() {
        let id: LicenseId = "23D9646C-34F5-4D37-ADEB-F7F77B927BDB".parse().unwrap();
        assert_eq!(id.to_string(), "23d9646c-34f5-4d37-adeb-f7f77b927bdb");
    }

    #[test]
    fn other_forms_of_a_uuid_are_refused() {
        for text in [
            "",
            "23d9646c34f54d37adebf7f77b927bdb",
            "{23d9646c-34f5-4d37-adeb-f7f77b927bdb}",
            "not-an-id",
        ] {
            assert!(text.parse::<LicenseId>().is_err(), "{text}");
        }
    }
}
