//! Explores all worlds that a number of steps lead to, the nearest first: so the first way that is found is a shortest one.

use std::collections::HashSet;
use std::hash::Hash;

use super::rules::Broken;

/// What an exploration came to.
#[derive(Debug)]
pub struct Explored<S> {
    /// How many worlds differ.
    pub worlds: usize,
    /// A shortest way to a world in which a rule is broken.
    pub broken: Option<(Broken, Vec<S>)>,
}

/// Takes every possible step in every world that so many steps lead to, until a rule is broken.
pub fn exhaustively<W: Clone + Eq + Hash, S: Copy>(
    begin: W,
    depth: usize,
    possible: impl Fn(&W) -> Vec<S>,
    mut take: impl FnMut(&mut W, S) -> Result<(), Broken>,
) -> Explored<S> {
    let mut met = HashSet::from([begin.clone()]);
    let mut ways = vec![(0, None)];
    let mut newest = vec![(begin, 0)];
    let mut broken = None;
    for _ in 0..depth {
        for (world, place) in std::mem::take(&mut newest) {
            for step in possible(&world) {
                let mut next = world.clone();
                if let Err(rule) = take(&mut next, step) {
                    broken.get_or_insert_with(|| (rule, way_to(&ways, place, step)));
                } else if met.insert(next.clone()) {
                    ways.push((place, Some(step)));
                    newest.push((next, ways.len() - 1));
                }
            }
        }
        if broken.is_some() {
            break;
        }
    }
    Explored {
        worlds: met.len(),
        broken,
    }
}

fn way_to<S: Copy>(ways: &[(usize, Option<S>)], mut place: usize, last: S) -> Vec<S> {
    let mut way = vec![last];
    while let (before, Some(step)) = ways[place] {
        way.push(step);
        place = before;
    }
    way.reverse();
    way
}
