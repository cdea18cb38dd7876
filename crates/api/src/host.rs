//! What a host gives to the API and gets back: requests, what only a host has, replies.

use licentia_core::{Algorithm, Origin, Problem, RequestId, Seconds, Seed, Timestamp};

use crate::list::PageMemory;
use crate::outbox::Publication;
use crate::vault::Vault;

/// A request, as the host rebuilt it: no header but those listed here reaches the API.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The path as it was sent, percent-encoded, from `/v3` on.
    pub path: &'a str,
    /// The query without its question mark; empty if there is none.
    pub query: &'a str,
    /// `Content-Type` without parameters, in lower case; empty if there is none.
    pub content_type: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// Who asks.
    pub actor: Actor,
    /// Where the request came from.
    pub origin: &'a Origin,
    /// What `X-Request-Id` will say.
    pub request_id: RequestId,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Anybody: applications ask so.
    Anonymous,
    /// The holder of the root token.
    Root,
    /// A token was sent and is not valid. Calls that need none ignore it, so that no application is locked out by one.
    Refused,
}

/// What only a host has.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The time.
    pub now: Timestamp,
    /// Fresh random bytes. Calling again for what was needed passes the same seed.
    pub seed: Seed,
    /// The key pairs that an earlier call needed, in its order.
    pub key_pairs: &'a [KeyPair],
    /// The account's secrets.
    pub vault: &'a Vault,
    /// Settings.
    pub settings: &'a Settings,
    /// Where the pages of lists begin; kept from call to call, or not.
    pub pages: &'a PageMemory,
}

/// Settings of a host.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The least `serverSyncInterval` that a license may have.
    pub min_sync_interval: Seconds,
}

/// A key pair that the host generated.
#[derive(Clone)]
pub struct KeyPair {
    /// How it signs.
    pub algorithm: Algorithm,
    /// The private half, as PKCS #8 DER.
    pub private: Vec<u8>,
    /// The public half, as SPKI DER.
    pub public: Vec<u8>,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPair({})", self.algorithm.as_str())
    }
}

/// What comes of a call.
#[derive(Debug)]
pub enum Handled {
    /// It is done; the host commits or rolls back as the outcome says.
    Done(Box<Outcome>),
    /// Nothing was written; the host generates these key pairs and calls again with the same seed.
    NeedsKeyPairs(Vec<Algorithm>),
}

/// What a call did.
#[derive(Debug)]
pub struct Outcome {
    /// What to answer.
    pub reply: Reply,
    /// Whether what was written stands.
    pub commit: bool,
    /// The documents to put into KV before the answer leaves; `outbox::settle` wants to know what came of each.
    pub publications: Vec<Publication>,
    /// What went wrong on our side, in full, for the host's log alone.
    pub fault: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// What the answer says.
    pub body: Body,
    /// The version of what is answered, for `ETag`.
    pub version: Option<i64>,
    /// The methods that the path has, for `Allow`.
    pub allow: Option<&'static str>,
    /// What of the answer's effects goes to KV.
    pub publishes: Publishes,
}

/// What of an answer's effects goes to KV.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Publishes {
    /// Nothing: the answer has no `Licentia-Published`.
    #[default]
    Nothing,
    /// One document, before the answer leaves: `Licentia-Published` names its version, or says `pending`.
    Now {
        /// The outbox subject, such as `license/{id}`.
        subject: String,
        /// The version.
        version: i64,
    },
    /// In the background; the header says `pending`.
    Later,
    /// It is what KV holds: the header names this version.
    Already(i64),
}

/// What an answer says.
#[derive(Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// JSON.
    Json(Vec<u8>),
    /// A token that the host signs: `{"activationToken": "<header>.<claims>.<signature>"}`.
    Token(Box<Unsigned>),
}

/// A token that awaits its signature.
#[derive(Clone, Debug)]
pub struct Unsigned {
    /// `<header>.<claims>` in base64url: what is signed.
    pub signing_input: String,
    /// The key's name: a host may keep the imported key under it.
    pub kid: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The private half, wrapped; `Vault::unwrap` opens it.
    pub wrapped: String,
    /// What the wrapping is bound to.
    pub bound_to: String,
}

impl Reply {
    /// Answers with a JSON document.
    #[must_use]
    pub fn json(status: u16, document: &impl serde::Serialize) -> Self {
        // INVARIANT: wire shapes have string keys and finite numbers, so serializing them cannot fail.
        let bytes = serde_json::to_vec(document).unwrap_or_default();
        Self::with(status, Body::Json(bytes))
    }

    pub(crate) fn json_text(status: u16, document: &str) -> Self {
        Self::with(status, Body::Json(document.as_bytes().to_vec()))
    }

    pub(crate) fn published(self, version: i64) -> Self {
        Self {
            publishes: Publishes::Already(version),
            ..self
        }
    }

    /// Answers with nothing.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self::with(status, Body::Empty)
    }

    /// Answers with an error.
    #[must_use]
    pub fn problem(problem: &Problem) -> Self {
        let document =
            serde_json::json!({ "message": problem.message, "code": problem.code.as_str() });
        Self::json(problem.code.http_status(), &document)
    }

    pub(crate) fn with(status: u16, body: Body) -> Self {
        Self {
            status,
            body,
            version: None,
            allow: None,
            publishes: Publishes::Nothing,
        }
    }

    pub(crate) fn versioned(self, version: i64) -> Self {
        Self {
            version: Some(version),
            ..self
        }
    }

    pub(crate) fn publishing(self, subject: String, version: i64) -> Self {
        Self {
            publishes: Publishes::Now { subject, version },
            ..self
        }
    }
}
