//! The memory of pages: where the page after one that was read begins, so that asking for it reads nothing again.
//!
//! It is small, lives as long as its host keeps it, and may be forgotten at any time: a page is then found by counting.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::query::Query;

/// How many places are kept; each is some hundred bytes.
const KEPT: usize = 256;
/// A longer query is not worth its memory.
const LONGEST: usize = 512;

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
}

impl PageMemory {
    /// Remembers where the page after that of `query` begins.
    pub(super) fn remember(&self, table: &'static str, query: &Query, start: i64) {
        if query.identity.len() > LONGEST || query.cursor.is_some() {
            return;
        }
        let place = Place {
            table,
            identity: query.identity.clone(),
            limit: query.limit,
            page: query.page.saturating_add(1),
            start,
        };
        let mut places = self.0.borrow_mut();
        places.retain(|known| !known.is(table, query, place.page));
        if places.len() >= KEPT {
            places.pop_front();
        }
        places.push_back(place);
    }

    /// Returns where the page of `query` begins, if the one before was read.
    pub(super) fn recall(&self, table: &str, query: &Query) -> Option<i64> {
        let places = self.0.borrow();
        let known = places
            .iter()
            .rev()
            .find(|place| place.is(table, query, query.page));
        known.map(|place| place.start)
    }
}

impl Place {
    fn is(&self, table: &str, query: &Query, page: i64) -> bool {
        self.table == table
            && self.page == page
            && self.limit == query.limit
            && self.identity == query.identity
    }
}
