//! Imports in parts: the same bytes whatever the order.

use licentia_api::{Database as _, Value as Column};
use licentia_tests::native::NativeHost;
use serde_json::{Value, json};

use crate::{filled, parsed, rows, sent};

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
