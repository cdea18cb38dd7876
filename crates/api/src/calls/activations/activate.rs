//! Activating: `POST /v3/activations`.
//!
//! Checked in this order: the body, the license key, the product, revoked, type, effective date, country, address, virtual
//! machine, container, seats, meters, the lease that is asked for. A refusal takes no seat and counts nothing, since all of
//! it is rolled back.

use licentia_core::wire::ActivationRequest;
use licentia_core::{
    Activation, ActivationId, Code, Command, Event, License, LicenseKey, Problem, Reach, Seat,
};

use super::end::{self, Why};
use super::{Machine, decided, token};
use crate::context::{Context, Fault};
use crate::host::{Publishes, Reply};
use crate::store;
use crate::store::activation_log::Action;

/// A license with the activation that holds one of its seats from now on.
pub(super) struct Taken {
    pub(super) license: License,
    pub(super) activation: Activation,
    /// 201 if it is a new one, 200 if it is renewed.
    pub(super) status: u16,
    pub(super) publishes: Publishes,
}

/// `POST /v3/activations`
pub(crate) fn create(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let machine = Machine::read(cx, body)?;
    let license = licensed(cx, &machine.request)?;
    let taken = take_seat(cx, license, machine, Reach::Online(cx.request.origin))?;
    Ok(Reply {
        publishes: taken.publishes,
        ..token(cx, taken.status, &taken.license, &taken.activation)?
    })
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
    is_for_product(&license, request)?;
    Ok(license)
}

/// Checks that the license is for the product that the machine runs.
pub(super) fn is_for_product(
    license: &License,
    request: &ActivationRequest,
) -> Result<(), Problem> {
    if request.product_id.to_ascii_lowercase() == license.product_id.to_string() {
        return Ok(());
    }
    let message = "the license is for another product";
    Err(Problem::new(Code::InvalidProductId, message))
}

/// Gives a machine a seat of the license, or renews the one that it has.
pub(super) fn take_seat(
    cx: &Context<'_>,
    mut license: License,
    machine: Machine,
    reach: Reach<'_>,
) -> Result<Taken, Fault> {
    end::free_ended_leases(cx, &mut license)?;

    let id = cx.draw().id();
    let seat = Seat::of(&license, &machine.device, id);
    let held = store::activation::load_by_seat(cx.db, license.id, &seat)?;
    let command = Command::Activate {
        held: held.as_ref(),
        device: &machine.device,
        reach,
        asked: &machine.asked,
    };
    let event = decided(license.decide(command, cx.now())?)?;
    let lease = machine.request.lease_duration;
    license.terms.check_asked_lease(lease)?;

    let before = license.clone();
    license.apply(&event, cx.now());
    let (status, activation) = match held {
        Some(held) if held.epoch == license.epoch => {
            (200, renew(cx, &license, &event, &held, machine, reach)?)
        }
        dead => {
            if let Some(dead) = &dead {
                end::bury(cx, &license, dead, Why::Replaced)?;
            }
            (201, add(cx, &license, &event, id, machine, reach)?)
        }
    };
    cx.save(&before, &license, &event)?;
    let publishes = if event.changes_document() {
        Publishes::Later
    } else {
        Publishes::Nothing
    };
    Ok(Taken {
        license,
        activation,
        status,
        publishes,
    })
}

/// Renews the activation of a machine that is known: as a sync does, and as little is logged of it. Who hands in a request for
/// a machine is known, and stands in the event log.
fn renew(
    cx: &Context<'_>,
    license: &License,
    event: &Event,
    held: &Activation,
    machine: Machine,
    reach: Reach<'_>,
) -> Result<Activation, Fault> {
    let lease = machine.request.lease_duration;
    let mut renewed = held.clone();
    renewed.renew(license, machine.device, lease, reach, cx.now());
    renewed.apply(event);
    store::activation::save(cx.db, held, &renewed)?;
    if reach == Reach::Offline {
        end::record(cx, license, "activation.synced", renewed.id)?;
    }
    Ok(renewed)
}

fn add(
    cx: &Context<'_>,
    license: &License,
    event: &Event,
    id: ActivationId,
    machine: Machine,
    reach: Reach<'_>,
) -> Result<Activation, Fault> {
    let lease = machine.request.lease_duration;
    let mut activation = Activation::new(id, license, machine.device, lease, reach, cx.now());
    activation.apply(event);
    store::activation::insert(cx.db, license.product_id, &activation)?;
    end::record(cx, license, event.action(), id)?;
    end::log(cx, license, &activation, Action::Activated)?;
    Ok(activation)
}
