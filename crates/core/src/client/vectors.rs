//! Every decision vector gives its verdict natively, as it does in wasm under Node, in Chromium and in workerd.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::client::{Client, Release};
use crate::key_set::KeySet;

const FILE: &str = include_str!("../../../../tests/vectors/decisions.json");

/// Runs one vector and returns what came of it, in the shape of its `expect`.
fn run(vector: &Value, keys: &Value) -> Value {
    let options = &vector["options"];
    let text = |name: &str| options[name].as_str().unwrap().to_owned();
    let key = &keys[&text("publicKey")];
    let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
    let client = Client {
        product_id: text("productId"),
        license_key: Some(text("licenseKey")),
        fingerprint: text("fingerprint"),
        user_hash: None,
        release: Release::default(),
        keys: KeySet::parse(&key).unwrap(),
    };
    let response = &vector["response"];
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    let body = response["body"].as_str().unwrap();
    let check = client.check(
        &Answer::to_activation(status, body),
        options["now"].as_i64().unwrap(),
    );
    let claims = check.token.map(|token| {
        assert!(
            is_signed_in(body, token.claims_json()),
            "claims are not those of the token"
        );
        "as signed"
    });
    json!({
        "code": check.status.number(),
        "name": check.status.name(),
        "activation": check.activation.as_str(),
        "claims": claims,
    })
}

/// Whether a body's token carries these claims, byte for byte.
fn is_signed_in(body: &str, claims: &str) -> bool {
    let body: Value = serde_json::from_str(body).unwrap();
    let payload = body["activationToken"]
        .as_str()
        .unwrap()
        .split('.')
        .nth(1)
        .unwrap();
    Base64UrlUnpadded::decode_vec(payload).unwrap() == claims.as_bytes()
}

fn file() -> Value {
    serde_json::from_str(FILE).unwrap()
}

/// Returns a line for each vector that does not give its verdict.
fn failures(file: &Value) -> Vec<String> {
    let vectors = file["vectors"].as_array().unwrap().iter();
    vectors
        .map(|vector| (vector, run(vector, &file["keys"])))
        .filter(|(vector, verdict)| *verdict != vector["expect"])
        .map(|(vector, verdict)| format!("{} {}: {verdict}", vector["id"], vector["name"]))
        .collect()
}

#[test]
fn every_vector_gives_its_verdict() {
    let file = file();
    let vectors = file["vectors"].as_array().unwrap();
    assert!(vectors.len() > 1_000, "{} vectors", vectors.len());
    let failed = failures(&file);
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn every_altered_expectation_is_noticed() {
    let members = [
        ("code", json!(99)),
        ("name", json!("LA_ELSE")),
        ("activation", json!("else")),
        ("claims", json!({})),
    ];
    let mut file = file();
    let vectors = file["vectors"].as_array_mut().unwrap();
    for (vector, (member, other)) in vectors.iter_mut().zip(members.iter().cycle()) {
        vector["expect"][member] = other.clone();
    }
    let count = vectors.len();
    assert_eq!(failures(&file).len(), count);
}
