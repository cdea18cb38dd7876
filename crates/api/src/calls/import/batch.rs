//! A batch of lines: which of them claim what is taken, or refer to what is not here.

use std::collections::{BTreeMap, BTreeSet};

use licentia_core::Problem;

use super::line::Thing;
use crate::context::{Context, Fault};
use crate::store;
use crate::store::import::Kind;

/// Values by kind, each with its line and field.
type ByKind = BTreeMap<Kind, Vec<(String, usize, &'static str)>>;

/// Lines that were read.
#[derive(Debug, Default)]
pub(in crate::calls) struct Batch {
    pub(in crate::calls) things: Vec<(usize, Thing)>,
    claimed: BTreeSet<(Kind, String)>,
    pub(in crate::calls) claims: ByKind,
    pub(in crate::calls) references: ByKind,
    twice: Vec<(usize, Problem)>,
}

impl Batch {
    /// Adds what a line describes.
    pub(in crate::calls) fn add(&mut self, number: usize, thing: Thing) {
        for (kind, value, field) in thing.references() {
            if !self.claimed.contains(&(kind, value.clone())) {
                self.references
                    .entry(kind)
                    .or_default()
                    .push((value, number, field));
            }
        }
        for (kind, value) in thing.claims() {
            if self.claimed.insert((kind, value.clone())) {
                self.claims
                    .entry(kind)
                    .or_default()
                    .push((value, number, ""));
            } else {
                self.twice.push((number, kind.taken(&value)));
            }
        }
        self.things.push((number, thing));
    }
}

/// Returns what is wrong with the lines of a batch, in order; `import` is the job whose own claims do not count.
pub(in crate::calls) fn wrong_lines(
    cx: &Context<'_>,
    batch: &Batch,
    import: &str,
) -> Result<Vec<(usize, Problem)>, Fault> {
    let mut wrong = Vec::new();
    for (kind, references) in &batch.references {
        let values: Vec<&str> = references
            .iter()
            .map(|(value, ..)| value.as_str())
            .collect();
        for index in store::import::absent(cx.db, *kind, &values)? {
            if let Some((value, number, field)) = references.get(index) {
                wrong.push((*number, kind.absent(value, field)));
            }
        }
    }
    wrong.extend(taken_lines(cx, batch, import)?);
    wrong.sort_by_key(|(number, _)| *number);
    Ok(wrong)
}

/// Returns the lines that claim what is taken, in order.
pub(in crate::calls) fn taken_lines(
    cx: &Context<'_>,
    batch: &Batch,
    import: &str,
) -> Result<Vec<(usize, Problem)>, Fault> {
    let mut wrong = batch.twice.clone();
    for (kind, claims) in &batch.claims {
        let values: Vec<&str> = claims.iter().map(|(value, ..)| value.as_str()).collect();
        for index in store::import::taken(cx.db, *kind, &values, import)? {
            if let Some((value, number, _)) = claims.get(index) {
                wrong.push((*number, kind.taken(value)));
            }
        }
    }
    wrong.sort_by_key(|(number, _)| *number);
    Ok(wrong)
}
