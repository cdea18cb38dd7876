//! Signed answers: HTTP Message Signatures (RFC 9421) of the statement key over what a server says, and to which request.
//!
//! A signature is over the status, the body's digest (RFC 9530), the request's method and path, and its nonce if it had
//! one; `created` is the server's time. The verifier takes these components in this order, written as RFC 8941 writes them,
//! and nothing else: a reader of every signature that the RFC allows would be longer, and could be talked into one over less.

use std::fmt::Write;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use crate::key_set::KeySet;
use crate::product::Algorithm;
use crate::statement::StatementKey;

/// The request's header that a signature repeats, so that the answer is to this request and to no other.
pub const NONCE_HEADER: &str = "Licentia-Nonce";
/// A nonce is so long at most.
const NONCE_LIMIT: usize = 128;
/// What keeps the signature from being taken for one of another use.
const TAG: &str = "licentia-answer";
/// The label of a signature, before its number.
const LABEL: &str = "licentia";

/// What a signature is over.
#[derive(Clone, Copy, Debug)]
pub struct SignedAnswer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The body; empty if there is none.
    pub body: &'a [u8],
    /// The request's method, in upper case.
    pub method: &'a str,
    /// The request's path, as it was sent, without the query.
    pub path: &'a str,
    /// The request's nonce.
    pub nonce: Option<&'a str>,
}

/// The headers that sign an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerHeaders {
    /// `Content-Digest`
    pub content_digest: String,
    /// `Signature-Input`
    pub signature_input: String,
    /// `Signature`
    pub signature: String,
}

/// Why an answer is not taken for the server's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerFault {
    /// No such key's signature: what it is over was changed, or it is the answer to another request.
    #[error("the signature is not by the key `{kid}`, or of another answer")]
    BadSignature {
        /// The name of the key.
        kid: String,
    },
    /// The body is another than was signed.
    #[error("the body has another digest than `Content-Digest` says")]
    OtherBody,
    /// Keys have signed that are not in the set.
    #[error("no key is named `{kid}`")]
    UnknownKey {
        /// The name of the last one.
        kid: String,
    },
    /// No signature is over just what an answer's is over.
    #[error("no signature binds the answer to its request")]
    Unsigned,
}

/// Returns a nonce that can be signed: 1 to 128 visible ASCII characters. Any other counts as none.
#[must_use]
pub fn nonce(text: &str) -> Option<&str> {
    let fits = (1..=NONCE_LIMIT).contains(&text.len());
    (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(text)
}

impl SignedAnswer<'_> {
    /// Signs the answer with each of `keys`, at `created`, in seconds since 1970.
    #[must_use]
    pub fn sign<'k>(
        &self,
        keys: impl Iterator<Item = &'k StatementKey>,
        created: i64,
    ) -> AnswerHeaders {
        let content_digest = content_digest(self.body);
        let components = self.components(&content_digest);
        let mut headers = AnswerHeaders::default();
        for (number, key) in (1_u32..).zip(keys) {
            let parameters = parameters(&components, created, key.kid());
            let signature = key.sign_bytes(base(&components, &parameters).as_bytes());
            let signature = Base64::encode_string(&signature);
            let comma = if number == 1 { "" } else { ", " };
            // INVARIANT: a `String` takes whatever is written.
            let _written = write!(
                headers.signature_input,
                "{comma}{LABEL}{number}={parameters}"
            );
            let _written = write!(headers.signature, "{comma}{LABEL}{number}=:{signature}:");
        }
        headers.content_digest = content_digest;
        headers
    }

    /// Checks that one of `keys` has signed just this answer, and returns when that was, in seconds since 1970.
    ///
    /// Whether that is near enough is for the caller to say.
    ///
    /// # Errors
    /// Says what is wrong with the signature that came furthest.
    pub fn verify(&self, headers: &AnswerHeaders, keys: &KeySet) -> Result<i64, AnswerFault> {
        let content_digest = content_digest(self.body);
        let components = self.components(&content_digest);
        let mut fault = AnswerFault::Unsigned;
        for (label, given) in members(&headers.signature_input) {
            let Some((created, kid)) = read_parameters(&components, given) else {
                continue;
            };
            if headers.content_digest.trim() != content_digest {
                return Err(AnswerFault::OtherBody);
            }
            let mut named = keys
                .named(Some(kid))
                .filter(|key| key.algorithm() == Algorithm::EdDSA)
                .peekable();
            if named.peek().is_some() {
                let base = base(&components, given);
                let signature = bytes_of(&headers.signature, label).unwrap_or_default();
                if named.any(|key| key.verify(base.as_bytes(), &signature)) {
                    return Ok(created);
                }
                fault = AnswerFault::BadSignature {
                    kid: kid.to_owned(),
                };
            } else if fault == AnswerFault::Unsigned {
                fault = AnswerFault::UnknownKey {
                    kid: kid.to_owned(),
                };
            }
        }
        Err(fault)
    }

    /// The components that are signed, by their identifiers (RFC 9421 §2).
    fn components(&self, content_digest: &str) -> Vec<(&'static str, String)> {
        let mut components = vec![
            ("\"@status\"", format!("{:03}", self.status)),
            ("\"content-digest\"", content_digest.to_owned()),
            ("\"@method\";req", self.method.to_owned()),
            ("\"@path\";req", self.path.to_owned()),
        ];
        let nonce = self
            .nonce
            .map(|nonce| ("\"licentia-nonce\";req", nonce.to_owned()));
        components.extend(nonce);
        components
    }
}

/// Returns the `Content-Digest` of a body (RFC 9530 §2).
fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", Base64::encode_string(&Sha256::digest(body)))
}

/// Writes the signature base (RFC 9421 §2.5).
fn base(components: &[(&str, String)], parameters: &str) -> String {
    let lines = components
        .iter()
        .map(|(identifier, value)| format!("{identifier}: {value}\n"));
    let mut base: String = lines.collect();
    base.push_str("\"@signature-params\": ");
    base.push_str(parameters);
    base
}

/// Writes the list of what is signed, with the parameters up to the time (RFC 9421 §2.3).
fn covered(components: &[(&str, String)]) -> String {
    let identifiers: Vec<&str> = components
        .iter()
        .map(|(identifier, _)| *identifier)
        .collect();
    format!("({});created=", identifiers.join(" "))
}

fn parameters(components: &[(&str, String)], created: i64, kid: &str) -> String {
    let covered = covered(components);
    format!("{covered}{created};keyid=\"{kid}\";alg=\"ed25519\";tag=\"{TAG}\"")
}

/// Reads time and key out of what `parameters` writes for these components, and of no other text.
fn read_parameters<'a>(components: &[(&str, String)], given: &'a str) -> Option<(i64, &'a str)> {
    let rest = given.strip_prefix(covered(components).as_str())?;
    let (created, rest) = rest.split_once(";keyid=\"")?;
    let (kid, _) = rest.split_once('"')?;
    let created: i64 = created.parse().ok()?;
    (parameters(components, created, kid) == given).then_some((created, kid))
}

/// Splits a dictionary (RFC 8941 §3.2) into its members: commas in quotes are no ends of one.
fn members(dictionary: &str) -> impl Iterator<Item = (&str, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    let members = dictionary.split(move |letter| {
        let was_escaped = escaped;
        escaped = quoted && !was_escaped && letter == '\\';
        quoted ^= letter == '"' && !was_escaped;
        letter == ',' && !quoted
    });
    members.filter_map(|member| member.trim().split_once('='))
}

/// Returns the bytes that a dictionary holds under `label`, if there is one such.
fn bytes_of(dictionary: &str, label: &str) -> Option<Vec<u8>> {
    let mut found = members(dictionary).filter(|(name, _)| *name == label);
    let (_, value) = found.next().filter(|_| found.next().is_none())?;
    let base64 = value.strip_prefix(':')?.strip_suffix(':')?;
    Base64::decode_vec(base64).ok()
}

#[cfg(test)]
mod tests;
