//! Tests: what a row must pass under a query, as SQL over the row `r`.

use super::condition::{Condition, Operator, Passes};
use super::query::Query;
use super::resource::{At, Resource};
use super::statement::Statement;
use crate::database::Value;
use crate::store::row;

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

pub(super) fn now(condition: &Condition, holds: &str, times: usize, query: &Query) -> Statement {
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

pub(super) fn linked(
    conditions: &[&Condition],
) -> Option<(&'static str, &'static str, &'static str)> {
    match conditions.first()?.field.at {
        At::Elsewhere {
            table, link, own, ..
        } => Some((table, link, own)),
        _ => None,
    }
}

/// Tests every condition of a row `x` elsewhere.
pub(super) fn each(conditions: &[&Condition]) -> Statement {
    let mut statement = Statement::default();
    for condition in conditions {
        if let Some(column) = condition.column() {
            let test = condition.test(&format!("x.{column}"));
            statement = statement.push(" AND ").append(&test);
        }
    }
    statement
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
