//! Ways: how an index leads to the rows that may pass, and which of the tests they have passed then.

use super::condition::Condition;
use super::query::Query;
use super::resource::{At, Pair, Resource, Seek};
use super::statement::Statement;
use super::test::{Test, each, linked, now, tests};
use crate::database::Value;

const TRIGRAM: usize = 3;
/// A fragment of so many characters has two trigrams that do not overlap.
const SHORT: usize = 2 * TRIGRAM;
const MOST_TRIGRAMS: usize = 64;

/// A way along an index that is in order of creation.
#[derive(Clone, Debug)]
pub(super) struct Along {
    /// What stands after FROM; the row is `r`.
    pub(super) from: String,
    /// The same without the rows, where no more than places is asked for.
    pub(super) alone: String,
    /// The column that is the place.
    pub(super) place: &'static str,
    /// What the index seeks.
    pub(super) filter: Statement,
}

/// A way to rows that may pass: all that do are among them.
pub(super) struct Way {
    pub(super) numbers: Statement,
    pub(super) along: Option<Along>,
    /// The tests that its rows have passed.
    pub(super) passed: Vec<usize>,
}

/// Returns the ways there are, those that pass fewest rows as a rule first.
pub(super) fn ways(resource: &Resource, query: &Query) -> Vec<Way> {
    let tests = tests(query);
    let mut ways: Vec<Way> = Vec::new();
    ways.extend(
        resource
            .pairs
            .iter()
            .filter_map(|pair| along_pair(resource, &tests, pair)),
    );
    let numbered = || tests.iter().enumerate();
    for (position, test) in numbered() {
        if let Test::Elsewhere(conditions) = test {
            ways.extend(way_elsewhere(resource, conditions, position));
        }
    }
    for (_, test) in numbered() {
        let fragments = fragments_of(resource, test);
        ways.extend(
            fragments
                .iter()
                .filter_map(|text| way_of_fragment(resource, text)),
        );
    }
    for (position, test) in numbered() {
        if let Test::Row(condition) = test {
            ways.extend(way_of_row(resource, query, condition, position));
        }
    }
    ways
}

fn along_pair(resource: &Resource, tests: &[Test<'_>], pair: &Pair) -> Option<Way> {
    let fixing = |name: &str| {
        tests
            .iter()
            .enumerate()
            .find_map(|(position, test)| match test {
                Test::Row(condition) if condition.field.name == name && condition.fixes() => {
                    Some((position, *condition))
                }
                _ => None,
            })
    };
    let (first, second) = (fixing(pair.first)?, fixing(pair.second)?);
    if second.1.value != Value::Integer(pair.value) {
        return None;
    }
    let test = |condition: &Condition| condition.column().map(|column| condition.test_row(column));
    let filter = test(first.1)?.push(" AND ").append(&test(second.1)?);
    Some(along_index(
        resource,
        pair.index,
        filter,
        vec![first.0, second.0],
    ))
}

fn along_index(resource: &Resource, index: &str, filter: Statement, passed: Vec<usize>) -> Way {
    let from = format!("{} r INDEXED BY {index}", resource.table);
    let numbers = Statement::new(&format!("SELECT r.number FROM {from} WHERE ")).append(&filter);
    Way {
        numbers,
        along: Some(Along {
            alone: from.clone(),
            from,
            place: "r.number",
            filter,
        }),
        passed,
    }
}

fn way_of_row(
    resource: &Resource,
    query: &Query,
    condition: &Condition,
    position: usize,
) -> Option<Way> {
    let along = |index: &str, filter| along_index(resource, index, filter, vec![position]);
    match condition.field.at {
        At::Row {
            column,
            index: Seek::All(index),
        } if condition.seeks() => {
            let way = along(index, condition.test_row(column));
            Some(if condition.fixes() {
                way
            } else {
                in_another_order(way)
            })
        }
        At::Row {
            column,
            index: Seek::Only(index, value),
        } if condition.fixes() && condition.value == Value::Integer(value) => {
            Some(along(index, condition.test_row(column)))
        }
        At::Row {
            column,
            index: Seek::Days {
                index,
                column: days,
            },
        } => {
            let days = condition.test_days(days)?.push(" AND ");
            let exactly = days.append(&condition.test_row(column));
            Some(in_another_order(along(index, exactly)))
        }
        At::Now {
            holds,
            times,
            index,
        } => {
            let seeks = condition.fixes() && condition.value == Value::Integer(1);
            seeks.then(|| in_another_order(along(index, now(condition, holds, times, query))))
        }
        _ => None,
    }
}

fn in_another_order(way: Way) -> Way {
    Way { along: None, ..way }
}

/// A row elsewhere that is found by an index leads to its own. The way is in order of creation where the link is the
/// row's number, and the index ends in it.
fn way_elsewhere(resource: &Resource, conditions: &[&Condition], position: usize) -> Option<Way> {
    let (table, link, own) = linked(conditions)?;
    let sought = |condition: &&Condition| {
        condition.seeks() && matches!(condition.field.at, At::Elsewhere { indexed: true, .. })
    };
    if !conditions.iter().any(sought) {
        return None;
    }
    let filter = Statement::new("1").append(&each(conditions));
    let passed = vec![position];
    if link != "number" {
        let numbers = Statement::new(&format!(
            "SELECT r.number FROM {} r WHERE r.{own} IN (SELECT x.{link} FROM {table} x WHERE ",
            resource.table
        ));
        let numbers = numbers.append(&filter).push(")");
        return Some(Way {
            numbers,
            along: None,
            passed,
        });
    }
    // An index over keys goes on with values; all others go on with the number.
    let in_order = conditions.iter().all(|condition| condition.fixes())
        && conditions
            .iter()
            .any(|condition| condition.column() != Some("key"));
    if !in_order {
        // A row may have several entries that pass.
        let numbers = Statement::new(&format!("SELECT DISTINCT x.number FROM {table} x WHERE "));
        return Some(Way {
            numbers: numbers.append(&filter),
            along: None,
            passed,
        });
    }
    let filter = filter.append(&once(table, conditions));
    let numbers = Statement::new(&format!("SELECT x.number FROM {table} x WHERE ")).append(&filter);
    let along = Along {
        from: format!(
            "{table} x CROSS JOIN {} r ON r.number = x.number",
            resource.table
        ),
        alone: format!("{table} x"),
        place: "x.number",
        filter,
    };
    Some(Way {
        numbers,
        along: Some(along),
        passed,
    })
}

/// A row may have one value under two keys: the first of them alone leads to it.
fn once(table: &str, conditions: &[&Condition]) -> Statement {
    let named = |column| {
        conditions
            .iter()
            .any(|condition| condition.column() == Some(column))
    };
    if !named("value") || named("key") {
        return Statement::default();
    }
    Statement::new(&format!(
        " AND NOT EXISTS (SELECT 1 FROM {table} y WHERE y.number = x.number AND y.key < x.key AND y.value = x.value)"
    ))
}

/// Returns the fragments that a row's searched text must contain, for a test to pass.
fn fragments_of(resource: &Resource, test: &Test<'_>) -> Vec<String> {
    let contained = |condition: &Condition| {
        let covered = resource.fragments.contains(&condition.field.name);
        condition
            .contained()
            .filter(|_| covered)
            .map(str::to_lowercase)
    };
    match test {
        Test::Fragment(text) => vec![(*text).to_owned()],
        Test::Row(condition) => contained(condition).into_iter().collect(),
        Test::Elsewhere(conditions) => {
            let conditions = conditions.iter();
            conditions
                .filter_map(|condition| contained(condition))
                .collect()
        }
    }
}

fn way_of_fragment(resource: &Resource, fragment: &str) -> Option<Way> {
    let search = resource.search?;
    let characters: Vec<char> = fragment.chars().collect();
    let windows = characters.windows(TRIGRAM);
    // One after the other, and the last: of those that overlap each would be read too, and rule out little. Two alone
    // leave hundreds of rows to be looked at among a million keys, so that short fragments get a third.
    let apart = if characters.len() > SHORT {
        TRIGRAM
    } else {
        TRIGRAM - 1
    };
    let apart = windows.clone().step_by(apart).take(MOST_TRIGRAMS);
    let mut trigrams: Vec<String> = apart.chain(windows.last()).map(quoted).collect();
    trigrams.dedup();
    if trigrams.is_empty() {
        return None;
    }
    let filter =
        Statement::new(&format!("x.{search} MATCH ")).bind(Value::Text(trigrams.join(" AND ")));
    let numbers =
        Statement::new(&format!("SELECT x.rowid AS number FROM {search} x WHERE ")).append(&filter);
    let along = Along {
        from: format!(
            "{search} x CROSS JOIN {} r ON r.number = x.rowid",
            resource.table
        ),
        alone: format!("{search} x"),
        place: "x.rowid",
        filter,
    };
    Some(Way {
        numbers,
        along: Some(along),
        passed: Vec::new(), // the letters are there, but perhaps not side by side
    })
}

/// A phrase of FTS5: quotation marks within are doubled.
fn quoted(trigram: &[char]) -> String {
    let text: String = trigram.iter().collect();
    format!("\"{}\"", text.replace('"', "\"\""))
}
