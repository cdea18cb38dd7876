//! `/v3/licenses`

use licentia_core::wire::{LicenseInput, LicenseView, MetadataInput, NullableFields};
use licentia_core::{
    Change, Code, Command, License, LicenseId, LicenseKey, LicenseType, Metadata, Problem,
    ProductId, Terms, Totals, parse,
};

use super::query::Query;
use super::{changes, expect_json, metadata};
use crate::context::{Context, Fault};
use crate::database::Value;
use crate::host::{Publishes, Reply};
use crate::published::Subject;
use crate::store;
use crate::store::tombstone::Kind;

const MERGE_PATCH: &str = "application/merge-patch+json";

/// `POST /v3/licenses`
pub(super) fn create(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    expect_json(cx)?;
    let input: LicenseInput = parse(body).map_err(Problem::from)?;
    let license = draft(
        cx,
        &LicenseInput {
            id: None,
            updated_at: None,
            activated_at: None,
            ..input
        },
    )?;
    add(cx, &license, "license.created")?;
    Ok(shown(201, &license))
}

/// `GET /v3/licenses`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let query = Query::read(cx.request.query, &["key", "productId"])?;
    let product: Option<ProductId> = query.id("productId")?;
    let licenses = match query.filter("key") {
        Some(key) => by_key(cx, key, product, query.page.offset)?,
        None => store::license::list(cx.db, product, query.page)?,
    };
    Ok(Reply::json(
        200,
        &licenses.iter().map(LicenseView::from).collect::<Vec<_>>(),
    ))
}

/// `GET /v3/licenses/{id}`
pub(super) fn read(cx: &Context<'_>, id: LicenseId) -> Result<Reply, Fault> {
    let license = store::license::load(cx.db, id)?.ok_or_else(not_found)?;
    Ok(Reply::json(200, &LicenseView::from(&license)).versioned(license.version))
}

/// `PATCH /v3/licenses/{id}`
pub(super) fn update(cx: &Context<'_>, id: LicenseId, body: &[u8]) -> Result<Reply, Fault> {
    expect_json(cx)?;
    let input: LicenseInput = parse(body).map_err(Problem::from)?;
    let cleared = if cx.request.content_type == MERGE_PATCH {
        parse(body).map_err(Problem::from)?
    } else {
        NullableFields::default()
    };
    let mut license = store::license::load(cx.db, id)?.ok_or_else(not_found)?;

    let change = change(cx, &license, &input, cleared)?;
    let former_key = license.key.clone();
    let mut changed = false;
    for command in commands(&input, &change) {
        if let Some(event) = license.decide(command, cx.now())? {
            cx.record(
                event.action(),
                "license",
                &id,
                changes::of(&license, &event),
            )?;
            license.apply(&event, cx.now());
            changed = true;
        }
    }
    if !changed {
        return Ok(Reply::json(200, &LicenseView::from(&license)).versioned(license.version));
    }
    if license.key != former_key {
        retire_key(cx, &former_key, license.version)?;
    }
    store::license::save(cx.db, &license)?;
    cx.publish(&license)?;
    Ok(shown(200, &license))
}

/// `DELETE /v3/licenses/{id}`
pub(super) fn delete(cx: &Context<'_>, id: LicenseId) -> Result<Reply, Fault> {
    let mut license = store::license::load(cx.db, id)?.ok_or_else(not_found)?;
    license.version = cx
        .now()
        .unix_milliseconds()
        .max(license.version.saturating_add(1));
    license.updated_at = cx.now().max(license.updated_at.next());
    store::license::bury(cx.db, &license, cx.now())?;
    store::license::delete(cx.db, id)?;
    store::product::count_license(cx.db, license.product_id, -1)?;
    cx.record("license.deleted", "license", &id, Vec::new())?;
    cx.publish(&license)?;
    let subject = Subject::License(id).to_string();
    Ok(Reply {
        publishes: Publishes::Now {
            subject,
            version: license.version,
        },
        ..Reply::empty(204)
    })
}

/// Makes a license out of what a request says of a new one, or of an imported one that keeps its id and dates.
pub(super) fn draft(cx: &Context<'_>, input: &LicenseInput) -> Result<License, Fault> {
    input.refuse_unsupported()?;
    let product_id = input
        .product_id
        .ok_or_else(|| Problem::field("productId", "it is missing"))?;
    let product = store::product::load(cx.db, product_id)?;
    product.ok_or_else(|| {
        Problem::field("productId", format!("no product has the id `{product_id}`"))
    })?;
    let key = key(cx, input)?;
    let id = input.id.unwrap_or_else(|| cx.draw().id());
    let terms = terms(cx, input)?;
    let metadata = metadata(cx, input.metadata.as_deref().unwrap_or_default())?;
    let created_at = input.created_at.unwrap_or(cx.now());
    let place = store::place::give(cx.db, &mut cx.draw(), id)?;
    Ok(License {
        id,
        product_id,
        key,
        created_at,
        updated_at: input.updated_at.unwrap_or(cx.now()),
        version: cx.now().unix_milliseconds(),
        epoch: 0,
        revoked: input.revoked.unwrap_or(false),
        suspended: input.suspended.unwrap_or(false),
        expires_at: input
            .expires_at
            .or_else(|| License::first_end(&terms, created_at)),
        activated_at: input.activated_at,
        place,
        terms,
        metadata,
        totals: Totals::default(),
    })
}

/// Adds a license, with its audit entry and publication.
pub(super) fn add(cx: &Context<'_>, license: &License, action: &str) -> Result<(), Fault> {
    store::license::insert(cx.db, license)?;
    store::product::count_license(cx.db, license.product_id, 1)?;
    cx.record(action, "license", &license.id, Vec::new())?;
    cx.publish(license)?;
    Ok(())
}

fn terms(cx: &Context<'_>, input: &LicenseInput) -> Result<Terms, Problem> {
    let mut terms = Terms::default();
    input.lay_over_fixed(&mut terms);
    if terms.license_type == LicenseType::OnPremiseFloating {
        terms.allow_container_activation = false;
    }
    input.lay_over(&mut terms);
    terms.checked(cx.given.settings.min_sync_interval)
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
    cleared: NullableFields,
) -> Result<Change, Fault> {
    input.refuse_unsupported()?;
    input.refuse_immutable(license)?;
    let mut terms = license.terms.clone();
    let mut entries = license.metadata.clone();
    cleared.clear(&mut terms, &mut entries);
    input.lay_over(&mut terms);
    if let Some(named) = &input.metadata {
        let replaces = cx.request.content_type == MERGE_PATCH || named.is_empty();
        entries = merged(cx, if replaces { Vec::new() } else { entries }, named)?;
    }
    let key = match input
        .key
        .as_deref()
        .filter(|text| !text.is_empty() && *text != license.key.as_str())
    {
        Some(_) => key(cx, input)?,
        None => license.key.clone(),
    };
    Ok(Change {
        key,
        terms: terms.checked(cx.given.settings.min_sync_interval)?,
        metadata: entries,
    })
}

/// Merges by key: an entry that is named replaces the one of its name, in whatever case; the others stay.
fn merged(
    cx: &Context<'_>,
    mut entries: Vec<Metadata>,
    named: &[MetadataInput],
) -> Result<Vec<Metadata>, Problem> {
    for entry in metadata(cx, named)? {
        match entries
            .iter_mut()
            .find(|known| known.key.eq_ignore_ascii_case(&entry.key))
        {
            Some(known) => *known = entry,
            None => entries.push(entry),
        }
    }
    Metadata::check(&entries)?;
    Ok(entries)
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
        store::outbox::enqueue(
            cx.db,
            &Subject::FormerKey(name).to_string(),
            version,
            cx.now(),
        )?;
    }
    Ok(())
}

fn by_key(
    cx: &Context<'_>,
    key: &str,
    product: Option<ProductId>,
    offset: i64,
) -> Result<Vec<License>, Fault> {
    let Ok(key) = key.parse() else {
        return Ok(Vec::new());
    };
    let found = store::license::load_by_key(cx.db, &key)?;
    let matches = |license: &License| {
        offset == 0 && product.is_none_or(|product| license.product_id == product)
    };
    Ok(found.into_iter().filter(matches).collect())
}

fn shown(status: u16, license: &License) -> Reply {
    let subject = Subject::License(license.id).to_string();
    Reply::json(status, &LicenseView::from(license))
        .versioned(license.version)
        .publishing(subject, license.version)
}

fn not_found() -> Problem {
    Problem::new(Code::LicenseNotFound, "no license has this id")
}
