//! Answers that are kept: for a day, wrapped, and never in the way of a fault.

use licentia_api::{Database, Value};
use licentia_core::Seconds;
use licentia_tests::native::NativeHost;
use licentia_tests::run::{Answer, Call, Host};

fn create(host: &mut NativeHost, key: &str, name: &str) -> Answer {
    let token = format!("Bearer {}", host.root_token());
    host.send(&Call {
        method: "POST".to_owned(),
        target: "/v3/products".to_owned(),
        headers: vec![
            ("Authorization".to_owned(), token),
            ("Idempotency-Key".to_owned(), key.to_owned()),
        ],
        body: serde_json::json!({ "name": name, "tokenAlgorithm": "EdDSA" }).to_string(),
    })
}

fn replayed(answer: &Answer) -> bool {
    let header = ("Idempotency-Replayed".to_owned(), "true".to_owned());
    answer.headers.contains(&header)
}

fn rows(host: &NativeHost) -> Vec<String> {
    let sql = "SELECT key_hash || request_hash || reply FROM idempotency";
    let rows = host.database().query(sql, &[]).unwrap();
    let text = |row: &Vec<Value>| match row.as_slice() {
        [Value::Text(text)] => text.clone(),
        other => panic!("{other:?}"),
    };
    rows.iter().map(text).collect()
}

#[test]
fn an_answer_is_kept_for_a_day() {
    let mut host = NativeHost::default();
    let first = create(&mut host, "one", "Acme");
    host.ahead = Seconds(86_399);
    let again = create(&mut host, "one", "Acme");
    assert!(replayed(&again));
    assert_eq!(again.body, first.body);
    host.ahead = Seconds(86_402);
    let anew = create(&mut host, "one", "Other");
    assert_eq!((anew.status, replayed(&anew)), (201, false));
}

#[test]
fn a_kept_answer_shows_neither_its_key_nor_what_it_says() {
    let mut host = NativeHost::default();
    create(&mut host, "order-4711", "Acme");
    let rows = rows(&host).join("\n");
    for secret in ["order-4711", "Acme", "publicKey"] {
        assert!(!rows.contains(secret), "{secret}");
    }
}

#[test]
fn old_answers_go_a_few_at_a_time() {
    let mut host = NativeHost::default();
    for number in 0..10 {
        create(&mut host, &number.to_string(), "Acme");
    }
    host.ahead = Seconds(90_000);
    for (number, left) in [(10, 7), (11, 4), (12, 3), (13, 4)] {
        create(&mut host, &number.to_string(), "Acme");
        assert_eq!(rows(&host).len(), left);
    }
}

#[test]
fn an_answer_that_found_kv_failing_says_more_the_second_time() {
    let mut host = NativeHost::default();
    let published = |answer: &Answer| {
        let header = answer
            .headers
            .iter()
            .find(|(name, _)| name == "Licentia-Published");
        header.map(|(_, value)| value.clone())
    };
    host.kv_fails = true;
    let first = create(&mut host, "one", "Acme");
    assert_eq!(published(&first).as_deref(), Some("pending"));
    host.kv_fails = false;
    host.ahead = Seconds(120);
    host.publish_due(host.now());
    let again = create(&mut host, "one", "Acme");
    assert!(replayed(&again));
    assert_ne!(published(&again).as_deref(), Some("pending"));
}
