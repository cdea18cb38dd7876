//! `/v3/licenses`

use licentia_core::wire::{LicenseInput, LicenseView, Merging, NullableFields};
use licentia_core::{
    Change, Code, Command, License, LicenseId, LicenseKey, Pending, Problem, Terms, Totals, parse,
};

use super::{changes, page, parse_json};
use crate::context::{Context, Fault};
use crate::database::Value;
use crate::host::{Publishes, Reply};
use crate::list;
use crate::published::Subject;
use crate::store;
use crate::store::tombstone::Kind;

const MERGE_PATCH: &str = "application/merge-patch+json";

/// `POST /v3/licenses`
pub(super) fn create(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let input: LicenseInput = parse_json(cx, body)?;
    let license = draft(
        cx,
        &LicenseInput {
            id: None,
            updated_at: None,
            activated_at: None,
            ..input
        },
    )?;
    if license.expires_at.is_some() && License::ends_by_activation(&license.terms) {
        let reason = "under this expiration strategy it follows from an activation";
        return Err(Problem::field("expiresAt", reason).into());
    }
    add(cx, &license, "license.created")?;
    Ok(shown(201, &license))
}

/// `GET /v3/licenses`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::LICENSES)?;
    let licenses = listed.rows.iter().map(store::license::from_row);
    let licenses = licenses.collect::<Result<Vec<_>, _>>()?;
    let views: Vec<_> = licenses
        .iter()
        .map(|license| LicenseView::new(license, None))
        .collect();
    Ok(page(cx, &listed, &views))
}

/// `GET /v3/licenses/{id}`
pub(super) fn read(cx: &Context<'_>, id: LicenseId) -> Result<Reply, Fault> {
    let license = store::license::load(cx.db, id)?.ok_or_else(not_found)?;
    Ok(Reply::json(200, &LicenseView::new(&license, None)).versioned(license.version))
}

/// `PATCH /v3/licenses/{id}`
pub(super) fn update(cx: &Context<'_>, id: LicenseId, body: &[u8]) -> Result<Reply, Fault> {
    let input: LicenseInput = parse_json(cx, body)?;
    let mut license = store::license::load(cx.db, id)?.ok_or_else(not_found)?;
    cx.check_version(license.version)?;
    let change = change(cx, &license, &input, body)?;
    let before = license.clone();

    let mut changed = false;
    for command in commands(&input, &change) {
        if let Some(event) = license.decide(command, cx.now())? {
            cx.record(
                event.action(),
                "license",
                &id,
                changes::of(&license, &event, cx.now()),
            )?;
            license.apply(&event, cx.now());
            changed = true;
        }
    }
    if !changed {
        return unchanged(cx, &license);
    }
    if license.key != before.key {
        retire_key(cx, &before.key, license.version)?;
    }
    store::license::save(cx.db, &before, &license)?;
    cx.publish(&license)?;
    Ok(shown(200, &license))
}

/// `DELETE /v3/licenses/{id}`
pub(super) fn delete(cx: &Context<'_>, id: LicenseId) -> Result<Reply, Fault> {
    let mut license = store::license::load(cx.db, id)?.ok_or_else(not_found)?;
    if let Some(event) = license.decide(Command::Delete, cx.now())? {
        license.apply(&event, cx.now());
        cx.record(event.action(), "license", &id, Vec::new())?;
    }
    store::license::bury(cx.db, &license, cx.now())?;
    store::license::delete(cx.db, id)?;
    cx.publish(&license)?;
    let subject = Subject::License(id).to_string();
    Ok(Reply::empty(204).publishing(subject, license.version))
}

/// Makes a license out of what a request says of a new one, or of an imported one that keeps its id and dates.
pub(super) fn draft(cx: &Context<'_>, input: &LicenseInput) -> Result<License, Fault> {
    refuse_unserved(input)?;
    let product_id = input
        .product_id
        .ok_or_else(|| Problem::field("productId", "it is missing"))?;
    let product = store::product::load(cx.db, product_id)?;
    product.ok_or_else(|| {
        Problem::field("productId", format!("no product has the id `{product_id}`"))
    })?;
    let id = input.id.unwrap_or_else(|| cx.draw().id());
    let mut change = Change {
        key: key(cx, input)?,
        terms: input.new_terms(Terms::default()),
        user_id: None,
        additional_user_ids: Vec::new(),
        effective_at: None,
        metadata: Vec::new(),
        meters: Vec::new(),
    };
    input.lay_over_change(&mut change, Merging::Whole, &mut cx.draw(), cx.now())?;
    let terms = change.terms.checked(cx.given.settings.min_sync_interval)?;
    let created_at = input.created_at.unwrap_or(cx.now());
    let place = store::place::give(cx.db, &mut cx.draw(), id)?;
    Ok(License {
        id,
        product_id,
        key: change.key,
        created_at,
        updated_at: input.updated_at.unwrap_or(cx.now()),
        version: cx.now().unix_milliseconds(),
        epoch: 0,
        revoked: input.revoked.unwrap_or(false),
        suspended: input.suspended.unwrap_or(false),
        expires_at: input
            .expires_at
            .flatten()
            .or_else(|| License::first_end(&terms, created_at)),
        activated_at: input.activated_at,
        place,
        effective_at: change.effective_at,
        pending: Pending::default(),
        user_id: change.user_id,
        additional_user_ids: change.additional_user_ids,
        template_id: None,
        terms,
        metadata: change.metadata,
        meters: change.meters,
        totals: Totals::default(),
    })
}

/// Adds a license, with its audit entry and publication.
pub(super) fn add(cx: &Context<'_>, license: &License, action: &str) -> Result<(), Fault> {
    store::license::insert(cx.db, license)?;
    cx.record(action, "license", &license.id, Vec::new())?;
    cx.publish(license)?;
    Ok(())
}

/// Refuses references to resources that this server does not serve yet; an empty list refers to none.
fn refuse_unserved(input: &LicenseInput) -> Result<(), Problem> {
    input.refuse_unsupported()?;
    let unserved = [
        (
            "meterAttributes",
            input
                .meter_attributes
                .as_ref()
                .is_some_and(|list| !list.is_empty()),
        ),
        (
            "additionalUserIds",
            input
                .additional_user_ids
                .as_ref()
                .is_some_and(|list| !list.is_empty()),
        ),
        ("userId", input.user_id.is_some()),
        ("licenseTemplateId", input.template().is_some()),
    ];
    match unserved.iter().find(|(_, named)| *named) {
        Some((field, _)) => Err(Problem::new(
            Code::UnsupportedField,
            format!("`{field}` refers to something that this server does not have yet"),
        )),
        None => Ok(()),
    }
}

fn key(cx: &Context<'_>, input: &LicenseInput) -> Result<LicenseKey, Fault> {
    let Some(text) = input.key.as_deref().filter(|text| !text.is_empty()) else {
        return Ok(cx.draw().license_key());
    };
    let key = text.parse().map_err(|fault| Problem::field("key", fault))?;
    refuse_taken(cx, &key)?;
    Ok(key)
}

/// A deleted license's key stays taken: running copies are told that it was deleted.
fn refuse_taken(cx: &Context<'_>, key: &LicenseKey) -> Result<(), Fault> {
    let taken = store::license::load_by_key(cx.db, key)?.is_some()
        || store::tombstone::exists(cx.db, Kind::LicenseKey, &key.as_str())?;
    if taken {
        return Err(Problem::new(
            Code::LicenseKeyExists,
            "another license has this key, or a deleted one had it",
        )
        .into());
    }
    Ok(())
}

/// Lays a request over a license: its fields, its metadata by key, and what a merge patch clears.
fn change(
    cx: &Context<'_>,
    license: &License,
    input: &LicenseInput,
    body: &[u8],
) -> Result<Change, Fault> {
    refuse_unserved(input)?;
    input.refuse_immutable(license)?;
    let mut change = Change::of(license);
    let mut merging = Merging::ByName;
    if cx.request.content_type == MERGE_PATCH {
        merging = Merging::Whole;
        let cleared: NullableFields = parse(body).map_err(Problem::from)?;
        cleared.clear(&mut change);
        refuse_nulls(license, &change, body)?;
    }
    input.lay_over_change(&mut change, merging, &mut cx.draw(), cx.now())?;
    if input
        .key
        .as_deref()
        .is_some_and(|text| text != license.key.as_str())
    {
        change.key = key(cx, input)?;
    }
    change.terms = still_allowed(cx, license, change.terms)?;
    Ok(change)
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

/// Refuses a merge patch that clears what cannot be cleared. A null that says what is so already is no change.
fn refuse_nulls(license: &License, cleared: &Change, body: &[u8]) -> Result<(), Problem> {
    let patch: serde_json::Map<String, serde_json::Value> = parse(body)?;
    let after = License {
        terms: cleared.terms.clone(),
        additional_user_ids: cleared.additional_user_ids.clone(),
        effective_at: cleared.effective_at,
        metadata: cleared.metadata.clone(),
        meters: cleared.meters.clone(),
        ..license.clone()
    };
    let view = serde_json::to_value(LicenseView::new(&after, None)).unwrap_or_default();
    let kept = view.as_object().into_iter().flatten().filter(|(_, value)| {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        !empty
    });
    for (name, _) in kept {
        if patch
            .iter()
            .any(|(given, value)| value.is_null() && given.eq_ignore_ascii_case(name))
        {
            return Err(Problem::field(name, "it cannot be null"));
        }
    }
    Ok(())
}

/// Returns what a request asks for, one command each.
fn commands<'a>(input: &LicenseInput, change: &'a Change) -> Vec<Command<'a>> {
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
    [Some(Command::Update(change)), revoked, suspended]
        .into_iter()
        .flatten()
        .collect()
}

/// Leaves a tombstone of a key that a license no longer has, and takes it out of KV.
fn retire_key(cx: &Context<'_>, key: &LicenseKey, version: i64) -> Result<(), Fault> {
    store::tombstone::put(
        cx.db,
        Kind::LicenseKey,
        &key.as_str(),
        cx.now(),
        Value::Null,
    )?;
    for name in cx.given.vault.names_of(key.as_str()) {
        // A document of the license may be on its way to the former name.
        store::outbox::enqueue_uncertain(
            cx.db,
            &Subject::FormerKey(name).to_string(),
            version,
            cx.now(),
        )?;
    }
    Ok(())
}

/// Answers an update that changes nothing, and says whether what it finds is published: a caller may be asking again.
fn unchanged(cx: &Context<'_>, license: &License) -> Result<Reply, Fault> {
    let pending = store::outbox::is_pending(cx.db, &Subject::License(license.id).to_string())?;
    let publishes = if pending {
        Publishes::Later
    } else {
        Publishes::Already(license.version)
    };
    let reply = Reply::json(200, &LicenseView::new(license, None)).versioned(license.version);
    Ok(Reply { publishes, ..reply })
}

fn shown(status: u16, license: &License) -> Reply {
    let subject = Subject::License(license.id).to_string();
    Reply::json(status, &LicenseView::new(license, None))
        .versioned(license.version)
        .publishing(subject, license.version)
}

fn not_found() -> Problem {
    Problem::new(Code::LicenseNotFound, "no license has this id")
}
