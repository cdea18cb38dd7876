//! What a client keeps between starts: one JSON text.

use serde::{Deserialize, Serialize};

use crate::jws::read_object;
use crate::status_code::StatusCode;

/// What a client keeps. The token may lie open: it is signed, and holds nothing secret but the license key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The token.
    pub token: Option<String>,
    /// The license key that was activated.
    pub key: Option<String>,
    /// The latest time that was seen.
    pub seen: i64,
    /// Why the token was last erased; `OK` if it was not since the last success.
    pub last_error: StatusCode,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    v: u32,
    token: Option<String>,
    key: Option<String>,
    seen: i64,
    last_error: u8,
}

const VERSION: u32 = 1;
/// Times closer than this to the last one are not worth a write.
const SEEN_STEP: i64 = 60;

impl Stored {
    /// Reads what was stored. A text that is none of ours holds no activation, just as an empty store does.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        read_object::<Form>(text.as_bytes())
            .ok()
            .filter(|form| form.v == VERSION)
            .map(|form| Self {
                token: form.token,
                key: form.key,
                seen: form.seen,
                last_error: StatusCode::from_number(form.last_error).unwrap_or(StatusCode::FAIL),
            })
            .unwrap_or_default()
    }

    /// Returns the text to store.
    #[must_use]
    pub fn to_text(&self) -> String {
        let form = Form {
            v: VERSION,
            token: self.token.clone(),
            key: self.key.clone(),
            seen: self.seen,
            last_error: self.last_error.number(),
        };
        // INVARIANT: a struct of texts and numbers always serializes.
        serde_json::to_string(&form).unwrap_or_default()
    }

    /// What is stored after an activation or a sync.
    pub(super) fn activated(token: &str, key: &str, now: i64) -> Self {
        Self {
            token: Some(token.to_owned()),
            key: Some(key.to_owned()),
            seen: now,
            last_error: StatusCode::OK,
        }
    }

    /// What is stored once a later time was seen.
    pub(super) fn seen_at(&self, time: i64) -> Self {
        let is_later = time.saturating_sub(self.seen) >= SEEN_STEP;
        Self {
            seen: if is_later { time } else { self.seen },
            ..self.clone()
        }
    }

    /// What is stored without the token. The license key stays, so that the verdict is "not activated" and not "no key".
    pub(super) fn erased(&self, because: StatusCode) -> Self {
        Self {
            token: None,
            last_error: because,
            ..self.clone()
        }
    }
}
