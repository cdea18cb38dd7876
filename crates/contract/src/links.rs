//! Links between calls: what an answer holds that another call takes.

use licentia_api::{Endpoint, endpoints};
use serde_json::{Map, Value, json};

/// What the answer to one call gives to the body of another: `(from, to, fields)`.
const FIELDS: &[(&str, &str, &[(&str, &str)])] = &[
    ("CreateProduct", "CreateLicense", &[("productId", "id")]),
    (
        "CreateLicense",
        "CreateActivation",
        &[("key", "key"), ("productId", "productId")],
    ),
    ("CreateLicense", "CheckLicense", &[("key", "key")]),
];

/// Describes where the answer to a call leads: an id that was created is read, changed and deleted under its own path.
pub(crate) fn describe(endpoint: &Endpoint) -> Map<String, Value> {
    let own = format!("{}/{{id}}", endpoint.template());
    let creates =
        endpoint.method == "POST" && endpoints().iter().any(|other| other.template() == own);
    let by_id = endpoints().iter().filter(|other| {
        let under = other.template().strip_prefix(&own);
        creates && under.is_some_and(|rest| !rest.contains('{')) && !other.path.contains('?')
    });
    let ids = by_id.map(|other| {
        let name = other.operation.name();
        let link = json!({ "operationId": name, "parameters": { "id": "$response.body#/id" } });
        (name.to_owned(), link)
    });
    let fields = FIELDS
        .iter()
        .filter(|(from, _, _)| *from == endpoint.operation.name());
    let fields = fields.map(|(_, to, fields)| {
        let body: Map<String, Value> = fields
            .iter()
            .map(|(field, source)| {
                (
                    (*field).to_owned(),
                    format!("$response.body#/{source}").into(),
                )
            })
            .collect();
        (
            (*to).to_owned(),
            json!({ "operationId": to, "requestBody": body }),
        )
    });
    ids.chain(fields).collect()
}
