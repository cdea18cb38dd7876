//! Faults: what is ours to mend. They are logged in full and sent as "internal error".

use licentia_api::{DatabaseError, ListFault, VaultError};
use licentia_core::Code;
use wasm_bindgen::{JsCast, JsValue};

/// What went wrong on our side.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The runtime threw.
    #[error("the runtime threw {0}")]
    Runtime(String),
    /// The ledger's database failed.
    #[error("the ledger's database failed")]
    Database(#[from] DatabaseError),
    /// A private key does not open.
    #[error("a private key does not open")]
    Vault(#[from] VaultError),
    /// What crossed between Worker and ledger has another form.
    #[error("an envelope cannot be read")]
    Envelope(#[from] serde_json::Error),
    /// An envelope ends before its head does.
    #[error("an envelope is cut short")]
    CutShort,
    /// What should be text is none.
    #[error("a text is not UTF-8")]
    Text(#[from] std::string::FromUtf8Error),
    /// A binding of wrangler.toml is missing.
    #[error("the binding `{0}` is missing")]
    Binding(&'static str),
    /// The ledger has too much to do, or is just being moved.
    #[error("the ledger cannot be reached: {0}")]
    Unreachable(String),
    /// What should be a status list is none.
    #[error("a status list cannot be read")]
    List(#[from] ListFault),
    /// KV failed.
    #[error("KV cannot be read: {0}")]
    Unpublished(String),
    /// A slice of an import could not be applied.
    #[error("a slice of an import could not be applied: {0}")]
    Import(String),
    /// A slice of a long answer was refused.
    #[error("a slice of the answer was refused with {0}")]
    BrokenOff(u16),
    /// A secret is missing.
    #[error("{0}")]
    NotConfigured(String),
}

impl From<JsValue> for Fault {
    fn from(thrown: JsValue) -> Self {
        Self::Runtime(describe(&thrown))
    }
}

impl Fault {
    /// Tells an object that has too much to do, or moves, from one that failed.
    pub(crate) fn unreachable(thrown: JsValue) -> Self {
        let says = |flag: &str| {
            js_sys::Reflect::get(&thrown, &flag.into()).is_ok_and(|value| value.is_truthy())
        };
        if says("overloaded") || says("retryable") {
            Self::Unreachable(describe(&thrown))
        } else {
            thrown.into()
        }
    }

    /// Returns the code that is sent.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Unreachable(_) | Self::Unpublished(_) => Code::RequestTimeout,
            Self::NotConfigured(_) => Code::NotConfigured,
            _ => Code::InternalError,
        }
    }

    /// Returns the message that is sent: it says what to do, and nothing of the fault.
    pub(crate) fn message(&self) -> &'static str {
        match self.code() {
            Code::RequestTimeout => "the server cannot answer just now; try again",
            _ => "internal error",
        }
    }

    /// Returns the fault and what caused it, for the log.
    pub(crate) fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    }
}

/// Returns an exception's own words.
pub(crate) fn describe(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.to_string()),
        None => format!("{thrown:?}"),
    }
}
