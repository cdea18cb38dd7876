//! Applying an import in the background, some lines at a time, and the entry that tells how it ended.

use licentia_core::wire::{ExportedEvent, ImportCounts, ImportProblem, ImportStatus, StoredImport};
use licentia_core::{Algorithm, Code, Problem};

use super::super::import as lines;
use crate::context::{Context, Fault};
use crate::store;
use crate::store::import_job::{self as jobs, Chunk};

/// So often is a slice tried: what is wrong for a moment passes, and what stays wrong must not keep other imports waiting.
const MOST_TRIES: u32 = 5;

/// What comes of a slice of background work.
#[derive(Debug)]
pub enum Advance {
    /// There was nothing to do.
    Nothing,
    /// Something was done, and there may be more.
    More,
    /// The host has to generate these key pairs first, and to call again with nothing written.
    NeedsKeyPairs(Vec<Algorithm>),
    /// A slice could not be applied: what it wrote is to be undone, and this to be noted.
    Failed(Box<FailedSlice>),
}

/// A slice that could not be applied.
#[derive(Debug)]
pub struct FailedSlice {
    import: StoredImport,
    /// What is ours to mend, for the host's log: what is left is better done later than at once.
    pub fault: Option<String>,
}

/// Applies the next lines of the oldest import that is being applied.
pub(crate) fn advance(cx: &Context<'_>) -> Result<Advance, Fault> {
    let Some(mut import) = jobs::with_status(cx.db, ImportStatus::Applying)?
        .into_iter()
        .next()
    else {
        return Ok(Advance::Nothing);
    };
    import.updated_at = cx.now();
    let Some(chunk) = jobs::next_chunk(cx.db, import.id)? else {
        finish(cx, import)?;
        return Ok(Advance::More);
    };
    Ok(match apply(cx, &import, &chunk) {
        Ok(()) => Advance::More,
        Err((_, Fault::NeedsKeyPairs(algorithms))) => Advance::NeedsKeyPairs(algorithms),
        Err((number, fault)) => {
            Advance::Failed(Box::new(failed(cx, import, (chunk.part, number), fault)))
        }
    })
}

/// Applies a slice, and moves the progress with it. A fault has its line.
fn apply(cx: &Context<'_>, import: &StoredImport, chunk: &Chunk) -> Result<(), (usize, Fault)> {
    let counts = lines::apply(cx, import.id, chunk)?;
    let moved = move_on(cx, import.clone(), chunk, &counts);
    moved.map_err(|fault| (chunk.first_line, fault))
}

fn move_on(
    cx: &Context<'_>,
    mut import: StoredImport,
    chunk: &Chunk,
    counts: &ImportCounts,
) -> Result<(), Fault> {
    import.counts.add(counts);
    import.applied = import.applied.saturating_add(chunk.lines);
    import.tries = 0;
    jobs::delete_chunk(cx.db, chunk)?;
    let next = jobs::next_chunk(cx.db, import.id)?;
    if next.is_none_or(|next| next.part != chunk.part) {
        jobs::free_part(cx.db, import.id, chunk.part)?;
    }
    Ok(jobs::save(cx.db, &import)?)
}

/// Says what becomes of an import whose next slice failed: a refusal ends it, and a fault of ours does if it comes again
/// and again.
fn failed(
    cx: &Context<'_>,
    mut import: StoredImport,
    (part, line): (u32, usize),
    fault: Fault,
) -> FailedSlice {
    let (problem, fault) = match fault {
        Fault::Problem(problem) => (problem, None),
        ours => {
            import.tries = import.tries.saturating_add(1);
            let message = format!("line {line}: internal error");
            let problem = Problem::new(Code::InternalError, message);
            let place = format!("import {}, part {part}, line {line}", import.id);
            (problem, Some(format!("{place}: {ours:?}")))
        }
    };
    if fault.is_none() || import.tries >= MOST_TRIES {
        import.status = ImportStatus::Failed;
        import.finished_at = Some(cx.now());
        import.problems = vec![ImportProblem::at(part, line, problem)];
    }
    FailedSlice { import, fault }
}

fn finish(cx: &Context<'_>, mut import: StoredImport) -> Result<(), Fault> {
    import.status = ImportStatus::Done;
    import.finished_at = Some(cx.now());
    jobs::release(cx.db, import.id)?;
    jobs::save(cx.db, &import)?;
    record(cx, &import, "import.completed")
}

/// Notes that a slice failed, and with it perhaps its import.
pub(crate) fn note_failed(cx: &Context<'_>, failed: &FailedSlice) -> Result<(), Fault> {
    let import = &failed.import;
    jobs::save(cx.db, import)?;
    if import.status == ImportStatus::Applying {
        return Ok(());
    }
    jobs::release(cx.db, import.id)?;
    record(cx, import, "import.failed")
}

/// One entry an import, by who began it.
fn record(cx: &Context<'_>, import: &StoredImport, action: &str) -> Result<(), Fault> {
    let changes = lines::changes(&import.counts);
    let changes = serde_json::value::to_raw_value(&changes)
        .map_err(|fault| Fault::Internal(fault.to_string()))?;
    let entry = ExportedEvent {
        id: cx.draw().id(),
        created_at: cx.now(),
        request_id: import.request_id,
        actor: import.actor.clone(),
        address: import.address.clone(),
        action: action.to_owned(),
        resource: "import".to_owned(),
        resource_id: import.id.to_string(),
        changes,
    };
    Ok(store::audit::restore(cx.db, &entry)?)
}
