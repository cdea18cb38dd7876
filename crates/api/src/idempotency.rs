//! `Idempotency-Key`: a request that is sent twice takes effect once, and is answered twice with the same answer.
//!
//! An accepted answer is kept in the transaction of its effects, so that both stand or neither does; a refusal is kept
//! as a fact, after its rollback. Kept are claims, not signatures: a token is signed again. The vault wraps each answer,
//! since one may hold a secret that is shown once; of the key itself a hash stands, bound to who sent it.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_core::{Code, Problem, ProductId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::access::Caller;
use crate::context::{Context, Fault};
use crate::database::{Database, DatabaseError};
use crate::host::{Body, Publishes, Reply, TokenName, Unsigned};
use crate::route::Endpoint;
use crate::store;
use crate::store::answer::Kept;

/// The header of an answer that was given before.
pub const REPLAYED: &str = "Idempotency-Replayed";
const LONGEST: usize = 255;
/// A longer answer to somebody without a token is not kept: anybody's activation could fill the ledger with them.
const KEPT_FOR_ANYBODY: usize = 8_192;

/// What is written even though a call was rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact(Kept);

/// Writes the facts of an outcome, in a transaction of its own.
///
/// # Errors
/// Passes on what the database says.
pub fn write_facts(db: &dyn Database, facts: &[Fact]) -> Result<(), DatabaseError> {
    facts
        .iter()
        .try_for_each(|Fact(kept)| store::answer::keep(db, kept))
}

/// A request that is to take effect once.
#[derive(Debug)]
pub(crate) struct Once {
    key_hash: String,
    request_hash: String,
}

/// An answer as it is kept.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    body: Said,
    version: Option<i64>,
    headers: Vec<(String, String)>,
    code: Option<String>,
    published: Published,
}

/// `Body`, without what must not be kept: the wrapped private key is read again by its `kid`.
#[derive(Debug, Serialize, Deserialize)]
enum Said {
    Nothing,
    Text(String),
    Token {
        signing_input: String,
        kid: String,
        product_id: ProductId,
        /// Answers that were kept before there were others are `activationToken`.
        #[serde(default)]
        name: TokenName,
    },
}

#[derive(Debug, Serialize, Deserialize)]
enum Published {
    Nothing,
    Subject(String, i64),
    Later,
    Version(i64),
}

impl Once {
    /// Returns what makes a request the same as another one, if it asks for that and the call heeds it.
    pub(crate) fn of(cx: &Context<'_>, endpoint: &Endpoint) -> Result<Option<Self>, Problem> {
        let Some(key) = cx.request.idempotency_key.filter(|_| endpoint.replays()) else {
            return Ok(None);
        };
        let printable = key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if key.is_empty() || key.len() > LONGEST || !printable {
            let reason = "it must be 1 to 255 printable ASCII characters";
            return Err(Problem::field("Idempotency-Key", reason));
        }
        let request = cx.request;
        let [method, path, query] =
            [request.method, request.path, request.query].map(str::as_bytes);
        Ok(Some(Self {
            key_hash: hash(&[cx.caller.to_string().as_bytes(), key.as_bytes()]),
            request_hash: hash(&[method, path, query, request.body]),
        }))
    }

    /// Returns the answer that the same request had before.
    pub(crate) fn replay(&self, cx: &Context<'_>) -> Result<Option<Reply>, Fault> {
        let Some((request_hash, wrapped)) = store::answer::find(cx.db, &self.key_hash, cx.now())?
        else {
            return Ok(None);
        };
        if request_hash != self.request_hash {
            let message = "this `Idempotency-Key` was sent with another request; draw a new key";
            return Err(Problem::new(Code::IdempotencyKeyReused, message).into());
        }
        let text = cx.given.vault.unwrap(&self.bound_to(), &wrapped)?;
        let answer: Answer = serde_json::from_slice(&text).map_err(unreadable)?;
        let reply = answer.reply(cx)?;
        Ok(Some(reply.header(REPLAYED, true)))
    }

    /// Keeps the answer to a request that took effect, unless it is anybody's and long.
    pub(crate) fn keep(&self, cx: &Context<'_>, reply: &Reply) -> Result<(), Fault> {
        let kept = self.kept(cx, reply)?;
        if cx.caller == Caller::Anonymous && kept.reply.len() > KEPT_FOR_ANYBODY {
            return Ok(());
        }
        Ok(store::answer::keep(cx.db, &kept)?)
    }

    /// Returns a refusal as a fact, unless another try may well be answered otherwise. Nobody without a token makes a row by
    /// being refused: the next try is decided anew, and changes as little.
    pub(crate) fn fact(&self, cx: &Context<'_>, reply: &Reply) -> Result<Option<Fact>, Fault> {
        match reply.status {
            _ if cx.caller == Caller::Anonymous => Ok(None),
            401 | 403 | 422 | 429 | 500.. => Ok(None),
            _ => Ok(Some(Fact(self.kept(cx, reply)?))),
        }
    }

    fn kept(&self, cx: &Context<'_>, reply: &Reply) -> Result<Kept, Fault> {
        let text = serde_json::to_vec(&Answer::of(reply)?).map_err(unreadable)?;
        let nonce = cx.draw().nonce();
        Ok(Kept {
            key_hash: self.key_hash.clone(),
            request_hash: self.request_hash.clone(),
            at: cx.now(),
            reply: cx.given.vault.wrap(&self.bound_to(), &text, nonce)?,
        })
    }

    fn bound_to(&self) -> String {
        format!("idempotency/{}", self.key_hash)
    }
}

impl Answer {
    fn of(reply: &Reply) -> Result<Self, Fault> {
        Ok(Self {
            status: reply.status,
            body: Said::of(&reply.body)?,
            version: reply.version,
            headers: reply.headers.clone(),
            code: reply.code.map(|code| code.as_str().to_owned()),
            published: Published::of(&reply.publishes),
        })
    }

    fn reply(self, cx: &Context<'_>) -> Result<Reply, Fault> {
        let code = self.code.as_deref();
        Ok(Reply {
            version: self.version,
            headers: self.headers,
            code: Code::ALL
                .iter()
                .copied()
                .find(|known| Some(known.as_str()) == code),
            publishes: self.published.publishes(cx)?,
            ..Reply::with(self.status, self.body.body(cx)?)
        })
    }
}

impl Said {
    fn of(body: &Body) -> Result<Self, Fault> {
        Ok(match body {
            Body::Empty => Self::Nothing,
            Body::Bytes(bytes) => Self::Text(String::from_utf8(bytes.clone()).map_err(unreadable)?),
            Body::Token(unsigned) => Self::Token {
                signing_input: unsigned.signing_input.clone(),
                kid: unsigned.kid.clone(),
                product_id: unsigned.product_id,
                name: unsigned.name,
            },
        })
    }

    fn body(self, cx: &Context<'_>) -> Result<Body, Fault> {
        match self {
            Self::Nothing => Ok(Body::Empty),
            Self::Text(text) => Ok(Body::Bytes(text.into_bytes())),
            Self::Token {
                signing_input,
                kid,
                product_id,
                name,
            } => {
                let counted = store::product::load(cx.db, product_id)?;
                let mut keys = counted.into_iter().flat_map(|counted| counted.product.keys);
                let key = keys.find(|key| key.kid == kid).ok_or_else(key_gone)?;
                Ok(Body::Token(Box::new(Unsigned {
                    signing_input,
                    kid,
                    algorithm: key.algorithm,
                    wrapped: key.wrapped,
                    product_id,
                    name,
                })))
            }
        }
    }
}

impl Published {
    fn of(publishes: &Publishes) -> Self {
        match publishes {
            Publishes::Nothing | Publishes::News => Self::Nothing,
            Publishes::Now { subject, version } => Self::Subject(subject.clone(), *version),
            Publishes::Later => Self::Later,
            Publishes::Already(version) => Self::Version(*version),
        }
    }

    /// What still awaits its publication is published now: the first try may have been cut short.
    fn publishes(self, cx: &Context<'_>) -> Result<Publishes, Fault> {
        Ok(match self {
            Self::Nothing => Publishes::Nothing,
            Self::Subject(subject, version) if store::outbox::is_pending(cx.db, &subject)? => {
                Publishes::Now { subject, version }
            }
            Self::Subject(_, version) | Self::Version(version) => Publishes::Already(version),
            Self::Later => Publishes::Later,
        })
    }
}

fn key_gone() -> Problem {
    let message = "the product, or the key that signed the first answer, was deleted";
    Problem::new(Code::ProductNotFound, message)
}

fn unreadable(fault: impl std::fmt::Display) -> Fault {
    Fault::Internal(format!("an answer that is kept: {fault}"))
}

/// Each part goes with its length, so that no two lists of parts look the same.
fn hash(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
    let bytes: [u8; 32] = digest.finalize().into();
    Base64UrlUnpadded::encode_string(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_join_to_the_same_text_are_told_apart() {
        assert_eq!(hash(&[b"a", b"b"]), hash(&[b"a", b"b"]));
        assert_ne!(hash(&[b"ab", b""]), hash(&[b"a", b"b"]));
        assert_ne!(hash(&[b"", b"ab"]), hash(&[b"ab"]));
    }

    #[test]
    fn a_kept_answer_reads_as_it_was_written() {
        let reply = Reply::problem(&Problem::new(Code::InvalidField, "no")).header("Location", "x");
        let text = serde_json::to_string(&Answer::of(&reply).unwrap()).unwrap();
        let answer: Answer = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (answer.status, answer.code.as_deref()),
            (400, Some("INVALID_FIELD"))
        );
        assert_eq!(answer.headers, [("Location".to_owned(), "x".to_owned())]);
    }
}
