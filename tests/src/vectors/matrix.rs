//! Tables in full: every code under every status, every foreign body under every status, every signer under every key.

use serde_json::json;

use super::answers::{CODES, FOREIGN};
use super::{Asker, Effect, PRODUCT_PUBLIC, Vectors, der, kid, lean};

const STATUSES: [u16; 16] = [
    0, 200, 201, 304, 400, 401, 402, 403, 404, 405, 409, 410, 422, 429, 500, 503,
];
/// Codes of the API that no client acts on.
const OTHER_CODES: [&str; 6] = [
    "LICENSE_NOT_FOUND",
    "NOT_CONFIGURED",
    "RATE_LIMIT_EXCEEDED",
    "UNAUTHORIZED",
    "constructor",
    "",
];

pub(super) fn add(vectors: &mut Vectors) {
    codes(vectors);
    foreign_bodies(vectors);
    signers(vectors);
}

fn codes(vectors: &mut Vectors) {
    let mut codes: Vec<&str> = CODES.iter().map(|row| row.1).chain(OTHER_CODES).collect();
    codes.sort_unstable();
    codes.dedup();
    for code in codes {
        for status in STATUSES {
            let (number, effect) = meaning(status, code);
            let body = json!({ "message": "", "code": code }).to_string();
            let name = format!("{status} and the code `{code}`");
            vectors.add(&name, status, &body, &Asker::default(), number, effect);
        }
    }
}

/// What a refusal of ours means: limits and faults by their status, then the table, then what is not in it.
fn meaning(status: u16, code: &str) -> (u8, Effect) {
    let row = CODES.iter().find(|row| (row.0, row.1) == (status, code));
    match (status, row) {
        (429, _) => (90, Effect::Keep),
        (500.., _) => (91, Effect::Keep),
        (_, Some(row)) => (row.2, row.3),
        (400, None) => (92, Effect::Keep),
        (404, None) => (59, Effect::Keep),
        _ => (48, Effect::Keep),
    }
}

fn foreign_bodies(vectors: &mut Vectors) {
    let asker = Asker::default();
    for &(name, body) in FOREIGN {
        for (status, number) in [(409, 48), (201, 48), (403, 48), (429, 90), (502, 91)] {
            let name = format!("{status} with {name}");
            vectors.add(&name, status, body, &asker, number, Effect::Keep);
        }
    }
    let ours = r#"{"message":"no","code":"REVOKED_LICENSE"}"#;
    for (name, body) in [
        ("a byte order mark", format!("\u{feff}{ours}")),
        ("a comma at the end", ours.replace('}', ",}")),
        ("single quotes", ours.replace('"', "'")),
        ("the name of a callback", format!("callback({ours})")),
        ("a guard before it", format!(")]}}'\n{ours}")),
        ("an array around it", format!("[{ours}]")),
        ("a text around it", json!(ours).to_string()),
        ("a page after it", format!("{ours}<script></script>")),
        ("names in upper case", ours.replace("code", "CODE")),
        (
            "a message said twice",
            format!("{{\"message\":\"\",{}", &ours[1..]),
        ),
    ] {
        for status in [400, 404] {
            let name = format!("{status}, our answer with {name}");
            vectors.add(&name, status, &body, &asker, 48, Effect::Keep);
        }
    }
}

/// A key of a set, as verifiers know it: under a name, or under none.
#[derive(Clone, Copy)]
struct Known(&'static str, Option<&'static str>);

/// Which keys each text holds, with the names that they have there.
const HELD: [(&str, &[Known]); 9] = [
    ("product", &[Known("product", None)]),
    ("product jwk", &[Known("product", Some("product"))]),
    ("product jwk as text", &[Known("product", Some("product"))]),
    ("other", &[Known("other", None)]),
    ("ed25519", &[Known("ed25519", None)]),
    ("ed25519 jwk", &[Known("ed25519", Some("ed25519"))]),
    (
        "set",
        &[
            Known("other", Some("other")),
            Known("ed25519", Some("ed25519")),
            Known("product", Some("product")),
        ],
    ),
    (
        "set with product for statements",
        &[Known("other", Some("other"))],
    ),
    (
        "set with one name for two",
        &[Known("ed25519", Some("k")), Known("product", Some("k"))],
    ),
];

/// A token verifies if the key that signed it is held, and the header names that key, or no key, or the key has no name.
fn signers(vectors: &mut Vectors) {
    for signer in ["product", "other", "ed25519"] {
        for named in [
            None,
            Some("product"),
            Some("other"),
            Some("ed25519"),
            Some("k"),
            Some(""),
        ] {
            let token = token(vectors, signer, named);
            for (public_key, held) in HELD {
                let verifies = held.iter().any(|Known(key, name)| {
                    *key == signer && (name.is_none() || named.is_none() || *name == named)
                });
                let asker = Asker {
                    public_key,
                    ..Asker::default()
                };
                let name = format!("signed by {signer}, kid {named:?}, verified by `{public_key}`");
                vectors.token(&name, &token, &asker, u8::from(!verifies));
            }
        }
    }
}

fn token(vectors: &Vectors, signer: &str, named: Option<&str>) -> String {
    let signers = &vectors.signers;
    let kid = named.map(|name| match name {
        "product" => kid(&der(PRODUCT_PUBLIC)),
        "other" => kid(&der(super::OTHER_PUBLIC)),
        "ed25519" => kid(&signers.ed25519_spki()),
        other => other.to_owned(),
    });
    let alg = if signer == "ed25519" {
        "EdDSA"
    } else {
        "RS256"
    };
    let header = match kid {
        Some(kid) => json!({ "alg": alg, "kid": kid, "typ": "JWT" }),
        None => json!({ "alg": alg, "typ": "JWT" }),
    };
    let (header, claims) = (header.to_string(), lean().to_string());
    match signer {
        "product" => signers.product_as(&header, &claims),
        "other" => signers.other_as(&header, &claims),
        _ => signers.ed25519_as(&header, &claims),
    }
}
