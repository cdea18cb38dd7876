//! Applying an import in the background, some lines at a time, and the entry that tells how it ended.

use licentia_core::Algorithm;
use licentia_core::wire::{ExportedEvent, ImportProblem, ImportStatus, StoredImport};

use super::super::import as lines;
use crate::context::{Context, Fault};
use crate::store;
use crate::store::import_job as jobs;

/// What comes of a slice of background work.
#[derive(Debug)]
pub enum Advance {
    /// There was nothing to do.
    Nothing,
    /// Something was done, and there may be more.
    More,
    /// The host has to generate these key pairs first, and to call again with nothing written.
    NeedsKeyPairs(Vec<Algorithm>),
    /// A line could not be applied: what the slice wrote is to be undone, and this to be noted.
    Failed(Box<FailedImport>),
}

/// An import that came to a line that cannot be applied.
#[derive(Debug)]
pub struct FailedImport {
    pub(crate) import: StoredImport,
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
    match lines::apply(cx, import.id, &chunk) {
        Ok(counts) => {
            import.counts.add(&counts);
            import.applied = import.applied.saturating_add(chunk.lines);
            jobs::delete_chunk(cx.db, &chunk)?;
            let next = jobs::next_chunk(cx.db, import.id)?;
            if next.is_none_or(|next| next.part != chunk.part) {
                jobs::free_part(cx.db, import.id, chunk.part)?;
            }
            jobs::save(cx.db, &import)?;
            Ok(Advance::More)
        }
        Err((number, Fault::Problem(problem))) => {
            import.status = ImportStatus::Failed;
            import.finished_at = Some(cx.now());
            import.problems = vec![ImportProblem::at(chunk.part, number, problem)];
            Ok(Advance::Failed(Box::new(FailedImport { import })))
        }
        Err((_, Fault::NeedsKeyPairs(algorithms))) => Ok(Advance::NeedsKeyPairs(algorithms)),
        Err((_, fault)) => Err(fault),
    }
}

fn finish(cx: &Context<'_>, mut import: StoredImport) -> Result<(), Fault> {
    import.status = ImportStatus::Done;
    import.finished_at = Some(cx.now());
    jobs::release(cx.db, import.id)?;
    jobs::save(cx.db, &import)?;
    record(cx, &import, "import.completed")
}

/// Notes that an import failed.
pub(crate) fn note_failed(cx: &Context<'_>, failed: &FailedImport) -> Result<(), Fault> {
    jobs::release(cx.db, failed.import.id)?;
    jobs::save(cx.db, &failed.import)?;
    record(cx, &failed.import, "import.failed")
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
