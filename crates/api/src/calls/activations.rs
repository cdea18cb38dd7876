//! `/v3/activations`
//!
//! Applications call these with a license key or an activation's id as their credential. What is said to be deleted was
//! deleted; of an id that was never known here nothing is said that would make a client drop what it has.

use licentia_core::wire::{ActivationRequest, ActivationView, DeactivationRequest};
use licentia_core::{
    Activation, ActivationId, Claims, Code, Command, DeactivatedBy, License, LicenseKey,
    LicenseType, Problem, Product, Refusal, Seat, signing_input,
};

use super::{page, parse_json};
use crate::access::Caller;
use crate::context::{Context, Fault};
use crate::database::Value;
use crate::host::{Body, Publishes, Reply, Unsigned};
use crate::list;
use crate::store;
use crate::store::tombstone::Kind;

/// `POST /v3/activations`
pub(super) fn create(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let request: ActivationRequest = parse_json(cx, body)?;
    let device = request.device()?;
    let mut license = licensed(cx, &request)?;
    free_expired_leases(cx, &mut license)?;
    license.terms.check_asked_lease(request.lease_duration)?;

    let id = cx.draw().id();
    let seat = Seat::of(&license, &device, id);
    let known = store::activation::load_by_seat(cx.db, license.id, &seat)?;
    let asked = request.asked_uses()?;
    let command = Command::Activate {
        held: known.as_ref(),
        device: &device,
        origin: cx.request.origin,
        asked: &asked,
    };
    let event = license.decide(command, cx.now())?;
    let before = license.clone();
    if let Some(event) = &event {
        license.apply(event, cx.now());
    }

    let lease = request.lease_duration;
    let (activation, status) = match known {
        Some(known) if known.epoch == license.epoch => {
            let mut renewed = known.clone();
            renewed.renew(&license, device, lease, cx.request.origin, cx.now());
            event.iter().for_each(|event| renewed.apply(event));
            store::activation::save(cx.db, &known, &renewed)?;
            (renewed, 200)
        }
        dead => {
            if let Some(dead) = dead {
                bury(cx, dead.id)?;
            }
            let mut activation =
                Activation::new(id, &license, device, lease, cx.request.origin, cx.now());
            event.iter().for_each(|event| activation.apply(event));
            store::activation::insert(cx.db, license.product_id, &activation)?;
            if let Some(event) = &event {
                cx.record(event.action(), "activation", &id, Vec::new())?;
            }
            (activation, 201)
        }
    };
    let mut publishes = Publishes::Nothing;
    if let Some(event) = &event {
        cx.save(&before, &license, event)?;
        if event.changes_document() {
            publishes = Publishes::Later;
        }
    }
    Ok(Reply {
        publishes,
        ..token(cx, status, &license, &activation)?
    })
}

/// `PATCH /v3/activations/{id}`
pub(super) fn sync(cx: &Context<'_>, id: ActivationId, body: &[u8]) -> Result<Reply, Fault> {
    let request: ActivationRequest = parse_json(cx, body)?;
    let device = request.device()?;
    let sent = Sent {
        key: Some(&request.key),
        product_id: Some(&request.product_id),
    };
    let (mut license, mut activation) = held(cx, id, &sent)?;
    free_expired_leases(cx, &mut license)?;
    if activation
        .lease_expires_at
        .is_some_and(|end| end < cx.now())
    {
        return Ok(Reply::problem(&deleted())); // what was freed stays freed
    }
    license.terms.check_asked_lease(request.lease_duration)?;
    let asked = request.asked_uses()?;
    let event = license.decide(
        Command::Sync {
            activation: &activation,
            device: &device,
            origin: cx.request.origin,
            asked: &asked,
        },
        cx.now(),
    )?;
    let before = activation.clone();
    activation.renew(
        &license,
        device,
        request.lease_duration,
        cx.request.origin,
        cx.now(),
    );
    if let Some(event) = event {
        let unsynced = license.clone();
        license.apply(&event, cx.now());
        activation.apply(&event);
        cx.save(&unsynced, &license, &event)?;
    }
    store::activation::save(cx.db, &before, &activation)?;
    token(cx, 200, &license, &activation)
}

/// `POST /v3/activations/{id}/deactivate`: what is sent must be so; the id says which activation it is.
pub(super) fn deactivate(cx: &Context<'_>, id: ActivationId, body: &[u8]) -> Result<Reply, Fault> {
    let blank = body.trim_ascii().is_empty();
    let request = if blank {
        DeactivationRequest::default()
    } else {
        parse_json(cx, body)?
    };
    let present = |text: &'_ Option<String>| {
        text.as_deref()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let (key, product_id) = (present(&request.key), present(&request.product_id));
    let sent = Sent {
        key: key.as_deref(),
        product_id: product_id.as_deref(),
    };
    let (mut license, activation) = held(cx, id, &sent)?;
    if present(&request.fingerprint)
        .is_some_and(|fingerprint| fingerprint != activation.device.fingerprint)
    {
        return Err(Refusal::FingerprintMismatch.into());
    }
    free(cx, &mut license, &activation, DeactivatedBy::Client)?;
    Ok(Reply::empty(204))
}

/// `DELETE /v3/activations/{id}`: by an administrator with a token, else by the client that holds the id.
pub(super) fn delete(cx: &Context<'_>, id: ActivationId) -> Result<Reply, Fault> {
    let by = match cx.caller {
        Caller::Anonymous => DeactivatedBy::Client,
        Caller::Root | Caller::Token(_) => DeactivatedBy::Administrator,
    };
    let activation = match store::activation::load(cx.db, id)? {
        Some(activation) => activation,
        None => return Err(gone(cx, id)?.into()),
    };
    free(cx, &mut license_of(cx, &activation)?, &activation, by)?;
    Ok(Reply::empty(204))
}

/// `GET /v3/activations/{id}`
pub(super) fn read(cx: &Context<'_>, id: ActivationId) -> Result<Reply, Fault> {
    match store::activation::load(cx.db, id)? {
        Some(activation) => Ok(Reply::json(200, &ActivationView::new(&activation, &[]))),
        None => Err(gone(cx, id)?.into()),
    }
}

/// `GET /v3/activations`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::ACTIVATIONS)?;
    let activations = listed.rows.iter().map(store::activation::from_row);
    let activations = activations.collect::<Result<Vec<_>, _>>()?;
    let views: Vec<_> = activations
        .iter()
        .map(|activation| ActivationView::new(activation, &[]))
        .collect();
    Ok(page(cx, &listed, &views))
}

/// Finds the license that a machine wants to activate.
fn licensed(cx: &Context<'_>, request: &ActivationRequest) -> Result<License, Fault> {
    let key = request.key.parse::<LicenseKey>();
    let license = key
        .ok()
        .map(|key| store::license::load_by_key(cx.db, &key))
        .transpose()?
        .flatten();
    let license =
        license.ok_or_else(|| Problem::new(Code::InvalidLicenseKey, "no license has this key"))?;
    if request.product_id.to_ascii_lowercase() != license.product_id.to_string() {
        return Err(
            Problem::new(Code::InvalidProductId, "the license is for another product").into(),
        );
    }
    Ok(license)
}

/// What a machine says of the activation that it holds.
struct Sent<'a> {
    key: Option<&'a str>,
    product_id: Option<&'a str>,
}

/// Finds the activation that a machine holds, and its license. A key that was replaced or deleted is said to be invalid;
/// one that was never this license's is told apart, so that the client keeps what it has.
fn held(
    cx: &Context<'_>,
    id: ActivationId,
    sent: &Sent<'_>,
) -> Result<(License, Activation), Fault> {
    let retired = || match sent.key {
        Some(key) => store::tombstone::exists(cx.db, Kind::LicenseKey, &key),
        None => Ok(false),
    };
    let Some(activation) = store::activation::load(cx.db, id)? else {
        return Err(if retired()? {
            key_gone()
        } else {
            gone(cx, id)?
        }
        .into());
    };
    let license = license_of(cx, &activation)?;
    if sent.key.is_some_and(|key| key != license.key.as_str()) {
        let other = Problem::new(
            Code::LicenseKeyMismatch,
            "the activation is of a license with another key",
        );
        return Err(if retired()? { key_gone() } else { other }.into());
    }
    if sent
        .product_id
        .is_some_and(|product| !product.eq_ignore_ascii_case(&license.product_id.to_string()))
    {
        return Err(Problem::new(
            Code::ProductMismatch,
            "the activation is of a license for another product",
        )
        .into());
    }
    Ok((license, activation))
}

fn license_of(cx: &Context<'_>, activation: &Activation) -> Result<License, Fault> {
    let license = store::license::load(cx.db, activation.license_id)?;
    license.ok_or_else(|| Fault::Internal(format!("activation {} has no license", activation.id)))
}

/// Frees the seats of a floating license whose leases have ended. Only such a license ever leased: a type stays.
fn free_expired_leases(cx: &Context<'_>, license: &mut License) -> Result<(), Fault> {
    if license.terms.license_type != LicenseType::HostedFloating {
        return Ok(());
    }
    for id in store::activation::expired_leases(cx.db, license.id, cx.now())? {
        if let Some(ended) = store::activation::load(cx.db, id)? {
            free(cx, license, &ended, DeactivatedBy::Administrator)?;
        }
    }
    Ok(())
}

/// Frees the seat of an activation.
fn free(
    cx: &Context<'_>,
    license: &mut License,
    activation: &Activation,
    by: DeactivatedBy,
) -> Result<(), Fault> {
    let command = Command::Deactivate { activation, by };
    if let Some(event) = license.decide(command, cx.now())? {
        let before = license.clone();
        license.apply(&event, cx.now());
        cx.record(event.action(), "activation", &activation.id, Vec::new())?;
        cx.save(&before, license, &event)?;
    }
    bury(cx, activation.id)
}

fn bury(cx: &Context<'_>, id: ActivationId) -> Result<(), Fault> {
    store::activation::delete(cx.db, id)?;
    store::tombstone::put(cx.db, Kind::Activation, &id, cx.now(), Value::Null)?;
    Ok(())
}

/// Tells an activation that was deleted from one that was never known.
fn gone(cx: &Context<'_>, id: ActivationId) -> Result<Problem, Fault> {
    let known = store::tombstone::exists(cx.db, Kind::Activation, &id)?;
    let unknown = Problem::new(
        Code::ActivationUnknown,
        "no activation with this id was ever known here",
    );
    Ok(if known { deleted() } else { unknown })
}

fn deleted() -> Problem {
    Problem::new(
        Code::ActivationNotFound,
        "the activation was deleted; activate again",
    )
}

fn key_gone() -> Problem {
    Problem::new(
        Code::InvalidLicenseKey,
        "the license was deleted, or its key was changed",
    )
}

fn token(
    cx: &Context<'_>,
    status: u16,
    license: &License,
    activation: &Activation,
) -> Result<Reply, Fault> {
    let product = product_of(cx, license)?;
    let key = product
        .signing_key()
        .ok_or_else(|| Fault::Internal(format!("product {} has no key", product.id)))?;
    let claims = serde_json::to_vec(&Claims::issue(
        license,
        &product,
        activation,
        None,
        cx.now(),
    ));
    let claims = claims.map_err(|fault| Fault::Internal(fault.to_string()))?;
    let unsigned = Unsigned {
        signing_input: signing_input(key.algorithm, &key.kid, "JWT", &claims),
        kid: key.kid.clone(),
        algorithm: key.algorithm,
        wrapped: key.wrapped.clone(),
        product_id: product.id,
    };
    Ok(Reply::with(status, Body::Token(Box::new(unsigned))))
}

fn product_of(cx: &Context<'_>, license: &License) -> Result<Product, Fault> {
    let counted = store::product::load(cx.db, license.product_id)?;
    let counted =
        counted.ok_or_else(|| Fault::Internal(format!("license {} has no product", license.id)))?;
    Ok(counted.product)
}
