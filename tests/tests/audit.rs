//! The audit log: every change has its entry, in the transaction of the change, and no secret stands in one.

use licentia_api::{Database, Value};
use licentia_tests::native::NativeHost;
use licentia_tests::run::{Answer, Call, Host};

fn call(host: &mut NativeHost, method: &str, target: &str, body: &str) -> Answer {
    let headers = vec![(
        "Authorization".to_owned(),
        format!("Bearer {}", host.root_token()),
    )];
    let (method, target, body) = (method.to_owned(), target.to_owned(), body.to_owned());
    host.send(&Call {
        method,
        target,
        headers,
        body,
    })
}

fn body(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.body).unwrap()
}

/// The entries, each as its columns in one line.
fn entries(host: &NativeHost) -> Vec<String> {
    let sql = "SELECT action, actor, resource, resource_id, request_id, changes FROM event_logs ORDER BY number";
    let rows = host.database().query(sql, &[]).unwrap();
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        other => panic!("a column of the audit log holds {other:?}"),
    };
    rows.iter()
        .map(|row| row.iter().map(text).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn every_change_has_its_entry_and_a_refused_one_has_none() {
    let mut host = NativeHost::default();
    let product = call(
        &mut host,
        "POST",
        "/v3/products",
        r#"{"name": "Acme", "tokenAlgorithm": "EdDSA"}"#,
    );
    let create = format!(r#"{{"productId": {}}}"#, body(&product)["id"]);
    let license = call(&mut host, "POST", "/v3/licenses", &create);
    let (id, key) = (body(&license)["id"].clone(), body(&license)["key"].clone());
    let (id, key) = (id.as_str().unwrap(), key.as_str().unwrap());
    let path = format!("/v3/licenses/{id}");

    let update = r#"{"revoked": true, "allowedActivations": 3, "key": "a-new-license-key-1"}"#;
    let updated = call(&mut host, "PATCH", &path, update);
    let request = updated
        .headers
        .iter()
        .find(|(name, _)| name == "X-Request-Id")
        .map(|(_, value)| value.clone());
    call(&mut host, "PATCH", &path, r#"{"allowedActivations": -7}"#);
    call(&mut host, "DELETE", &path, "");

    let entries = entries(&host);
    let actions: Vec<&str> = entries
        .iter()
        .map(|entry| entry.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "product.created",
            "license.created",
            "license.updated",
            "license.revoked",
            "license.deleted"
        ]
    );
    let revoked = format!(
        r#"license.revoked root license {id} {} [{{"propertyName":"revoked","oldValue":false,"newValue":true}}]"#,
        request.unwrap()
    );
    assert_eq!(entries[3], revoked);
    assert!(
        entries[2].contains(r#"{"propertyName":"allowedActivations","oldValue":1,"newValue":3}"#)
    );
    for entry in &entries {
        assert!(
            !entry.contains(key) && !entry.contains("a-new-license-key-1"),
            "{entry}"
        );
    }
}
