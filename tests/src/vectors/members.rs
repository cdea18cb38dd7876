//! Claims one by one: each missing, said twice, and of every wrong type.

use serde_json::{Value, json};

use super::{Asker, NOW, Vectors, claims, lean, lean_with};

/// The claims that every token must have, by type.
const TEXTS: [&str; 5] = ["aid", "lid", "pid", "key", "fp"];
const NUMBERS: [&str; 5] = ["iat", "eat", "ssgpeat", "ssi", "aco"];
/// Those that servers of another kind may leave out.
const MORE_TEXTS: [&str; 2] = ["type", "maxAllowedReleaseVersion"];
const MORE_NUMBERS: [&str; 4] = ["leat", "epoch", "maintenanceExpiresAt", "orv"];

pub(super) fn add(vectors: &mut Vectors) {
    missing(vectors);
    wrong_types(vectors);
    unread(vectors);
    repeated(vectors);
    spellings(vectors);
    long(vectors);
}

fn signed(vectors: &mut Vectors, name: &str, claims: &str, code: u8) {
    let header = r#"{"alg":"RS256","typ":"JWT"}"#;
    let token = vectors.signers.product_as(header, claims);
    vectors.token(name, &token, &Asker::default(), code);
}

fn missing(vectors: &mut Vectors) {
    let names: Vec<String> = claims().as_object().unwrap().keys().cloned().collect();
    for name in names {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(&name);
        let is_needed = TEXTS.contains(&name.as_str())
            || NUMBERS.contains(&name.as_str())
            || name == "suspended";
        let code = u8::from(is_needed);
        signed(
            vectors,
            &format!("without the claim {name}"),
            &claims.to_string(),
            code,
        );
    }
}

fn wrong_types(vectors: &mut Vectors) {
    let no_texts = [json!(null), json!(1), json!(true), json!([]), json!({})];
    let no_numbers = [
        json!(null),
        json!(NOW.to_string()),
        json!(0.5),
        json!(true),
        json!([]),
        json!({}),
        json!(1e30),
        json!(1_u64 << 63),
    ];
    let no_flags = [json!(null), json!(0), json!("false"), json!([]), json!({})];
    let no_hashes = [json!(1), json!(true), json!([]), json!({})];
    let cases = [
        (&TEXTS[..], &no_texts[..]),
        (&MORE_TEXTS, &no_texts),
        (&NUMBERS, &no_numbers),
        (&MORE_NUMBERS, &no_numbers),
        (&["suspended"], &no_flags),
        (&["userHash"], &no_hashes),
    ];
    for (names, values) in cases {
        for name in names {
            for value in values {
                let claims = lean_with(json!({ *name: value })).to_string();
                signed(vectors, &format!("the claim {name} is {value}"), &claims, 1);
            }
        }
    }
}

/// What no decision leans on may have any form.
fn unread(vectors: &mut Vectors) {
    for name in [
        "name", "os", "fms", "lmd", "lma", "ama", "lcat", "ver", "status", "exp", "nbf",
    ] {
        for value in [json!(null), json!("0"), json!(-1.5), json!([[]])] {
            let claims = lean_with(json!({ name: value })).to_string();
            signed(vectors, &format!("the claim {name} is {value}"), &claims, 0);
        }
    }
    for (name, value) in [
        ("userHash", json!(null)),
        ("userHash", json!("")),
        ("type", json!("")),
        ("type", json!("hosted-floating")),
        ("epoch", json!(-1)),
        ("maintenanceExpiresAt", json!(1)),
        ("maxAllowedReleaseVersion", json!("not a version")),
    ] {
        let claims = lean_with(json!({ name: value })).to_string();
        signed(vectors, &format!("the claim {name} is {value}"), &claims, 0);
    }
}

/// Readers differ in which of two they take: none is taken.
fn repeated(vectors: &mut Vectors) {
    for (name, value) in lean().as_object().unwrap() {
        let claims = lean().to_string();
        let twice = format!("{{\"{name}\":{value},{}", &claims[1..]);
        signed(vectors, &format!("the claim {name} twice"), &twice, 1);
    }
}

fn spellings(vectors: &mut Vectors) {
    let text = lean().to_string();
    for (name, claims, code) in [
        ("spaces before", format!(" \n\t\r{text}"), 0),
        ("spaces after", format!("{text} \n"), 0),
        (
            "an escaped name",
            text.replace("\"suspended\"", "\"suspen\\u0064ed\""),
            0,
        ),
        (
            "an escaped value",
            text.replace("\"key\":\"0", "\"key\":\"\\u0030"),
            0,
        ),
        (
            "a name in upper case",
            text.replace("\"suspended\"", "\"SUSPENDED\""),
            1,
        ),
        ("a byte order mark", format!("\u{feff}{text}"), 1),
        ("a comment", format!("/**/{text}"), 1),
        ("a comma at the end", text.replace('}', ",}"), 1),
        ("more after the object", format!("{text}{{}}"), 1),
        ("an array around it", format!("[{text}]"), 1),
        ("a text around it", json!(text).to_string(), 1),
        ("single quotes", text.replace('"', "'"), 1),
        (
            "a number with a leading zero",
            text.replace("\"ssi\":", "\"ssi\":0"),
            1,
        ),
        (
            "a number with a plus",
            text.replace("\"ssi\":", "\"ssi\":+"),
            1,
        ),
        ("NaN", text.replace("\"eat\":0", "\"eat\":NaN"), 1),
    ] {
        signed(vectors, &format!("claims with {name}"), &claims, code);
    }
    let header = r#"{"alg":"RS256","typ":"JWT"}"#;
    let mut bytes = text.into_bytes();
    bytes.truncate(bytes.len() - 1);
    bytes.extend(b",\"name\":\"\xff\"}");
    let token = vectors.signers.product_bytes(header.as_bytes(), &bytes);
    vectors.token("claims that are not UTF-8", &token, &Asker::default(), 1);
}

fn long(vectors: &mut Vectors) {
    let entry = |place: usize| json!({ "key": format!("field {place}"), "value": "ü".repeat(160) });
    let entries: Vec<Value> = (0..100).map(entry).collect();
    let claims = lean_with(json!({ "lmd": entries }));
    signed(vectors, "a hundred long fields", &claims.to_string(), 0);
    let claims = lean_with(json!({ "deep": nested(60) }));
    signed(vectors, "a claim sixty arrays deep", &claims.to_string(), 0);
    let fingerprint = "f".repeat(4_096);
    let asker = Asker {
        fingerprint: fingerprint.clone(),
        ..Asker::default()
    };
    let token = vectors
        .signers
        .product(&lean_with(json!({ "fp": fingerprint })));
    vectors.token("a fingerprint of 4,096 characters", &token, &asker, 0);
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(0), |inner, _| json!([inner]))
}
