//! `/v3/roles`: the reserved ones, which every account has.

use licentia_core::wire::{ClaimsView, RoleView};
use licentia_core::{Code, Problem, Role, RoleId};

use super::page;
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::list::{self, Listed, Order, Query, Total};

/// `GET /v3/roles`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let query = Query::read(cx.request.query, &list::ROLES, cx.now())?;
    let roles = found(&query);
    let before = query.page.saturating_sub(1).saturating_mul(query.limit);
    let start = query.cursor.unwrap_or(before).max(0);
    let end = start.saturating_add(query.limit);
    let total = i64::try_from(roles.len()).unwrap_or(i64::MAX);
    let listed = Listed {
        rows: Vec::new(),
        total: Total::Exactly(u64::try_from(total).unwrap_or(0)),
        next: (end < total).then_some(end),
        page: query.page,
        limit: query.limit,
    };
    let numbered = (0_i64..).zip(roles);
    let here = numbered.filter(|(place, _)| (start..end).contains(place));
    let views: Vec<RoleView> = here.map(|(_, role)| RoleView::from(role)).collect();
    Ok(page(cx, &listed, &views))
}

/// `GET /v3/roles/claims`
pub(super) fn claims() -> Reply {
    Reply::json(200, &ClaimsView::all())
}

/// `GET /v3/roles/{id}`
pub(super) fn read(id: RoleId) -> Result<Reply, Fault> {
    let role = Role::with_id(id);
    let role = role.ok_or_else(|| Problem::new(Code::RoleNotFound, "no role has this id"))?;
    Ok(Reply::json(200, &RoleView::from(role)))
}

/// Returns the roles that a query finds, in its order.
fn found(query: &Query) -> Vec<&'static Role> {
    let said = |role: &Role| format!("{}\n{}", role.name, role.description).to_lowercase();
    let wanted = |role: &&Role| {
        let fragment = query.fragment.as_ref();
        fragment.is_none_or(|fragment| said(role).contains(fragment))
    };
    let mut roles: Vec<&Role> = Role::RESERVED.iter().filter(wanted).collect();
    if query.order == Order::NewestFirst {
        roles.reverse();
    }
    roles
}
