//! Answers held to the description of the API: a status, a header or a field that it does not name is a fault.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::run::{Answer, Call};

/// Headers of HTTP itself, and of CORS, which every answer has alike.
const UNIVERSAL: [&str; 9] = [
    "allow",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "keep-alive",
    "transfer-encoding",
    "vary",
];

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = licentia_contract::document().expect("the API is described");
    close_answers(&mut document);
    document
});

/// Which schema a validator was made from.
type Place = (String, String, u16);
static VALIDATORS: Mutex<BTreeMap<Place, Arc<Validator>>> = Mutex::new(BTreeMap::new());

/// Checks that an answer is one that the description of its call names. What has no route is nobody's call.
///
/// # Errors
/// Says what the description lacks.
pub fn check(call: &Call, answer: &Answer) -> Result<(), String> {
    let (path, query) = call.target.split_once('?').unwrap_or((&call.target, ""));
    let headless = call.method == "HEAD";
    let method = if headless { "GET" } else { &call.method };
    let Ok(route) = licentia_api::route(method, path, query) else {
        return Ok(());
    };
    let template = route.endpoint().template();
    let lower = method.to_ascii_lowercase();
    let described = &DOCUMENT["paths"][template][&lower]["responses"][answer.status.to_string()];
    let described = resolved(described);
    if described.is_null() {
        return Err(format!(
            "{} may not answer {}, as docs/openapi.json has it",
            route.operation().name(),
            answer.status
        ));
    }
    check_headers(described, answer)?;
    if headless {
        return Ok(());
    }
    let place = (template.to_owned(), lower, answer.status);
    check_body(described, answer, place)
        .map_err(|fault| format!("docs/openapi.json has no such answer: {fault}"))
}

fn check_headers(described: &Value, answer: &Answer) -> Result<(), String> {
    let known: BTreeSet<String> = names(&described["headers"]);
    let unknown = answer.headers.iter().find(|(name, _)| {
        let name = name.to_ascii_lowercase();
        let universal = UNIVERSAL.contains(&name.as_str()) || name.starts_with("access-control-");
        !universal && !known.contains(&name)
    });
    match unknown {
        Some((name, _)) => Err(format!("docs/openapi.json has no header {name} here")),
        None => Ok(()),
    }
}

fn names(fields: &Value) -> BTreeSet<String> {
    let fields = fields.as_object().into_iter().flatten();
    fields.map(|(name, _)| name.to_ascii_lowercase()).collect()
}

fn check_body(described: &Value, answer: &Answer, place: Place) -> Result<(), String> {
    let Some(content) = described["content"].as_object() else {
        let empty = answer.body.is_empty();
        return if empty {
            Ok(())
        } else {
            Err("the body is not empty".to_owned())
        };
    };
    let header = answer
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let media = header.map_or("application/json", |(_, value)| value.as_str());
    let media = media.split(';').next().unwrap_or_default();
    let schema = content.get(media).map(|content| &content["schema"]);
    let schema = schema.ok_or_else(|| format!("the body is `{media}`"))?;
    if media != "application/json" {
        return Ok(());
    }
    let body: Value = serde_json::from_str(&answer.body).map_err(|fault| fault.to_string())?;
    let validator = validator(schema, place);
    match validator.iter_errors(&body).next() {
        Some(fault) => Err(format!("`{}`: {fault}", fault.instance_path())),
        None => Ok(()),
    }
}

fn validator(schema: &Value, place: Place) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().expect("nobody panics with it");
    let make = || {
        let whole = json!({ "components": DOCUMENT["components"], "allOf": [schema] });
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        Arc::new(
            options
                .build(&whole)
                .expect("the description holds schemas"),
        )
    };
    validators.entry(place).or_insert_with(make).clone()
}

fn resolved(node: &'static Value) -> &'static Value {
    let place = node["$ref"]
        .as_str()
        .and_then(|place| place.strip_prefix('#'));
    place.map_or(node, |place| {
        DOCUMENT.pointer(place).unwrap_or(&Value::Null)
    })
}

/// Forbids fields of answers that the document does not name. In the document itself it would forbid us to add any.
fn close_answers(document: &mut Value) {
    let whole = document.clone();
    let mut reached = BTreeSet::new();
    let paths = whole["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, path)| path.as_object().into_iter().flatten());
    for (_, operation) in operations {
        reach(&operation["responses"], &whole, &mut reached);
    }
    for place in reached {
        let shape = document
            .pointer_mut(&place)
            .expect("a reference leads somewhere");
        if shape["properties"].is_object() {
            shape["additionalProperties"] = false.into();
        }
    }
}

/// Collects the places that a part of the document refers to.
fn reach(node: &Value, document: &Value, reached: &mut BTreeSet<String>) {
    match node {
        Value::Array(items) => items.iter().for_each(|item| reach(item, document, reached)),
        Value::Object(fields) => {
            let place = fields.get("$ref").and_then(Value::as_str);
            if let Some(place) = place.and_then(|place| place.strip_prefix('#'))
                && reached.insert(place.to_owned())
            {
                reach(
                    document.pointer(place).unwrap_or(&Value::Null),
                    document,
                    reached,
                );
            }
            fields
                .values()
                .for_each(|field| reach(field, document, reached));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, header: &str, body: &str) -> Result<(), String> {
        let call = Call {
            method: "GET".to_owned(),
            target: "/v3/status".to_owned(),
            headers: Vec::new(),
            body: String::new(),
        };
        let headers = vec![(header.to_owned(), "1".to_owned())];
        let body = body.to_owned();
        check(
            &call,
            &Answer {
                status,
                headers,
                body,
            },
        )
    }

    #[test]
    fn what_the_document_does_not_name_is_a_fault() {
        answer(200, "X-Request-Id", r#"{"status": "ok"}"#).unwrap();
        answer(201, "X-Request-Id", r#"{"status": "ok"}"#).unwrap_err();
        answer(200, "X-Other", r#"{"status": "ok"}"#).unwrap_err();
        answer(200, "X-Request-Id", r#"{"status": "ok", "more": 1}"#).unwrap_err();
        answer(200, "X-Request-Id", r#"{"status": 1}"#).unwrap_err();
        answer(
            429,
            "Retry-After",
            r#"{"message": "", "code": "RATE_LIMIT_EXCEEDED"}"#,
        )
        .unwrap();
        answer(
            429,
            "Retry-After",
            r#"{"message": "", "code": "FORBIDDEN"}"#,
        )
        .unwrap_err();
    }
}
