//! `/v3/imports`: imports of more than one request. Every line is checked and every id and key reserved before the first
//! one is applied.

use licentia_core::wire::{ImportPartView, ImportProblem, ImportStatus, ImportView, StoredImport};
use licentia_core::{Code, ImportId, Problem};

use super::import::Thing;
use super::import::{Batch, Lines, at, needed_keys, read, taken_lines};
use super::moved_keys::{self, Keyring};
use super::products;
use crate::context::{Context, Fault};
use crate::host::{Publishes, Reply};
use crate::store;
use crate::store::import::Kind;
use crate::store::import_job::{self as jobs, Part};

/// So many imports may wait for their parts: each keeps ids and keys from being used.
const MOST_OPEN: usize = 10;
const MOST_PARTS: u32 = 10_000;
/// How many problems of a part are told.
const MOST_PROBLEMS: usize = 20;
/// So many lines, or bytes, are checked and later applied at once; others get their turn between.
const CHUNK_LINES: usize = 250;
const CHUNK_BYTES: usize = 262_144;
/// What a row can hold.
const LONGEST_LINE: usize = 1_900_000;

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
    if !(1..=MOST_PARTS).contains(&number) {
        let reason = format!("parts are numbered from 1 to {MOST_PARTS}");
        return Err(Problem::field("number", reason).into());
    }
    jobs::delete_part(cx.db, id, number)?;
    let mut staging = Staging::new(cx, id, number);
    staging.stage(body)?;
    let part = staging.finish(body)?;
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

/// A part that is being read.
struct Staging<'a> {
    cx: &'a Context<'a>,
    id: ImportId,
    part: u32,
    lines: u64,
    keyring: Keyring,
    /// The products of this part that bring no key.
    keyless: Vec<licentia_core::ProductId>,
    problems: Vec<ImportProblem>,
}

impl<'a> Staging<'a> {
    fn new(cx: &'a Context<'a>, id: ImportId, part: u32) -> Self {
        Self {
            cx,
            id,
            part,
            lines: 0,
            keyring: Keyring::new(),
            keyless: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Checks every line, and lets those wait that are right.
    fn stage(&mut self, body: &[u8]) -> Result<(), Fault> {
        let mut lines = Lines::of(body).peekable();
        while lines.peek().is_some() {
            let (mut batch, mut waiting) = (Batch::default(), Waiting::default());
            while let Some((number, line)) = lines.next_if(|(_, line)| waiting.takes(line)) {
                self.lines = self.lines.saturating_add(1);
                self.stage_line(number, line, &mut batch, &mut waiting)?;
            }
            self.reserve(&batch)?;
            if let Some(first) = waiting.first {
                let place = (first, waiting.lines);
                jobs::put_chunk(self.cx.db, self.id, self.part, place, waiting.text)?;
            }
        }
        Ok(())
    }

    fn stage_line(
        &mut self,
        number: usize,
        line: &[u8],
        batch: &mut Batch,
        waiting: &mut Waiting,
    ) -> Result<(), Fault> {
        if line.len() > LONGEST_LINE {
            let reason = format!("the line has more than {LONGEST_LINE} bytes");
            return self.wrong(number, Problem::field("body", reason).into());
        }
        match read(self.cx, line) {
            // They are wrapped for this server by now, and their line is not kept.
            Ok(Thing::Keys(keys)) => {
                self.keyring.extend(keys);
                Ok(())
            }
            Ok(thing) => {
                self.keyless.extend(thing.keyless());
                batch.add(number, thing);
                waiting.push(number, line);
                Ok(())
            }
            Err(fault) => self.wrong(number, fault),
        }
    }

    /// Notes what is wrong with a line.
    fn wrong(&mut self, number: usize, fault: Fault) -> Result<(), Fault> {
        match at(number, fault) {
            Fault::Problem(problem) => {
                if self.problems.len() < MOST_PROBLEMS {
                    self.problems
                        .push(ImportProblem::at(self.part, number, problem));
                }
                Ok(())
            }
            other => Err(other),
        }
    }

    /// Reserves what the lines of a batch claim. Those that claim what is taken are wrong.
    fn reserve(&mut self, batch: &Batch) -> Result<(), Fault> {
        let taken = taken_lines(self.cx, batch, "")?;
        for (number, problem) in &taken {
            self.wrong(*number, problem.clone().into())?;
        }
        let wrong = |line: &usize| taken.iter().any(|(number, _)| number == line);
        for (kind, claims) in &batch.claims {
            let free = claims.iter().filter(|(_, line, _)| !wrong(line));
            let free: Vec<(&str, usize)> = free
                .map(|(value, line, _)| (value.as_str(), *line))
                .collect();
            jobs::claim(self.cx.db, (self.id, self.part), *kind, &free)?;
        }
        for (kind, references) in &batch.references {
            let named = references
                .iter()
                .map(|(value, line, field)| (value.as_str(), *line, *field));
            let named: Vec<(&str, usize, &str)> = named.collect();
            jobs::refer(self.cx.db, (self.id, self.part), *kind, &named)?;
        }
        Ok(())
    }

    /// Gives keys to products that bring none, and adds the part.
    fn finish(mut self, body: &[u8]) -> Result<Part, Fault> {
        if self.problems.is_empty() {
            self.generate(body)?;
        }
        let part = Part {
            number: self.part,
            lines: self.lines,
            problems: self.problems,
        };
        jobs::put_part(
            self.cx.db,
            self.id,
            &part,
            moved_keys::to_text(&self.keyring)?,
        )?;
        Ok(part)
    }

    fn generate(&mut self, body: &[u8]) -> Result<(), Fault> {
        let lacking = self
            .keyless
            .iter()
            .filter(|id| !self.keyring.contains_key(id));
        let lacking: Vec<_> = lacking.copied().collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let pairs = self.cx.given.key_pairs;
        if pairs.len() != lacking.len() {
            return Err(Fault::NeedsKeyPairs(needed_keys(
                self.cx,
                body,
                &self.keyring,
            )?));
        }
        for (id, pair) in lacking.into_iter().zip(pairs) {
            self.keyring
                .insert(id, vec![products::wrap(self.cx, id, pair)?]);
        }
        Ok(())
    }
}

/// Lines that will be applied at once.
#[derive(Default)]
struct Waiting {
    first: Option<usize>,
    next: usize,
    lines: u64,
    text: String,
    seen: usize,
}

impl Waiting {
    /// Says whether there is room for a line.
    fn takes(&mut self, line: &[u8]) -> bool {
        let room =
            self.seen < CHUNK_LINES && self.text.len().saturating_add(line.len()) <= CHUNK_BYTES;
        self.seen = self.seen.saturating_add(1);
        room || self.seen == 1
    }

    /// Adds a line under its number: lines that do not wait leave empty ones.
    fn push(&mut self, number: usize, line: &[u8]) {
        let first = *self.first.get_or_insert(number);
        self.next = self.next.max(first);
        while self.next < number {
            self.text.push('\n');
            self.next = self.next.saturating_add(1);
        }
        self.text.push_str(&String::from_utf8_lossy(line));
        self.lines = self.lines.saturating_add(1);
    }
}

/// What comes of a slice of background work.
#[derive(Debug)]
pub enum Advance {
    /// There was nothing to do.
    Nothing,
    /// Something was done, and there may be more.
    More,
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
    match super::import::apply(cx, import.id, &chunk) {
        Ok(counts) => {
            import.counts += counts;
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
    let changes = super::import::changes(&import.counts);
    let changes = serde_json::value::to_raw_value(&changes)
        .map_err(|fault| Fault::Internal(fault.to_string()))?;
    let entry = licentia_core::wire::ExportedEvent {
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
