//! What crosses to JavaScript and back.

use serde::{Deserialize, Serialize};

/// An application on a device.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Client {
    pub product_id: String,
    pub license_key: Option<String>,
    pub fingerprint: String,
    pub public_key: String,
}

/// A server's answer; status 0 if there was none.
#[derive(Deserialize)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    pub(crate) fn response(&self) -> licentia_core::Response<'_> {
        licentia_core::Response {
            status: self.status,
            body: &self.body,
        }
    }
}

/// A verdict.
#[derive(Serialize)]
pub(crate) struct Status {
    code: u8,
    name: &'static str,
    message: &'static str,
}

impl From<licentia_core::StatusCode> for Status {
    fn from(status: licentia_core::StatusCode) -> Self {
        Self {
            code: status.number(),
            name: status.name(),
            message: status.meaning(),
        }
    }
}

/// The verdict on an answer by itself.
#[derive(Serialize)]
pub(crate) struct Check<'a> {
    code: u8,
    name: &'static str,
    activation: &'static str,
    claims: Option<&'a str>,
}

impl<'a> From<&'a licentia_core::Check> for Check<'a> {
    fn from(check: &'a licentia_core::Check) -> Self {
        Self {
            code: check.status.number(),
            name: check.status.name(),
            activation: check.activation.as_str(),
            claims: check.token.as_ref().map(licentia_core::Token::claims_json),
        }
    }
}

/// Whether to ask for an activation: with a key, or not for a reason.
#[derive(Serialize)]
pub(crate) struct Activating {
    status: Option<Status>,
    key: Option<String>,
}

impl From<Result<String, licentia_core::StatusCode>> for Activating {
    fn from(asked: Result<String, licentia_core::StatusCode>) -> Self {
        match asked {
            Ok(key) => Self {
                status: None,
                key: Some(key),
            },
            Err(status) => Self {
                status: Some(status.into()),
                key: None,
            },
        }
    }
}

/// What to do, and which activation to ask about if one may.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Decision<'a> {
    status: Status,
    store: Option<String>,
    claims: Option<&'a str>,
    next_sync: Option<i64>,
    asked: Option<Asked>,
}

impl<'a> Decision<'a> {
    pub(crate) fn new(
        client: &licentia_core::Client,
        stored: &'a licentia_core::Stored,
        decision: &'a licentia_core::Decision,
        asked: Option<licentia_core::Asked>,
    ) -> Self {
        let after = decision.store.as_ref().unwrap_or(stored);
        let token = after.token().filter(|_| decision.stands);
        Self {
            status: decision.status.into(),
            store: decision.store.as_ref().map(|store| client.write(store)),
            claims: token.map(licentia_core::Token::claims_json),
            next_sync: decision.interval.map(|interval| interval.0),
            asked: asked.map(Asked::from),
        }
    }
}

/// Which activation a server is asked about.
#[derive(Deserialize, Serialize)]
pub(crate) struct Asked {
    activation: String,
    epoch: i64,
    key: String,
}

impl From<licentia_core::Asked> for Asked {
    fn from(asked: licentia_core::Asked) -> Self {
        Self {
            activation: asked.activation,
            epoch: asked.epoch,
            key: asked.key,
        }
    }
}

impl From<Asked> for licentia_core::Asked {
    fn from(asked: Asked) -> Self {
        Self {
            activation: asked.activation,
            epoch: asked.epoch,
            key: asked.key,
        }
    }
}
