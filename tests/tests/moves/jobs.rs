//! Imports in parts: the same bytes whatever the order, signing keys from any part, and faults that end one job alone.

use licentia_api::{Database as _, Value as Column};
use licentia_tests::native::NativeHost;
use serde_json::{Value, json};

use crate::{filled, id, key, parsed, rows, send, sent};

fn begun(host: &mut NativeHost) -> String {
    let import = parsed(&sent(host, "POST", "/v3/imports", ""));
    format!("/v3/imports/{}", import["id"].as_str().unwrap())
}

/// Sends parts in the order in which they stand, starts the job, and returns its address.
fn started(host: &mut NativeHost, parts: &[(u32, &str)]) -> String {
    let path = begun(host);
    for (number, part) in parts {
        let answer = sent(host, "PUT", &format!("{path}/parts/{number}"), part);
        assert_eq!(parsed(&answer)["problems"], json!([]));
    }
    sent(host, "POST", &format!("{path}/start"), "");
    path
}

fn read(host: &mut NativeHost, path: &str) -> Value {
    parsed(&sent(host, "GET", path, ""))
}

#[test]
fn a_job_in_parts_restores_the_same_bytes_and_leaves_one_entry() {
    let mut host = filled(2_000);
    let exported = sent(&mut host, "GET", "/v3/export?keys=true", "");
    let plain = sent(&mut host, "GET", "/v3/export", "");
    let lines: Vec<&str> = exported.lines().collect();
    let parts: Vec<String> = lines.chunks(700).map(|part| part.join("\n")).collect();
    let parts: Vec<(u32, &str)> = (1..).zip(parts.iter().map(String::as_str)).collect();
    let mut other = NativeHost::default();
    let path = started(&mut other, &parts);
    let import = read(&mut other, &path);
    assert_eq!(import["status"], "done", "{import}");
    assert_eq!(
        import["applied"].as_u64().unwrap() + 1,
        import["lines"].as_u64().unwrap()
    );
    assert!(
        plain == sent(&mut other, "GET", "/v3/export", ""),
        "the exports differ"
    );
    for table in ["import_chunks", "import_claims", "import_references"] {
        assert!(
            rows(&other, &format!("SELECT * FROM {table}")).is_empty(),
            "{table}"
        );
    }
    let entries = rows(&other, "SELECT action FROM event_logs");
    assert_eq!(entries, [[Column::Text("import.completed".to_owned())]]);
}

fn product(number: u64, algorithm: &str) -> String {
    let data =
        json!({"id": id(2, number), "name": format!("p{number}"), "tokenAlgorithm": algorithm});
    json!({"resource": "product", "data": data}).to_string()
}

fn products(count: u64) -> Vec<String> {
    (0..count)
        .map(|number| product(number, if number % 9 == 0 { "RS256" } else { "EdDSA" }))
        .collect()
}

/// Reads each product's id and the keys that it has.
fn keys_of_products(host: &NativeHost) -> Vec<(String, Vec<(Value, Value)>)> {
    let documents = rows(host, "SELECT document FROM products ORDER BY id");
    let product = |row: &Vec<Column>| {
        let [Column::Text(document)] = row.as_slice() else {
            panic!("no product: {row:?}");
        };
        let document = parsed(document);
        let keys = document["keys"].as_array().unwrap().iter();
        let keys = keys.map(|key| (key["algorithm"].clone(), key["publicKey"].clone()));
        (document["id"].as_str().unwrap().to_owned(), keys.collect())
    };
    documents.iter().map(product).collect()
}

#[test]
fn keys_that_any_part_brings_are_those_that_sign() {
    let mut host = NativeHost::default();
    for some in products(45).chunks(20) {
        sent(&mut host, "POST", "/v3/import", &some.join("\n"));
    }
    let exported = sent(&mut host, "GET", "/v3/export?keys=true", "");
    let (keys, rest) = exported.split_once('\n').unwrap();
    let lines: Vec<&str> = rest.lines().collect();
    let (first, second) = (lines[..30].join("\n"), lines[30..].join("\n"));
    let (first, second) = (first.as_str(), second.as_str());
    for parts in [
        [(1, keys), (2, first), (3, second)],
        [(3, second), (2, first), (1, keys)],
        [(1, first), (2, second), (3, keys)],
        [(2, keys), (1, first), (3, second)],
    ] {
        let mut other = NativeHost::default();
        let path = started(&mut other, &parts);
        assert_eq!(read(&mut other, &path)["status"], "done");
        assert_eq!(keys_of_products(&host), keys_of_products(&other));
    }
}

#[test]
fn products_for_which_no_part_brings_a_key_get_new_ones_however_many_they_are() {
    let mut host = NativeHost::default();
    let part = products(45).join("\n");
    let path = started(&mut host, &[(1, &part)]);
    let import = read(&mut host, &path);
    assert_eq!(
        (&import["status"], &import["counts"]["products"]),
        (&json!("done"), &json!(45))
    );
    let made = keys_of_products(&host);
    assert_eq!(made.len(), 45);
    for (number, (_, keys)) in made.iter().enumerate() {
        let algorithm = if number % 9 == 0 { "RS256" } else { "EdDSA" };
        let algorithms: Vec<&Value> = keys.iter().map(|(algorithm, _)| algorithm).collect();
        assert_eq!(algorithms, [algorithm], "{number}");
    }
}

fn license(number: u64) -> String {
    let data = json!({"id": id(6, number), "key": key(number), "productId": id(2, 0)});
    json!({"resource": "license", "data": data}).to_string()
}

/// Makes the database refuse the license with a number, as a disk that fails would.
fn refuse(host: &NativeHost, number: u64) {
    let trigger = format!(
        "CREATE TRIGGER refused BEFORE INSERT ON licenses WHEN NEW.id = '{}'
        BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END",
        id(6, number)
    );
    host.database().execute(&trigger, &[]).unwrap();
}

#[test]
fn a_line_that_the_database_refuses_again_and_again_ends_its_job_and_no_other() {
    let mut host = NativeHost::default();
    sent(&mut host, "POST", "/v3/import", &product(0, "EdDSA"));
    refuse(&host, 2);
    let broken = [license(1), license(2)].join("\n");
    let first = started(&mut host, &[(1, &license(0)), (2, &broken)]);
    assert_eq!(read(&mut host, &first)["status"], "applying");
    let delete = send(&mut host, "DELETE", &first, "");
    assert_eq!(delete.status, 409);
    let second = started(&mut host, &[(1, &license(3))]);
    // Each request lets the background work go on once, as a later alarm does.
    for _ in 0..5 {
        read(&mut host, &first);
    }
    let import = read(&mut host, &first);
    assert_eq!(
        (&import["status"], &import["applied"]),
        (&json!("failed"), &json!(1))
    );
    assert_eq!(
        import["problems"],
        json!([{"part": 2, "line": 2, "code": "INTERNAL_ERROR", "message": "line 2: internal error"}])
    );
    assert_eq!(read(&mut host, &second)["status"], "done");
    let kept = rows(&host, "SELECT id FROM licenses ORDER BY id");
    assert_eq!(kept, [[Column::Text(id(6, 0))], [Column::Text(id(6, 3))]]);
    sent(&mut host, "DELETE", &first, "");
    // What it reserved is free.
    host.database()
        .execute("DROP TRIGGER refused", &[])
        .unwrap();
    sent(&mut host, "POST", "/v3/import", &broken);
}

#[test]
fn a_slice_that_the_database_refuses_once_is_applied_later() {
    let mut host = NativeHost::default();
    sent(&mut host, "POST", "/v3/import", &product(0, "EdDSA"));
    refuse(&host, 1);
    let lines = [license(0), license(1)].join("\n");
    let path = started(&mut host, &[(1, &lines)]);
    assert_eq!(read(&mut host, &path)["status"], "applying");
    host.database()
        .execute("DROP TRIGGER refused", &[])
        .unwrap();
    read(&mut host, &path);
    let import = read(&mut host, &path);
    assert_eq!(
        (&import["status"], &import["applied"], &import["problems"]),
        (&json!("done"), &json!(2), &json!([]))
    );
}
