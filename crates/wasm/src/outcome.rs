//! What a decision says, in one number: see `engine.ts`.

use licentia_core::Decision;

const STORED: u32 = 1 << 8;
const ERASED: u32 = 1 << 9;

/// Returns the status code, and whether something is to be stored and the activation was erased. `had` says whether there
/// was a token before.
pub(crate) fn of(decision: &Decision, had: bool) -> u32 {
    let store = decision.store.as_ref();
    let is_erased = had && store.is_some_and(|stored| stored.token().is_none());
    let flag = |set, bit| if set { bit } else { 0 };
    u32::from(decision.status.number()) | flag(store.is_some(), STORED) | flag(is_erased, ERASED)
}
