//! `/v3/licenses`
//!
//! Every call that changes a license goes the same way: `current` reads it, and `answer` asks it for one command or more,
//! records and saves what comes of them, and shows it.

pub(super) mod check;
mod draft;
pub(super) mod export;
mod key;
pub(super) mod parts;
mod shown;
pub(super) mod term;
mod update;

use licentia_core::wire::LicenseInput;
use licentia_core::{Code, Command, License, LicenseId, Problem};

use super::{changes, page, parse_json};
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::list;
use crate::published::Subject;
use crate::store;

/// `POST /v3/licenses`
pub(super) fn create(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let input: LicenseInput = parse_json(cx, body)?;
    let license = draft::new(
        cx,
        &LicenseInput {
            id: None,
            updated_at: None,
            activated_at: None,
            ..input
        },
    )?;
    add(cx, &license, "license.created")?;
    shown::changed(cx, 201, &license)
}

/// `GET /v3/licenses`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let listed = list::list(cx, &list::LICENSES)?;
    let licenses = listed.rows.iter().map(store::license::from_row);
    let licenses = licenses.collect::<Result<Vec<_>, _>>()?;
    let owners = shown::owners(cx, &licenses)?;
    Ok(page(cx, &listed, &shown::views(&licenses, &owners)))
}

/// `GET /v3/licenses/{id}`
pub(super) fn read(cx: &Context<'_>, id: LicenseId) -> Result<Reply, Fault> {
    let license = store::license::load(cx.db, id)?.ok_or_else(not_found)?;
    shown::one(cx, 200, &license)
}

/// `PATCH /v3/licenses/{id}`
pub(super) fn update(cx: &Context<'_>, id: LicenseId, body: &[u8]) -> Result<Reply, Fault> {
    let input: LicenseInput = parse_json(cx, body)?;
    let license = current(cx, id)?;
    let change = update::change(cx, &license, &input, body)?;
    answer(cx, license, &update::commands(&input, &change))
}

/// `DELETE /v3/licenses/{id}`
pub(super) fn delete(cx: &Context<'_>, id: LicenseId) -> Result<Reply, Fault> {
    let mut license = current(cx, id)?;
    if let Some(event) = license.decide(Command::Delete, cx.now())? {
        license.apply(&event, cx.now());
        cx.record(event.action(), "license", &id, Vec::new())?;
    }
    store::license::bury(cx.db, &license, cx.now())?;
    store::license::delete(cx.db, id)?;
    cx.publish(&license)?;
    store::listener::forget_all(cx.db, id)?;
    let subject = Subject::License(id).to_string();
    Ok(Reply::empty(204).publishing(subject, license.version))
}

/// Adds a license, with its audit entry and publication.
pub(super) fn add(cx: &Context<'_>, license: &License, action: &str) -> Result<(), Fault> {
    store::license::insert(cx.db, license)?;
    cx.record(action, "license", &license.id, Vec::new())?;
    cx.publish(license)?;
    Ok(())
}

/// Loads a license that a request is about to change, if it is the version that the request means.
fn current(cx: &Context<'_>, id: LicenseId) -> Result<License, Fault> {
    let license = store::license::load(cx.db, id)?.ok_or_else(not_found)?;
    cx.check_version(license.version)?;
    Ok(license)
}

/// Answers with what a license is after `commands`.
fn answer(cx: &Context<'_>, before: License, commands: &[Command<'_>]) -> Result<Reply, Fault> {
    match perform(cx, &before, commands)? {
        Some(license) => shown::changed(cx, 200, &license),
        None => shown::unchanged(cx, &before),
    }
}

/// Asks a license for each of `commands` in turn, and records and saves what comes of them; `None` if that is nothing.
fn perform(
    cx: &Context<'_>,
    before: &License,
    commands: &[Command<'_>],
) -> Result<Option<License>, Fault> {
    let mut license = before.clone();
    for command in commands {
        let Some(event) = license.decide(*command, cx.now())? else {
            continue;
        };
        let changes = changes::of(&license, &event, cx.now());
        cx.record(event.action(), "license", &license.id, changes)?;
        license.apply(&event, cx.now());
    }
    if license == *before {
        return Ok(None);
    }
    if license.key != before.key {
        key::retire(cx, &before.key, license.version)?;
    }
    store::license::save(cx.db, before, &license)?;
    cx.publish(&license)?;
    Ok(Some(license))
}

fn not_found() -> Problem {
    Problem::new(Code::LicenseNotFound, "no license has this id")
}
