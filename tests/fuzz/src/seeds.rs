//! What the fuzzer begins with: what servers and clients of ours write.

use licentia_core::{Response, Stored};
use serde_json::json;

use crate::known::{CLIENT, GRANTED, KEY, NOW, PUBLIC, TOKENS};

/// A first input: its target, its name and its bytes.
pub type Seed = (&'static str, String, Vec<u8>);

/// Returns the first inputs of every target.
#[must_use]
pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (place, (token, claims)) in TOKENS.iter().zip(GRANTED.iter()).enumerate() {
        let header = json!({ "alg": "EdDSA", "kid": PUBLIC.kid(), "typ": "JWT" });
        let granted = json!({ "activationToken": token }).to_string();
        let mut add = |target, name: &str, text: String| {
            seeds.push((target, format!("{name}-{place}"), text.into_bytes()));
        };
        add("token", "text", format!("t{token}"));
        add("token", "claims", format!("c{claims}"));
        add("token", "header", format!("h{header}\n{claims}"));
        add("answer", "granted", format!("200 {granted}"));
        add("stored", "activated", stored(&granted));
    }
    for (name, text) in [
        (
            "revoked",
            r#"400 {"message":"no","code":"REVOKED_LICENSE"}"#,
        ),
        (
            "gone",
            r#"404 {"message":"no","code":"ACTIVATION_NOT_FOUND"}"#,
        ),
        ("no-code", r#"400 {"message":"no","code":null}"#),
        ("page", "200 <!doctype html><title>Sign in</title>"),
        ("done", "204 "),
        ("busy", "429 "),
    ] {
        seeds.push(("answer", name.to_owned(), text.into()));
    }
    seeds.push(("stored", "trial".to_owned(), trial().into_bytes()));
    seeds
}

fn stored(body: &str) -> String {
    let decision = CLIENT.activated(&Stored::default(), KEY, Response::unsigned(200, body), NOW);
    CLIENT.write(&decision.store.unwrap())
}

fn trial() -> String {
    let decision = CLIENT.activate_local_trial(&Stored::default(), 7, NOW);
    CLIENT.write(&decision.store.unwrap())
}
