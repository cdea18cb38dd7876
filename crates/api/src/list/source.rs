//! Sources: from where the rows of a list are read, chosen by how many pass each filter.
//!
//! Filters that few rows pass are counted first, and no further than to `FEW`. If one is passed by few, those are all that
//! is looked at. Else the list is walked in order of creation: along the index of a filter where that is in this order,
//! along the table otherwise.

use super::query::Query;
use super::resource::Resource;
use super::statement::Statement;
use super::way::{Along, Way, ways};
use crate::database::{Database, DatabaseError, Value};

/// So many rows are looked at one by one.
const FEW: i64 = 1_000;
/// Where the way is in order of creation, following it is quicker from here on.
const VERY_FEW: i64 = 100;

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
