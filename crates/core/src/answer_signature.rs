//! Signed answers: HTTP Message Signatures (RFC 9421) of the statement key over what a server says, and to which request.
//!
//! A signature is over the status, the body's digest (RFC 9530), and of the request its method, its path, the digest that it
//! gave of its body, and its nonce; `created` is the server's time. The verifier takes these components in this order, written
//! as RFC 8941 writes them, and nothing else: a reader of every signature that the RFC allows would be longer, and could be
//! talked into one over less.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use crate::base64;
use crate::key::VerifyingKey;
use crate::key_set::KeySet;
use crate::product::Algorithm;
use crate::statement::StatementKey;

/// The request's header that a signature repeats, so that the answer is to this request and to no other.
pub const NONCE_HEADER: &str = "Licentia-Nonce";
/// The header with the digest of a body. The server refuses a request whose digest is not that of its body, and signs it.
pub const DIGEST_HEADER: &str = "Content-Digest";
/// A request's digests are so long at most.
const DIGEST_LIMIT: usize = 512;
/// A nonce is so long at most.
const NONCE_LIMIT: usize = 128;
/// What stands in a signature's parameters before its time, between that and the name of its key, and after that. The tag keeps
/// the signature from being taken for one of another use.
const CREATED: &str = ";created=";
const KEY: &str = "keyid=\"";
const REST: &str = "\";alg=\"ed25519\";tag=\"licentia-answer\"";
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
    /// The request's `Content-Digest`, which its body fits.
    pub digest: Option<&'a str>,
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

impl AnswerHeaders {
    /// Takes them from lines, in this order; those that are missing are empty.
    #[must_use]
    pub fn from_lines<'a>(mut lines: impl Iterator<Item = &'a str>) -> Self {
        let mut next = || lines.next().unwrap_or_default().to_owned();
        Self {
            content_digest: next(),
            signature_input: next(),
            signature: next(),
        }
    }

    /// Returns whether they name other keys than `keys`: while a server's key is rotated its answers name one more, and
    /// afterwards one less.
    #[must_use]
    pub fn name_others_than(&self, keys: &KeySet) -> bool {
        let parameters = members(&self.signature_input).flat_map(|(_, given)| given.split(';'));
        let named: Vec<&str> = parameters
            .filter_map(|part| part.strip_prefix(KEY)?.strip_suffix('"'))
            .collect();
        let is_unknown = |kid: &&str| keys.named(Some(kid)).next().is_none();
        named.iter().any(is_unknown) || keys.kids().any(|kid| !named.contains(&kid))
    }
}

/// Returns a nonce that can be signed: 1 to 128 visible ASCII characters. Any other counts as none.
#[must_use]
pub fn nonce(text: &str) -> Option<&str> {
    let fits = (1..=NONCE_LIMIT).contains(&text.len());
    (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(text)
}

/// Returns a request's `Content-Digest` that can be checked and signed: one with a digest by SHA-256. Any other counts as none.
#[must_use]
pub fn digest(text: &str) -> Option<&str> {
    let text = text.trim();
    let fits = text.len() <= DIGEST_LIMIT && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    (fits && sha256_in(text).is_some()).then_some(text)
}

/// Returns whether a body is the one of a `Content-Digest`.
#[must_use]
pub fn fits_digest(digest: &str, body: &[u8]) -> bool {
    sha256_in(digest).is_some_and(|digest| digest == body_digest(body))
}

fn sha256_in(digest: &str) -> Option<Vec<u8>> {
    bytes_of(digest, "sha-256")
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
        let covered = self.covered(&content_digest);
        let (mut inputs, mut signatures) = (Vec::new(), Vec::new());
        for (number, key) in (1_u32..).zip(keys) {
            let parameters = covered.parameters(created, key.kid());
            let signature = key.sign_bytes(covered.base(&parameters).as_bytes());
            let signature = Base64::encode_string(&signature);
            inputs.push(format!("{LABEL}{number}={parameters}"));
            signatures.push(format!("{LABEL}{number}=:{signature}:"));
        }
        AnswerHeaders {
            content_digest,
            signature_input: inputs.join(", "),
            signature: signatures.join(", "),
        }
    }

    /// Returns when one of `keys` has signed just this answer, in seconds since 1970; nothing if none has.
    ///
    /// Whether that is near enough is for the caller to say.
    #[must_use]
    pub fn verify(&self, headers: &AnswerHeaders, keys: &KeySet) -> Option<i64> {
        let content_digest = headers.content_digest.trim_ascii();
        if !fits_digest(content_digest, self.body) {
            return None;
        }
        let covered = self.covered(content_digest);
        members(&headers.signature_input).find_map(|(label, given)| {
            let (created, kid) = covered.read_parameters(given)?;
            let signature = bytes_of(&headers.signature, label)?;
            let base = covered.base(given);
            let has_signed = |key: &VerifyingKey| {
                key.algorithm() == Algorithm::EdDSA && keys.verify(key, base.as_bytes(), &signature)
            };
            keys.named(Some(kid)).any(has_signed).then_some(created)
        })
    }

    /// Sets the components that are signed in order, by their identifiers (RFC 9421 §2).
    fn covered(&self, content_digest: &str) -> Covered {
        let status = self.status.to_string();
        Covered::of(&[
            ("\"@status\"", Some(&status)),
            ("\"content-digest\"", Some(content_digest)),
            ("\"@method\";req", Some(self.method)),
            ("\"@path\";req", Some(self.path)),
            ("\"content-digest\";req", self.digest),
            ("\"licentia-nonce\";req", self.nonce),
        ])
    }
}

/// What a signature is over, in the two forms that RFC 9421 has for it.
struct Covered {
    /// The identifiers between brackets, as the signature's parameters begin (§2.3).
    identifiers: String,
    /// A line for each, with its value (§2.5).
    lines: String,
}

impl Covered {
    fn of(components: &[(&str, Option<&str>)]) -> Self {
        let (mut identifiers, mut lines) = (String::new(), String::new());
        for (identifier, value) in components {
            if let Some(value) = value {
                identifiers.push(if identifiers.is_empty() { '(' } else { ' ' });
                identifiers.push_str(identifier);
                for part in [identifier, ": ", value, "\n"] {
                    lines.push_str(part);
                }
            }
        }
        identifiers.push(')');
        Self { identifiers, lines }
    }

    /// Writes the signature base.
    fn base(&self, parameters: &str) -> String {
        [&self.lines, "\"@signature-params\": ", parameters].concat()
    }

    fn parameters(&self, created: i64, kid: &str) -> String {
        let created = created.to_string();
        [&self.identifiers, CREATED, &created, ";", KEY, kid, REST].concat()
    }

    /// Reads time and key out of what [`Covered::parameters`] writes.
    fn read_parameters<'a>(&self, given: &'a str) -> Option<(i64, &'a str)> {
        let rest = given.strip_prefix(self.identifiers.as_str())?;
        let rest = rest.strip_prefix(CREATED)?.strip_suffix(REST)?;
        let (created, rest) = rest.split_once(';')?;
        Some((created.parse().ok()?, rest.strip_prefix(KEY)?))
    }
}

/// Returns what the `Content-Digest` of a body says in base64: its SHA-256 (RFC 9530 §2).
#[must_use]
pub fn body_digest(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

pub(crate) fn content_digest(body: &[u8]) -> String {
    ["sha-256=:", &Base64::encode_string(&body_digest(body)), ":"].concat()
}

/// Splits a dictionary (RFC 8941 §3.2) into its members. One with a comma in quotes comes in pieces: ours have none, and what is
/// taken for one of ours is still to be signed.
fn members(dictionary: &str) -> impl Iterator<Item = (&str, &str)> {
    let members = dictionary.split(',');
    members.filter_map(|member| member.trim_ascii().split_once('='))
}

/// Returns the bytes that a dictionary holds under `label`, if there is one such.
fn bytes_of(dictionary: &str, label: &str) -> Option<Vec<u8>> {
    let mut found = members(dictionary).filter(|(name, _)| *name == label);
    let (_, value) = found.next().filter(|_| found.next().is_none())?;
    base64::decode(value.strip_prefix(':')?.strip_suffix(':')?)
}

#[cfg(test)]
mod tests;
