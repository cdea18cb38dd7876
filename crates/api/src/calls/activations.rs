//! `/v3/activations`
//!
//! Applications call these with a license key or an activation's id as their credential. What is said to be deleted was
//! deleted; of an id that was never known here nothing is said that would make a client drop what it has.

mod activate;
mod bulk_delete;
pub(super) mod cells;
mod count;
mod end;
mod export;
mod follow;
mod listing;
mod offline;
mod sync;

pub(super) use activate::create;
pub(super) use bulk_delete::delete_many;
pub(super) use count::count;
pub(super) use end::{deactivate, delete};
pub(super) use export::export;
pub(super) use follow::follow;
pub(super) use listing::{list, read};
pub(super) use offline::{activate as activate_offline, deactivate as deactivate_offline};
pub(super) use sync::sync;

use licentia_core::wire::ActivationRequest;
use licentia_core::{
    Activation, ActivationId, AskedUses, Claims, Code, Device, Event, License, Problem, Product,
    signing_input,
};

use super::parse_json;
use crate::context::{Context, Fault};
use crate::host::{Body, Reply, TokenName, Unsigned};
use crate::store;
use crate::store::tombstone::Kind;

/// What a machine says of itself and asks for: read before any license is looked at.
struct Machine {
    request: ActivationRequest,
    device: Device,
    asked: Vec<AskedUses>,
}

impl Machine {
    fn read(cx: &Context<'_>, body: &[u8]) -> Result<Self, Problem> {
        Self::of(parse_json(cx, body)?)
    }

    fn of(request: ActivationRequest) -> Result<Self, Problem> {
        Ok(Self {
            device: request.device()?,
            asked: request.asked_uses()?,
            request,
        })
    }
}

/// What a machine says of the activation that it holds.
#[derive(Default)]
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

/// Returns the event of a command about an activation, of which there always is one.
fn decided(event: Option<Event>) -> Result<Event, Fault> {
    event.ok_or_else(|| Fault::Internal("a license decided nothing of an activation".to_owned()))
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
    let unsigned = unsigned(cx, license, activation, 0, TokenName::Activation)?;
    Ok(Reply::with(status, Body::Token(Box::new(unsigned))))
}

/// Makes the token that tells a machine how things stand; `usable_until` is for a response to an offline request, else 0.
fn unsigned(
    cx: &Context<'_>,
    license: &License,
    activation: &Activation,
    usable_until: i64,
    name: TokenName,
) -> Result<Unsigned, Fault> {
    let product = product_of(cx, license)?;
    let key = product
        .signing_key()
        .ok_or_else(|| Fault::Internal(format!("product {} has no key", product.id)))?;
    let owner = match license.user_id {
        Some(id) => store::user::load(cx.db, id)?,
        None => None,
    };
    let claims = Claims {
        orv: usable_until,
        ..Claims::issue(license, &product, activation, owner.as_ref(), cx.now())
    };
    let claims = serde_json::to_vec(&claims).map_err(|fault| Fault::Internal(fault.to_string()))?;
    Ok(Unsigned {
        signing_input: signing_input(key.algorithm, &key.kid, "JWT", &claims),
        kid: key.kid.clone(),
        algorithm: key.algorithm,
        wrapped: key.wrapped.clone(),
        product_id: product.id,
        name,
    })
}

fn product_of(cx: &Context<'_>, license: &License) -> Result<Product, Fault> {
    let counted = store::product::load(cx.db, license.product_id)?;
    let counted =
        counted.ok_or_else(|| Fault::Internal(format!("license {} has no product", license.id)))?;
    Ok(counted.product)
}
