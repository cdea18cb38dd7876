//! `/v3/activation-logs`: when machines took seats and gave them up.

use licentia_core::wire::ActivationLogView;
use licentia_core::{ActivationLogId, Code, Problem};

use super::activations::cells::{machine, metadata, place};
use super::csv::{self, Cells};
use super::page;
use crate::context::{Context, Fault};
use crate::database::{DatabaseError, Row};
use crate::host::Reply;
use crate::list;
use crate::store;
use crate::store::activation_log::Logged;

const COLUMNS: [&str; 20] = [
    "id",
    "createdAt",
    "action",
    "licenseId",
    "productId",
    "os",
    "osVersion",
    "hostname",
    "vmName",
    "container",
    "offline",
    "appVersion",
    "ipAddress",
    "countryCode",
    "regionCode",
    "regionName",
    "city",
    "zipCode",
    "timeZone",
    "metadata",
];

/// `GET /v3/activation-logs`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::ACTIVATION_LOGS)?;
    let logs = all(&listed.rows)?;
    let views: Vec<_> = logs.iter().map(view).collect();
    Ok(page(cx, &listed, &views))
}

/// `GET /v3/activation-logs/export`
pub(super) fn export(cx: &Context<'_>) -> Result<Reply, Fault> {
    csv::export(cx, &list::ACTIVATION_LOGS, &COLUMNS, |rows| {
        Ok(all(rows)?.iter().map(cells).collect())
    })
}

/// `GET /v3/activation-logs/{id}`
pub(super) fn read(cx: &Context<'_>, id: ActivationLogId) -> Result<Reply, Fault> {
    let missing = || Problem::new(Code::ActivationLogNotFound, "no activation log has this id");
    let logged = store::activation_log::load(cx.db, id)?.ok_or_else(missing)?;
    Ok(Reply::json(200, &view(&logged)))
}

fn all(rows: &[Row]) -> Result<Vec<Logged>, DatabaseError> {
    rows.iter().map(store::activation_log::from_row).collect()
}

/// Returns the row of an entry, in the order of the columns.
fn cells(logged: &Logged) -> Cells {
    let activation = &logged.activation;
    let mut cells = vec![
        csv::plain(logged.id),
        csv::plain(logged.at),
        csv::plain(&logged.action),
        csv::plain(activation.license_id),
        csv::optional(activation.product_id),
    ];
    cells.extend(machine(&activation.device, activation.offline));
    cells.extend(place(activation));
    cells.push(metadata(&activation.device));
    cells
}

fn view(logged: &Logged) -> ActivationLogView<'_> {
    ActivationLogView::new(logged.id, logged.at, &logged.action, &logged.activation)
}
