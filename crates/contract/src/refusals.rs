//! Which errors a call may answer with: those of every call of its kind, and its own.

use std::collections::{BTreeMap, BTreeSet};

use licentia_api::{Access, Endpoint, Operation};
use licentia_core::Code;

use crate::call::Call;
use crate::parameters::filters;

/// Of every call: too many requests, and what is our fault.
const ANY: &[Code] = &[
    Code::RateLimitExceeded,
    Code::InternalError,
    Code::NotConfigured,
    Code::RequestTimeout,
];
const SCOPED: &[Code] = &[Code::Unauthorized, Code::Forbidden];
const WITH_PARAMETER: &[Code] = &[Code::InvalidId];
/// Of every body, be it one that nobody asked for.
const OF_BODIES: &[Code] = &[Code::BodyTooLarge, Code::ContentDigestMismatch];
const WITH_BODY: &[Code] = &[
    Code::InvalidJson,
    Code::InvalidField,
    Code::UnsupportedField,
    Code::BodyTooLarge,
    Code::UnsupportedMediaType,
];
const LIST: &[Code] = &[
    Code::InvalidField,
    Code::InvalidCursor,
    Code::UnsupportedField,
];
/// `Idempotency-Key` itself may be malformed.
const REPLAYED: &[Code] = &[Code::IdempotencyKeyReused, Code::InvalidField];
/// Of what applications call: the ledger fails, or does not answer.
const OF_APPLICATIONS: &[Code] = &[Code::LedgerUnavailable];
const CONDITIONAL: &[Code] = &[Code::VersionMismatch];

/// Returns the codes of a call by the status that carries them.
pub(crate) fn refusals(endpoint: &Endpoint, call: &Call) -> BTreeMap<u16, BTreeSet<Code>> {
    let scoped = endpoint.access != Access::Open;
    let lists = filters(call);
    let kinds = [
        (true, ANY),
        (scoped, SCOPED),
        (endpoint.template().contains('{'), WITH_PARAMETER),
        (takes_body(endpoint), OF_BODIES),
        (call.input.is_some(), WITH_BODY),
        (lists, LIST),
        (endpoint.replays(), REPLAYED),
        (call.conditional, CONDITIONAL),
        (asks_the_ledger(endpoint), OF_APPLICATIONS),
    ];
    let of_kinds = kinds.into_iter().filter(|(is_so, _)| *is_so);
    let codes = of_kinds.flat_map(|(_, codes)| codes).chain(&call.codes);
    let mut by_status: BTreeMap<u16, BTreeSet<Code>> = BTreeMap::new();
    for code in codes {
        by_status
            .entry(code.http_status())
            .or_default()
            .insert(*code);
    }
    by_status
}

fn asks_the_ledger(endpoint: &Endpoint) -> bool {
    endpoint.access.is_of_applications() && endpoint.operation != Operation::GetStatus
}

/// Says whether a body is read at all: one that nobody asked for can still be too long.
pub(crate) fn takes_body(endpoint: &Endpoint) -> bool {
    endpoint.method != "GET"
}
