//! Sources: from where the rows of a list are read, chosen by how many pass each filter.
//!
//! Filters that few rows pass are counted first, and no further than to `FEW`. If one is passed by few, those are all that
//! is looked at. Else the list is walked in order of creation: along the index of a filter where that is in this order,
//! along the table otherwise.

use super::condition::{Condition, Operator, Passes};
use super::query::Query;
use super::resource::{At, Pair, Resource, Seek};
use super::statement::Statement;
use crate::database::{Database, DatabaseError, Value};
use crate::store::row;

/// So many rows are looked at one by one.
const FEW: i64 = 1_000;
/// Where the way is in order of creation, following it is quicker from here on.
const VERY_FEW: i64 = 100;
const TRIGRAM: usize = 3;
const MOST_TRIGRAMS: usize = 64;

/// From where rows are read, and which of the tests need not be made of them any more.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) rows: Rows,
    pub(super) passed: Vec<usize>,
}

/// The rows of a source.
#[derive(Debug)]
pub(super) enum Rows {
    /// None: no row passes.
    Nothing,
    /// The few whose numbers this selects: they were found already, and are not sought again.
    Few(Statement),
    /// Those along an index, in order.
    Along(Along),
    /// The whole table, in order; these select the numbers that pass one test each, in another order.
    Whole(Vec<Statement>),
}

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
struct Way {
    numbers: Statement,
    along: Option<Along>,
    /// The tests that its rows have passed.
    passed: Vec<usize>,
}

/// What a row must pass.
#[derive(Debug)]
pub(super) enum Test<'a> {
    /// A condition of the row itself.
    Row(&'a Condition),
    /// Conditions that one row elsewhere must pass, all of them.
    Elsewhere(Vec<&'a Condition>),
    /// `query`.
    Fragment(&'a str),
}

/// Returns what a row must pass. Conditions of one other table are about one row of it: `metadata.key` and `metadata.value`
/// name one entry. But two values of one field are two rows': `tag=a&tag=b` is what has both.
pub(super) fn tests(query: &Query) -> Vec<Test<'_>> {
    let mut tests: Vec<Test<'_>> = query
        .fragment
        .iter()
        .map(|text| Test::Fragment(text))
        .collect();
    for condition in &query.conditions {
        let At::Elsewhere { table, .. } = condition.field.at else {
            tests.push(Test::Row(condition));
            continue;
        };
        let joins = |test: &&mut Test<'_>| {
            matches!(test, Test::Elsewhere(others) if condition.passes == Passes::WhatMatches
                && others.iter().all(|other| is_in(other, table) && are_of_one(other, condition)))
        };
        match tests.iter_mut().find(joins) {
            Some(Test::Elsewhere(others)) => others.push(condition),
            _ => tests.push(Test::Elsewhere(vec![condition])),
        }
    }
    tests
}

fn are_of_one(one: &Condition, other: &Condition) -> bool {
    let two_values = one.field.name == other.field.name && (one.fixes() || other.fixes());
    one.passes == Passes::WhatMatches && !two_values
}

fn is_in(condition: &Condition, wanted: &str) -> bool {
    matches!(condition.field.at, At::Elsewhere { table, .. } if table == wanted)
}

impl Test<'_> {
    /// Tests the row `r`.
    pub(super) fn sql(&self, resource: &Resource, query: &Query) -> Statement {
        match self {
            Self::Row(condition) => match condition.field.at {
                At::Order => condition.test_row("created_at"),
                At::Row { column, .. } => condition.test_row(column),
                At::Now { holds, times, .. } => now(condition, holds, times, query),
                // INVARIANT: `tests` makes these `Elsewhere`.
                At::Elsewhere { .. } => Statement::new("1"),
            },
            Self::Elsewhere(conditions) => exists(conditions),
            Self::Fragment(text) => Statement::new("instr(")
                .push(resource.text)
                .push(", ")
                .bind(Value::Text((*text).to_owned()))
                .push(") > 0"),
        }
    }
}

fn now(condition: &Condition, holds: &str, times: usize, query: &Query) -> Statement {
    let wanted =
        (condition.value == Value::Integer(1)) == (condition.passes == Passes::WhatMatches);
    let now = std::iter::repeat_n(Value::Text(query.now.to_string()), times);
    let statement = Statement::new(if wanted { "" } else { "NOT " });
    statement.with(holds, now)
}

fn exists(conditions: &[&Condition]) -> Statement {
    let Some((table, link, own)) = linked(conditions) else {
        return Statement::new("1");
    };
    let negated = conditions
        .iter()
        .any(|condition| condition.passes == Passes::WhatDoesNot);
    let statement = Statement::new(if negated { "NOT " } else { "" });
    statement
        .push(&format!(
            "EXISTS (SELECT 1 FROM {table} x WHERE x.{link} = r.{own}"
        ))
        .append(&each(conditions))
        .push(")")
}

fn linked(conditions: &[&Condition]) -> Option<(&'static str, &'static str, &'static str)> {
    match conditions.first()?.field.at {
        At::Elsewhere {
            table, link, own, ..
        } => Some((table, link, own)),
        _ => None,
    }
}

/// Tests every condition of a row `x` elsewhere.
fn each(conditions: &[&Condition]) -> Statement {
    let mut statement = Statement::default();
    for condition in conditions {
        if let Some(column) = condition.column() {
            let test = condition.test(&format!("x.{column}"));
            statement = statement.push(" AND ").append(&test);
        }
    }
    statement
}

impl Source {
    /// Chooses a source.
    pub(super) fn choose(
        db: &dyn Database,
        resource: &Resource,
        query: &Query,
    ) -> Result<Self, DatabaseError> {
        if query.nothing {
            return Ok(Self::nothing());
        }
        let mut fewest: Option<(i64, Way)> = None;
        let mut along: Vec<Way> = Vec::new();
        let mut others = Vec::new();
        for way in ways(resource, query) {
            // What has passed a pair of tests is no more than what has passed one of them.
            let known = |better: &Way| way.passed.iter().all(|test| better.passed.contains(test));
            if !way.passed.is_empty() && along.iter().any(known) {
                continue;
            }
            let few = way.along.as_ref().map_or(FEW, |_| VERY_FEW);
            let (passing, found) = find(db, &way.numbers, few)?;
            match &way.along {
                _ if passing == 0 => return Ok(Self::nothing()),
                Some(_) if passing > VERY_FEW => along.push(way),
                None if passing > FEW => others.push(way),
                _ if fewest.as_ref().is_none_or(|(least, _)| passing < *least) => {
                    let numbers = found;
                    fewest = Some((passing, Way { numbers, ..way }));
                }
                _ => {}
            }
        }
        Ok(Self::of(fewest.map(|(_, way)| way), along, others))
    }

    fn of(fewest: Option<Way>, along: Vec<Way>, others: Vec<Way>) -> Self {
        if let Some(Way {
            numbers, passed, ..
        }) = fewest
        {
            return Self {
                rows: Rows::Few(numbers),
                passed,
            };
        }
        match along.into_iter().next() {
            Some(Way {
                along: Some(along),
                passed,
                ..
            }) => Self {
                rows: Rows::Along(along),
                passed,
            },
            _ => Self {
                rows: Rows::Whole(others.into_iter().map(|way| way.numbers).collect()),
                passed: Vec::new(),
            },
        }
    }

    fn nothing() -> Self {
        Self {
            rows: Rows::Nothing,
            passed: Vec::new(),
        }
    }
}

/// Finds no more numbers than one more than `few`. Returns how many, and what selects them.
fn find(
    db: &dyn Database,
    numbers: &Statement,
    few: i64,
) -> Result<(i64, Statement), DatabaseError> {
    let statement = Statement::new("SELECT COUNT(*), json_group_array(number) FROM (")
        .append(numbers)
        .push(" LIMIT ")
        .bind(Value::Integer(few.saturating_add(1)))
        .push(")");
    match statement.query(db)?.pop().as_deref() {
        Some([Value::Integer(count), found @ Value::Text(_)]) => {
            let among = Statement::new("SELECT value AS number FROM json_each(");
            Ok((*count, among.bind(found.clone()).push(")")))
        }
        _ => Err(DatabaseError::Corrupt("a count was expected".to_owned())),
    }
}

/// Returns the ways there are, those that pass fewest rows as a rule first.
fn ways(resource: &Resource, query: &Query) -> Vec<Way> {
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
    // One after the other, and the last: those that overlap would be read too, and rule out next to nothing.
    let windows = characters
        .windows(TRIGRAM)
        .filter(|window| !window.contains(&'\0')); // FTS5 reads a phrase to its first NUL
    let apart = windows.clone().step_by(TRIGRAM).take(MOST_TRIGRAMS);
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

/// Returns the first and the last place that a query's dates allow.
pub(super) fn bounds(query: &Query) -> (i64, i64) {
    let (mut first, mut last) = (row::FIRST, row::LAST);
    for condition in &query.conditions {
        let (At::Order, Passes::WhatMatches, Value::Text(time)) =
            (condition.field.at, condition.passes, &condition.value)
        else {
            continue;
        };
        let Ok(time) = time.parse() else { continue };
        let (from, to) = row::places_of(time);
        match condition.operator {
            Operator::Greater | Operator::GreaterOrEqual => first = first.max(from),
            Operator::Less | Operator::LessOrEqual => last = last.min(to),
            Operator::Equal => (first, last) = (first.max(from), last.min(to)),
            _ => {}
        }
    }
    (first, last)
}
