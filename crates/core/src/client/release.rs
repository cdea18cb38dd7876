//! Releases of an application: which ones a license covers, by the end of its maintenance and by its last version.

use std::str::FromStr;

use crate::claims::Facts;

/// Which release of the application runs. What is not said is not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: Option<ReleaseVersion>,
    /// When it was published, in seconds since 1970.
    pub published: Option<i64>,
}

/// A version of two, three or four numbers; those that are left out are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleaseVersion([u32; 4]);

/// A text that is no release version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a release version has two, three or four numbers with a dot between them, such as `1.2.3`"
)]
pub struct MalformedVersion;

impl FromStr for ReleaseVersion {
    type Err = MalformedVersion;

    fn from_str(text: &str) -> Result<Self, MalformedVersion> {
        let mut numbers = [0; 4];
        let parts = text.split('.').count();
        if !(2..=numbers.len()).contains(&parts) {
            return Err(MalformedVersion);
        }
        for (number, part) in numbers.iter_mut().zip(text.split('.')) {
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(MalformedVersion);
            }
            *number = part.parse().map_err(|_not_a_number| MalformedVersion)?;
        }
        Ok(Self(numbers))
    }
}

impl Release {
    /// Says whether a license covers it. A last version that cannot be read covers none that says its version.
    pub(super) fn is_covered(&self, facts: &Facts) -> bool {
        let last = facts.max_allowed_release_version.as_str();
        let is_late = |version: &ReleaseVersion| {
            !last.is_empty() && last.parse().map_or(true, |last| *version > last)
        };
        let end = facts.maintenance_expires_at;
        let is_after = |published: &i64| end != 0 && *published > end;
        !self.version.as_ref().is_some_and(is_late)
            && !self.published.as_ref().is_some_and(is_after)
    }
}
