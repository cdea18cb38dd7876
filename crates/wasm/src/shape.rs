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
        decision: &'a licentia_core::Decision,
        asked: Option<licentia_core::Asked>,
    ) -> Self {
        let token = decision.token.as_ref();
        Self {
            status: decision.status.into(),
            store: decision.store.as_ref().map(licentia_core::Stored::to_text),
            claims: token.map(licentia_core::Token::claims_json),
            next_sync: decision.next_sync.map(|interval| interval.0),
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
