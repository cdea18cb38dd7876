//! The walk: reads pages from a source in order of creation, and counts what it would read.

use std::cell::OnceCell;

use super::page_memory::PageMemory;
use super::query::{Order, Query};
use super::resource::Resource;
use super::source::{Rows, Source};
use super::statement::Statement;
use super::test::{bounds, tests};
use super::way::Along;
use super::{EXACT, Total};
use crate::database::{Database, DatabaseError, Row, Value};
use crate::store::row;

/// How many rows are looked at in one statement.
const WINDOW: i64 = 2_000;
/// How many rows are looked at for a total: a list of no more than that has an exact one, whatever its filters.
const COUNTED: i64 = 10_000;
/// After so many windows a page ends, if it has a row.
const WINDOWS: u32 = 10;

/// A source with its way of reading.
pub(super) struct Walk<'a> {
    db: &'a dyn Database,
    resource: &'static Resource,
    query: &'a Query,
    source: &'a Source,
    from: String,
    /// The same without the rows, where no more than places is asked for.
    alone: String,
    place: &'static str,
    /// What the source seeks.
    filter: Statement,
    /// What its rows must pass besides; nothing if all pass.
    rest: Option<Statement>,
    first: i64,
    last: i64,
    table_rows: OnceCell<u64>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        db: &'a dyn Database,
        resource: &'static Resource,
        query: &'a Query,
        source: &'a Source,
    ) -> Self {
        let table = || format!("{} r", resource.table);
        let (from, alone, place, filter) = match &source.rows {
            Rows::Along(Along {
                from,
                alone,
                place,
                filter,
            }) => (from.clone(), alone.clone(), *place, filter.clone()),
            Rows::Few(numbers) => {
                let among = Statement::new("r.number IN (").append(numbers).push(")");
                (table(), table(), "r.number", among)
            }
            Rows::Nothing | Rows::Whole(_) => (table(), table(), "r.number", Statement::new("1")),
        };
        let (first, last) = bounds(query);
        let rest = rest(resource, query, &source.passed);
        Self {
            db,
            resource,
            query,
            source,
            from,
            alone,
            place,
            filter,
            rest,
            first,
            last,
            table_rows: OnceCell::new(),
        }
    }

    /// Returns the place after which the page begins: of a link, of the page before, or found by reading what is before it.
    pub(super) fn start(&self, memory: &PageMemory) -> Result<i64, DatabaseError> {
        let before_all = self.before_all();
        if let Some(cursor) = self.query.cursor {
            return Ok(cursor);
        }
        if self.query.page <= 1 {
            return Ok(before_all);
        }
        let rows = self.table_rows()?;
        if let Some(place) = memory.recall(self.resource.table, self.query, rows) {
            return Ok(place);
        }
        if self.rest.is_none() {
            return self.skip(before_all);
        }
        // A page may end early, so the pages before say where this one begins.
        let mut place = before_all;
        for _ in 1..self.query.page {
            match self.page(place, self.query.limit)?.1 {
                Some(next) => place = next,
                None => return Ok(self.beyond_all()),
            }
        }
        Ok(place)
    }

    /// Reads at most `limit` rows after a place, and where to go on.
    pub(super) fn page(
        &self,
        start: i64,
        limit: i64,
    ) -> Result<(Vec<Row>, Option<i64>), DatabaseError> {
        if matches!(self.source.rows, Rows::Nothing) {
            return Ok((Vec::new(), None));
        }
        let most = usize::try_from(limit).unwrap_or(0);
        let (mut rows, mut after, mut windows) = (Vec::new(), start, 0_u32);
        loop {
            let end = self.window_end(after)?;
            let wanted = most.saturating_add(1).saturating_sub(rows.len());
            rows.extend(self.rows(after, end, wanted)?);
            if rows.len() > most {
                rows.truncate(most);
                let next = rows.last().and_then(number);
                return Ok((without_numbers(rows), next));
            }
            let Some(end) = end else {
                return Ok((without_numbers(rows), None));
            };
            after = end;
            windows = windows.saturating_add(1);
            if windows >= WINDOWS && !rows.is_empty() {
                return Ok((without_numbers(rows), Some(end)));
            }
            if windows >= WINDOWS {
                after = self.leap(after)?;
            }
        }
    }

    /// Counts all that passes, as far as that is quick: to `EXACT` where an index answers every test, else
    /// among so many rows.
    pub(super) fn total(&self) -> Result<Total, DatabaseError> {
        let bounded = (self.first, self.last) != (row::FIRST, row::LAST);
        match &self.source.rows {
            Rows::Nothing => return Ok(Total::Exactly(0)),
            Rows::Whole(_) if self.rest.is_none() && !bounded => {
                return Ok(Total::Exactly(self.table_rows()?));
            }
            // The index of the one test counts faster than the table.
            Rows::Whole(ways) if tests(self.query).len() == 1 && !bounded => {
                if let [numbers] = ways.as_slice() {
                    return Ok(total(self.counted(numbers)?));
                }
            }
            _ => {}
        }
        let end = match self.rest {
            Some(_) => self.place_after(self.before_all(), COUNTED)?,
            None => None,
        };
        let read = Statement::new("SELECT 1 FROM ").append(&match self.rest {
            Some(_) => self.read(self.before_all(), end),
            None => self.sought(&self.alone, self.before_all(), end),
        });
        let counted = self.counted(&read)?;
        Ok(match end {
            Some(_) => Total::AtLeast(counted),
            None => total(counted),
        })
    }

    /// Returns how many rows the table has, whatever the filters: read once, if at all.
    pub(super) fn table_rows(&self) -> Result<u64, DatabaseError> {
        if let Some(rows) = self.table_rows.get() {
            return Ok(*rows);
        }
        let rows = Statement::new("SELECT rows FROM counts WHERE name = ")
            .bind(Value::Text(self.resource.table.to_owned()))
            .number(self.db)?;
        let rows = rows.and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0);
        Ok(*self.table_rows.get_or_init(|| rows))
    }

    /// Counts what a statement selects, no further than to one more than is told exactly.
    fn counted(&self, selected: &Statement) -> Result<u64, DatabaseError> {
        let limit = i64::try_from(EXACT.saturating_add(1)).unwrap_or(i64::MAX);
        let statement = Statement::new("SELECT COUNT(*) FROM (")
            .append(selected)
            .push(" LIMIT ")
            .bind(Value::Integer(limit))
            .push(")");
        let counted = statement.number(self.db)?.unwrap_or(0);
        Ok(u64::try_from(counted).unwrap_or(0))
    }

    fn rows(&self, after: i64, end: Option<i64>, limit: usize) -> Result<Vec<Row>, DatabaseError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let statement = Statement::new("SELECT r.number, ")
            .push(self.resource.select)
            .push(" FROM ")
            .append(&self.read(after, end))
            .append(&self.in_order())
            .push(" LIMIT ")
            .bind(Value::Integer(limit));
        statement.query(self.db)
    }

    /// What stands after FROM: the source, what it seeks, the places, and what its rows must pass besides.
    fn read(&self, after: i64, end: Option<i64>) -> Statement {
        let statement = self.sought(&self.from, after, end);
        match &self.rest {
            Some(rest) => statement.push(" AND ").append(rest),
            None => statement,
        }
    }

    fn sought(&self, from: &str, after: i64, end: Option<i64>) -> Statement {
        let (place, within) = (self.place, Value::Integer);
        let statement = Statement::new(from).push(" WHERE ").append(&self.filter);
        let (lower, upper) = match self.query.order {
            Order::OldestFirst => (
                after.saturating_add(1).max(self.first),
                end.unwrap_or(row::LAST).min(self.last),
            ),
            Order::NewestFirst => (
                end.unwrap_or(row::FIRST).max(self.first),
                after.saturating_sub(1).min(self.last),
            ),
        };
        statement
            .push(&format!(" AND {place} >= "))
            .bind(within(lower))
            .push(&format!(" AND {place} <= "))
            .bind(within(upper))
    }

    fn in_order(&self) -> Statement {
        let direction = match self.query.order {
            Order::OldestFirst => "",
            Order::NewestFirst => " DESC",
        };
        Statement::new(&format!(" ORDER BY {}{direction}", self.place))
    }

    /// Where a window ends that begins after a place; none if it is the last one, or if there is nothing to look through.
    fn window_end(&self, after: i64) -> Result<Option<i64>, DatabaseError> {
        match (&self.rest, &self.source.rows) {
            (None, _) | (_, Rows::Few(_)) => Ok(None),
            _ => self.place_after(after, WINDOW),
        }
    }

    /// Returns the place of the `count`th row of the source after a place, if it has so many.
    fn place_after(&self, after: i64, count: i64) -> Result<Option<i64>, DatabaseError> {
        if matches!(self.source.rows, Rows::Few(_)) {
            return Ok(None);
        }
        let offset = count.saturating_sub(1);
        let statement = Statement::new(&format!("SELECT {} FROM ", self.place))
            .append(&self.sought(&self.alone, after, None))
            .append(&self.in_order())
            .push(" LIMIT 1 OFFSET ")
            .bind(Value::Integer(offset));
        statement.number(self.db)
    }

    fn skip(&self, before_all: i64) -> Result<i64, DatabaseError> {
        let rows = self
            .query
            .page
            .saturating_sub(1)
            .saturating_mul(self.query.limit);
        let offset = rows.saturating_sub(1);
        let statement = Statement::new(&format!("SELECT {} FROM ", self.place))
            .append(&self.sought(&self.alone, before_all, None))
            .append(&self.in_order())
            .push(" LIMIT 1 OFFSET ")
            .bind(Value::Integer(offset));
        Ok(statement.number(self.db)?.unwrap_or(self.beyond_all()))
    }

    /// Where many windows in a row had nothing, the next number that passes one of the filters is asked for.
    fn leap(&self, after: i64) -> Result<i64, DatabaseError> {
        let Rows::Whole(ways) = &self.source.rows else {
            return Ok(after);
        };
        let mut place = after;
        for numbers in ways {
            place = match self.query.order {
                Order::OldestFirst => place.max(self.next_of(numbers, place)?.saturating_sub(1)),
                Order::NewestFirst => place.min(self.next_of(numbers, place)?.saturating_add(1)),
            };
        }
        Ok(place)
    }

    fn next_of(&self, numbers: &Statement, after: i64) -> Result<i64, DatabaseError> {
        let (least, beyond) = match self.query.order {
            Order::OldestFirst => ("MIN", " > "),
            Order::NewestFirst => ("MAX", " < "),
        };
        let statement = Statement::new(&format!(
            "SELECT {least}(number) FROM (SELECT number FROM ("
        ))
        .append(numbers)
        .push(&format!(") WHERE number{beyond}"))
        .bind(Value::Integer(after))
        .push(")");
        Ok(statement.number(self.db)?.unwrap_or(self.beyond_all()))
    }

    /// Returns the place before the first row, in the order that is asked for.
    pub(super) fn before_all(&self) -> i64 {
        match self.query.order {
            Order::OldestFirst => row::FIRST.saturating_sub(1),
            Order::NewestFirst => row::LAST.saturating_add(1),
        }
    }

    pub(super) fn beyond_all(&self) -> i64 {
        match self.query.order {
            Order::OldestFirst => row::LAST,
            Order::NewestFirst => row::FIRST,
        }
    }
}

/// Joins the tests that the source's rows have not passed already.
fn rest(resource: &Resource, query: &Query, passed: &[usize]) -> Option<Statement> {
    let tests = tests(query);
    let left = tests.iter().enumerate();
    let mut left = left
        .filter(|(position, _)| !passed.contains(position))
        .map(|(_, test)| test.sql(resource, query));
    let first = left.next()?;
    Some(left.fold(first, |all, test| all.push(" AND ").append(&test)))
}

fn total(counted: u64) -> Total {
    if counted > EXACT {
        Total::AtLeast(EXACT)
    } else {
        Total::Exactly(counted)
    }
}

fn number(row: &Row) -> Option<i64> {
    match row.first() {
        Some(Value::Integer(number)) => Some(*number),
        _ => None,
    }
}

fn without_numbers(rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter()
        .map(|row| row.into_iter().skip(1).collect())
        .collect()
}
