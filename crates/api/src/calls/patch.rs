//! Merge patches (RFC 7396): a null clears, and a list is the whole of it.

use licentia_core::{Problem, parse};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::context::Context;

const MERGE_PATCH: &str = "application/merge-patch+json";

/// Says whether the request's body is a merge patch.
pub(super) fn is_merge_patch(cx: &Context<'_>) -> bool {
    cx.request.content_type == MERGE_PATCH
}

/// Refuses a merge patch that clears what cannot be cleared: `cleared` is how the thing is seen once all else is. A null that
/// says what is so already is no change.
pub(super) fn refuse_nulls(cleared: &impl Serialize, body: &[u8]) -> Result<(), Problem> {
    let patch: Map<String, Value> = parse(body)?;
    let view = serde_json::to_value(cleared).unwrap_or_default();
    let is_nulled = |name: &str| {
        let mut given = patch.iter();
        given.any(|(given, value)| value.is_null() && given.eq_ignore_ascii_case(name))
    };
    let is_empty = |value: &Value| {
        value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty)
    };
    let mut kept = view.as_object().into_iter().flatten();
    match kept.find(|(name, value)| !is_empty(value) && is_nulled(name)) {
        Some((name, _)) => Err(Problem::field(name, "it cannot be null")),
        None => Ok(()),
    }
}
