//! The description of the Web API as an OpenAPI 3.1 document: made from the route table, the wire shapes and one table of its own.
//!
//! `docs/openapi.json` is what this prints. Nobody writes it by hand, so it cannot fall behind; a call that is not
//! described does not compile, and a shape without an example is an error.

mod call;
mod calls;
mod examples;
mod filters;
mod headers;
mod links;
mod operation;
mod own;
mod parameters;
mod refusals;
mod shapes;

use std::collections::BTreeMap;

use licentia_api::{Endpoint, aliases, endpoints};
use licentia_core::Code;
use serde_json::{Map, Value, json};

pub use examples::Unexampled;
pub use shapes::Clash;

use examples::Examples;
use shapes::Shapes;

const INTRODUCTION: &str = "The license Web API. Whoever holds the root token, or a personal access token with the scope that a call names, manages products and licenses; applications activate and sync with a license key alone.\n\nNames in bodies are read in any case and written in camelCase. Absent and `null` are the same in `application/json`. Times are UTC with seven fractional digits. Durations are whole seconds. Every error is `{\"message\", \"code\"}`, and the code is the contract.";

/// Why the API cannot be described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undescribed {
    /// Two shapes are at odds.
    #[error(transparent)]
    Clash(#[from] Clash),
    /// A shape has no example.
    #[error(transparent)]
    Unexampled(#[from] Unexampled),
    /// A list says nothing of its filters.
    #[error("`{0}` is a list, and `licentia_api::filters` does not say what it filters by")]
    Unfiltered(&'static str),
    /// A call that is a variant of another has no such other.
    #[error("`{0}` is asked for by its query, and no call has its path alone")]
    Alone(&'static str),
}

/// Describes the API.
///
/// # Errors
/// Says what a call lacks to be described.
pub fn document() -> Result<Value, Undescribed> {
    let mut shapes = Shapes::new();
    let mut examples = Examples::read()?;
    let paths = paths(&mut shapes, &mut examples)?;
    let (bodies, responses) = (shapes.bodies(), shapes.responses());
    let schemas = examples.of_shapes(shapes.all()?, &bodies)?;
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Licentia Web API",
            "version": "v3",
            "summary": "Licenses, activations and what they hang on.",
            "description": INTRODUCTION,
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": parameters::components(),
            "headers": headers::components(),
            "responses": responses,
            "securitySchemes": { "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "The root token, or a personal access token.",
            } },
        },
    }))
}

/// Describes each path under its own name, and once more under the older one that it has.
fn paths(shapes: &mut Shapes, examples: &mut Examples) -> Result<Value, Undescribed> {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let (variants, plain): (Vec<&Endpoint>, Vec<&Endpoint>) = endpoints()
        .iter()
        .partition(|endpoint| endpoint.path.contains('?'));
    for endpoint in plain {
        let variant = variants.iter().find(|variant| {
            variant.method == endpoint.method && variant.template() == endpoint.template()
        });
        let described = operation::describe(endpoint, variant.copied(), shapes, examples)?;
        let method = endpoint.method.to_ascii_lowercase();
        for (alias, name) in aliases() {
            if let Some(rest) = endpoint.template().strip_prefix(name) {
                let older = operation::under_an_older_name(&described);
                let path = paths.entry(format!("{alias}{rest}")).or_default();
                path.insert(method.clone(), older);
            }
        }
        let path = paths.entry(endpoint.template().to_owned()).or_default();
        path.insert(method, described);
    }
    let alone = variants
        .iter()
        .find(|variant| !paths.contains_key(variant.template()));
    match alone {
        Some(variant) => Err(Undescribed::Alone(variant.operation.name())),
        None => Ok(json!(paths)),
    }
}

/// Names the groups of calls in the order of the route table.
fn tags() -> Vec<Value> {
    let mut names: Vec<String> = Vec::new();
    for endpoint in endpoints() {
        let name = tag(endpoint);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
        .into_iter()
        .map(|name| json!({ "name": name }))
        .collect()
}

/// Returns the name of an endpoint's group: `license-templates` is `License Templates`.
pub(crate) fn tag(endpoint: &Endpoint) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let words = endpoint.tag().split('-').map(capitalized);
    words.collect::<Vec<_>>().join(" ")
}

/// Describes the body of every error that has one of these codes.
pub(crate) fn problem<'a>(codes: impl IntoIterator<Item = &'a Code>) -> Value {
    let codes: Vec<&Code> = codes.into_iter().collect();
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let mut properties = json!({
        "message": { "type": "string", "description": "What happened, for people; it may change." },
        "code": { "type": "string", "enum": names },
    });
    if let (Some(properties), true) = (
        properties.as_object_mut(),
        codes.contains(&&Code::LedgerUnavailable),
    ) {
        let says = "What is published of the license, signed: with `LEDGER_UNAVAILABLE`, if the request names its key.";
        let statement = json!({ "type": "string", "description": says });
        properties.insert("statement".to_owned(), statement);
    }
    json!({ "type": "object", "required": ["message", "code"], "properties": properties })
}
