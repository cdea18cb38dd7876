//! A part of an import as it is received: its lines are checked, their ids and keys reserved, and they wait in chunks.

use licentia_core::wire::ImportProblem;
use licentia_core::{ImportId, Problem};

use super::super::import::{Batch, Lines, Thing, at, read, taken_lines};
use super::super::moved_keys::{self, Keyring};
use super::MOST_PROBLEMS;
use crate::context::{Context, Fault};
use crate::store::import_job::{self as jobs, Part};

/// So many lines, or bytes, are checked and later applied at once; others get their turn between.
const CHUNK_LINES: usize = 250;
const CHUNK_BYTES: usize = 262_144;
/// So many products may need new keys at once: generating an RSA key takes a tenth of a second. Which ones do is known when
/// all parts have come, so that those count for which this part has brought none so far.
const CHUNK_NEW_KEYS: usize = 5;
/// What a row can hold.
const LONGEST_LINE: usize = 1_900_000;

/// A part that is being read.
pub(super) struct Staging<'a> {
    cx: &'a Context<'a>,
    id: ImportId,
    part: u32,
    lines: u64,
    keyring: Keyring,
    problems: Vec<ImportProblem>,
}

impl<'a> Staging<'a> {
    pub(super) fn new(cx: &'a Context<'a>, id: ImportId, part: u32) -> Self {
        Self {
            cx,
            id,
            part,
            lines: 0,
            keyring: Keyring::new(),
            problems: Vec::new(),
        }
    }

    /// Checks every line, and lets those wait that are right.
    pub(super) fn stage(&mut self, body: &[u8]) -> Result<(), Fault> {
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
                waiting.push(number, line);
                if thing.lacks_key(&self.keyring).is_some() {
                    waiting.new_keys = waiting.new_keys.saturating_add(1);
                }
                batch.add(number, thing);
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

    /// Adds the part, with the keys that it brings.
    pub(super) fn finish(self) -> Result<Part, Fault> {
        let part = Part {
            number: self.part,
            lines: self.lines,
            problems: self.problems,
        };
        let keys = moved_keys::to_text(&self.keyring)?;
        jobs::put_part(self.cx.db, self.id, &part, keys)?;
        Ok(part)
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
    new_keys: usize,
}

impl Waiting {
    /// Says whether there is room for a line.
    fn takes(&mut self, line: &[u8]) -> bool {
        let room = self.seen < CHUNK_LINES
            && self.new_keys < CHUNK_NEW_KEYS
            && self.text.len().saturating_add(line.len()) <= CHUNK_BYTES;
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
