//! What an update asks of a license: its fields over the license's own, and what a merge patch clears.

use licentia_core::wire::{LicenseInput, LicenseView, Merging, NullableFields};
use licentia_core::{Change, Command, License, Problem, Terms, UserId, parse};

use super::{draft, key};
use crate::calls::patch;
use crate::context::{Context, Fault};

/// Returns what a request asks for, one command each.
pub(super) fn commands<'a>(input: &LicenseInput, change: &'a Change) -> Vec<Command<'a>> {
    let revoked = input.revoked.map(|revoked| {
        if revoked {
            Command::Revoke
        } else {
            Command::Approve
        }
    });
    let suspended = input.suspended.map(|suspended| {
        if suspended {
            Command::Suspend
        } else {
            Command::Resume
        }
    });
    let commands = [Some(Command::Update(change)), revoked, suspended];
    commands.into_iter().flatten().collect()
}

/// Lays a request over a license: its fields, its metadata by key, its meters by name, and what a merge patch clears.
pub(super) fn change(
    cx: &Context<'_>,
    license: &License,
    input: &LicenseInput,
    body: &[u8],
) -> Result<Change, Fault> {
    input.refuse_unsupported()?;
    input.refuse_immutable(license)?;
    let mut change = Change::of(license);
    let mut merging = Merging::ByName;
    if patch::is_merge_patch(cx) {
        merging = Merging::Whole;
        let cleared: NullableFields = parse(body).map_err(Problem::from)?;
        cleared.clear(&mut change);
        patch::refuse_nulls(&LicenseView::new(&cleared_of(license, &change), None), body)?;
    }
    input.lay_over_change(&mut change, merging, &mut cx.draw(), cx.now())?;
    if input.key.as_deref() != Some(license.key.as_str()) {
        change.key = key::named(cx, input)?.unwrap_or(change.key);
    }
    change.terms = still_allowed(cx, license, change.terms)?;
    draft::check_users(cx, &users(license), &change)?;
    Ok(change)
}

fn users(license: &License) -> Vec<UserId> {
    let additional = license.additional_user_ids.iter().copied();
    license.user_id.into_iter().chain(additional).collect()
}

/// Checks terms that change. Those that stay are not held against an update, nor is an interval that was allowed once:
/// a limit that was raised since must not keep anybody from revoking.
fn still_allowed(cx: &Context<'_>, license: &License, terms: Terms) -> Result<Terms, Problem> {
    if terms == license.terms {
        return Ok(terms);
    }
    let floor = cx.given.settings.min_sync_interval;
    let stored = license.terms.server_sync_interval;
    terms.checked(if stored.0 > 0 {
        floor.min(stored)
    } else {
        floor
    })
}

/// Returns a license without what a merge patch clears.
fn cleared_of(license: &License, cleared: &Change) -> License {
    License {
        terms: cleared.terms.clone(),
        additional_user_ids: cleared.additional_user_ids.clone(),
        effective_at: cleared.effective_at,
        metadata: cleared.metadata.clone(),
        meters: cleared.meters.clone(),
        ..license.clone()
    }
}
