//! Offline activations on the wire: requests that were handed to the vendor as files. What the files say is in `crate::offline`.

use serde::{Deserialize, Serialize};

use crate::code::Problem;
use crate::id::LicenseId;
use crate::time::{Seconds, Timestamp};

/// A week: long enough to carry a file to a machine.
const DEFAULT_VALIDITY: Seconds = Seconds(604_800);

/// `POST /v3/activations/offline-activate`: a request of a machine without a connection, of this license.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OfflineActivationInput {
    pub license_id: LicenseId,
    pub offline_request: String,
    /// For how many seconds the machine may use the response; absent and 0 stand for a week.
    pub response_validity: Option<Seconds>,
}

/// `POST /v3/activations/offline-deactivate`: the proof that a machine gave up its activation of this license.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OfflineDeactivationInput {
    pub license_id: LicenseId,
    pub offline_request: String,
}

/// The answer to an offline activation. The host puts the signed token in.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OfflineActivationAnswer<'a> {
    /// What is handed back to the machine: a token.
    pub offline_response: &'a str,
}

impl OfflineActivationInput {
    /// Returns until when a response that is made at `now` may be used, in whole seconds since 1970.
    ///
    /// # Errors
    /// Refuses a validity that is negative, or over 2,147,483,647 seconds.
    pub fn usable_until(&self, now: Timestamp) -> Result<i64, Problem> {
        let asked = self.response_validity.unwrap_or_default();
        if !(0..=i64::from(i32::MAX)).contains(&asked.0) {
            let reason = format!("it must be 0 to {} seconds", i32::MAX);
            return Err(Problem::field("responseValidity", reason));
        }
        let validity = if asked.0 == 0 {
            DEFAULT_VALIDITY
        } else {
            asked
        };
        Ok(now.plus(validity).unix_seconds())
    }
}
