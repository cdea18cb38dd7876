//! What the audit log says of an event: each property with its old and its new value.

use std::collections::BTreeSet;

use licentia_core::{Event, License, Metadata, Meter, Product, Template, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::database::DatabaseError;
use crate::store::audit::PropertyChange;

/// What an entry of the log says by itself, and what moves with every use of a thing.
const BOOKKEEPING: [&str; 4] = ["id", "createdAt", "updatedAt", "lastUsedAt"];

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

/// Returns the properties in which a product differs from what it was.
pub(super) fn of_product(before: &Product, after: &Product) -> Vec<PropertyChange> {
    let facts = |product: &Product| {
        json!({
            "name": product.name,
            "displayName": product.display_name,
            "description": product.description,
            "licenseTemplateId": product.template_id,
        })
    };
    let mut changes = differing(&facts(before), &facts(after));
    if before.metadata != after.metadata {
        let (old, new) = (&before.metadata, &after.metadata);
        changes.push(change("metadata", entries(old, new), entries(new, old)));
    }
    changes
}

/// Returns the names of a product's keys, the one that signs first, where they differ from what they were.
pub(super) fn of_keys(before: &Product, after: &Product) -> Vec<PropertyChange> {
    let names = |product: &Product| product.keys.iter().map(|key| json!(key.kid)).collect();
    let names = |product: &Product| json!({ "keys": Value::Array(names(product)) });
    differing(&names(before), &names(after))
}

/// Returns the properties in which a template differs from what it was.
pub(super) fn of_template(before: &Template, after: &Template) -> Vec<PropertyChange> {
    let facts = |template: &Template| {
        json!({
            "name": template.name,
            "keyPattern": template.key_pattern,
            "requiredMetadataKeys": template.required_metadata_keys,
            "requiredMeterAttributes": template.required_meter_attributes,
        })
    };
    let mut changes = differing(&facts(before), &facts(after));
    changes.extend(differing(&value(&before.terms), &value(&after.terms)));
    changes
}

/// Records what was done to a thing, by what answers say of it before and after; nothing is said of one that is not there.
pub(super) fn record<View: Serialize>(
    cx: &Context<'_>,
    resource: &str,
    done: &str,
    id: impl ToString,
    [before, after]: [Option<View>; 2],
) -> Result<(), DatabaseError> {
    let action = format!("{resource}.{done}");
    let changes = between(said(&before), said(&after));
    cx.record(&action, resource, &id, changes)
}

fn between(old: Map<String, Value>, new: Map<String, Value>) -> Vec<PropertyChange> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let of = |side: &Map<String, Value>, name: &str| side.get(name).cloned().unwrap_or_default();
    let changes = names
        .into_iter()
        .map(|name| change(name, of(&old, name), of(&new, name)));
    changes
        .filter(|change| change.old_value != change.new_value)
        .filter(|change| !says_nothing(&change.old_value) || !says_nothing(&change.new_value))
        .collect()
}

/// What an answer says, but of metadata only keys and values, and no more than once which thing it is about.
fn said(view: &impl Serialize) -> Map<String, Value> {
    let Value::Object(mut said) = value(view) else {
        return Map::new();
    };
    said.retain(|name, _| !BOOKKEEPING.contains(&name.as_str()));
    if let Some(Value::Array(metadata)) = said.get_mut("metadata") {
        for entry in metadata.iter_mut().filter_map(Value::as_object_mut) {
            entry.retain(|name, _| name == "key" || name == "value");
        }
    }
    said
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
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
    let entry = |entry: &Metadata| json!({ "key": entry.key, "value": entry.value, "viewPermissions": entry.view_permissions });
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
            "viewPermissions": meter.view_permissions,
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
