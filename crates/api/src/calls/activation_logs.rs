//! `/v3/activation-logs`: when machines took seats and gave them up.

use licentia_core::wire::ActivationLogView;
use licentia_core::{ActivationLogId, Code, Problem};

use super::page;
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::list;
use crate::store;
use crate::store::activation_log::Logged;

/// `GET /v3/activation-logs`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::ACTIVATION_LOGS)?;
    let logs = listed.rows.iter().map(store::activation_log::from_row);
    let logs = logs.collect::<Result<Vec<_>, _>>()?;
    let views: Vec<_> = logs.iter().map(view).collect();
    Ok(page(cx, &listed, &views))
}

/// `GET /v3/activation-logs/{id}`
pub(super) fn read(cx: &Context<'_>, id: ActivationLogId) -> Result<Reply, Fault> {
    let missing = || Problem::new(Code::ActivationLogNotFound, "no activation log has this id");
    let logged = store::activation_log::load(cx.db, id)?.ok_or_else(missing)?;
    Ok(Reply::json(200, &view(&logged)))
}

fn view(logged: &Logged) -> ActivationLogView<'_> {
    ActivationLogView::new(logged.id, logged.at, &logged.action, &logged.activation)
}
