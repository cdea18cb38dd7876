//! What a host gives to the API and gets back: requests, what only a host has, replies.

use licentia_core::wire::{ActivationAnswer, OfflineActivationAnswer};
use licentia_core::{
    Algorithm, Code, Origin, Problem, ProductId, RequestId, Seconds, Seed, Timestamp,
};

use serde::{Deserialize, Serialize};

use crate::access::TokenDigest;
use crate::idempotency::Fact;
use crate::limit::Rule;
use crate::list::PageMemory;
use crate::outbox::Publication;
use crate::published::ACCOUNT;
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
    /// The address of the server that it was sent to, such as `https://licenses.example.com`.
    pub host: &'a str,
    /// Where the request came from.
    pub origin: &'a Origin,
    /// What `X-Request-Id` will say.
    pub request_id: RequestId,
    /// `Idempotency-Key`, as it was sent.
    pub idempotency_key: Option<&'a str>,
    /// `If-Match`, as it was sent.
    pub if_match: Option<&'a str>,
    /// `Licentia-Passphrase`, as it was sent: only exports and imports of signing keys are given it, and no log is.
    pub passphrase: Option<&'a str>,
    /// Which slice of a long answer is asked for: what the slice before it said in `Reply::more`. The host alone sets it.
    pub slice: Option<&'a str>,
    /// The gate at which the asker waits for news. The host alone sets it, and writes what is noted of it.
    pub gate: Option<u32>,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Anybody: applications ask so.
    Anonymous,
    /// The holder of the root token.
    Root,
    /// The holder of another token: the ledger knows whether it is valid, and what it may do.
    Token(TokenDigest),
    /// A token was sent and cannot be valid. Calls that need none ignore it, so that no application is locked out by one.
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
    /// How many writes of KV imports may cause in what time; none is no limit.
    pub publication_budget: Option<Rule>,
    /// How often a status list is signed anew.
    pub status_list_interval: Seconds,
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
    /// What is written even though the rest was rolled back: the host gives it to `write_facts`, in a transaction of its
    /// own in the same turn.
    pub facts: Vec<Fact>,
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
    /// Headers of this answer alone, `Content-Type` among them if the body is no JSON. No value holds a line break.
    pub headers: Vec<(String, String)>,
    /// The code of an error.
    pub code: Option<Code>,
    /// Where a long answer goes on: the host asks again with this as `Request::slice`, and joins the bodies.
    pub more: Option<String>,
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
    /// News for gates, in the background, and nothing in KV: the answer has no header.
    News,
    /// It is what KV holds: the header names this version.
    Already(i64),
}

/// What an answer says.
#[derive(Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// A document.
    Bytes(Vec<u8>),
    /// A token that the host signs and [`Unsigned::document`] puts into the answer.
    Token(Box<Unsigned>),
}

/// What a token is called in the answer that holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenName {
    /// `activationToken`: to an application.
    #[default]
    Activation,
    /// `offlineResponse`: to whom hands in its request.
    Offline,
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
    /// Whose key it is.
    pub product_id: ProductId,
    /// What it is called.
    pub name: TokenName,
}

impl Unsigned {
    /// Returns the answer that holds the token, which was signed: `{"activationToken": "<header>.<claims>.<signature>"}`.
    #[must_use]
    pub fn document(name: TokenName, token: &str) -> Vec<u8> {
        let document = match name {
            TokenName::Activation => serde_json::to_vec(&ActivationAnswer {
                activation_token: token,
            }),
            TokenName::Offline => serde_json::to_vec(&OfflineActivationAnswer {
                offline_response: token,
            }),
        };
        // INVARIANT: a text always serializes.
        document.unwrap_or_default()
    }

    /// Returns what the wrapping of the private half is bound to.
    #[must_use]
    pub fn bound_to(&self) -> String {
        bound_to(self.product_id, &self.kid)
    }
}

/// Returns what a product's wrapped key is bound to.
pub(crate) fn bound_to(product: ProductId, kid: &str) -> String {
    format!("{ACCOUNT}/{product}/{kid}")
}

impl Reply {
    /// Answers with a JSON document.
    #[must_use]
    pub fn json(status: u16, document: &impl Serialize) -> Self {
        // INVARIANT: wire shapes have string keys and finite numbers, so serializing them cannot fail.
        let bytes = serde_json::to_vec(document).unwrap_or_default();
        Self::with(status, Body::Bytes(bytes))
    }

    pub(crate) fn json_text(status: u16, document: &str) -> Self {
        Self::with(status, Body::Bytes(document.as_bytes().to_vec()))
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
        Self {
            code: Some(problem.code),
            ..Self::json(problem.code.http_status(), &document)
        }
    }

    /// Adds a header, whose value holds no line break.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Answers with a slice of a long text; `more` says where it goes on.
    #[must_use]
    pub fn slice(content_type: &str, bytes: Vec<u8>, more: Option<String>) -> Self {
        Self {
            more,
            ..Self::with(200, Body::Bytes(bytes)).header("Content-Type", content_type)
        }
    }

    pub(crate) fn with(status: u16, body: Body) -> Self {
        Self {
            status,
            body,
            version: None,
            headers: Vec::new(),
            code: None,
            more: None,
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
