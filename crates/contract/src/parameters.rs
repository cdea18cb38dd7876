//! The parameters of calls: what stands in the path, the query and the headers, each described once.

use licentia_api::{Endpoint, is_signed};
use licentia_core::{DIGEST_HEADER, NONCE_HEADER};
use serde_json::{Map, Value, json};

use crate::Undescribed;
use crate::call::{Call, Content, Parameter, TABLE};
use crate::refusals::takes_body;
use crate::shapes::Shapes;

/// What every list takes beside its filters, and every export too.
const OF_LISTS: [&str; 2] = ["sort", "query"];
/// What lists take, since they come in pages.
const OF_PAGES: [&str; 3] = ["page", "limit", "cursor"];

/// Describes or refers to what a call takes beside its body; `variant` is another call of the same path.
pub(crate) fn describe(
    endpoint: &Endpoint,
    variant: Option<&Endpoint>,
    call: &Call,
    shapes: &mut Shapes,
) -> Result<Vec<Value>, Undescribed> {
    let mut parameters = of_path(endpoint);
    parameters.extend(variant.and_then(asked_by));
    parameters.extend(call.asked.iter().map(asked));
    if lists(call) {
        parameters.extend(OF_PAGES.map(reference));
    }
    if filters(call) {
        parameters.extend(OF_LISTS.map(reference));
        let filters = crate::filters::describe(endpoint.operation, shapes);
        parameters.extend(filters.ok_or(Undescribed::Unfiltered(endpoint.operation.name()))?);
    }
    if endpoint.replays() {
        parameters.push(reference("Idempotency-Key"));
    }
    if call.conditional {
        parameters.push(reference("If-Match"));
    }
    if takes_body(endpoint) {
        parameters.push(reference(DIGEST_HEADER));
    }
    if is_signed(endpoint.template()) {
        parameters.push(reference(NONCE_HEADER));
    }
    Ok(parameters)
}

pub(crate) fn lists(call: &Call) -> bool {
    let page = |(_, content): &(u16, Content)| matches!(content, Content::Page(_));
    call.answers.iter().any(page)
}

/// Says whether a call answers with what passes filters: a page of it, or all of it.
pub(crate) fn filters(call: &Call) -> bool {
    let filtered =
        |(_, content): &(u16, Content)| matches!(content, Content::Page(_) | Content::Text(TABLE));
    call.answers.iter().any(filtered)
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn of_path(endpoint: &Endpoint) -> Vec<Value> {
    let segments = endpoint.template().split('/');
    let names = segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let schema = |name: &str| match name {
        "id" => json!({ "type": "string", "format": "uuid" }),
        "kid" => json!({ "type": "string", "minLength": 1 }),
        _ => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
    };
    names
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": schema(name) }))
        .collect()
}

fn asked(parameter: &Parameter) -> Value {
    let schema = match parameter.of {
        "boolean" => json!({ "type": "boolean" }),
        "cursor" => json!({ "type": "string" }),
        format @ ("int32" | "int64") => {
            json!({ "type": "integer", "format": format, "minimum": 0 })
        }
        format => json!({ "type": "string", "format": format }),
    };
    json!({
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.says,
        "required": parameter.required,
        "schema": schema,
    })
}

/// Describes the parameter that asks for a variant of a call.
fn asked_by(variant: &Endpoint) -> Option<Value> {
    let (_, query) = variant.path.split_once('?')?;
    let (name, value) = query.split_once('=')?;
    Some(json!({
        "name": name,
        "in": "query",
        "description": variant.summary,
        "schema": { "type": "string", "enum": [value] },
    }))
}

/// Describes the parameters that many calls share.
pub(crate) fn components() -> Value {
    let query = |name: &str, says: &str, schema: Value| {
        let described =
            json!({ "name": name, "in": "query", "description": says, "schema": schema });
        (name.to_owned(), described)
    };
    let header = |name: &str, says: &str, schema: Value| {
        let described =
            json!({ "name": name, "in": "header", "description": says, "schema": schema });
        (name.to_owned(), described)
    };
    let all = [
        query(
            "page",
            "Which page, from 1 on.",
            json!({ "type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1 }),
        ),
        query(
            "limit",
            "How many things a page has.",
            json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 }),
        ),
        query(
            "sort",
            "Oldest first, or newest first.",
            json!({ "type": "string", "enum": ["createdAt", "-createdAt"], "default": "createdAt" }),
        ),
        query(
            "query",
            "A fragment of text that what is listed contains.",
            json!({ "type": "string", "maxLength": 256 }),
        ),
        query(
            "cursor",
            "Where a page begins: what a `Link` has given. It counts in place of `page`.",
            json!({ "type": "string", "pattern": "^-?[0-9]{1,18}$" }),
        ),
        header(
            "Idempotency-Key",
            "Makes a request that is sent again take effect once: for 24 hours the same key and body get the same answer.",
            json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$" }),
        ),
        header(
            "If-Match",
            "The version that the change is meant for, as `ETag` said it: another one refuses with 412.",
            json!({ "type": "string" }),
        ),
        header(
            DIGEST_HEADER,
            "The SHA-256 digest of the body (RFC 9530). A body that it does not fit is refused, and the signature of the answer is over it: so it answers this body and no other.",
            json!({ "type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$" }),
        ),
        header(
            NONCE_HEADER,
            "A text of the caller's own, which the signature of the answer is over: so it answers this request and no other.",
            json!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" }),
        ),
    ];
    all.into_iter().collect::<Map<_, _>>().into()
}
