//! Syncing: `PATCH /v3/activations/{id}`.
//!
//! The checks are those of activating, in the same order, with the fingerprint (and the user, where a license is locked to
//! users) in place of the seats. A sync writes one row: the activation's.

use licentia_core::{ActivationId, Command, Reach};

use super::{Machine, Sent, decided, deleted, end, held, token};
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::store;

/// `PATCH /v3/activations/{id}`
pub(crate) fn sync(cx: &Context<'_>, id: ActivationId, body: &[u8]) -> Result<Reply, Fault> {
    let machine = Machine::read(cx, body)?;
    let sent = Sent {
        key: Some(&machine.request.key),
        product_id: Some(&machine.request.product_id),
    };
    let (mut license, before) = held(cx, id, &sent)?;
    end::free_ended_leases(cx, &mut license)?;
    if before.lease_has_ended(cx.now()) {
        return Ok(Reply::problem(&deleted())); // what was freed stays freed
    }
    let command = Command::Sync {
        activation: &before,
        device: &machine.device,
        origin: cx.request.origin,
        asked: &machine.asked,
    };
    let event = decided(license.decide(command, cx.now())?)?;
    let lease = machine.request.lease_duration;
    license.terms.check_asked_lease(lease)?;

    let unsynced = license.clone();
    license.apply(&event, cx.now());
    let mut activation = before.clone();
    let reach = Reach::Online(cx.request.origin);
    activation.renew(&license, machine.device, lease, reach, cx.now());
    activation.apply(&event);
    cx.save(&unsynced, &license, &event)?;
    store::activation::save(cx.db, &before, &activation)?;
    token(cx, 200, &license, &activation)
}
