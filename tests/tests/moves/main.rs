//! Moving a whole ledger: exports, imports, and what must be the same on the other side.

mod jobs;
mod refused;

use std::fmt::Write as _;

use licentia_tests::native::NativeHost;
use licentia_tests::run::{Answer, Call, Host};
use serde_json::{Value, json};

const PASSPHRASE: &str = "correct horse battery";

fn send(host: &mut NativeHost, method: &str, target: &str, body: &str) -> Answer {
    let headers = vec![
        (
            "Authorization".to_owned(),
            format!("Bearer {}", host.root_token()),
        ),
        ("Licentia-Passphrase".to_owned(), PASSPHRASE.to_owned()),
    ];
    host.send(&Call {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: body.to_owned(),
    })
}

#[track_caller]
fn sent(host: &mut NativeHost, method: &str, target: &str, body: &str) -> String {
    let answer = send(host, method, target, body);
    assert!(
        answer.status < 300,
        "{method} {target}: {} {}",
        answer.status,
        answer.body
    );
    answer.body
}

/// The same numbers every time (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn id(kind: u32, number: u64) -> String {
    format!("{kind:08}-0000-4000-8000-{number:012}")
}

fn key(number: u64) -> String {
    format!("KEY-{number:08}-AAAAAAAA")
}

fn date(chance: &mut Chance) -> String {
    let seconds = 1_500_000_000 + i64::try_from(chance.below(1_000_000)).unwrap();
    licentia_core::Timestamp::from_unix_seconds(seconds).to_string()
}

fn accounts(chance: &mut Chance) -> String {
    let mut lines = String::new();
    for number in 0..5 {
        let template = json!({"resource": "license-template", "data": {"id": id(1, number), "name": format!("t{number}"),
            "createdAt": date(chance), "keyPattern": "^[A-Z]{20}$", "requiredMetadataKeys": ["order"]}});
        let product = json!({"resource": "product", "data": {"id": id(2, number), "name": format!("p{number}"),
            "createdAt": date(chance), "tokenAlgorithm": if number % 2 == 0 { "EdDSA" } else { "RS256" },
            "metadata": [{"key": "a", "value": "b"}], "licenseTemplateId": id(1, number)}});
        let _ = writeln!(lines, "{template}\n{product}");
    }
    for number in 0..50 {
        let user = json!({"resource": "user", "data": {"id": id(3, number), "email": format!("u{number}@example.com"),
            "firstName": "Ada", "createdAt": date(chance), "tags": ["gold"], "metadata": [{"key": "crm", "value": "7"}]}});
        let tag = json!({"resource": "tag", "data": {"id": id(4, number), "name": format!("tag{number}"), "createdAt": date(chance)}});
        let token = json!({"resource": "access-token", "form": 1, "beside": {"digest": format!("{number:064x}"), "lastUsedAt": date(chance)},
            "data": {"id": id(5, number), "createdAt": date(chance), "updatedAt": date(chance), "version": 5, "name": "ci",
                "expiresAt": null, "revoked": number % 2 == 0, "scopes": ["license:read"]}});
        let _ = writeln!(lines, "{user}\n{tag}\n{token}");
    }
    lines
}

fn license(chance: &mut Chance, number: u64) -> Value {
    let mut data = json!({"id": id(6, number), "key": key(number), "productId": id(2, chance.below(5)), "createdAt": date(chance),
        "revoked": chance.below(10) == 0, "suspended": chance.below(10) == 0, "allowedActivations": 3, "totalDeactivations": chance.below(4),
        "metadata": [{"key": "order", "value": format!("order-{}", chance.below(1_000))}], "tags": ["gold", "é"],
        "meterAttributes": [{"name": "renders", "allowedUses": 10, "floating": false}], "notes": "\"quoted\"\n"});
    if chance.below(3) == 0 {
        data["userId"] = json!(id(3, chance.below(50)));
    }
    if chance.below(4) == 0 {
        data["licenseTemplateId"] = json!(id(1, chance.below(5)));
        data["expiresAt"] = json!(date(chance));
    }
    json!({"resource": "license", "data": data})
}

/// Fills a ledger with something of everything.
fn filled(licenses: u64) -> NativeHost {
    let mut host = NativeHost::default();
    host.kv_fails = true;
    let mut chance = Chance(88_172_645_463_325_252);
    let accounts = accounts(&mut chance);
    sent(&mut host, "POST", "/v3/import", &accounts);
    let lines: Vec<String> = (0..licenses)
        .map(|number| license(&mut chance, number).to_string())
        .collect();
    sent(&mut host, "POST", "/v3/import", &lines.join("\n"));
    for number in 0..100 {
        activate(&mut host, number);
    }
    for number in 0..20 {
        sent(
            &mut host,
            "PATCH",
            &format!("/v3/licenses/{}", id(6, number)),
            r#"{"revoked": true}"#,
        );
        sent(
            &mut host,
            "DELETE",
            &format!("/v3/licenses/{}", id(6, 100 + number)),
            "",
        );
    }
    sent(
        &mut host,
        "PATCH",
        &format!("/v3/licenses/{}", id(6, 50)),
        r#"{"key": "another-key-of-a-license"}"#,
    );
    host
}

fn activate(host: &mut NativeHost, number: u64) {
    let license: Value = serde_json::from_str(&sent(
        host,
        "GET",
        &format!("/v3/licenses/{}", id(6, number)),
        "",
    ))
    .unwrap();
    let machine = json!({"key": license["key"], "productId": license["productId"], "fingerprint": format!("machine-{number}"),
        "os": "linux", "hostname": "host", "appVersion": "1.0", "userHash": "user",
        "metadata": [{"key": "cpu", "value": "x"}], "meterAttributes": [{"name": "renders", "uses": 2}]});
    // Those that are revoked or past their end refuse.
    send(host, "POST", "/v3/activations", &machine.to_string());
}

#[test]
fn a_round_trip_into_an_empty_ledger_exports_the_same_bytes() {
    let mut host = filled(10_000);
    let exported = sent(&mut host, "GET", "/v3/export", "");
    for resource in [
        "license-template",
        "product",
        "user",
        "tag",
        "access-token",
        "license",
        "activation",
        "deleted",
    ] {
        assert!(
            exported.contains(&format!("{{\"resource\":\"{resource}\"")),
            "no {resource}"
        );
    }
    let mut other = NativeHost::default();
    other.kv_fails = true;
    sent(&mut other, "POST", "/v3/import", &exported);
    assert!(
        exported == sent(&mut other, "GET", "/v3/export", ""),
        "the exports differ"
    );
    let places = "SELECT list, place, license_id FROM places ORDER BY 1, 2";
    assert_eq!(rows(&host, places), rows(&other, places));
    assert_eq!(
        rows(&host, "SELECT * FROM place_counts"),
        rows(&other, "SELECT * FROM place_counts")
    );
}

fn rows(host: &NativeHost, sql: &str) -> Vec<Vec<licentia_api::Value>> {
    use licentia_api::Database as _;
    host.database().query(sql, &[]).unwrap()
}

#[test]
fn logs_come_along_if_they_are_asked_for() {
    let mut host = filled(200);
    let exported = sent(&mut host, "GET", "/v3/export?logs=true", "");
    assert!(exported.contains("{\"resource\":\"event-log\""));
    let mut other = NativeHost::default();
    sent(&mut other, "POST", "/v3/import", &exported);
    let again = sent(&mut other, "GET", "/v3/export?logs=true", "");
    // What the import itself left is there besides.
    let added: Vec<&str> = again
        .lines()
        .filter(|line| !exported.contains(line))
        .collect();
    assert_eq!(added.len(), 1, "{added:?}");
    assert!(added[0].contains("import.completed"));
}

#[test]
fn signing_keys_leave_encrypted_and_come_back() {
    let mut host = filled(200);
    let plain = sent(&mut host, "GET", "/v3/export", "");
    assert!(
        !plain.contains("PRIVATE") && !plain.contains("wrapped") && !plain.contains("signing-keys")
    );
    let exported = sent(&mut host, "GET", "/v3/export?keys=true", "");
    assert!(
        exported.starts_with("{\"resource\":\"signing-keys\"") && !exported.contains("PRIVATE KEY")
    );
    let mut other = NativeHost::default();
    sent(&mut other, "POST", "/v3/import", &exported);
    let public = |host: &mut NativeHost| -> Value {
        let products: Value = serde_json::from_str(&sent(host, "GET", "/v3/products", "")).unwrap();
        products
            .as_array()
            .unwrap()
            .iter()
            .map(|product| product["publicKey"].clone())
            .collect()
    };
    assert_eq!(public(&mut host), public(&mut other));
}

#[test]
fn half_a_file_imports_nothing_and_the_answer_names_the_line() {
    let mut host = filled(200);
    let exported = sent(&mut host, "GET", "/v3/export", "");
    let half = exported.split_at(exported.len() / 2).0;
    let mut other = NativeHost::default();
    let answer = send(&mut other, "POST", "/v3/import", half);
    assert_eq!(answer.status, 400);
    let line = half.lines().count();
    assert!(
        answer.body.contains(&format!("line {line}:")),
        "{}",
        answer.body
    );
    assert_eq!(sent(&mut other, "GET", "/v3/export", ""), "");
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
