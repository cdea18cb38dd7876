//! Every scenario over SQLite, each with a ledger of its own; and every SQL statement in one of them at least.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use licentia_tests::native::NativeHost;
use licentia_tests::run::run;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn scenarios() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("scenarios")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "http")
    });
    files.sort();
    files
}

#[test]
fn every_scenario_runs_over_sqlite() {
    let mut failures = Vec::new();
    let files = scenarios();
    assert!(!files.is_empty());
    for file in &files {
        if let Err(fault) = run(
            &fs::read_to_string(file).unwrap(),
            &mut NativeHost::default(),
        ) {
            failures.push(format!("{}: {fault}", file.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What may read to the end, by how the statement begins, and why.
const MAY_SCAN: [(&str, &str); 8] = [
    (
        "SELECT list, given FROM place_counts ORDER BY list DESC LIMIT 1",
        "in the order of the key, and ends with the first row",
    ),
    (
        "SELECT document FROM imports ORDER BY created_at DESC LIMIT 100",
        "in the order of its index, and ends after a hundred",
    ),
    (
        "UPDATE status_lists SET changed = 1",
        "lists are few; a rotation of the master secret signs all of them anew",
    ),
    ("SELECT 1 FROM licenses LIMIT 1", "ends with the first row"),
    (
        "SELECT licenses, document FROM products ORDER BY number",
        "products are few; a rotation of the master secret wraps the keys of all",
    ),
    (
        "SELECT key_hash, reply FROM idempotency",
        "the answers of a day; a rotation of the master secret wraps them all",
    ),
    (
        "SELECT COUNT(*) FROM outbox",
        "along an index; a rotation of the master secret alone asks how much is left",
    ),
    (
        "SELECT begins_at, writes FROM publication_pace",
        "the table has one row",
    ),
];

#[test]
fn no_statement_of_a_scenario_reads_a_table_to_the_end() {
    let fresh = NativeHost::default();
    let of_migrations = fresh.database().ran.borrow().clone();
    let mut faults = Vec::new();
    let mut unused: BTreeSet<&str> = MAY_SCAN.iter().map(|(start, _)| *start).collect();
    for sql in ran().difference(&of_migrations) {
        let Some(step) = fresh
            .database()
            .plan(sql)
            .reads_to_the_end()
            .map(str::to_owned)
        else {
            continue;
        };
        match MAY_SCAN.iter().find(|(start, _)| sql.starts_with(start)) {
            Some((start, _)) => drop(unused.remove(start)),
            None => faults.push(format!("{step}: {sql}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(
        unused.is_empty(),
        "none of these reads to the end: {unused:?}"
    );
}

/// Every statement that runs in a scenario.
fn ran() -> &'static BTreeSet<String> {
    static RAN: OnceLock<BTreeSet<String>> = OnceLock::new();
    RAN.get_or_init(|| {
        let mut ran = BTreeSet::new();
        for file in scenarios() {
            let mut host = NativeHost::default();
            let _outcome = run(&fs::read_to_string(file).unwrap(), &mut host);
            ran.extend(host.database().ran.borrow().iter().cloned());
        }
        ran
    })
}

/// These run when KV fails: `outbox.rs` has them here, and the KV tests have them in workerd.
const WHEN_KV_FAILS: [&str; 3] = ["ENQUEUE_UNCERTAIN", "NEXT", "RELEASE"];

/// This runs in workerd, where a master key is put in front of another.
const WHEN_A_MASTER_KEY_ROTATES: [&str; 1] = ["REWRAP"];

/// The same scenarios run in workerd, so that no statement is left which only this SQLite understands.
#[test]
fn every_statement_of_the_store_runs_in_a_scenario() {
    let store = root().join("../crates/api/src/store");
    let mut missing = Vec::new();
    let mut found = 0;
    for file in fs::read_dir(store).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for (name, statement) in statements(&source) {
            found += 1;
            let elsewhere = [WHEN_KV_FAILS.as_slice(), &WHEN_A_MASTER_KEY_ROTATES].concat();
            if !ran().contains(statement.as_str()) && !elsewhere.contains(&name.as_str()) {
                missing.push(name);
            }
        }
    }
    assert!(
        found > 20,
        "only {found} statements were found in the sources"
    );
    assert!(missing.is_empty(), "no scenario runs {missing:?}");
}

/// Returns the `const NAME: &str = "…";` of a source.
fn statements(source: &str) -> Vec<(String, String)> {
    let constants = source.split("\nconst ").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once(": &str =")?;
        let (_, rest) = rest.split_once('"')?;
        let (text, _) = rest.split_once("\";")?;
        Some((name.to_owned(), text.to_owned()))
    });
    constants.collect()
}
