//! The memory of pages: where the page after one that was read begins, so that asking for it reads nothing again.
//!
//! It is small, lives as long as its host keeps it, and may be forgotten at any time: a page is then found by counting.
//! A place counts for a minute, and while the table has as many rows as it had: what a page begins with must not depend on
//! who has read the one before it a while ago. Whoever reads a page makes the places of those after it anew.

use std::cell::RefCell;
use std::collections::VecDeque;

use licentia_core::{Seconds, Timestamp};

use super::query::Query;

/// How many places are kept; each is some hundred bytes.
const KEPT: usize = 256;
/// A longer query is not worth its memory.
const LONGEST: usize = 512;
const GOOD_FOR: Seconds = Seconds(60);

/// Where pages begin.
#[derive(Debug, Default)]
pub struct PageMemory(RefCell<VecDeque<Place>>);

#[derive(Debug)]
struct Place {
    table: &'static str,
    identity: String,
    limit: i64,
    page: i64,
    start: i64,
    /// How many rows the table had.
    rows: u64,
    noted_at: Timestamp,
}

impl PageMemory {
    /// Remembers where the page after that of `query` begins, in a table of so many rows.
    pub(super) fn remember(&self, table: &'static str, query: &Query, rows: u64, start: i64) {
        if query.identity.len() > LONGEST || query.cursor.is_some() {
            return;
        }
        let place = Place {
            table,
            identity: query.identity.clone(),
            limit: query.limit,
            page: query.page.saturating_add(1),
            start,
            rows,
            noted_at: query.now,
        };
        let mut places = self.0.borrow_mut();
        places.retain(|known| !(known.is_of(table, query) && known.page >= place.page));
        if places.len() >= KEPT {
            places.pop_front();
        }
        places.push_back(place);
    }

    /// Returns where the page of `query` begins, if the one before was read of the table as it is.
    pub(super) fn recall(&self, table: &str, query: &Query, rows: u64) -> Option<i64> {
        let places = self.0.borrow();
        let known = places.iter().rev().find(|place| {
            place.is_of(table, query) && place.page == query.page && place.is_good(query, rows)
        });
        known.map(|place| place.start)
    }
}

impl Place {
    fn is_of(&self, table: &str, query: &Query) -> bool {
        self.table == table && self.limit == query.limit && self.identity == query.identity
    }

    fn is_good(&self, query: &Query, rows: u64) -> bool {
        self.rows == rows && query.now < self.noted_at.plus(GOOD_FOR)
    }
}
