//! Answers without a token: every code, every status, and bodies that are none of ours.

use serde_json::json;

use super::{Asker, Effect, Vectors};

/// What each code means to a client: under which status, which verdict, and whether the activation goes.
pub(super) const CODES: &[(u16, &str, u8, Effect)] = &[
    (400, "ACTIVATION_LIMIT_REACHED", 58, Effect::Keep),
    (400, "AUTHENTICATION_FAILED", 71, Effect::Erase),
    (400, "CONTAINER_ACTIVATION_NOT_ALLOWED", 83, Effect::Erase),
    (400, "COUNTRY_NOT_ALLOWED", 81, Effect::Erase),
    (400, "INVALID_ACTIVATION_FINGERPRINT", 63, Effect::Erase),
    (400, "INVALID_LICENSE_KEY", 54, Effect::Erase),
    (400, "INVALID_LICENSE_TYPE", 55, Effect::Erase),
    (400, "INVALID_PRODUCT_ID", 43, Effect::Erase),
    (400, "IP_ADDRESS_NOT_ALLOWED", 82, Effect::Erase),
    (400, "LICENSE_NOT_EFFECTIVE", 110, Effect::Keep),
    (400, "METER_ATTRIBUTE_USES_LIMIT_REACHED", 73, Effect::Keep),
    (400, "RELEASE_VERSION_NOT_ALLOWED", 77, Effect::Keep),
    (400, "REVOKED_LICENSE", 53, Effect::Erase),
    (400, "TRIAL_ACTIVATION_LIMIT_REACHED", 62, Effect::Keep),
    (400, "TRIAL_NOT_ALLOWED", 61, Effect::Keep),
    (400, "VM_ACTIVATION_NOT_ALLOWED", 80, Effect::Erase),
    (400, "LICENSE_KEY_MISMATCH", 92, Effect::Keep),
    (400, "PRODUCT_MISMATCH", 92, Effect::Keep),
    (400, "INVALID_FIELD", 92, Effect::Keep),
    (400, "revoked_license", 92, Effect::Keep),
    (400, "DEACTIVATION_LIMIT_REACHED", 92, Effect::Keep),
    (400, "ACTIVATION_NOT_FOUND", 92, Effect::Keep),
    (404, "ACTIVATION_NOT_FOUND", 59, Effect::Erase),
    (404, "ACTIVATION_UNKNOWN", 59, Effect::Keep),
    (404, "ROUTE_NOT_FOUND", 59, Effect::Keep),
    (404, "REVOKED_LICENSE", 59, Effect::Keep),
    (409, "DEACTIVATION_LIMIT_REACHED", 60, Effect::Keep),
    (409, "REVOKED_LICENSE", 48, Effect::Keep),
];

/// Statuses that say all by themselves.
const STATUSES: &[(u16, u8)] = &[
    (0, 48),
    (100, 48),
    (301, 48),
    (302, 48),
    (304, 48),
    (401, 48),
    (402, 48),
    (403, 48),
    (405, 48),
    (408, 48),
    (410, 48),
    (413, 48),
    (418, 48),
    (422, 48),
    (429, 90),
    (500, 91),
    (501, 91),
    (502, 91),
    (503, 91),
    (504, 91),
    (520, 91),
    (599, 91),
];

/// Bodies that no server of ours sends.
pub(super) const FOREIGN: &[(&str, &str)] = &[
    ("an empty body", ""),
    (
        "an HTML page",
        "<!doctype html><html><title>Sign in to the network</title></html>",
    ),
    ("a text", "REVOKED_LICENSE"),
    ("a JSON text", "\"REVOKED_LICENSE\""),
    ("null", "null"),
    ("an array", "[]"),
    ("an array of the members", "[\"no\", \"REVOKED_LICENSE\"]"),
    ("an empty object", "{}"),
    ("no message", "{\"code\": \"REVOKED_LICENSE\"}"),
    ("no code", "{\"message\": \"no\"}"),
    (
        "a message that is null",
        "{\"message\": null, \"code\": \"REVOKED_LICENSE\"}",
    ),
    (
        "a message that is a number",
        "{\"message\": 1, \"code\": \"REVOKED_LICENSE\"}",
    ),
    (
        "a code that is a number",
        "{\"message\": \"no\", \"code\": 53}",
    ),
    (
        "a code that is an array",
        "{\"message\": \"no\", \"code\": [\"REVOKED_LICENSE\"]}",
    ),
    (
        "more after the object",
        "{\"message\": \"no\", \"code\": \"REVOKED_LICENSE\"}{}",
    ),
    (
        "an object that was cut off",
        "{\"message\": \"no\", \"code\": \"REVOKED_LICENSE\"",
    ),
    (
        "a code that is said twice",
        "{\"message\": \"no\", \"code\": \"REVOKED_LICENSE\", \"code\": null}",
    ),
    (
        "other members",
        "{\"error\": {\"message\": \"no\", \"code\": \"REVOKED_LICENSE\"}}",
    ),
];

pub(super) fn add(vectors: &mut Vectors) {
    codes(vectors);
    statuses(vectors);
    foreign_bodies(vectors);
    options(vectors);
}

fn codes(vectors: &mut Vectors) {
    let asker = Asker::default();
    for &(status, code, number, effect) in CODES {
        let body = json!({ "message": "the license says no", "code": code }).to_string();
        vectors.add(
            &format!("{status} {code}"),
            status,
            &body,
            &asker,
            number,
            effect,
        );
    }
    let spaced =
        " \n{ \"more\": [1, {}], \"code\" : \"REVOKED_LICENSE\", \"message\" : \"\" }\r\n ";
    vectors.add(
        "spaces and other members",
        400,
        spaced,
        &asker,
        53,
        Effect::Erase,
    );
    let escaped = "{\"message\": \"\", \"code\": \"REVOKED\\u005fLICENSE\"}";
    vectors.add("an escaped code", 400, escaped, &asker, 53, Effect::Erase);
    for (status, number) in [(400, 92), (404, 59), (409, 48)] {
        let body = "{\"message\": \"no\", \"code\": null}";
        vectors.add(
            &format!("{status} without a code"),
            status,
            body,
            &asker,
            number,
            Effect::Keep,
        );
    }
}

fn statuses(vectors: &mut Vectors) {
    let asker = Asker::default();
    let revoked = "{\"message\": \"no\", \"code\": \"REVOKED_LICENSE\"}";
    for &(status, number) in STATUSES {
        vectors.add(
            &format!("{status} with a code"),
            status,
            revoked,
            &asker,
            number,
            Effect::Keep,
        );
        vectors.add(
            &format!("{status} with a page"),
            status,
            "<html>",
            &asker,
            number,
            Effect::Keep,
        );
    }
}

fn foreign_bodies(vectors: &mut Vectors) {
    let asker = Asker::default();
    for &(name, body) in FOREIGN {
        for status in [400, 404, 200] {
            vectors.add(
                &format!("{status} with {name}"),
                status,
                body,
                &asker,
                48,
                Effect::Keep,
            );
        }
    }
    for (name, body) in [
        ("a token that is null", "{\"activationToken\": null}"),
        ("a token that is an object", "{\"activationToken\": {}}"),
        (
            "a refusal",
            "{\"message\": \"no\", \"code\": \"REVOKED_LICENSE\"}",
        ),
        ("a token of another name", "{\"token\": \"a.b.c\"}"),
        ("an array with a token", "[\"a.b.c\"]"),
    ] {
        vectors.add(
            &format!("200 with {name}"),
            200,
            body,
            &asker,
            48,
            Effect::Keep,
        );
        vectors.add(
            &format!("204 with {name}"),
            204,
            body,
            &asker,
            48,
            Effect::Keep,
        );
    }
}

/// A client that is not set up has its verdict before the answer is read.
fn options(vectors: &mut Vectors) {
    let revoked = "{\"message\": \"no\", \"code\": \"REVOKED_LICENSE\"}";
    let no_product = Asker {
        product_id: String::new(),
        license_key: String::new(),
        ..Asker::default()
    };
    vectors.add(
        "no product id and no key",
        400,
        revoked,
        &no_product,
        43,
        Effect::Keep,
    );
    for (length, number, effect) in [
        (0, 54, Effect::Keep),
        (15, 54, Effect::Keep),
        (16, 53, Effect::Erase),
        (256, 53, Effect::Erase),
        (257, 54, Effect::Keep),
    ] {
        let asker = Asker {
            license_key: "K".repeat(length),
            ..Asker::default()
        };
        vectors.add(
            &format!("a key of {length} characters"),
            400,
            revoked,
            &asker,
            number,
            effect,
        );
    }
}
