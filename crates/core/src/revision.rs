//! Revisions: how the version and the date of a resource move on with a change.

use crate::time::Timestamp;

/// Returns the version and the date after a change at `now`. Both grow with every change, and the version through
/// restores: it is at least the time in milliseconds.
pub(crate) fn after(version: i64, updated_at: Timestamp, now: Timestamp) -> (i64, Timestamp) {
    let version = now.unix_milliseconds().max(version.saturating_add(1));
    (version, now.max(updated_at.next()))
}

/// Implements `revised` for a resource that has a version and a date of its own.
macro_rules! revised {
    ($($type:ty)*) => {$(
        impl $type {
            /// Returns `asked` with the next version and date, or `None` if it says what is so already.
            #[must_use]
            pub fn revised(&self, asked: Self, now: Timestamp) -> Option<Self> {
                if *self == asked {
                    return None;
                }
                let (version, updated_at) = after(self.version, self.updated_at, now);
                Some(Self { version, updated_at, ..asked })
            }
        }
    )*};
}

revised! {
    crate::access_token::AccessToken
    crate::product::Product
    crate::tag::Tag
    crate::template::Template
    crate::user::User
}
