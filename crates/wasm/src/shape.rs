//! What crosses to JavaScript and back.

use licentia_core::{Decision, StatusCode};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::JsError;

/// What a decision says, in one number: see `engine.ts`.
pub(crate) struct Outcome {
    status: StatusCode,
    is_stored: bool,
    is_erased: bool,
}

const STORED: u32 = 1 << 8;
const ERASED: u32 = 1 << 9;

impl Outcome {
    /// `had` says whether there was a token before.
    pub(crate) fn of(decision: &Decision, had: bool) -> Self {
        let store = decision.store.as_ref();
        Self {
            status: decision.status,
            is_stored: store.is_some(),
            is_erased: had && store.is_some_and(|stored| stored.token().is_none()),
        }
    }

    pub(crate) fn bits(&self) -> u32 {
        let flag = |set, bit| if set { bit } else { 0 };
        u32::from(self.status.number())
            | flag(self.is_stored, STORED)
            | flag(self.is_erased, ERASED)
    }
}

/// A verdict.
#[derive(Serialize)]
pub(crate) struct Status {
    code: u8,
    name: &'static str,
    message: &'static str,
}

impl From<StatusCode> for Status {
    fn from(status: StatusCode) -> Self {
        Self {
            code: status.number(),
            name: status.name(),
            message: status.meaning(),
        }
    }
}

/// A text, or why there is none.
#[derive(Serialize)]
pub(crate) struct Written {
    pub outcome: u32,
    pub text: Option<String>,
}

impl From<Result<String, StatusCode>> for Written {
    fn from(written: Result<String, StatusCode>) -> Self {
        match written {
            Ok(text) => Self {
                outcome: 0,
                text: Some(text),
            },
            Err(status) => Self {
                outcome: status.number().into(),
                text: None,
            },
        }
    }
}

/// What to do, and which activation to ask about if one may.
#[derive(Serialize)]
pub(crate) struct Asking {
    outcome: u32,
    asked: Option<Asked>,
}

impl Asking {
    pub(crate) fn new(outcome: u32, asked: Option<licentia_core::Asked>) -> Self {
        Self {
            outcome,
            asked: asked.map(Asked::from),
        }
    }
}

/// Which activation a server is asked about.
#[derive(Deserialize, Serialize)]
struct Asked {
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

/// Reads what JavaScript hands back.
pub(crate) fn asked(json: &str) -> Result<licentia_core::Asked, JsError> {
    let asked: Asked = serde_json::from_str(json)?;
    Ok(licentia_core::Asked {
        activation: asked.activation,
        epoch: asked.epoch,
        key: asked.key,
    })
}

/// INVARIANT: texts and numbers always serialize.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
