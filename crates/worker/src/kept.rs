//! What an isolate keeps of what it has read, with the time when it read that: who asks for it says how long that is good.

use std::cell::RefCell;
use std::collections::BTreeMap;

use licentia_core::Timestamp;

/// At most so many values by name. One more drops them all: they are read anew.
#[derive(Debug)]
pub(crate) struct Kept<Name, Value> {
    most: usize,
    values: RefCell<BTreeMap<Name, (Timestamp, Value)>>,
}

impl<Name: Ord, Value: Clone> Kept<Name, Value> {
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            most,
            values: RefCell::new(BTreeMap::new()),
        }
    }

    /// Returns what was read, and when.
    pub(crate) fn get(&self, name: &Name) -> Option<(Timestamp, Value)> {
        self.values.borrow().get(name).cloned()
    }

    pub(crate) fn keep(&self, name: Name, read_at: Timestamp, value: Value) {
        let mut values = self.values.borrow_mut();
        if values.len() >= self.most && !values.contains_key(&name) {
            values.clear();
        }
        values.insert(name, (read_at, value));
    }
}
