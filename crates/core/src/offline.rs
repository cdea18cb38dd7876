//! Offline files: what an application without a connection hands to its vendor, and what it is handed back.
//!
//! A request is three parts in base64url with dots between: a header (kind and version), a payload, and the SHA-256 of the
//! text before it, which tells a text that was mistyped or cut off from a whole one. It is no signature: whoever hands a
//! request in answers for it with an access token. A response is an activation token and needs nothing around it: the
//! product's key signs it, the fingerprint binds it to its machine, and `orv` says until when it may be used.

#[cfg(test)]
mod tests;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::jws::{TokenFault, read_object};
use crate::key_set::KeySet;
use crate::object::{Object, quoted};
use crate::status_code::StatusCode;
use crate::token::{Token, UnverifiedToken};

/// No request is longer, in bytes: it fits into a body of 1 MiB, with room for what is said beside it.
const SIZE_LIMIT: usize = 1_000_000;
const VERSION: u32 = 1;

/// What an application without a connection asks for. Times are whole seconds since 1970, by the application's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfflineRequest {
    /// An activation, or the renewal of the one that the machine has.
    Activation {
        /// When the request was made.
        made_at: i64,
        /// The JSON object that would be the body of an online activation. Meter attributes say `uses`, how many there are:
        /// a request may be handed in twice, so it cannot say how many more.
        body: String,
    },
    /// The end of an activation that the application has erased.
    Deactivation {
        /// When it was erased.
        made_at: i64,
        /// The activation token that stood: only who had the activation can give it up.
        token: String,
    },
}

/// Why a text is no offline request, or why none can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfflineFault {
    /// The checksum is not that of the text before it.
    #[error("its checksum does not fit: it was changed or cut off; copy the whole file")]
    Checksum,
    /// The first part is no header.
    #[error("its header is not one of an offline request")]
    Header,
    /// What it says does not fit its kind.
    #[error("what it says does not fit its kind: {reason}")]
    Payload {
        /// The parser's words.
        reason: String,
    },
    /// It has not three parts.
    #[error("it has not three parts with dots between; copy the whole file")]
    Parts,
    /// It is longer than any request.
    #[error("it is over {limit} bytes")]
    TooLong {
        /// The most that one has.
        limit: usize,
    },
    /// A later version of the format.
    #[error("it is of version {version} of the format, and this server reads version 1")]
    Version {
        /// What the header says.
        version: u32,
    },
}

/// Why a text is no response that may be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseFault {
    /// The time in which it may be used is over.
    #[error("the offline response could be used until {until}")]
    Expired {
        /// The last second, since 1970.
        until: i64,
    },
    /// A token that was made for an application with a connection.
    #[error("the token is no response to an offline request")]
    Online,
    /// No token of the product.
    #[error("the offline response is no token of the product")]
    Token(#[source] TokenFault),
}

/// What a request is. The names are what the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    OfflineActivation,
    OfflineDeactivation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    kind: Kind,
    /// Read before, by itself.
    #[serde(rename = "version")]
    _version: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Activation {
    made_at: i64,
    activation: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Deactivation {
    made_at: i64,
    activation_token: String,
}

impl OfflineRequest {
    /// Writes the request as the text that [`OfflineRequest::parse`] reads. It is put together from texts: applications load this.
    ///
    /// # Errors
    /// Says that the body is no JSON, or that there is more to say than a request may hold.
    pub fn to_text(&self) -> Result<String, OfflineFault> {
        let (kind, payload) = match self {
            Self::Activation { made_at, body } => {
                let made_at = made_at.to_string();
                if Object::parse(body, &[]).is_none() {
                    return Err(unfit("the activation is no JSON object"));
                }
                let parts = ["{\"madeAt\":", &made_at, ",\"activation\":", body, "}"];
                ("offline-activation", parts.concat())
            }
            Self::Deactivation { made_at, token } => {
                let made_at = made_at.to_string();
                let token = quoted(token);
                let parts = [
                    "{\"madeAt\":",
                    &made_at,
                    ",\"activationToken\":",
                    &token,
                    "}",
                ];
                ("offline-deactivation", parts.concat())
            }
        };
        let version = VERSION.to_string();
        let header = ["{\"kind\":\"", kind, "\",\"version\":", &version, "}"].concat();
        let text = sealed(header.as_bytes(), payload.as_bytes());
        within_limit(&text)?;
        Ok(text)
    }

    /// Reads a request. White space around it is none of it: editors and mail add some.
    ///
    /// # Errors
    /// Says what is wrong with the text, the checksum first: what was cut off has other faults that would mislead.
    pub fn parse(text: &str) -> Result<Self, OfflineFault> {
        let text = text.trim_ascii();
        within_limit(text)?;
        let (said, checksum) = text.rsplit_once('.').ok_or(OfflineFault::Parts)?;
        let (header, payload) = said.split_once('.').ok_or(OfflineFault::Parts)?;
        if payload.contains('.') {
            return Err(OfflineFault::Parts);
        }
        if checksum != checksum_of(said) {
            return Err(OfflineFault::Checksum);
        }
        let header =
            Base64UrlUnpadded::decode_vec(header).map_err(|_encoding| OfflineFault::Header)?;
        Self::of_kind(kind_of(&header)?, payload)
    }

    fn of_kind(kind: Kind, payload: &str) -> Result<Self, OfflineFault> {
        let payload = Base64UrlUnpadded::decode_vec(payload).map_err(unfit)?;
        match kind {
            Kind::OfflineActivation => {
                let Activation {
                    made_at,
                    activation,
                } = read(&payload)?;
                let body = String::from(Box::<str>::from(activation));
                Ok(Self::Activation { made_at, body })
            }
            Kind::OfflineDeactivation => {
                let Deactivation {
                    made_at,
                    activation_token: token,
                } = read(&payload)?;
                Ok(Self::Deactivation { made_at, token })
            }
        }
    }
}

/// Reads a response that may be used at `now`, in whole seconds since 1970. Whether its token then stands on this machine is for the
/// client to judge, as of any token.
///
/// # Errors
/// Says whether the token is none of the product's, is for applications with a connection, or could be used earlier.
pub fn read_offline_response(text: &str, keys: &KeySet, now: i64) -> Result<Token, ResponseFault> {
    let token = UnverifiedToken::parse(text.trim_ascii()).and_then(|token| token.verify(keys));
    let token = token.map_err(ResponseFault::Token)?;
    match token.facts().orv {
        ..=0 => Err(ResponseFault::Online),
        until if until < now => Err(ResponseFault::Expired { until }),
        _ => Ok(token),
    }
}

impl ResponseFault {
    /// Returns the verdict that a client gives.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Expired { .. } => StatusCode::E_OFFLINE_RESPONSE_FILE_EXPIRED,
            Self::Online | Self::Token(_) => StatusCode::E_OFFLINE_RESPONSE_FILE,
        }
    }
}

/// Joins header and payload, and puts the checksum of that text behind it.
fn sealed(header: &[u8], payload: &[u8]) -> String {
    let mut text = Base64UrlUnpadded::encode_string(header);
    text.push('.');
    text.push_str(&Base64UrlUnpadded::encode_string(payload));
    let checksum = checksum_of(&text);
    text.push('.');
    text.push_str(&checksum);
    text
}

fn checksum_of(text: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(text))
}

/// The version is read first, since a later one may have other members.
fn kind_of(header: &[u8]) -> Result<Kind, OfflineFault> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let Version { version } = read_object(header).map_err(|_reason| OfflineFault::Header)?;
    if version != VERSION {
        return Err(OfflineFault::Version { version });
    }
    let header: Header = read_object(header).map_err(|_reason| OfflineFault::Header)?;
    Ok(header.kind)
}

fn within_limit(text: &str) -> Result<(), OfflineFault> {
    let limit = SIZE_LIMIT;
    if text.len() > limit {
        return Err(OfflineFault::TooLong { limit });
    }
    Ok(())
}

fn read<T: DeserializeOwned>(payload: &[u8]) -> Result<T, OfflineFault> {
    read_object(payload).map_err(|reason| OfflineFault::Payload { reason })
}

fn unfit(fault: impl std::fmt::Display) -> OfflineFault {
    let reason = fault.to_string();
    OfflineFault::Payload { reason }
}
