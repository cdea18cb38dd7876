//! License keys: 16 to 256 printable ASCII characters without a space, compared byte for byte.

use std::fmt;
use std::str::FromStr;

/// What a customer types to license an application. A secret: it is never logged, and no KV key holds it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LicenseKey(String);

/// A text that can be no license key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a license key has 16 to 256 printable ASCII characters and no space")]
pub struct MalformedKey;

impl LicenseKey {
    /// Returns the key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// INVARIANT: `text` was drawn in a form that `from_str` accepts.
    pub(crate) fn drawn(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for LicenseKey {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let fits =
            (16..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned())).ok_or(MalformedKey)
    }
}

impl fmt::Debug for LicenseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LicenseKey(…)")
    }
}
