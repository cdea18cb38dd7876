//! Counting: `POST /v3/activations/meter-attributes/{id}`.
//!
//! The activation's id is the credential. One request follows another in the ledger, so no two count from the same number.

use licentia_core::wire::{MeterIncrement, MeterIncrementAnswer};
use licentia_core::{Command, MeterId, Refusal};

use super::{Sent, decided, deleted, end, held};
use crate::calls::parse_json;
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::store;

/// `POST /v3/activations/meter-attributes/{id}`
pub(crate) fn count(cx: &Context<'_>, id: MeterId, body: &[u8]) -> Result<Reply, Fault> {
    let increment: MeterIncrement = parse_json(cx, body)?;
    let (mut license, before) = held(cx, increment.activation_id, &Sent::default())?;
    end::free_ended_leases(cx, &mut license)?;
    if before.lease_has_ended(cx.now()) {
        return Ok(Reply::problem(&deleted())); // what was freed stays freed
    }
    let asked = [increment.asked(id)];
    let command = Command::Count {
        activation: &before,
        asked: &asked,
    };
    let event = decided(license.decide(command, cx.now())?)?;

    let uncounted = license.clone();
    license.apply(&event, cx.now());
    let mut activation = before.clone();
    activation.count(&event, cx.now());
    cx.save(&uncounted, &license, &event)?;
    store::activation::save(cx.db, &before, &activation)?;

    let meter = license.meters.iter().find(|meter| meter.id == id);
    let meter = meter.ok_or(Refusal::MeterNotFound)?;
    let totals = license.totals.meters.get(&id).copied();
    let answer = MeterIncrementAnswer::new(meter, &activation.meters, totals.unwrap_or_default());
    Ok(Reply::json(200, &answer))
}
