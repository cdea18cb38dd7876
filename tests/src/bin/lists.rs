//! Measures status lists: how large they are in all, with one license in a hundred revoked, as JSON.
//!
//! Places are drawn as the ledger draws them, and the lists are made by its own code. `cargo xtask bench --only lists` runs it.

use std::collections::HashSet;

use licentia_api::status_lists::{CAPACITY, FILL, compressed};
use licentia_core::{Draw, EncodedStatuses, ListedStatus, Seed};
use serde_json::{Value, json};

const LICENSES: [u32; 3] = [10_000, 100_000, 1_000_000];
const REVOKED_OF: usize = 100;
const ROUNDS: u8 = 5;

fn main() {
    let rows = LICENSES.map(measure);
    println!("{}", Value::from(rows.to_vec()));
}

fn measure(licenses: u32) -> Value {
    let mut sizes = (0..ROUNDS).map(|round| {
        let mut draw = Draw::new(Seed([round; 32]));
        let lists = fills(licenses).map(|given| list(&mut draw, given));
        lists.collect::<Vec<_>>()
    });
    let mut sizes: Vec<Vec<(usize, usize)>> = sizes.by_ref().collect();
    sizes.sort_by_key(|lists| lists.iter().map(|(bytes, _)| bytes).sum::<usize>());
    let median = &sizes[sizes.len() / 2];
    json!({
        "licenses": licenses,
        "lists": median.len(),
        "bytes": median.iter().map(|(bytes, _)| bytes).sum::<usize>(),
        "encoded": median.iter().map(|(_, encoded)| encoded).sum::<usize>(),
    })
}

/// How many places of each list are given: the last one is as full as it comes.
fn fills(licenses: u32) -> impl Iterator<Item = u32> {
    let full = (0..licenses / FILL).map(|_| FILL);
    full.chain(Some(licenses % FILL).filter(|rest| *rest > 0))
}

/// Returns how long a list is, compressed and in base64url.
fn list(draw: &mut Draw, given: u32) -> (usize, usize) {
    let mut taken = HashSet::new();
    let mut places = Vec::new();
    while places.len() < given as usize {
        let place = draw.below(CAPACITY);
        if taken.insert(place) {
            places.push(place);
        }
    }
    let revoked = places.iter().step_by(REVOKED_OF);
    let marks: Vec<_> = revoked
        .map(|place| (*place, ListedStatus::Revoked.bits()))
        .collect();
    let bytes = compressed(&marks).unwrap();
    (bytes.len(), EncodedStatuses::of(&bytes).lst.len())
}
