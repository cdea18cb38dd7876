//! The filters of lists: one parameter a field, whose members are the operators that apply to it.
//!
//! `key[in]=a,b` is such a parameter in OpenAPI's style `deepObject`. `key=a` is short for `key[eq]=a`, which that style
//! cannot say.

use licentia_api::{Filter, FilterKind, Operation};
use serde_json::{Map, Value, json};

use crate::shapes::Shapes;

/// Describes the filters of a list; `None` if it has not said which.
pub(crate) fn describe(operation: Operation, shapes: &mut Shapes) -> Option<Vec<Value>> {
    let filters = licentia_api::filters(operation)?;
    Some(
        filters
            .iter()
            .map(|filter| parameter(filter, shapes))
            .collect(),
    )
}

fn parameter(filter: &Filter, shapes: &mut Shapes) -> Value {
    let kind = filter.kind;
    json!({
        "name": filter.name,
        "in": "query",
        "style": "deepObject",
        "explode": true,
        "schema": shapes.add(name(kind), || operators(kind)),
    })
}

fn name(kind: FilterKind) -> &'static str {
    match kind {
        FilterKind::Text => "TextFilter",
        FilterKind::Id => "IdFilter",
        FilterKind::Integer => "IntegerFilter",
        FilterKind::Boolean => "BooleanFilter",
        FilterKind::Time => "TimeFilter",
        FilterKind::Order => "CreationFilter",
    }
}

/// Describes the operators of a kind of field. Lists of values are joined by commas.
fn operators(kind: FilterKind) -> Value {
    let text = json!({ "type": "string", "minLength": 1, "maxLength": 256 });
    let value = match kind {
        FilterKind::Text => text.clone(),
        FilterKind::Id => json!({ "type": "string", "format": "uuid" }),
        FilterKind::Integer => json!({ "type": "integer", "format": "int64" }),
        FilterKind::Boolean => json!({ "type": "boolean" }),
        FilterKind::Time | FilterKind::Order => json!({ "type": "string", "format": "date-time" }),
    };
    let list = json!({ "type": "string", "description": "Values, joined by commas." });
    let ordered: &[(&str, &Value)] = &[
        ("gt", &value),
        ("gte", &value),
        ("lt", &value),
        ("lte", &value),
    ];
    let fragments: &[(&str, &Value)] =
        &[("sw", &text), ("ew", &text), ("cn", &text), ("nc", &text)];
    let mut operators = vec![("eq", &value), ("ne", &value)];
    if kind != FilterKind::Boolean {
        operators.extend(ordered);
    }
    if !matches!(kind, FilterKind::Boolean | FilterKind::Order) {
        operators.extend(fragments);
    }
    operators.extend([("in", &list), ("nin", &list)]);
    let properties: Map<String, Value> = operators
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema.clone()))
        .collect();
    json!({
        "type": "object",
        "description": "`field=value` is short for `field[eq]=value`.",
        "properties": properties,
        "additionalProperties": false,
        "examples": [example(kind)],
    })
}

/// Returns a filter as one would write it.
fn example(kind: FilterKind) -> Value {
    match kind {
        FilterKind::Text => json!({ "cn": "example" }),
        FilterKind::Id => json!({ "eq": "23d9646c-34f5-4d37-adeb-f7f77b927bdb" }),
        FilterKind::Integer => json!({ "gte": 1 }),
        FilterKind::Boolean => json!({ "eq": true }),
        FilterKind::Time | FilterKind::Order => json!({ "gte": "2026-01-01T00:00:00Z" }),
    }
}
