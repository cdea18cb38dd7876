//! Licenses as CSV: a row each, in slices that join to one text, with cells that a spreadsheet runs nothing of.

use std::collections::BTreeMap;

use licentia_tests::native::NativeHost;
use licentia_tests::run::Answer;
use serde_json::{Value, json};

/// More than a slice has.
const LICENSES: usize = 1_203;
const PRODUCT: &str = "00000000-0000-4000-8000-000000000001";

type Rows = Vec<BTreeMap<String, String>>;

fn send(host: &mut NativeHost, method: &str, target: &str, body: &str) -> Answer {
    let answer = host.call_as_root(method, target, body);
    assert!(answer.status < 300, "{method} {target}: {}", answer.body);
    answer
}

fn export(host: &mut NativeHost, query: &str) -> Rows {
    let answer = send(host, "GET", &format!("/v3/licenses/export?{query}"), "");
    let mut reader = csv::Reader::from_reader(answer.body.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let row = |record: csv::StringRecord| {
        let cells = record.iter().map(str::to_owned);
        names.iter().cloned().zip(cells).collect()
    };
    reader
        .records()
        .map(|record| row(record.unwrap()))
        .collect()
}

/// A ledger with many licenses, of which every tenth is revoked.
fn ledger() -> NativeHost {
    let mut host = NativeHost::default();
    let product = json!({"id": PRODUCT, "name": "Acme", "tokenAlgorithm": "EdDSA"});
    let mut lines = vec![json!({"resource": "product", "data": product}).to_string()];
    lines.extend((0..LICENSES).map(|number| {
        let license = json!({
            "id": format!("10000000-0000-4000-8000-{number:012}"),
            "key": format!("LICENSE-KEY-{number:06}"),
            "productId": PRODUCT,
            "createdAt": format!("2024-05-01T00:{:02}:{:02}Z", number / 60, number % 60),
            "revoked": number % 10 == 0,
        });
        json!({"resource": "license", "data": license}).to_string()
    }));
    send(&mut host, "POST", "/v3/import", &lines.join("\n"));
    host
}

fn keys(rows: &Rows) -> Vec<&str> {
    rows.iter().map(|row| row["key"].as_str()).collect()
}

#[test]
fn an_export_has_each_license_once_in_the_order_that_is_asked_for() {
    let mut host = ledger();
    let all = export(&mut host, "");
    assert_eq!(all.len(), LICENSES);
    assert_eq!(all[0]["key"], "LICENSE-KEY-000000");
    assert!(keys(&all).is_sorted());

    let newest_first = export(&mut host, "sort=-createdAt");
    assert_eq!(newest_first.len(), LICENSES);
    assert!(keys(&newest_first).iter().rev().is_sorted());
}

#[test]
fn an_export_has_what_passes_the_filters_of_the_list() {
    let mut host = ledger();
    let revoked = export(&mut host, "revoked=true");
    assert_eq!(revoked.len(), LICENSES.div_ceil(10));
    assert!(revoked.iter().all(|row| row["status"] == "revoked"));
    assert!(export(&mut host, "key[in]=").is_empty());
    assert_eq!(export(&mut host, "key[ew]=001202&page=7&limit=1").len(), 1);
}

#[test]
fn a_row_tells_what_an_accountant_asks() {
    let mut host = ledger();
    let user = json!({"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com", "company": "=cmd()"});
    let user = send(&mut host, "POST", "/v3/users", &user.to_string());
    let user: Value = serde_json::from_str(&user.body).unwrap();
    let license = json!({
        "productId": PRODUCT, "userId": user["id"], "createdAt": "2030-01-01T00:00:00Z", "subscriptionInterval": "P1Y",
        "notes": "=1+1; \"x\"\n@y", "tags": ["b", "a"], "metadata": [{"key": "Order", "value": "4711;=2"}],
        "meterAttributes": [{"name": "exports", "allowedUses": 5}],
    });
    let license = send(&mut host, "POST", "/v3/licenses", &license.to_string());
    let license: Value = serde_json::from_str(&license.body).unwrap();
    let rows = export(&mut host, "user.email=ADA@example.com");
    let [row] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    for (name, value) in [
        ("id", license["id"].as_str().unwrap()),
        ("status", "active"),
        ("userEmail", "ada@example.com"),
        ("userName", "Ada Lovelace"),
        ("userCompany", "'=cmd()"),
        ("createdAt", "2030-01-01T00:00:00.0000000Z"),
        ("expiresAt", "2031-01-01T00:00:00.0000000Z"),
        ("activatedAt", ""),
        ("subscriptionInterval", "P1Y"),
        ("allowedActivations", "1"),
        ("allowedDeactivations", "10"),
        ("tags", "b, a"),
        ("notes", "'=1+1; \"x\"\n'@y"),
        ("metadata", "{\"Order\":\"4711;'=2\"}"),
        (
            "meterAttributes",
            "{\"exports\":{\"allowedUses\":5,\"grossUses\":0,\"totalUses\":0}}",
        ),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
}
