//! `/v3/imports`: imports of more than one request. Every line is checked and every id and key reserved before the first
//! one is applied.

mod advance;
mod staging;

use licentia_core::wire::{ImportPartView, ImportProblem, ImportStatus, ImportView, StoredImport};
use licentia_core::{Code, ImportId, Problem};

use self::staging::Staging;
use super::import::{Lines, at};
use crate::context::{Context, Fault};
use crate::host::{Publishes, Reply};
use crate::store::import::Kind;
use crate::store::import_job::{self as jobs, Part};

pub use self::advance::{Advance, FailedSlice};
pub(crate) use self::advance::{advance, note_failed};

/// So many imports may wait for their parts: each keeps ids and keys from being used.
const MOST_OPEN: usize = 10;
const MOST_PARTS: u32 = 10_000;
/// How many problems of a part are told.
const MOST_PROBLEMS: usize = 20;

/// `POST /v3/imports`
pub(super) fn create(cx: &Context<'_>) -> Result<Reply, Fault> {
    let open = jobs::with_status(cx.db, ImportStatus::Receiving)?;
    if open.len() >= MOST_OPEN {
        let message = format!("{MOST_OPEN} imports wait for their parts; start or delete one");
        return Err(Problem::new(Code::ImportState, message).into());
    }
    let import = StoredImport {
        id: cx.draw().id(),
        created_at: cx.now(),
        updated_at: cx.now(),
        started_at: None,
        finished_at: None,
        status: ImportStatus::Receiving,
        lines: 0,
        applied: 0,
        counts: Default::default(),
        problems: Vec::new(),
        tries: 0,
        actor: cx.caller.to_string(),
        address: cx.request.origin.address.map(|address| address.to_string()),
        request_id: cx.request.request_id,
    };
    jobs::save(cx.db, &import)?;
    Ok(Reply::json(201, &ImportView::from(&import)))
}

/// `GET /v3/imports`
pub(super) fn list(cx: &Context<'_>) -> Result<Reply, Fault> {
    let imports = jobs::latest(cx.db)?;
    let views: Vec<ImportView<'_>> = imports.iter().map(ImportView::from).collect();
    Ok(Reply::json(200, &views))
}

/// `GET /v3/imports/{id}`
pub(super) fn read_job(cx: &Context<'_>, id: ImportId) -> Result<Reply, Fault> {
    Ok(Reply::json(200, &ImportView::from(&load(cx, id)?)))
}

/// `DELETE /v3/imports/{id}`
pub(super) fn delete(cx: &Context<'_>, id: ImportId) -> Result<Reply, Fault> {
    if load(cx, id)?.status == ImportStatus::Applying {
        return Err(wrong_state(ImportStatus::Applying).into());
    }
    jobs::delete(cx.db, id)?;
    Ok(Reply::empty(204))
}

/// `PUT /v3/imports/{id}/parts/{number}`
pub(super) fn put_part(
    cx: &Context<'_>,
    id: ImportId,
    number: u32,
    body: &[u8],
) -> Result<Reply, Fault> {
    let mut import = receiving(cx, id)?;
    if Lines::of(body).next().is_none() {
        return Err(Problem::field("body", "it has no line").into());
    }
    if !(1..=MOST_PARTS).contains(&number) {
        let reason = format!("parts are numbered from 1 to {MOST_PARTS}");
        return Err(Problem::field("number", reason).into());
    }
    jobs::delete_part(cx.db, id, number)?;
    let mut staging = Staging::new(cx, id, number);
    staging.stage(body)?;
    let part = staging.finish()?;
    import.updated_at = cx.now();
    refresh(cx, &mut import)?;
    jobs::save(cx.db, &import)?;
    let Part {
        lines, problems, ..
    } = &part;
    Ok(Reply::json(
        200,
        &ImportPartView {
            number,
            lines: *lines,
            problems,
        },
    ))
}

/// `POST /v3/imports/{id}/start`
pub(super) fn start(cx: &Context<'_>, id: ImportId) -> Result<Reply, Fault> {
    let mut import = receiving(cx, id)?;
    let parts = jobs::parts(cx.db, id)?;
    refuse_gaps(&parts)?;
    if let Some(problem) = parts.iter().find_map(|part| part.problems.first()) {
        return Err(named(problem).into());
    }
    for kind in [Kind::Template, Kind::Product, Kind::User, Kind::License] {
        if let Some((part, line, value, field)) = jobs::dangling(cx.db, id, kind)? {
            return Err(in_part(part, line, kind.absent(&value, &field)));
        }
    }
    import.status = ImportStatus::Applying;
    import.started_at = Some(cx.now());
    import.updated_at = cx.now();
    jobs::save(cx.db, &import)?;
    let publishes = Publishes::Later;
    Ok(Reply {
        publishes,
        ..Reply::json(202, &ImportView::from(&import))
    })
}

fn load(cx: &Context<'_>, id: ImportId) -> Result<StoredImport, Fault> {
    let missing = || Problem::new(Code::ImportNotFound, "no import has this id");
    Ok(jobs::load(cx.db, id)?.ok_or_else(missing)?)
}

fn receiving(cx: &Context<'_>, id: ImportId) -> Result<StoredImport, Fault> {
    let import = load(cx, id)?;
    match import.status {
        ImportStatus::Receiving => Ok(import),
        other => Err(wrong_state(other).into()),
    }
}

fn wrong_state(status: ImportStatus) -> Problem {
    let message = format!("the import is `{}`", status.as_str());
    Problem::new(Code::ImportState, message)
}

/// Sums up what has come so far.
fn refresh(cx: &Context<'_>, import: &mut StoredImport) -> Result<(), Fault> {
    let parts = jobs::parts(cx.db, import.id)?;
    import.lines = parts
        .iter()
        .map(|part| part.lines)
        .fold(0, u64::saturating_add);
    let problems = parts.into_iter().flat_map(|part| part.problems);
    import.problems = problems.take(MOST_PROBLEMS).collect();
    Ok(())
}

fn refuse_gaps(parts: &[Part]) -> Result<(), Problem> {
    let missing = (1..)
        .zip(parts)
        .find(|(number, part)| *number != part.number);
    let message = match (missing, parts.is_empty()) {
        (_, true) => "it has no part".to_owned(),
        (Some((number, _)), _) => format!("part {number} is missing"),
        (None, _) => return Ok(()),
    };
    Err(Problem::new(Code::ImportState, message))
}

fn named(problem: &ImportProblem) -> Problem {
    let ImportProblem {
        part,
        code,
        message,
        ..
    } = problem;
    let known = Code::ALL.iter().find(|known| known.as_str() == code);
    let code = known.copied().unwrap_or(Code::InvalidField);
    Problem::new(code, format!("part {part}, {message}"))
}

fn in_part(part: u32, line: usize, problem: Problem) -> Fault {
    match at(line, problem.into()) {
        Fault::Problem(Problem { code, message }) => {
            Problem::new(code, format!("part {part}, {message}")).into()
        }
        other => other,
    }
}
