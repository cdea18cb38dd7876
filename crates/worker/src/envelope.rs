//! What crosses between Worker and ledger: a JSON head and raw bytes in one body, built anew on each side.
//!
//! Nothing of the outside request reaches the ledger but what `Call` names. The body stays bytes, so that no JSON is
//! read twice: four bytes with the head's length come first, then the head, then the body.

use std::net::IpAddr;

use licentia_api::{
    Actor, Body, Reply, Request, TokenDigest, TokenName, Unsigned, tells_wrong_credential,
};
use licentia_core::{ActivationId, Algorithm, Area, Origin, ProductId, RequestId};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// A request on its way to the ledger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) content_type: String,
    pub(crate) caller: Caller,
    pub(crate) host: String,
    pub(crate) address: Option<IpAddr>,
    pub(crate) country: Option<String>,
    #[serde(default, skip_serializing_if = "Area::is_unknown")]
    pub(crate) area: Area,
    pub(crate) request_id: RequestId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) idempotency_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) if_match: Option<String>,
    /// What signing keys move under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) passphrase: Option<String>,
    /// Which slice of a long answer is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) slice: Option<String>,
    /// The gate at which the asker waits for news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gate: Option<u32>,
}

/// What a gate is asked to do.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToGate {
    /// To let somebody wait, if the ledger says so to this call.
    Join {
        call: Box<Call>,
        /// Who waits. The path has this id in whichever case it was sent.
        activation: ActivationId,
        /// The version of which the asker knows.
        known: i64,
        /// How many seconds the request may be held; none for a socket.
        wait: Option<u64>,
    },
    /// To hand on the news in the body.
    Tell,
    /// To have those look who wait for news of an activation: it is gone.
    Gone(ActivationId),
}

/// Who asks, as the Worker found.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Caller {
    Anonymous,
    Root,
    /// The digest of a token.
    Token([u8; 32]),
    Refused,
}

/// An answer on its way back.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) version: Option<i64>,
    pub(crate) published: Option<Published>,
    pub(crate) token: Option<Token>,
    /// Headers of this answer alone: names and values in turn, a line each.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) headers: String,
    /// Where a long answer goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) more: Option<String>,
    /// Whether it tells that a credential was wrong.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) wrong_credential: bool,
}

/// Whether KV has what the answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Published {
    /// It has this version.
    Version(i64),
    /// It will.
    Pending,
}

/// A token that the Worker signs, so that the serial ledger spends no time on it.
///
/// Its two long texts are the body: first what is signed, then the wrapped key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    kid: String,
    algorithm: Algorithm,
    product_id: ProductId,
    /// A ledger of before there were others names none.
    #[serde(default)]
    name: TokenName,
    length: usize,
}

impl Call {
    /// Returns the request that the API takes.
    pub(crate) fn request<'a>(&'a self, origin: &'a Origin, body: &'a [u8]) -> Request<'a> {
        Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            content_type: &self.content_type,
            body,
            actor: self.caller.into(),
            host: &self.host,
            origin,
            request_id: self.request_id,
            idempotency_key: self.idempotency_key.as_deref(),
            if_match: self.if_match.as_deref(),
            passphrase: self.passphrase.as_deref(),
            slice: self.slice.as_deref(),
            gate: self.gate,
        }
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin {
            address: self.address,
            country: self.country.clone(),
            area: self.area.clone(),
        }
    }
}

impl Answer {
    pub(crate) fn plain(status: u16, more: Option<String>) -> Self {
        Self {
            status,
            version: None,
            published: None,
            token: None,
            headers: String::new(),
            more,
            wrong_credential: false,
        }
    }

    /// Splits a reply of the API into what crosses as head and as body.
    pub(crate) fn of(
        reply: Reply,
        published: Option<Published>,
        caller: Caller,
    ) -> (Self, Vec<u8>) {
        let wrong_credential = tells_wrong_credential(reply.code, caller.into());
        let (token, body) = match reply.body {
            Body::Empty => (None, Vec::new()),
            Body::Bytes(bytes) => (None, bytes),
            Body::Token(unsigned) => {
                let (token, body) = Token::of(*unsigned);
                (Some(token), body)
            }
        };
        (
            Self {
                status: reply.status,
                version: reply.version,
                published,
                token,
                headers: lines(&reply.headers),
                more: reply.more,
                wrong_credential,
            },
            body,
        )
    }
}

impl From<Actor> for Caller {
    fn from(actor: Actor) -> Self {
        match actor {
            Actor::Anonymous => Self::Anonymous,
            Actor::Root => Self::Root,
            Actor::Token(TokenDigest(digest)) => Self::Token(digest),
            Actor::Refused => Self::Refused,
        }
    }
}

impl From<Caller> for Actor {
    fn from(caller: Caller) -> Self {
        match caller {
            Caller::Anonymous => Self::Anonymous,
            Caller::Root => Self::Root,
            Caller::Token(digest) => Self::Token(TokenDigest(digest)),
            Caller::Refused => Self::Refused,
        }
    }
}

impl Token {
    fn of(unsigned: Unsigned) -> (Self, Vec<u8>) {
        let Unsigned {
            signing_input,
            kid,
            algorithm,
            wrapped,
            product_id,
            name,
        } = unsigned;
        let token = Self {
            kid,
            algorithm,
            product_id,
            name,
            length: signing_input.len(),
        };
        (token, [signing_input, wrapped].concat().into_bytes())
    }

    /// Returns the token that awaits its signature, out of head and body.
    pub(crate) fn unsigned(self, body: &[u8]) -> Result<Unsigned, Fault> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
        let (signing_input, wrapped) = body.split_at_checked(self.length).ok_or(Fault::CutShort)?;
        Ok(Unsigned {
            signing_input: text(signing_input)?,
            kid: self.kid,
            algorithm: self.algorithm,
            wrapped: text(wrapped)?,
            product_id: self.product_id,
            name: self.name,
        })
    }
}

/// Writes headers as they cross: names and values in turn, a line each. No value holds a line break.
pub(crate) fn lines(headers: &[(String, String)]) -> String {
    let line = |(name, value): &(String, String)| format!("{name}\n{value}\n");
    headers.iter().map(line).collect()
}

/// Joins head and body.
pub(crate) fn seal(head: &impl Serialize, body: &[u8]) -> Result<Vec<u8>, Fault> {
    let head = serde_json::to_vec(head)?;
    let length = u32::try_from(head.len()).map_err(|_too_long| Fault::CutShort)?;
    Ok([length.to_le_bytes().as_slice(), &head, body].concat())
}

/// Splits what `seal` joined.
pub(crate) fn open<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), Fault> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(Fault::CutShort)?;
    let length =
        usize::try_from(u32::from_le_bytes(*length)).map_err(|_too_long| Fault::CutShort)?;
    let (head, body) = rest.split_at_checked(length).ok_or(Fault::CutShort)?;
    Ok((serde_json::from_slice(head)?, body))
}

#[cfg(test)]
mod tests {
    use licentia_core::{Draw, Seed};

    use super::*;

    #[test]
    fn an_envelope_opens_as_it_was_sealed() {
        let bytes = seal(&Published::Version(7), b"body").unwrap();
        let (head, body) = open::<Published>(&bytes).unwrap();
        assert_eq!((head, body), (Published::Version(7), b"body".as_slice()));
    }

    #[test]
    fn a_token_crosses_whole() {
        let unsigned = Unsigned {
            signing_input: "header.claims".to_owned(),
            kid: "kid".to_owned(),
            algorithm: Algorithm::EdDSA,
            wrapped: "wrapped".to_owned(),
            product_id: Draw::new(Seed([1; 32])).id(),
            name: TokenName::Offline,
        };
        let (token, body) = Token::of(unsigned);
        let arrived = token.unsigned(&body).unwrap();
        assert_eq!(arrived.signing_input, "header.claims");
        assert_eq!(arrived.wrapped, "wrapped");
        assert_eq!(arrived.name, TokenName::Offline);
    }

    #[test]
    fn an_envelope_that_is_cut_short_is_a_fault() {
        let bytes = seal(&Published::Pending, b"").unwrap();
        for length in 0..bytes.len() {
            assert!(open::<Published>(&bytes[..length]).is_err(), "{length}");
        }
    }
}
