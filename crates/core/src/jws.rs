//! JWS in its compact form: which texts are one, and which bytes are signed.
//!
//! The algorithm in a header is only ever compared with that of the key which its `kid` names; it selects nothing.
//! base64url is read in its one canonical spelling, so that a signed text has no second form.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::key_set::KeySet;
use crate::object::{Misfit, Object};
use crate::product::Algorithm;

/// No token of ours reaches this size: a hundred metadata entries of the longest kind make a quarter of it.
const SIZE_LIMIT: usize = 1 << 22;

/// Why a signed text is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFault {
    /// No such key's signature: the text was changed, or another key signed it.
    #[error("the signature is not by the key `{kid}`")]
    BadSignature {
        /// The `kid` of the header; empty if it has none.
        kid: String,
    },
    /// The claims are signed and do not fit their shape.
    #[error("the claims do not fit: {reason}")]
    Claims {
        /// The parser's words.
        reason: String,
    },
    /// The text is no compact JWS.
    #[error("not a signed token: {reason}")]
    Malformed {
        /// What is missing.
        reason: &'static str,
    },
    /// The header names a key that is not in the set.
    #[error("no key is named `{kid}`")]
    UnknownKey {
        /// The `kid` of the header; empty if it has none.
        kid: String,
    },
    /// The header's algorithm is not that of the key.
    #[error("the algorithm `{algorithm}` is not that of the key `{kid}`")]
    WrongAlgorithm {
        /// The `alg` of the header.
        algorithm: String,
        /// The `kid` of the header; empty if it has none.
        kid: String,
    },
    /// The header says that this is a text of another kind.
    #[error("the text is a `{typ}`")]
    WrongType {
        /// The `typ` of the header.
        typ: String,
    },
}

/// A header as it is written.
#[derive(Serialize)]
struct HeaderOut<'a> {
    alg: &'a str,
    kid: &'a str,
    typ: &'a str,
}

/// A header as it is read.
pub(crate) struct Header {
    pub alg: String,
    pub kid: Option<String>,
    pub typ: Option<String>,
    has_extensions: bool,
}

impl Header {
    const MEMBERS: &'static [&'static str] = &["alg", "kid", "typ", "crit"];

    fn read(header: &Object<'_>) -> Result<Self, Misfit> {
        Ok(Self {
            alg: header.text("alg")?,
            kid: header.optional_text("kid")?,
            typ: header.optional_text("typ")?,
            has_extensions: !header.lacks("crit")?,
        })
    }
}

/// Returns the text to sign: header and claims in base64url, with a dot between.
///
/// The signature, in base64url, follows after another dot: see [`join_signature`].
#[must_use]
pub fn signing_input(algorithm: Algorithm, kid: &str, typ: &str, claims_json: &[u8]) -> String {
    let header = HeaderOut {
        alg: algorithm.as_str(),
        kid,
        typ,
    };
    // INVARIANT: three texts always serialize.
    let header = serde_json::to_vec(&header).unwrap_or_default();
    let mut text = Base64UrlUnpadded::encode_string(&header);
    text.push('.');
    text.push_str(&Base64UrlUnpadded::encode_string(claims_json));
    text
}

/// Returns the signed text: `signing_input`, a dot, and the signature in base64url.
#[must_use]
pub fn join_signature(signing_input: &str, signature: &[u8]) -> String {
    let mut text = String::from(signing_input);
    text.push('.');
    text.push_str(&Base64UrlUnpadded::encode_string(signature));
    text
}

/// A compact JWS whose signature nobody has looked at.
pub(crate) struct Compact<'a> {
    pub header: Header,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, TokenFault> {
        let malformed = |reason| TokenFault::Malformed { reason };
        if text.len() > SIZE_LIMIT {
            return Err(malformed("it is over 4 MiB"));
        }
        let parts = || malformed("it has not three parts");
        let (signed, signature) = text.rsplit_once('.').ok_or_else(parts)?;
        let (header, payload) = signed.split_once('.').ok_or_else(parts)?;
        if payload.contains('.') {
            return Err(parts());
        }
        let header = String::from_utf8(decode(header)?).ok();
        let header = header
            .as_deref()
            .and_then(|header| Object::parse(header, Header::MEMBERS))
            .and_then(|header| Header::read(&header).ok())
            .ok_or_else(|| malformed("its header is not one"))?;
        if header.has_extensions {
            return Err(malformed("its header has critical extensions"));
        }
        Ok(Self {
            header,
            signed,
            payload,
            signature: decode(signature)?,
        })
    }

    /// Decodes the claims of whoever wrote them.
    pub(crate) fn unverified(&self) -> Result<Vec<u8>, TokenFault> {
        decode(self.payload)
    }

    /// Refuses a text of another kind than its header should say.
    fn refuse_other_than(&self, wanted: &str) -> Result<(), TokenFault> {
        let typ = self.header.typ.as_deref().unwrap_or_default();
        if typ == wanted {
            return Ok(());
        }
        let typ = typ.to_owned();
        Err(TokenFault::WrongType { typ })
    }

    /// Checks the signature, and only then decodes the claims.
    pub(crate) fn verify(&self, keys: &KeySet) -> Result<Vec<u8>, TokenFault> {
        let kid = || self.header.kid.clone().unwrap_or_default();
        let mut named = keys.named(self.header.kid.as_deref()).peekable();
        if named.peek().is_none() {
            return Err(TokenFault::UnknownKey { kid: kid() });
        }
        let mut fitting = named
            .filter(|key| key.algorithm().as_str() == self.header.alg)
            .peekable();
        if fitting.peek().is_none() {
            let algorithm = self.header.alg.clone();
            return Err(TokenFault::WrongAlgorithm {
                algorithm,
                kid: kid(),
            });
        }
        if !fitting.any(|key| keys.verify(key, self.signed.as_bytes(), &self.signature)) {
            return Err(TokenFault::BadSignature { kid: kid() });
        }
        decode(self.payload)
    }
}

/// Checks the kind and the signature of a text, and returns the claims.
pub(crate) fn verified(text: &str, typ: &str, keys: &KeySet) -> Result<Vec<u8>, TokenFault> {
    let compact = Compact::parse(text)?;
    compact.refuse_other_than(typ)?;
    compact.verify(keys)
}

/// Returns claims as text.
pub(crate) fn json_of(payload: Vec<u8>) -> Result<String, TokenFault> {
    String::from_utf8(payload).map_err(|_fault| misfit("they are not UTF-8".to_owned()))
}

/// Finds the members of these names in claims.
pub(crate) fn members<'a>(
    json: &'a str,
    names: &'static [&'static str],
) -> Result<Object<'a>, TokenFault> {
    Object::parse(json, names).ok_or_else(|| misfit("they are no JSON object".to_owned()))
}

pub(crate) fn misfit(reason: String) -> TokenFault {
    TokenFault::Claims { reason }
}

fn decode(text: &str) -> Result<Vec<u8>, TokenFault> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_encoding| TokenFault::Malformed {
        reason: "a part is not canonical base64url",
    })
}

/// Reads a JSON object. Derived shapes alone would also take an array of their fields.
pub(crate) fn read_object<T: DeserializeOwned>(json: &[u8]) -> Result<T, String> {
    let first = json.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err("it is not an object".to_owned());
    }
    serde_json::from_slice(json).map_err(|fault| fault.to_string())
}
