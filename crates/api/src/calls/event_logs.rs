//! `/v3/event-logs`: what happened to resources, who did it, and when.

use licentia_core::wire::EventLogView;
use licentia_core::{Code, EventLogId, Problem};

use super::page;
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::list;
use crate::store;
use crate::store::audit::Logged;

/// `GET /v3/event-logs`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::EVENT_LOGS)?;
    let events = listed.rows.iter().map(store::audit::from_row);
    let events = events.collect::<Result<Vec<_>, _>>()?;
    let views: Vec<_> = events.iter().map(view).collect();
    Ok(page(cx, &listed, &views))
}

/// `GET /v3/event-logs/{id}`
pub(super) fn read(cx: &Context<'_>, id: EventLogId) -> Result<Reply, Fault> {
    let event = store::audit::load(cx.db, id)?;
    let event = event.ok_or_else(|| {
        Problem::new(
            Code::EventLogNotFound,
            "no entry of the event log has this id",
        )
    })?;
    Ok(Reply::json(200, &view(&event)))
}

fn view(event: &Logged) -> EventLogView<'_> {
    EventLogView {
        id: event.id,
        created_at: event.at,
        updated_at: event.at,
        resource: &event.resource,
        action: &event.action,
        changes: &event.changes,
        resource_id: &event.resource_id,
        ip_address: event.address.as_deref(),
        user: None,
        actor: &event.actor,
        request_id: &event.request_id,
    }
}
