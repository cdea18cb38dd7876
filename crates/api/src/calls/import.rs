//! `POST /v3/import`: a document a line, all or nothing.
//!
//! Lines are read, checked and kept in batches: a batch asks the ledger once which of its ids and keys are taken, so that
//! a line costs what its rows cost. A line refers to those before it, as an export has them.

mod batch;
mod elsewhere;
mod keep;
mod line;
mod restored;

use licentia_core::wire::ImportCounts;
use licentia_core::{Algorithm, ImportId, Problem};

use super::moved_keys::{self, Keyring};
use crate::context::{Context, Fault};
use crate::host::{KeyPair, Publishes, Reply};
use crate::store::import_job::Chunk;
use batch::wrong_lines;
pub(super) use batch::{Batch, taken_lines};
use keep::Keeper;
pub(super) use keep::changes;
pub(super) use line::{Lines, Thing, at, read};

/// Generating an RSA key takes a tenth of a second, in which nobody else is answered.
const MOST_NEW_KEYS: usize = 20;
/// How many lines are checked at once.
const BATCH: usize = 500;

/// `POST /v3/import`
pub(super) fn import(cx: &Context<'_>, body: &[u8]) -> Result<Reply, Fault> {
    let mut keeper = Keeper::new(cx, cx.given.key_pairs)?;
    let mut lines = Lines::of(body).peekable();
    if lines.peek().is_none() {
        return Err(Problem::field("body", "it has no line").into());
    }
    while lines.peek().is_some() {
        let mut batch = Batch::default();
        for (number, line) in lines.by_ref().take(BATCH) {
            batch.add(number, read(cx, line).map_err(|fault| at(number, fault))?);
        }
        if let Some((number, problem)) = wrong_lines(cx, &batch, "")?.into_iter().next() {
            return Err(at(number, problem.into()));
        }
        for (number, thing) in batch.things {
            let kept = keeper
                .keep(thing)
                .map_err(|fault| needed(cx, body, &keeper.keyring, fault));
            kept.map_err(|fault| at(number, fault))?;
        }
    }
    let counts = keeper.finish()?;
    cx.record(
        "import.completed",
        "import",
        &cx.request.request_id,
        changes(&counts),
    )?;
    let publishes = Publishes::Later;
    Ok(Reply {
        publishes,
        ..Reply::json(200, &counts)
    })
}

/// Applies lines of a job, which were checked when they came. A fault has its line.
pub(super) fn apply(
    cx: &Context<'_>,
    import: ImportId,
    chunk: &Chunk,
) -> Result<ImportCounts, (usize, Fault)> {
    let before = chunk.first_line.saturating_sub(1);
    let mut batch = Batch::default();
    for (number, line) in Lines::of(chunk.text.as_bytes()) {
        let number = number.saturating_add(before);
        batch.add(
            number,
            read(cx, line).map_err(|fault| (number, at(number, fault)))?,
        );
    }
    let unplaced = |fault: Fault| (chunk.first_line, fault);
    let wrong = wrong_lines(cx, &batch, &import.to_string()).map_err(unplaced)?;
    if let Some((number, problem)) = wrong.into_iter().next() {
        return Err((number, at(number, problem.into())));
    }
    let keyring = moved_keys::of_job(cx, import).map_err(unplaced)?;
    let pairs = pairs_for(cx, &batch, &keyring).map_err(unplaced)?;
    let mut keeper = Keeper::new(cx, pairs).map_err(unplaced)?;
    keeper.keyring = keyring;
    for (number, thing) in batch.things {
        keeper
            .keep(thing)
            .map_err(|fault| (number, at(number, fault)))?;
    }
    keeper.finish().map_err(unplaced)
}

/// Returns the key pairs that were made for the products of a batch. Pairs that others asked for are not taken.
fn pairs_for<'a>(
    cx: &Context<'a>,
    batch: &Batch,
    keyring: &Keyring,
) -> Result<&'a [KeyPair], Fault> {
    let things = batch.things.iter().map(|(_, thing)| thing);
    let needed: Vec<Algorithm> = things
        .filter_map(|thing| thing.lacks_key(keyring))
        .collect();
    let pairs = cx.given.key_pairs;
    if pairs
        .iter()
        .map(|pair| pair.algorithm)
        .eq(needed.iter().copied())
    {
        return Ok(pairs);
    }
    Err(Fault::NeedsKeyPairs(needed))
}

/// A product that lacks a key asks for one; all of the import's are asked for at once.
fn needed(cx: &Context<'_>, body: &[u8], keyring: &Keyring, fault: Fault) -> Fault {
    let Fault::NeedsKeyPairs(_) = fault else {
        return fault;
    };
    match needed_keys(cx, body, keyring) {
        Ok(algorithms) => Fault::NeedsKeyPairs(algorithms),
        Err(fault) => fault,
    }
}

/// Returns the algorithms of the products that bring no key of their own.
fn needed_keys(cx: &Context<'_>, body: &[u8], keyring: &Keyring) -> Result<Vec<Algorithm>, Fault> {
    let mut needed = Vec::new();
    for (number, line) in Lines::of(body) {
        if let Some(algorithm) =
            line::lacks_key(cx, line, keyring).map_err(|fault| at(number, fault))?
        {
            needed.push(algorithm);
        }
    }
    if needed.len() > MOST_NEW_KEYS {
        let reason = format!(
            "{} products bring no key; one request makes at most {MOST_NEW_KEYS}",
            needed.len()
        );
        return Err(Problem::field("tokenKeys", reason).into());
    }
    Ok(needed)
}
