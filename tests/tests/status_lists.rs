//! Status lists in the ledger: what they say follows the licenses, and they are signed while they are wanted.

use licentia_api::outbox::{self, Landed, Publication, Room};
use licentia_api::published::{Found, Question, Told};
use licentia_api::{Body, Database, Listed, Value as Column, route};
use licentia_core::{ListedStatus, Seconds, Timestamp};
use licentia_tests::native::{NativeHost, vault};
use licentia_tests::run::{Answer, Host};
use serde_json::{Value, json};

const VALID: ListedStatus = ListedStatus::Valid;
const REVOKED: ListedStatus = ListedStatus::Revoked;
const SUSPENDED: ListedStatus = ListedStatus::Suspended;

fn call(host: &mut NativeHost, method: &str, target: &str, body: &str) -> Answer {
    let answer = host.call_as_root(method, target, body);
    assert!(answer.status < 300, "{} {}", answer.status, answer.body);
    answer
}

/// A host whose clock stands still until it is moved.
fn host() -> NativeHost {
    let mut host = NativeHost::default();
    host.stopped_at = Some(host.now());
    host
}

fn pass(host: &mut NativeHost, seconds: i64) -> Timestamp {
    let now = host.now().plus(Seconds(seconds));
    host.stopped_at = Some(now);
    host.publish_due(now);
    now
}

fn product(host: &mut NativeHost) -> String {
    let body = r#"{"name": "Acme", "tokenAlgorithm": "EdDSA"}"#;
    id(&call(host, "POST", "/v3/products", body))
}

fn license(host: &mut NativeHost, product: &str) -> String {
    let body = json!({ "productId": product }).to_string();
    id(&call(host, "POST", "/v3/licenses", &body))
}

fn id(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    body["id"].as_str().unwrap().to_owned()
}

fn update(host: &mut NativeHost, id: &str, body: &str) {
    call(host, "PATCH", &format!("/v3/licenses/{id}"), body);
}

fn published(host: &NativeHost, number: u32) -> Listed {
    let text = host.kv[&format!("default/status-list/{number}")].clone();
    Listed::read(number, text, &vault()).unwrap()
}

/// What the published list says of a license, wherever its place is.
fn said_of(host: &NativeHost, id: &str) -> ListedStatus {
    let document = &host.kv[&format!("default/license/{id}")];
    let document: Value = serde_json::from_str(document).unwrap();
    let place = &document["license"]["statusList"];
    let list = u32::try_from(place["list"].as_u64().unwrap()).unwrap();
    published(host, list)
        .status(place["index"].as_u64().unwrap())
        .unwrap()
}

/// The lists that wait to be put.
fn waiting(host: &NativeHost) -> Vec<String> {
    let sql = "SELECT subject FROM outbox WHERE subject LIKE 'status-list/%'";
    let rows = host.database().query(sql, &[]).unwrap();
    let subject = |row: &Vec<Column>| match &row[0] {
        Column::Text(subject) => subject.clone(),
        _ => panic!("a subject is a text"),
    };
    rows.iter().map(subject).collect()
}

#[test]
fn a_list_says_what_each_change_makes_of_a_license() {
    let mut host = host();
    let product = product(&mut host);
    let id = license(&mut host, &product);
    let other = license(&mut host, &product);
    for (change, expected) in [
        (r#"{"notes": "x"}"#, VALID),
        (r#"{"suspended": true}"#, SUSPENDED),
        (r#"{"revoked": true}"#, REVOKED),
        (r#"{"revoked": false}"#, SUSPENDED),
        (r#"{"suspended": false}"#, VALID),
        (r#"{"suspended": true}"#, SUSPENDED),
    ] {
        update(&mut host, &id, change);
        pass(&mut host, 1);
        assert_eq!(said_of(&host, &id), expected, "{change}");
        assert_eq!(said_of(&host, &other), VALID);
    }
    call(&mut host, "DELETE", &format!("/v3/licenses/{id}"), "");
    pass(&mut host, 1);
    assert_eq!(said_of(&host, &id), REVOKED);
}

#[test]
fn what_is_exported_and_imported_is_marked_as_it_was() {
    let mut there = host();
    let product = product(&mut there);
    let ids: Vec<String> = (0..4).map(|_| license(&mut there, &product)).collect();
    update(&mut there, &ids[1], r#"{"revoked": true}"#);
    update(&mut there, &ids[2], r#"{"suspended": true}"#);
    call(
        &mut there,
        "DELETE",
        &format!("/v3/licenses/{}", ids[3]),
        "",
    );
    pass(&mut there, 1);
    let expected = [VALID, REVOKED, SUSPENDED, REVOKED];
    assert_eq!([0, 1, 2, 3].map(|one| said_of(&there, &ids[one])), expected);

    let lines = call(&mut there, "GET", "/v3/export", "").body;
    let mut here = host();
    call(&mut here, "POST", "/v3/import", &lines);
    pass(&mut here, 1);
    assert_eq!([0, 1, 2, 3].map(|one| said_of(&here, &ids[one])), expected);
}

#[test]
fn a_list_is_signed_anew_every_interval_and_its_version_grows() {
    let mut host = host();
    let product = product(&mut host);
    let id = license(&mut host, &product);
    let mut last = published(&host, 0);
    for _ in 0..10 {
        let now = pass(&mut host, 60);
        let next = published(&host, 0);
        assert!(next.version() > last.version());
        assert_eq!(next.signed_at().unix_seconds(), now.unix_seconds());
        assert_eq!(said_of(&host, &id), VALID);
        last = next;
    }
    pass(&mut host, 59);
    assert_eq!(published(&host, 0).version(), last.version());
}

#[test]
fn a_list_is_signed_no_more_when_nobody_wants_it_until_somebody_asks() {
    let mut host = host();
    let product = product(&mut host);
    license(&mut host, &product);
    for _ in 0..16 {
        pass(&mut host, 60);
    }
    assert_eq!(outbox::next_due(host.database()).unwrap(), None);
    let old = published(&host, 0);

    pass(&mut host, 60);
    let text = call(&mut host, "GET", "/v3/status-lists/0", "").body;
    assert_eq!(
        Listed::read(0, text, &vault()).unwrap().version(),
        old.version()
    );
    let calls = host.ledger_calls.get();
    pass(&mut host, 180);
    let text = call(&mut host, "GET", "/v3/status-lists/0", "").body;
    let new = Listed::read(0, text, &vault()).unwrap();
    assert!(new.version() > old.version() && !new.is_late(host.now()));
    assert_eq!(host.ledger_calls.get(), calls + 1);
    assert_eq!(waiting(&host), ["status-list/0"]);
    pass(&mut host, 60);
    assert!(published(&host, 0).version() > new.version());
}

#[test]
fn a_list_of_nobody_is_not_signed() {
    let mut host = host();
    product(&mut host);
    pass(&mut host, 60);
    assert_eq!(waiting(&host), [""; 0]);
    assert_eq!(outbox::next_due(host.database()).unwrap(), None);
}

#[test]
fn changes_of_one_second_are_signed_together() {
    let mut host = host();
    let product = product(&mut host);
    let ids: Vec<String> = (0..5).map(|_| license(&mut host, &product)).collect();
    pass(&mut host, 60);
    let before = published(&host, 0).version();
    for id in &ids {
        update(&mut host, id, r#"{"revoked": true}"#);
    }
    assert_eq!(published(&host, 0).version(), before);
    pass(&mut host, 1);
    for id in &ids {
        assert_eq!(said_of(&host, id), REVOKED);
    }
}

fn due(host: &NativeHost) -> Vec<Publication> {
    let due = outbox::claim_due(
        host.database(),
        Room::of(10),
        host.now(),
        &vault(),
        &host.settings,
    );
    due.unwrap().publications
}

#[test]
fn a_change_while_a_list_is_put_is_put_after_it() {
    let mut host = host();
    let product = product(&mut host);
    let id = license(&mut host, &product);
    host.stopped_at = Some(host.now().plus(Seconds(60)));
    let [under_way] = &due(&host)[..] else {
        panic!("the list is due");
    };
    update(&mut host, &id, r#"{"revoked": true}"#);
    assert_eq!(said_of(&host, &id), VALID);
    let now = host.now();
    outbox::settle(host.database(), under_way, Landed::Yes, now, &host.settings).unwrap();
    pass(&mut host, 1);
    assert_eq!(said_of(&host, &id), REVOKED);
}

#[test]
fn a_change_is_in_the_list_though_kv_failed() {
    let mut host = host();
    let product = product(&mut host);
    let id = license(&mut host, &product);
    host.kv_fails = true;
    update(&mut host, &id, r#"{"revoked": true}"#);
    pass(&mut host, 1);
    assert_eq!(said_of(&host, &id), VALID);
    host.kv_fails = false;
    pass(&mut host, 10);
    assert_eq!(said_of(&host, &id), REVOKED);
}

#[test]
fn a_list_whose_put_had_failed_is_signed_anew_every_interval_all_the_same() {
    let mut host = host();
    host.settings.status_list_interval = Seconds(10);
    let product = product(&mut host);
    let id = license(&mut host, &product);
    host.kv_fails = true;
    update(&mut host, &id, r#"{"revoked": true}"#);
    pass(&mut host, 1);
    host.kv_fails = false;
    pass(&mut host, 1);
    assert_eq!(said_of(&host, &id), REVOKED);
    for _ in 0..3 {
        let last = published(&host, 0).version();
        pass(&mut host, 10);
        assert!(published(&host, 0).version() > last);
    }
}

#[test]
fn one_place_in_sixteen_of_a_list_stays_free() {
    let mut host = host();
    let product = product(&mut host);
    license(&mut host, &product);
    let fill = "UPDATE place_counts SET given = 122879 WHERE list = 0";
    host.database().execute(fill, &[]).unwrap();
    license(&mut host, &product);
    assert_eq!(waiting(&host), ["status-list/0"]);
    license(&mut host, &product);
    assert_eq!(waiting(&host), ["status-list/0", "status-list/1"]);
}

#[test]
fn a_ledger_from_before_there_were_lists_has_its_marks() {
    let mut host = host();
    let product = product(&mut host);
    let ids: Vec<String> = (0..3).map(|_| license(&mut host, &product)).collect();
    update(&mut host, &ids[0], r#"{"suspended": true}"#);
    update(&mut host, &ids[1], r#"{"revoked": true}"#);
    call(&mut host, "DELETE", &format!("/v3/licenses/{}", ids[2]), "");
    let database = host.database();
    for table in ["marks", "status_lists"] {
        let forget = format!("DELETE FROM {table}");
        database.execute(&forget, &[]).unwrap();
    }
    let of_migrations = NativeHost::default().database().ran.borrow().clone();
    let fills = ["INSERT INTO marks", "INSERT INTO status_lists"];
    let mut fill = of_migrations
        .iter()
        .filter(|sql| fills.iter().any(|start| sql.starts_with(start)));
    assert!(fill.all(|sql| database.execute(sql, &[]).is_ok()));

    call(&mut host, "GET", "/v3/status-lists/0", "");
    update(&mut host, &ids[0], r#"{"notes": "x"}"#);
    pass(&mut host, 1);
    let said = [0, 1, 2].map(|one| said_of(&host, &ids[one]));
    assert_eq!(said, [SUSPENDED, REVOKED, REVOKED]);
}

fn key_of(host: &NativeHost, id: &str) -> String {
    let document = &host.kv[&format!("default/license/{id}")];
    let document: Value = serde_json::from_str(document).unwrap();
    document["license"]["key"].as_str().unwrap().to_owned()
}

fn check(host: &mut NativeHost, key: &str) -> Value {
    let body = json!({ "key": key }).to_string();
    serde_json::from_str(&call(host, "POST", "/v3/licenses/check", &body).body).unwrap()
}

#[test]
fn a_check_says_how_old_it_can_be() {
    let mut host = host();
    let product = product(&mut host);
    let id = license(&mut host, &product);
    let key = key_of(&host, &id);
    let at = pass(&mut host, 60).unix_seconds();
    let said = check(&mut host, &key);
    let as_of: Timestamp = said["asOf"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        (as_of.unix_seconds(), &said["source"]),
        (at, &json!("published"))
    );

    // No list has come for longer than the last one says anything.
    host.stopped_at = Some(host.now().plus(Seconds(900)));
    let said = check(&mut host, &key);
    assert_eq!(
        (&said["asOf"], &said["status"]),
        (&json!(null), &json!("active"))
    );
}

#[test]
fn a_copy_that_a_list_outdates_is_not_believed() {
    for (change, expected) in [
        (r#"{"revoked": true}"#, "revoked"),
        (r#"{"suspended": true}"#, "suspended"),
    ] {
        let mut host = host();
        let product = product(&mut host);
        let id = license(&mut host, &product);
        let key = key_of(&host, &id);
        pass(&mut host, 60);
        let old = host.kv.clone();
        update(&mut host, &id, change);
        pass(&mut host, 1);
        let list = host.kv["default/status-list/0"].clone();
        host.kv = old;
        host.kv.insert("default/status-list/0".to_owned(), list);

        let said = check(&mut host, &key);
        assert_eq!(
            (&said["source"], &said["status"]),
            (&json!("ledger"), &json!(expected))
        );
        assert_eq!(without_the_ledger(&host, &key)["status"], expected);
    }
}

#[test]
fn a_list_that_allows_more_than_a_copy_changes_nothing() {
    let mut host = host();
    let product = product(&mut host);
    let id = license(&mut host, &product);
    let key = key_of(&host, &id);
    update(&mut host, &id, r#"{"revoked": true}"#);
    assert_eq!(said_of(&host, &id), VALID);
    let said = check(&mut host, &key);
    assert_eq!(
        (&said["source"], &said["status"]),
        (&json!("published"), &json!("revoked"))
    );
}

/// What KV alone says of the license with a key, by an outdated copy.
fn without_the_ledger(host: &NativeHost, key: &str) -> Value {
    let route = route("POST", "/v3/licenses/check", "").unwrap();
    let body = json!({ "key": key }).to_string();
    let question = Question::read(&route, body.as_bytes()).unwrap();
    let names = question.names(&vault());
    let value = names.iter().find_map(|name| host.kv.get(name)).unwrap();
    let Ok(Found::License(copy)) = question.find(value, &vault()) else {
        panic!("KV has the license");
    };
    let list = published(host, copy.list().unwrap());
    let Told::Outdated(reply) = copy.told(Some(&list), host.now()) else {
        panic!("the copy is outdated");
    };
    match reply.body {
        Body::Bytes(bytes) => serde_json::from_slice(&bytes).unwrap(),
        _ => panic!("a check has a body"),
    }
}
