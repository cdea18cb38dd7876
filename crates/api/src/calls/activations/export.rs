//! `GET /v3/activations/export`: the activations of a list as CSV.
//!
//! A license's key is not among the columns: it is a credential, and who may read activations may not therefore read keys.

use std::collections::BTreeMap;

use licentia_core::{Activation, License, LicenseId};
use serde_json::{Map, Value};

use super::cells::{machine, metadata, place, said};
use super::listing::{licenses_of, refuse_to_probe_keys};
use crate::calls::csv::{self, Cells, optional, plain, text};
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::list;
use crate::store;

const COLUMNS: [&str; 25] = [
    "id",
    "createdAt",
    "updatedAt",
    "licenseId",
    "productId",
    "os",
    "osVersion",
    "hostname",
    "vmName",
    "container",
    "offline",
    "appVersion",
    "releaseVersion",
    "lastSyncedAt",
    "expiresAt",
    "leaseExpiresAt",
    "ipAddress",
    "countryCode",
    "regionCode",
    "regionName",
    "city",
    "zipCode",
    "timeZone",
    "metadata",
    "meterAttributes",
];

/// `GET /v3/activations/export`
pub(crate) fn export(cx: &Context<'_>) -> Result<Reply, Fault> {
    refuse_to_probe_keys(cx)?;
    csv::export(cx, &list::ACTIVATIONS, &COLUMNS, |rows| {
        let activations = rows.iter().map(store::activation::from_row);
        let activations = activations.collect::<Result<Vec<_>, _>>()?;
        let counting = activations.iter().filter(|one| !one.meters.is_empty());
        let licenses = licenses_of(cx, counting)?;
        Ok(activations
            .iter()
            .map(|one| cells(one, &licenses))
            .collect())
    })
}

fn cells(activation: &Activation, licenses: &BTreeMap<LicenseId, License>) -> Cells {
    let mut cells = vec![
        plain(activation.id),
        plain(activation.created_at),
        plain(activation.updated_at),
        plain(activation.license_id),
        optional(activation.product_id),
    ];
    cells.extend(machine(&activation.device, activation.offline));
    cells.extend([
        said(activation.device.release_version.as_ref()),
        plain(activation.last_synced_at),
        optional(activation.expires_at),
        optional(activation.lease_expires_at),
    ]);
    cells.extend(place(activation));
    cells.extend([
        metadata(&activation.device),
        meters(activation, licenses.get(&activation.license_id)),
    ]);
    cells
}

fn meters(activation: &Activation, license: Option<&License>) -> String {
    let counted = activation.meters.iter().filter_map(|counted| {
        let mut meters = license?.meters.iter();
        let meter = meters.find(|meter| meter.id == counted.meter)?;
        Some((meter.name.clone(), meter.uses_in(&activation.meters).into()))
    });
    let members: Map<String, Value> = counted.collect();
    text(&Value::Object(members).to_string())
}
