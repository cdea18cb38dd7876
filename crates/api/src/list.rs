//! Lists: pages of a table in order of creation, under filters, at a cost that does not grow with the table.
//!
//! A filter that few rows pass is read through its index; one that many pass is walked in order, a window of rows at a
//! time, and the walk ends with the page. So neither a rare value nor a common one reads the table.

mod condition;
mod filters;
mod page_memory;
mod query;
mod resource;
mod resources;
mod source;
mod statement;
mod test;
mod walk;
mod way;

pub use filters::{Filter, FilterKind, filters};
pub use page_memory::PageMemory;
pub(crate) use query::{Order, Query};
pub(crate) use resource::Resource;
pub(crate) use resources::*;

use crate::context::{Context, Fault};
use crate::database::{Database, Row};
use source::Source;
use walk::Walk;

/// Beyond so many rows a total says "at least".
const EXACT: u64 = 10_000;

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The rows, each with the columns that the resource selects.
    pub(crate) rows: Vec<Row>,
    /// How many rows there are on all pages.
    pub(crate) total: Total,
    /// The place after this page, if there is more.
    pub(crate) next: Option<i64>,
    /// The page's number, from one.
    pub(crate) page: i64,
    /// How many rows a page has.
    pub(crate) limit: i64,
}

/// How many rows a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Total {
    /// This many.
    Exactly(u64),
    /// This many or more: they were not counted to the end.
    AtLeast(u64),
}

impl Total {
    /// The first page has all.
    fn all(rows: &[Row]) -> Self {
        Self::Exactly(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }
}

/// Reads the page of `resource` that a request asks for.
pub(crate) fn list(cx: &Context<'_>, resource: &'static Resource) -> Result<Listed, Fault> {
    list_within(
        cx,
        resource,
        Query::read(cx.request.query, resource, cx.now())?,
    )
}

/// Reads the page of a query that a handler has added conditions to.
pub(crate) fn list_within(
    cx: &Context<'_>,
    resource: &'static Resource,
    query: Query,
) -> Result<Listed, Fault> {
    let source = Source::choose(cx.db, resource, &query)?;
    let walk = Walk::new(cx.db, resource, &query, &source);
    let start = walk.start(cx.given.pages)?;
    let (rows, next) = walk.page(start, query.limit)?;
    if next.is_some() || query.page > 1 {
        let after = next.unwrap_or(walk.beyond_all());
        cx.given
            .pages
            .remember(resource.table, &query, walk.table_rows()?, after);
    }
    let total = if next.is_none() && start == walk.before_all() {
        Total::all(&rows)
    } else {
        walk.total()?
    };
    Ok(Listed {
        rows,
        total,
        next,
        page: query.page,
        limit: query.limit,
    })
}

/// Reads the next rows of a long answer: those after `place`, at most `limit`, under the same filters as a list.
pub(crate) fn slice(
    db: &dyn Database,
    resource: &'static Resource,
    query: &Query,
    place: Option<i64>,
    limit: i64,
) -> Result<(Vec<Row>, Option<i64>), Fault> {
    let source = Source::choose(db, resource, query)?;
    let walk = Walk::new(db, resource, query, &source);
    Ok(walk.page(place.unwrap_or_else(|| walk.before_all()), limit)?)
}
