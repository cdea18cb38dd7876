//! What the audit log says of an event: each property with its old and its new value.

use licentia_core::{Event, License, Metadata, Meter, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::store::audit::PropertyChange;

/// Returns the properties that `event`, accepted at `now`, changes in `license`, which is as it was before.
pub(super) fn of(license: &License, event: &Event, now: Timestamp) -> Vec<PropertyChange> {
    let (before, mut after) = (license, license.clone());
    after.apply(event, now);
    let mut changes = flags(before, &after);
    if before.key != after.key {
        // A key is a secret: that it changed is recorded, what it was and is are not.
        changes.push(change("key", Value::Null, Value::Null));
    }
    changes.extend(differing(&facts(before), &facts(&after)));
    changes.extend(differing(&value(&before.terms), &value(&after.terms)));
    if before.metadata != after.metadata {
        let (old, new) = (&before.metadata, &after.metadata);
        changes.push(change("metadata", entries(old, new), entries(new, old)));
    }
    if before.meters != after.meters {
        let (old, new) = (meters(before, &after), meters(&after, before));
        changes.push(change("meterAttributes", old, new));
    }
    changes
}

fn flags(before: &License, after: &License) -> Vec<PropertyChange> {
    let flags =
        |license: &License| json!({ "revoked": license.revoked, "suspended": license.suspended });
    differing(&flags(before), &flags(after))
}

fn facts(license: &License) -> Value {
    let pending = license.pending;
    json!({
        "userId": license.user_id,
        "additionalUserIds": license.additional_user_ids,
        "effectiveAt": license.effective_at,
        "expiresAt": license.expires_at,
        "pendingExtension": { "renewals": pending.renewals, "extensionLength": pending.seconds },
    })
}

/// Returns the fields of one object that differ in the other.
fn differing(old: &Value, new: &Value) -> Vec<PropertyChange> {
    let mut changes = Vec::new();
    for (name, new) in new.as_object().into_iter().flatten() {
        let old = old.get(name).unwrap_or(&Value::Null);
        if old != new {
            changes.push(change(name, old.clone(), new.clone()));
        }
    }
    changes
}

fn change(name: &str, old_value: Value, new_value: Value) -> PropertyChange {
    PropertyChange {
        property_name: name.to_owned(),
        old_value,
        new_value,
    }
}

fn value(terms: &impl Serialize) -> Value {
    serde_json::to_value(terms).unwrap_or_default()
}

/// Returns the entries of one side that the other has not.
fn entries(these: &[Metadata], those: &[Metadata]) -> Value {
    let entry = |entry: &Metadata| json!({ "key": entry.key, "value": entry.value });
    these
        .iter()
        .filter(|entry| !those.contains(entry))
        .map(entry)
        .collect()
}

/// Returns the meters of one side that the other has not, with what was counted.
fn meters(these: &License, those: &License) -> Value {
    let meter = |meter: &Meter| {
        let totals = these.totals.meters.get(&meter.id);
        json!({
            "name": meter.name,
            "allowedUses": meter.allowed_uses,
            "floating": meter.floating,
            "totalUses": totals.map_or(0, |totals| totals.total_uses),
        })
    };
    these
        .meters
        .iter()
        .filter(|meter| !those.meters.contains(meter))
        .map(meter)
        .collect()
}
