//! Links between calls: what an answer holds that another call takes.

use licentia_api::{Endpoint, endpoints};
use serde_json::{Map, Value, json};

/// A field of an answer that another call's body takes.
struct Passed {
    from: &'static str,
    field: &'static str,
    to: &'static str,
    as_field: &'static str,
}

const fn passed(
    from: &'static str,
    field: &'static str,
    to: &'static str,
    as_field: &'static str,
) -> Passed {
    Passed {
        from,
        field,
        to,
        as_field,
    }
}

const PASSED: &[Passed] = &[
    passed("CreateProduct", "id", "CreateLicense", "productId"),
    passed(
        "CreateLicenseTemplate",
        "id",
        "CreateProduct",
        "licenseTemplateId",
    ),
    passed("CreateUser", "id", "CreateLicense", "userId"),
    passed("CreateLicense", "key", "CreateActivation", "key"),
    passed(
        "CreateLicense",
        "productId",
        "CreateActivation",
        "productId",
    ),
    passed("CreateLicense", "key", "CheckLicense", "key"),
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
    let mut links: Map<String, Value> = ids.collect();
    let passed = |passed: &&Passed| passed.from == endpoint.operation.name();
    for Passed {
        field,
        to,
        as_field,
        ..
    } in PASSED.iter().filter(passed)
    {
        let link = links
            .entry(*to)
            .or_insert_with(|| json!({ "operationId": to, "requestBody": {} }));
        if let Some(body) = link.get_mut("requestBody").and_then(Value::as_object_mut) {
            let source = format!("$response.body#/{field}");
            body.insert((*as_field).to_owned(), source.into());
        }
    }
    links
}
