//! License keys that are drawn: one that is taken is drawn again, and one that nobody may have any more too.

use licentia_api::{Actor, Body, Given, Handled, PageMemory, Request, Settings, handle};
use licentia_core::{Draw, Origin, Seconds, Seed};
use licentia_tests::native::{NativeHost, vault};
use licentia_tests::run::Host;
use serde_json::{Value, json};

fn call(host: &mut NativeHost, method: &str, target: &str, body: &Value) -> Value {
    let answer = host.call_as_root(method, target, &body.to_string());
    assert!(answer.status < 300, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or_default()
}

/// Creates a license of a product with draws that are known beforehand.
fn create(host: &NativeHost, product: &Value, seed: u8) -> Value {
    let origin = Origin::default();
    let body = json!({"productId": product["id"]}).to_string();
    let request = Request {
        method: "POST",
        host: "",
        path: "/v3/licenses",
        query: "",
        content_type: "application/json",
        body: body.as_bytes(),
        actor: Actor::Root,
        origin: &origin,
        request_id: Draw::new(Seed([99; 32])).id(),
        idempotency_key: None,
        if_match: None,
        slice: None,
        gate: None,
        passphrase: None,
    };
    let given = Given {
        now: host.now(),
        seed: Seed([seed; 32]),
        key_pairs: &[],
        vault: &vault(),
        settings: &Settings {
            min_sync_interval: Seconds(1),
            publication_budget: None,
            status_list_interval: Seconds(60),
        },
        pages: &PageMemory::default(),
    };
    let Handled::Done(outcome) = handle(host.database(), &request, &given) else {
        panic!("a license needs no key pair");
    };
    let Body::Bytes(bytes) = outcome.reply.body else {
        panic!("a license has a body");
    };
    assert_eq!(
        outcome.reply.status,
        201,
        "{}",
        String::from_utf8_lossy(&bytes)
    );
    serde_json::from_slice(&bytes).unwrap()
}

fn product(host: &mut NativeHost, pattern: &str) -> Value {
    let template = json!({"name": "t", "keyPattern": pattern});
    let template = call(host, "POST", "/v3/license-templates", &template);
    let product =
        json!({"name": "Acme", "tokenAlgorithm": "EdDSA", "licenseTemplateId": template["id"]});
    call(host, "POST", "/v3/products", &product)
}

#[track_caller]
fn check(pattern: &str) {
    let mut host = NativeHost::default();
    let product = product(&mut host, pattern);
    let first = create(&host, &product, 7);
    let second = create(&host, &product, 7);
    assert_ne!(first["key"], second["key"]);

    let target = format!("/v3/licenses/{}", first["id"].as_str().unwrap());
    call(&mut host, "DELETE", &target, &Value::Null);
    let third = create(&host, &product, 7);
    assert!(third["key"] != first["key"] && third["key"] != second["key"]);
}

#[test]
fn a_key_that_is_or_was_taken_is_drawn_again() {
    check("");
    check("^[A-Z]{20}$");
}
