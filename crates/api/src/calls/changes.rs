//! What the audit log says of an event: each property with its old and its new value.

use licentia_core::{Event, License, Metadata, Update};
use serde::Serialize;
use serde_json::Value;

use crate::store::audit::PropertyChange;

/// Returns the properties that `event` changes in `license`, which is as it was before.
pub(super) fn of(license: &License, event: &Event) -> Vec<PropertyChange> {
    match event {
        Event::Revoked => vec![flag("revoked", false, true)],
        Event::Approved => vec![flag("revoked", true, false)],
        Event::Suspended => vec![flag("suspended", false, true)],
        Event::Resumed => vec![flag("suspended", true, false)],
        Event::Updated(update) => updated(license, update),
        _ => Vec::new(),
    }
}

fn flag(name: &str, old: bool, new: bool) -> PropertyChange {
    change(name, old.into(), new.into())
}

fn change(name: &str, old_value: Value, new_value: Value) -> PropertyChange {
    PropertyChange {
        property_name: name.to_owned(),
        old_value,
        new_value,
    }
}

/// A key is a secret: that it changed is recorded, what it was and is are not.
fn updated(license: &License, update: &Update) -> Vec<PropertyChange> {
    let mut changes = Vec::new();
    if license.key != update.key {
        changes.push(change("key", Value::Null, Value::Null));
    }
    let (old, new) = (value(&license.terms), value(&update.terms));
    for (name, new) in new.as_object().into_iter().flatten() {
        let old = old.get(name).unwrap_or(&Value::Null);
        if old != new {
            changes.push(change(name, old.clone(), new.clone()));
        }
    }
    if license.metadata != update.metadata {
        let (old, new) = (&license.metadata, &update.metadata);
        changes.push(change("metadata", entries(old, new), entries(new, old)));
    }
    changes
}

fn value(terms: &impl Serialize) -> Value {
    serde_json::to_value(terms).unwrap_or_default()
}

/// Returns the entries of one side that the other has not.
fn entries(these: &[Metadata], those: &[Metadata]) -> Value {
    let entry = |entry: &Metadata| serde_json::json!({ "key": entry.key, "value": entry.value });
    these
        .iter()
        .filter(|entry| !those.contains(entry))
        .map(entry)
        .collect()
}
