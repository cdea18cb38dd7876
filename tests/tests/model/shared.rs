//! Two applications that share a storage: both have read it, each hears what it hears, and one writes after the other.
//!
//! Every two steps that one world allows may be those of two applications. What core makes of both of their decisions holds
//! no token of which one has heard that it has ended, knows no less of the license than either, and lets nothing run that both
//! refuse.

use std::collections::BTreeSet;

use licentia_core::{Client, Proof, Response, StatusCode, Stored};
use serde_json::json;

use super::decisions::Decisions;
use super::world::KEY;

/// Who writes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    Merged,
    /// Over all that the other has written: a mistake.
    Over,
}

/// What was lost of what one of the two has heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    End,
    Version,
    Refusal,
}

/// What was stored in a world, the application's time, and what may be stored after one step.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub base: usize,
    pub clock: i64,
    pub after: BTreeSet<usize>,
}

/// Looks at every two decisions of a moment. Returns how many there were, and what was lost first.
pub fn written(
    moments: BTreeSet<Moment>,
    decisions: &Decisions,
    writes: Writes,
) -> (usize, Option<Lost>) {
    let mut met = BTreeSet::new();
    let mut lost = None;
    for Moment { base, clock, after } in moments {
        for mine in &after {
            for theirs in after.iter().filter(|theirs| *theirs != mine) {
                if met.insert((base, clock, *mine, *theirs)) {
                    let both = [*mine, *theirs].map(|place| decisions.stored(place));
                    let merged = match writes {
                        Writes::Merged => decisions.merged(base, *mine, *theirs),
                        Writes::Over => both[0].clone(),
                    };
                    lost = lost.or_else(|| lost_of(both, &merged, clock, decisions.client()));
                }
            }
        }
    }
    (met.len(), lost)
}

fn lost_of(both: [&Stored; 2], after: &Stored, clock: i64, client: &Client) -> Option<Lost> {
    let token = after.token_text()?;
    let version = |stored: &Stored| client.follows(stored).map(|(_, version)| version);
    let runs = |stored: &Stored| client.genuine(stored, clock).status == StatusCode::OK;
    if both
        .iter()
        .any(|stored| is_ended(token, stored, clock, client))
    {
        return Some(Lost::End);
    }
    if both.iter().any(|stored| version(stored) > version(after)) {
        return Some(Lost::Version);
    }
    (runs(after) && !both.iter().any(|stored| runs(stored))).then_some(Lost::Refusal)
}

/// Whether a token, if it came, would be one of what has ended.
fn is_ended(token: &str, stored: &Stored, clock: i64, client: &Client) -> bool {
    let body = json!({ "activationToken": token }).to_string();
    let response = Response {
        status: 200,
        body: &body,
        proof: Proof::Missing,
    };
    client.activated(stored, KEY, response, clock).status == StatusCode::E_INET
}
