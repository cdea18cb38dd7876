//! Machines without a connection: `POST /v3/activations/offline-activate` and `…/offline-deactivate`.
//!
//! Whoever hands in a file has an access token, names the license, and answers for it: the file must be of that license. Then the
//! checks are those of activating, in the same order, but for country and address: where the machine is, the request does not
//! say, and whoever hands it in could change those lists. A file may be handed in again without harm: the machine is known,
//! and what was given up stays so.

use licentia_core::wire::{ActivationRequest, OfflineActivationInput, OfflineDeactivationInput};
use licentia_core::{
    Activation, ActivationId, Code, Facts, KeySet, License, LicenseId, LicenseKey, OfflineRequest,
    Problem, Reach, UnverifiedToken, UsesChange, parse,
};

use super::activate::{is_for_product, take_seat};
use super::end::{self, Why};
use super::{Machine, gone, product_of, unsigned};
use crate::calls::parse_json;
use crate::context::{Context, Fault};
use crate::host::{Body, Reply, TokenName};
use crate::published;
use crate::store;
use crate::store::tombstone::Kind;

/// `POST /v3/activations/offline-activate`
pub(crate) fn activate(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let input: OfflineActivationInput = parse_json(cx, body)?;
    let until = input.usable_until(cx.now())?;
    let machine = machine(&input.offline_request)?;
    let license = named(cx, input.license_id)?;
    is_of(&license, &machine.request)?;
    is_for_product(&license, &machine.request)?;

    let taken = take_seat(cx, license, machine, Reach::Offline)?;
    let (license, activation) = (&taken.license, &taken.activation);
    let response = unsigned(cx, license, activation, until, TokenName::Offline)?;
    Ok(Reply {
        publishes: taken.publishes,
        ..Reply::with(200, Body::Token(Box::new(response)))
    })
}

/// `POST /v3/activations/offline-deactivate`
pub(crate) fn deactivate(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let input: OfflineDeactivationInput = parse_json(cx, body)?;
    let OfflineRequest::Deactivation { made_at, token } = request(&input.offline_request)? else {
        return Err(wrong("it asks for an activation, and is no proof of a deactivation").into());
    };
    let mut license = named(cx, input.license_id)?;
    let proven = proven(cx, &license, &token)?;
    let id: ActivationId = proven.aid.parse().map_err(wrong)?;
    let Some(activation) = store::activation::load(cx.db, id)? else {
        return given_up(cx, id);
    };
    if has_come_back(&activation, made_at.max(proven.iat)) {
        return Err(wrong("the machine was activated again after it was made").into());
    }
    end::free(cx, &mut license, &[activation], Why::Deactivated)?;
    Ok(Reply::empty(200))
}

fn request(text: &str) -> Result<OfflineRequest, Problem> {
    OfflineRequest::parse(text).map_err(wrong)
}

fn named(cx: &Context<'_>, id: LicenseId) -> Result<License, Fault> {
    let license = store::license::load(cx.db, id)?;
    let unknown = || Problem::field("licenseId", format!("no license has the id `{id}`"));
    Ok(license.ok_or_else(unknown)?)
}

/// Reads what a machine says of itself and asks for, out of its file.
fn machine(text: &str) -> Result<Machine, Problem> {
    let OfflineRequest::Activation { body, .. } = request(text)? else {
        return Err(wrong(
            "it is the proof of a deactivation, and asks for no activation",
        ));
    };
    let request: ActivationRequest = parse(body.as_bytes()).map_err(wrong)?;
    let machine = Machine::of(request).map_err(wrong)?;
    let differs = |change: &UsesChange| matches!(change, UsesChange::By(_));
    if machine.asked.iter().any(|asked| differs(&asked.change)) {
        let reason = "its `meterAttributes` say `usesIncrement`; in a file that may be handed in twice they say `uses`";
        return Err(wrong(reason));
    }
    Ok(machine)
}

/// Checks that the file is of the license that is named beside it.
fn is_of(license: &License, request: &ActivationRequest) -> Result<(), Problem> {
    let key = request.key.parse::<LicenseKey>();
    if key.is_ok_and(|key| key == license.key) {
        return Ok(());
    }
    Err(another_license())
}

/// Returns what the token in a proof says, if the product's key signed it for this license.
fn proven(cx: &Context<'_>, license: &License, token: &str) -> Result<Facts, Fault> {
    let jwks = published::jwks(&product_of(cx, license)?)?;
    let keys = KeySet::from_jwks(&jwks).map_err(|fault| Fault::Internal(fault.to_string()))?;
    let token = UnverifiedToken::parse(token).and_then(|token| token.verify(&keys));
    let token = token.map_err(|fault| {
        wrong(format!(
            "it holds no activation of the license's product: {fault}"
        ))
    })?;
    if token.facts().lid != license.id.to_string() {
        return Err(another_license().into());
    }
    Ok(token.facts().clone())
}

/// Says whether a machine was told how things stand after the second in which it gave its activation up.
fn has_come_back(activation: &Activation, given_up: i64) -> bool {
    activation.last_synced_at.unix_seconds() > given_up
}

/// Answers a proof whose activation is not there: what is gone already is as the proof says.
fn given_up(cx: &Context<'_>, id: ActivationId) -> Result<Reply, Fault> {
    if store::tombstone::exists(cx.db, Kind::Activation, &id)? {
        return Ok(Reply::empty(200));
    }
    Err(gone(cx, id)?.into())
}

fn another_license() -> Problem {
    let message = "the offline request is of another license than `licenseId` names";
    Problem::new(Code::LicenseKeyMismatch, message)
}

fn wrong(reason: impl std::fmt::Display) -> Problem {
    let message = format!("`offlineRequest` is wrong: {reason}");
    Problem::new(Code::InvalidOfflineRequest, message)
}
