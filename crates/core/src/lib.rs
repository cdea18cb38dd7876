//! The rules of Licentia: what a license is, what may happen to it, and what a client decides about it.
//!
//! Everything here takes values and returns values: no I/O, no clock, no randomness, no async.
//! A host reads its clock once a request and passes `now` down; ids and keys are drawn from a seed that it passes too.

mod access_token;
mod activation;
mod answer;
mod answer_signature;
mod base64;
mod claims;
mod client;
mod code;
mod draw;
mod id;
mod interval;
mod issue;
mod json;
mod jws;
mod key;
mod key_set;
mod known;
mod license;
mod limits;
mod metadata;
mod meter;
mod object;
mod offline;
mod product;
mod restriction;
mod revision;
mod rsa;
#[cfg(feature = "schema")]
mod schema;
mod scope;
mod statement;
mod status_code;
mod status_list;
mod tag;
mod template;
mod terms;
mod time;
mod token;
mod user;
pub mod wire;

pub use access_token::{AccessToken, TokenText};
pub use activation::{Activation, Device, Reach, Seat};
pub use answer::{ANSWERS, Answer, Effect, Row};
pub use answer_signature::{
    AnswerHeaders, DIGEST_HEADER, NONCE_HEADER, SignedAnswer, body_digest, digest, fits_digest,
    nonce,
};
pub use claims::{
    ActivationMeter, Claims, Entry, Facts, LicenseMeter, Statement, StatementFacts, StatusClaim,
    StatusListPlace,
};
pub use client::{
    Asked, Check, Client, Decision, MalformedVersion, News, Proof, Question, Release,
    ReleaseVersion, Response, Schedule, Stored, Trial, Turn,
};
pub use code::{Code, Problem};
pub use draw::{Draw, Seed};
pub use id::{
    ActivationId, ActivationLogId, EventLogId, ImportId, LicenseId, MetadataId, MeterId, ProductId,
    RequestId, RoleId, TagId, TemplateId, TokenId, UserId,
};
pub use interval::Interval;
pub use json::{JsonFault, parse};
pub use jws::{TokenFault, join_signature, signing_input};
pub use key::{Jwk, KeyFault, VerifyingKey};
pub use key_set::KeySet;
pub use license::{
    Change, Command, DeactivatedBy, End, Event, License, LicenseKey, Pending, Place, Refusal,
    Standing, Status, Totals,
};
pub use metadata::Metadata;
pub use meter::{AskedUses, Meter, MeterName, MeterTotals, MeterUse, Tally, UsesChange};
pub use offline::{OfflineFault, OfflineRequest, ResponseFault, read_offline_response};
pub use product::{Algorithm, Product, TokenKey};
pub use restriction::{Area, Origin};
pub use rsa::{RsaKey, RsaNumber, RsaPrimitive};
pub use scope::{Role, Scope};
pub use statement::StatementKey;
pub use status_code::StatusCode;
pub use status_list::{EncodedStatuses, ListedStatus, StatusBits, StatusList};
pub use tag::Tag;
pub use template::Template;
pub use terms::{
    ExpirationStrategy, FingerprintMatching, LeasingStrategy, LicenseType, StartTrigger, Terms,
};
pub use time::{Seconds, Timestamp};
pub use token::{Token, UnverifiedToken};
pub use user::User;
