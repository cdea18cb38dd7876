//! Keeps the public key that was read last: an application has one, and reading it takes as long as half a check.

use std::cell::RefCell;

use licentia_core::{KeyFault, KeySet};

thread_local! {
    static LAST: RefCell<Option<(String, KeySet)>> = const { RefCell::new(None) };
}

/// Returns the keys in `text`.
pub(crate) fn parsed(text: &str) -> Result<KeySet, KeyFault> {
    LAST.with_borrow_mut(|last| match last {
        Some((known, keys)) if known == text => Ok(keys.clone()),
        _ => {
            let keys = KeySet::parse(text)?;
            *last = Some((text.to_owned(), keys.clone()));
            Ok(keys)
        }
    })
}
