//! The rules of Licentia: what a license is, what may happen to it, and what a client decides about it.
//!
//! Everything here takes values and returns values: no I/O, no clock, no randomness, no async.
//! A host reads its clock once a request and passes `now` down; ids and keys are drawn from a seed that it passes too.

mod activation;
mod answer;
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
mod license;
mod limits;
mod product;
mod restriction;
mod rsa;
mod statement;
mod status_code;
mod terms;
mod time;
mod token;
pub mod wire;

pub use activation::{Activation, Device, Seat};
pub use answer::{ANSWERS, Answer, Effect, Row};
pub use claims::{
    ActivationMeter, Claims, Entry, Facts, LicenseMeter, Statement, StatusClaim, StatusListPlace,
};
pub use client::{Asked, Check, Client, Decision, Stored};
pub use code::{Code, Problem};
pub use draw::{Draw, Seed};
pub use id::{ActivationId, LicenseId, MetadataId, ProductId, RequestId};
pub use interval::Interval;
pub use json::{JsonFault, parse};
pub use jws::{TokenFault, join_signature, signing_input};
pub use key::{Jwk, KeyFault, KeySet, VerifyingKey};
pub use license::{
    Change, Command, DeactivatedBy, Event, License, LicenseKey, Metadata, Place, Refusal, Seats,
    Standing, Status, Totals, Update,
};
pub use product::{Algorithm, Product, TokenKey};
pub use restriction::Origin;
pub use rsa::RsaKey;
pub use statement::StatementKey;
pub use status_code::StatusCode;
pub use terms::{
    ExpirationStrategy, FingerprintMatching, LeasingStrategy, LicenseType, StartTrigger, Terms,
};
pub use time::{Seconds, Timestamp};
pub use token::{Token, UnverifiedToken};
