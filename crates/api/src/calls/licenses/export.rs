//! `GET /v3/licenses/export`: the licenses of a list as CSV, with what an accountant asks of one.

use licentia_core::{License, Status, Timestamp, User};
use serde::Serialize;
use serde_json::json;

use super::shown;
use crate::calls::csv::{self, Cells, optional, plain, text};
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::list;
use crate::store;

const COLUMNS: [&str; 33] = [
    "id",
    "key",
    "productId",
    "status",
    "revoked",
    "suspended",
    "type",
    "userId",
    "userEmail",
    "userName",
    "userCompany",
    "additionalUserIds",
    "createdAt",
    "updatedAt",
    "activatedAt",
    "effectiveAt",
    "expiresAt",
    "pendingRenewals",
    "pendingExtensionLength",
    "validity",
    "expirationStrategy",
    "subscriptionInterval",
    "subscriptionStartTrigger",
    "allowedActivations",
    "totalActivations",
    "allowedDeactivations",
    "totalDeactivations",
    "allowedFloatingClients",
    "licenseTemplateId",
    "tags",
    "notes",
    "metadata",
    "meterAttributes",
];

/// `GET /v3/licenses/export`
pub(in crate::calls) fn export(cx: &Context<'_>) -> Result<Reply, Fault> {
    csv::export(cx, &list::LICENSES, &COLUMNS, |rows| {
        let licenses = rows.iter().map(store::license::from_row);
        let licenses = licenses.collect::<Result<Vec<_>, _>>()?;
        let owners = shown::owners(cx, &licenses)?;
        let cells = |one: &License| cells(one, shown::owner(one, &owners), cx.now());
        Ok(licenses.iter().map(cells).collect())
    })
}

/// Returns the row of a license, in the order of the columns.
fn cells(license: &License, owner: Option<&User>, now: Timestamp) -> Cells {
    let mut cells = vec![
        plain(license.id),
        text(license.key.as_str()),
        plain(license.product_id),
        plain(status(license.status(now))),
        plain(license.revoked),
        plain(license.suspended),
        word(&license.terms.license_type),
        optional(license.user_id),
        text(owner.map_or("", |owner| &owner.email)),
        text(&owner.map(User::name).unwrap_or_default()),
        text(owner.map_or("", |owner| &owner.company)),
        joined(&license.additional_user_ids),
    ];
    cells.extend(dates(license));
    cells.extend(limits(license));
    cells.extend([
        optional(license.template_id),
        text(&license.terms.tags.join(", ")),
        text(license.terms.notes.as_deref().unwrap_or_default()),
        text(&metadata(license)),
        text(&meters(license)),
    ]);
    cells
}

fn dates(license: &License) -> Cells {
    let terms = &license.terms;
    vec![
        plain(license.created_at),
        plain(license.updated_at),
        optional(license.activated_at),
        optional(license.effective_at),
        optional(license.expires_at),
        plain(license.pending.renewals),
        plain(license.pending.seconds.0),
        plain(terms.validity.0),
        word(&terms.expiration_strategy),
        optional(terms.subscription_interval.as_ref()),
        word(&terms.subscription_start_trigger),
    ]
}

fn limits(license: &License) -> Cells {
    let (terms, totals) = (&license.terms, &license.totals);
    vec![
        plain(terms.allowed_activations),
        plain(totals.activations),
        plain(terms.allowed_deactivations),
        plain(totals.deactivations),
        plain(terms.allowed_floating_clients),
    ]
}

/// Metadata as a JSON object: keys are the same in any case, so that no two of one license are alike.
fn metadata(license: &License) -> String {
    let entries = license.metadata.iter();
    let object: serde_json::Map<_, _> = entries
        .map(|entry| (entry.key.clone(), json!(entry.value)))
        .collect();
    json!(object).to_string()
}

fn meters(license: &License) -> String {
    let object: serde_json::Map<_, _> = license
        .meters
        .iter()
        .map(|meter| {
            let totals = license.totals.meters.get(&meter.id);
            let totals = totals.copied().unwrap_or_default();
            let counted = json!({
                "allowedUses": meter.allowed_uses,
                "totalUses": totals.total_uses,
                "grossUses": totals.gross_uses,
            });
            (meter.name.clone(), counted)
        })
        .collect();
    json!(object).to_string()
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Suspended => "suspended",
        Status::Expired => "expired",
        Status::Revoked => "revoked",
    }
}

/// A word as it stands in JSON, without its quotation marks.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    plain(value.as_str().unwrap_or_default())
}

fn joined(ids: &[impl ToString]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(", ")
}
