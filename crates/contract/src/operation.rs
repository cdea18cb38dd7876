//! One call as OpenAPI describes it.

use std::collections::BTreeSet;

use licentia_api::{Access, Endpoint, is_signed};
use licentia_core::Code;
use serde_json::{Map, Value, json};

use crate::call::{Call, Content, Input};
use crate::calls::call;
use crate::examples::Examples;
use crate::headers::Carried;
use crate::refusals::refusals;
use crate::shapes::Shapes;
use crate::{Undescribed, links, parameters, problem, tag};

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// Describes a call; `variant` is another one of the same path, which its query asks for.
pub(crate) fn describe(
    endpoint: &Endpoint,
    variant: Option<&Endpoint>,
    shapes: &mut Shapes,
    examples: &mut Examples,
) -> Result<Value, Undescribed> {
    let described = call(endpoint.operation);
    let (security, access) = security(endpoint.access);
    let mut operation = json!({
        "operationId": endpoint.operation.name(),
        "tags": [tag(endpoint)],
        "summary": endpoint.summary.trim_end_matches('.'),
        "description": format!("{} {access}", endpoint.summary),
        "security": security,
        "parameters": parameters::describe(endpoint, variant, &described, shapes)?,
        "responses": responses(endpoint, variant, &described, shapes),
    });
    if let (Some(input), Some(fields)) = (&described.input, operation.as_object_mut()) {
        let example = examples.of_call(endpoint.operation);
        let body = request_body(endpoint, input, example.as_ref(), shapes);
        fields.insert("requestBody".to_owned(), body);
    }
    Ok(operation)
}

/// Returns a call as it stands under the older name of its resource: a policy is what a template was.
pub(crate) fn under_an_older_name(operation: &Value) -> Value {
    let mut older = operation.clone();
    if let Some(fields) = older.as_object_mut() {
        let name = fields
            .get("operationId")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let name = name
            .replace("Templates", "Policies")
            .replace("Template", "Policy");
        fields.insert("operationId".to_owned(), name.into());
        fields.insert("deprecated".to_owned(), true.into());
        if let Some(responses) = fields.get_mut("responses").and_then(Value::as_object_mut) {
            for response in responses.values_mut().filter_map(Value::as_object_mut) {
                response.remove("links");
            }
        }
    }
    older
}

/// Says who may call, for programs and for people.
fn security(access: Access) -> (Value, String) {
    match access {
        Access::Open => (
            json!([]),
            "Anybody may call it: a token that is sent is ignored.".to_owned(),
        ),
        Access::Scoped(scope) => {
            let scope = scope.as_str();
            (
                json!([{ "bearer": [scope] }]),
                format!("Needs the scope `{scope}`."),
            )
        }
        Access::OpenOrScoped(scope) => {
            let scope = scope.as_str();
            let text =
                format!("Anybody may call it; a token that is sent needs the scope `{scope}`.");
            (json!([{}, { "bearer": [scope] }]), text)
        }
    }
}

fn request_body(
    endpoint: &Endpoint,
    input: &Input,
    example: Option<&Value>,
    shapes: &mut Shapes,
) -> Value {
    let described = match input.content {
        Content::Json(shape) | Content::Page(shape) | Content::List(shape) => {
            let shape = shape.reference(shapes);
            let schema = match input.required {
                [] => shape,
                required => json!({
                    "allOf": [shape],
                    "required": required,
                    "properties": said(required),
                }),
            };
            let types: &[&str] = match endpoint.method {
                "PATCH" if endpoint.access != Access::Open => &[JSON, MERGE_PATCH],
                _ => &[JSON],
            };
            let described = match example {
                Some(example) => json!({ "schema": schema, "example": example }),
                None => json!({ "schema": schema }),
            };
            let media = |media: &&str| ((*media).to_owned(), described.clone());
            types.iter().map(media).collect()
        }
        Content::Text(media_type) => content_of_text(media_type),
        Content::Empty => Map::new(),
    };
    json!({ "required": input.needed, "content": described })
}

/// What a call needs is said: null and what is empty say nothing.
fn said(required: &[&str]) -> Map<String, Value> {
    let fields = required.iter();
    fields
        .map(|field| {
            (
                (*field).to_owned(),
                json!({ "not": { "enum": [null, "", []] } }),
            )
        })
        .collect()
}

fn responses(
    endpoint: &Endpoint,
    variant: Option<&Endpoint>,
    described: &Call,
    shapes: &mut Shapes,
) -> Value {
    let mut responses = Map::new();
    let variant_call = variant.map(|variant| call(variant.operation));
    for (status, content) in &described.answers {
        let other = variant_call.iter().flat_map(|call| &call.answers);
        let mut other = other
            .filter(|(of_variant, _)| of_variant == status)
            .map(|(_, content)| *content);
        let mut answer = success(endpoint, described, *content, other.next_back(), shapes);
        let links = links::describe(endpoint);
        if let (Some(fields), false) = (answer.as_object_mut(), links.is_empty()) {
            fields.insert("links".to_owned(), links.into());
        }
        responses.insert(status.to_string(), answer);
    }
    for (status, codes) in refusals(endpoint, described) {
        responses.insert(
            status.to_string(),
            refusal(endpoint, status, &codes, shapes),
        );
    }
    responses.into()
}

/// Describes an error answer. Those that many calls have stand once, under the names of their codes.
fn refusal(endpoint: &Endpoint, status: u16, codes: &BTreeSet<Code>, shapes: &mut Shapes) -> Value {
    // These are not kept for an `Idempotency-Key`: another try may well be answered otherwise.
    let replays = endpoint.replays() && !matches!(status, 401 | 403 | 422 | 429 | 500..);
    let carried = Carried {
        retries: matches!(status, 429 | 503),
        replays,
        signed: is_signed(endpoint.template()),
        ..Carried::default()
    };
    let lines = codes
        .iter()
        .map(|code| format!("- `{}`: {}", code.as_str(), code.cause()));
    let described = json!({
        "description": lines.collect::<Vec<_>>().join("\n"),
        "headers": carried.describe(),
        "content": { JSON: { "schema": problem(codes) } },
    });
    if replays || matches!(status, 400 | 404 | 409) {
        return described;
    }
    let mut names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    names.extend(carried.signed.then_some("SIGNED"));
    shapes.add_response(&names.join("."), described)
}

fn success(
    endpoint: &Endpoint,
    described: &Call,
    content: Content,
    other: Option<Content>,
    shapes: &mut Shapes,
) -> Value {
    let carried = Carried {
        versioned: described.versioned,
        publishes: described.publishes,
        signed: is_signed(endpoint.template()),
        replays: endpoint.replays(),
        lists: parameters::lists(described),
        retries: false,
        downloads: described.downloads,
        copies: other.is_some(),
    };
    let mut answer = json!({ "description": endpoint.summary, "headers": carried.describe() });
    let body = match (content, other) {
        (Content::Json(shape), Some(Content::Json(other))) => {
            let either = json!({ "anyOf": [shape.reference(shapes), other.reference(shapes)] });
            Some(content_of_json(&either))
        }
        (Content::Json(shape), _) => Some(content_of_json(&shape.reference(shapes))),
        (Content::Page(shape), _) => {
            let page =
                json!({ "type": "array", "maxItems": 100, "items": shape.reference(shapes) });
            Some(content_of_json(&page))
        }
        (Content::List(shape), _) => {
            let list = json!({ "type": "array", "items": shape.reference(shapes) });
            Some(content_of_json(&list))
        }
        (Content::Text(media_type), _) => Some(content_of_text(media_type)),
        (Content::Empty, _) => None,
    };
    if let (Some(body), Some(fields)) = (body, answer.as_object_mut()) {
        fields.insert("content".to_owned(), body.into());
    }
    answer
}

fn content_of_json(schema: &Value) -> Map<String, Value> {
    Map::from_iter([(JSON.to_owned(), json!({ "schema": schema }))])
}

fn content_of_text(media_type: &str) -> Map<String, Value> {
    let schema = json!({ "schema": { "type": "string" } });
    Map::from_iter([(media_type.to_owned(), schema)])
}
