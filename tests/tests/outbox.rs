//! The outbox when KV fails: nothing is lost, and no older document lands last.

use licentia_api::Database;
use licentia_api::outbox::{self, Landed, Publication, Room};
use licentia_core::{Seconds, Timestamp};
use licentia_tests::native::NativeHost;
use licentia_tests::run::{Answer, Host};
use serde_json::Value;

fn call(host: &mut NativeHost, method: &str, target: &str, body: &str) -> Answer {
    host.call_as_root(method, target, body)
}

fn id(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    body["id"].as_str().unwrap().to_owned()
}

fn license(host: &mut NativeHost) -> String {
    let product = id(&call(
        host,
        "POST",
        "/v3/products",
        r#"{"name": "Acme", "tokenAlgorithm": "EdDSA"}"#,
    ));
    id(&call(
        host,
        "POST",
        "/v3/licenses",
        &format!(r#"{{"productId": "{product}"}}"#),
    ))
}

fn update(host: &mut NativeHost, id: &str, body: &str) -> Answer {
    call(host, "PATCH", &format!("/v3/licenses/{id}"), body)
}

fn published(host: &NativeHost, id: &str) -> Value {
    serde_json::from_str(&host.kv[&format!("default/license/{id}")]).unwrap()
}

fn due(host: &NativeHost, now: Timestamp) -> Vec<Publication> {
    let vault = licentia_tests::native::vault();
    let due =
        outbox::claim_due(host.database(), Room::of(10), now, &vault, &host.settings).unwrap();
    assert!(due.faults.is_empty());
    let mut due = due.publications;
    due.retain(|publication| !publication.subject.starts_with("status-list/"));
    due
}

/// When something is due beside status lists, which always are.
fn next_due(host: &NativeHost) -> Option<Timestamp> {
    let sql = "SELECT MIN(next_at) FROM outbox WHERE subject NOT LIKE 'status-list/%'";
    match &host.database().query(sql, &[]).unwrap()[0][0] {
        licentia_api::Value::Text(at) => Some(at.parse().unwrap()),
        _ => None,
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer
        .headers
        .iter()
        .find(|(header, _)| header == name)
        .map_or("", |(_, value)| value)
}

#[test]
fn a_failed_put_answers_pending_and_is_made_good_later() {
    let mut host = NativeHost::default();
    let id = license(&mut host);
    host.kv_fails = true;
    let answer = update(&mut host, &id, r#"{"revoked": true}"#);
    assert_eq!(
        (answer.status, header(&answer, "Licentia-Published")),
        (200, "pending")
    );
    assert_eq!(published(&host, &id)["license"]["revoked"], false);

    let next = next_due(&host).expect("something is due");
    host.kv_fails = false;
    host.publish_due(next);
    assert_eq!(published(&host, &id)["license"]["revoked"], true);
}

#[test]
fn what_may_have_landed_late_is_put_once_more() {
    let mut host = NativeHost::default();
    let id = license(&mut host);
    let old = host.kv.clone();
    host.kv_fails = true;
    update(&mut host, &id, r#"{"revoked": true}"#);
    host.kv_fails = false;
    let retried = next_due(&host).unwrap();
    host.publish_due(retried);

    host.kv = old; // the put that had failed lands after all
    let again = next_due(&host).expect("it is put again, for certain");
    assert!(again > retried);
    host.publish_due(again);
    assert_eq!(published(&host, &id)["license"]["revoked"], true);
    assert_eq!(next_due(&host), None);
}

#[test]
fn one_subject_has_one_put_in_flight() {
    let mut host = NativeHost::default();
    let id = license(&mut host);
    host.kv_fails = true;
    update(&mut host, &id, r#"{"suspended": true}"#);
    let now = next_due(&host).unwrap();
    let first = due(&host, now);
    assert_eq!(first.len(), 1);
    assert_eq!(due(&host, now), []);

    // Its claim lapses, another put is made and settled; the first one comes back late.
    let lapsed = now.plus(Seconds(30));
    let second = due(&host, lapsed);
    assert!(
        outbox::settle(
            host.database(),
            &second[0],
            Landed::Yes,
            lapsed,
            &host.settings
        )
        .unwrap()
    );
    assert!(
        !outbox::settle(
            host.database(),
            &first[0],
            Landed::Yes,
            lapsed,
            &host.settings
        )
        .unwrap()
    );
    let again: Timestamp = next_due(&host).expect("the late one is put over");
    assert_eq!(due(&host, again).len(), 1);
}

#[test]
fn a_change_within_the_minute_of_doubt_does_not_end_the_doubt() {
    let mut host = NativeHost::default();
    let id = license(&mut host);
    host.kv_fails = true;
    update(&mut host, &id, r#"{"suspended": true}"#);
    host.kv_fails = false;
    let retried = next_due(&host).unwrap();
    host.publish_due(retried);
    let late = host.kv.clone();
    update(&mut host, &id, r#"{"revoked": true}"#);

    host.kv = late; // the put of before the revocation lands after all
    let again = next_due(&host).expect("it is put again");
    host.publish_due(again);
    assert_eq!(published(&host, &id)["license"]["revoked"], true);
}

#[test]
fn a_former_key_is_taken_out_of_kv_for_certain() {
    let mut host = NativeHost::default();
    let id = license(&mut host);
    let late = host.kv.clone();
    let key = published(&host, &id)["license"]["key"]
        .as_str()
        .unwrap()
        .to_owned();
    update(&mut host, &id, r#"{"key": "another-license-key"}"#);
    let check = format!(r#"{{"key": "{key}"}}"#);
    assert_eq!(
        call(&mut host, "POST", "/v3/licenses/check", &check).status,
        404
    );

    host.kv = late; // a put of before the change lands after all
    let again = next_due(&host).expect("it is put again");
    host.publish_due(again);
    assert_eq!(
        call(&mut host, "POST", "/v3/licenses/check", &check).status,
        404
    );
}

fn published_product(host: &NativeHost, id: &str) -> Value {
    serde_json::from_str(&host.kv[&format!("default/product/{id}")]).unwrap()
}

#[test]
fn a_deleted_product_leaves_a_tombstone_even_if_it_could_not_be_put_at_once() {
    let mut host = NativeHost::default();
    let body = r#"{"name": "Acme", "tokenAlgorithm": "EdDSA"}"#;
    let product = id(&call(&mut host, "POST", "/v3/products", body));
    host.kv_fails = true;
    let path = format!("/v3/products/{product}");
    let answer = call(&mut host, "DELETE", &path, "");
    assert_eq!(answer.status, 204);
    assert_eq!(header(&answer, "Licentia-Published"), "pending");
    assert!(published_product(&host, &product)["keys"].is_array());

    host.kv_fails = false;
    let later = host.now().plus(Seconds(120));
    host.publish_due(later);
    let tombstone = serde_json::json!({"keys": null, "product": null});
    assert_eq!(published_product(&host, &product), tombstone);
    let keys = call(&mut host, "GET", &format!("{path}/keys"), "");
    assert!(keys.body.contains("PRODUCT_NOT_FOUND"), "{}", keys.body);
}

#[test]
fn a_product_that_is_imported_anew_is_published_again() {
    let mut host = NativeHost::default();
    host.stopped_at = Some(host.now());
    let product = "00000000-0000-4000-8000-000000000001";
    let data = serde_json::json!({"id": product, "name": "Acme", "tokenAlgorithm": "EdDSA"});
    let line = serde_json::json!({"resource": "product", "data": data}).to_string();
    call(&mut host, "POST", "/v3/import", &line);
    host.kv_fails = true;
    call(&mut host, "DELETE", &format!("/v3/products/{product}"), "");
    host.kv_fails = false;
    // Its version is lower than that of the tombstone, which is on its way when nothing is uncertain any more.
    let now = host.now();
    let later = now.plus(Seconds(100));
    let [tombstone] = &due(&host, later)[..] else {
        panic!("the tombstone is due");
    };
    host.kv_fails = true;
    assert_eq!(call(&mut host, "POST", "/v3/import", &line).status, 200);
    host.kv_fails = false;
    let name = format!("default/product/{product}");
    host.kv.insert(name, tombstone.value.clone());
    outbox::settle(
        host.database(),
        tombstone,
        Landed::Yes,
        later,
        &host.settings,
    )
    .unwrap();
    host.publish_due(now.plus(Seconds(200)));
    assert!(published_product(&host, product)["keys"].is_array());
}

/// Activates a machine and lets it wait for news. Returns the license and the way to the news.
fn waiting(host: &mut NativeHost) -> (String, String) {
    let license = license(host);
    let read = call(host, "GET", &format!("/v3/licenses/{license}"), "");
    let read: Value = serde_json::from_str(&read.body).unwrap();
    let machine = format!(
        r#"{{"key": {}, "productId": {}, "os": "linux", "fingerprint": "machine-1", "hostname": "h", "appVersion": "1", "userHash": "u"}}"#,
        read["key"], read["productId"]
    );
    call(host, "POST", "/v3/activations", &machine);
    let activations = call(host, "GET", "/v3/activations", "");
    let activations: Value = serde_json::from_str(&activations.body).unwrap();
    let activation = activations[0]["id"].as_str().unwrap();
    (license, format!("/v3/activations/{activation}/events"))
}

fn versions(host: &NativeHost) -> Vec<i64> {
    let version = |(_, news): &(u32, String)| {
        let news: Value = serde_json::from_str(news).unwrap();
        news["version"].as_i64().unwrap()
    };
    host.told.iter().map(version).collect()
}

#[test]
fn a_gate_is_told_of_every_change_as_long_as_somebody_waits() {
    let mut host = NativeHost::default();
    let (license, events) = waiting(&mut host);
    update(&mut host, &license, r#"{"suspended": true}"#);
    assert!(host.told.is_empty(), "nobody waits yet");

    assert_eq!(call(&mut host, "GET", &events, "").status, 200);
    host.gates_hear = Landed::Yes;
    update(&mut host, &license, r#"{"suspended": false}"#);
    update(&mut host, &license, r#"{"allowedActivations": 3}"#);
    assert_eq!(versions(&host).len(), 2);
    assert!(versions(&host).is_sorted());

    host.gates_hear = Landed::Unheard;
    update(&mut host, &license, r#"{"suspended": true}"#);
    update(&mut host, &license, r#"{"suspended": false}"#);
    assert_eq!(
        versions(&host).len(),
        3,
        "a gate with nobody left is told no more"
    );
}

#[test]
fn a_gate_that_cannot_be_told_is_told_later_and_of_the_latest_alone() {
    let mut host = NativeHost::default();
    let (license, events) = waiting(&mut host);
    call(&mut host, "GET", &events, "");
    host.gates_hear = Landed::Unknown;
    let answer = update(&mut host, &license, r#"{"suspended": true}"#);
    assert_eq!(answer.status, 200);
    update(&mut host, &license, r#"{"revoked": true}"#);

    host.gates_hear = Landed::Yes;
    host.told.clear();
    let next = outbox::next_due(host.database())
        .unwrap()
        .expect("news are due");
    host.publish_due(next.plus(Seconds(10)));
    let told: Value = serde_json::from_str(&host.told[0].1).unwrap();
    let read = call(&mut host, "GET", &format!("/v3/licenses/{license}"), "");
    assert_eq!(header(&read, "ETag"), format!("\"{}\"", told["version"]));
    assert_eq!(host.told.len(), 1);
}

#[test]
fn who_comes_while_a_gate_is_told_is_not_forgotten_with_those_who_left() {
    let mut host = NativeHost::default();
    let (license, events) = waiting(&mut host);
    call(&mut host, "GET", &events, "");
    host.gates_hear = Landed::Unknown;
    update(&mut host, &license, r#"{"suspended": true}"#);
    let now = outbox::next_due(host.database())
        .unwrap()
        .unwrap()
        .plus(Seconds(10));
    let news = due(&host, now);
    call(&mut host, "GET", &events, "");
    for news in news {
        outbox::settle(host.database(), &news, Landed::Unheard, now, &host.settings).unwrap();
    }
    somebody_hears_what_comes_next(&mut host, &license);
}

/// Who waits for news of a suspended license is told of its end.
#[track_caller]
fn somebody_hears_what_comes_next(host: &mut NativeHost, license: &str) {
    host.gates_hear = Landed::Yes;
    host.told.clear();
    update(host, license, r#"{"suspended": false}"#);
    assert_eq!(host.told.len(), 1);
}

#[test]
fn a_put_whose_claim_has_lapsed_forgets_nobody() {
    let mut host = NativeHost::default();
    let (license, events) = waiting(&mut host);
    call(&mut host, "GET", &events, "");
    host.gates_hear = Landed::Unknown;
    update(&mut host, &license, r#"{"suspended": true}"#);
    let mut now = host.now().plus(Seconds(2));
    let lapsed = due(&host, now);
    // The next ones are heard, until no put can linger any more.
    for _ in 0..2 {
        now = now.plus(Seconds(100));
        for news in due(&host, now) {
            outbox::settle(host.database(), &news, Landed::Yes, now, &host.settings).unwrap();
        }
    }
    assert_eq!(next_due(&host), None);
    call(&mut host, "GET", &events, "");
    for news in lapsed {
        outbox::settle(host.database(), &news, Landed::Unheard, now, &host.settings).unwrap();
    }
    somebody_hears_what_comes_next(&mut host, &license);
}

#[test]
fn who_asks_for_news_again_costs_no_write() {
    let mut host = NativeHost::default();
    let (_, events) = waiting(&mut host);
    assert_eq!(call(&mut host, "GET", &events, "").status, 200);
    let written = host.database().rows_written();
    assert_eq!(call(&mut host, "GET", &events, "").status, 200);
    assert_eq!(host.database().rows_written(), written);
}

#[test]
fn of_a_license_that_is_deleted_gates_are_told_and_no_note_is_left() {
    let mut host = NativeHost::default();
    let (license, events) = waiting(&mut host);
    call(&mut host, "GET", &events, "");
    host.gates_hear = Landed::Yes;
    let path = format!("/v3/licenses/{license}");
    assert_eq!(call(&mut host, "DELETE", &path, "").status, 204);
    assert_eq!(host.told.len(), 1);
    let notes = host.database().query("SELECT * FROM listeners", &[]);
    assert!(notes.unwrap().is_empty());
}

#[test]
fn every_gate_and_kv_have_one_statement_of_one_change() {
    let mut host = NativeHost::default();
    let (license, _) = waiting(&mut host);
    host.gates_hear = Landed::Yes;
    for gate in 0..3 {
        let note = "INSERT INTO listeners (license_id, gate, joined) VALUES (?1, ?2, 1)";
        let row = [
            licentia_api::Value::Text(license.clone()),
            licentia_api::Value::Integer(gate),
        ];
        host.database().execute(note, &row).unwrap();
    }
    update(&mut host, &license, r#"{"suspended": true}"#);
    let mut gates: Vec<u32> = host.told.iter().map(|(gate, _)| *gate).collect();
    gates.sort_unstable();
    assert_eq!(gates, [0, 1, 2]);
    for (_, news) in &host.told {
        let news: Value = serde_json::from_str(news).unwrap();
        assert_eq!(news["statement"], published(&host, &license)["statement"]);
    }
}

#[test]
fn news_wait_behind_no_document() {
    let mut host = NativeHost::default();
    let (license, events) = waiting(&mut host);
    call(&mut host, "GET", &events, "");
    host.kv_fails = true;
    for _ in 0..3 {
        self::license(&mut host);
    }
    host.gates_hear = Landed::Unknown;
    update(&mut host, &license, r#"{"suspended": true}"#);

    let vault = licentia_tests::native::vault();
    let now = next_due(&host).unwrap().plus(Seconds(10));
    let room = Room {
        news: 1,
        documents: 2,
    };
    let due = outbox::claim_due(host.database(), room, now, &vault, &host.settings).unwrap();
    let to_gates: Vec<bool> = due
        .publications
        .iter()
        .map(|due| due.to.is_gate())
        .collect();
    assert_eq!(to_gates, [true, false, false]);
}

#[test]
fn what_somebody_changes_waits_behind_nothing_that_an_import_brings() {
    let mut host = NativeHost::default();
    let license = license(&mut host);
    let read = call(&mut host, "GET", &format!("/v3/licenses/{license}"), "");
    let read: Value = serde_json::from_str(&read.body).unwrap();
    let line = |number: u32| {
        let (id, key) = (
            format!("00000000-0000-4000-8000-{number:012}"),
            format!("IMPORTED-{number}-AAAAAAAA"),
        );
        let data = serde_json::json!({"id": id, "key": key, "productId": read["productId"], "createdAt": "2018-05-06", "validity": 0, "allowedActivations": 1});
        serde_json::json!({"resource": "license", "data": data}).to_string()
    };
    host.kv_fails = true;
    let lines: Vec<String> = (0..5).map(line).collect();
    assert_eq!(
        call(&mut host, "POST", "/v3/import", &lines.join("\n")).status,
        200
    );
    host.ahead = Seconds(1);
    update(&mut host, &license, r#"{"revoked": true}"#);

    let vault = licentia_tests::native::vault();
    let now = host.now().plus(Seconds(5));
    let due = outbox::claim_due(host.database(), Room::of(3), now, &vault, &host.settings).unwrap();
    let subjects: Vec<&str> = due
        .publications
        .iter()
        .map(|due| due.subject.as_str())
        .collect();
    assert!(
        subjects[..2].contains(&format!("license/{license}").as_str()),
        "{subjects:?}"
    );
    assert!(subjects[..2].contains(&"status-list/0"), "{subjects:?}");
    assert!(subjects[2].starts_with("license/00000000"), "{subjects:?}");
}

#[test]
fn keys_that_are_wrapped_anew_hold_up_no_change() {
    let mut host = NativeHost::default();
    host.settings.publication_budget = "1/1h".parse().ok();
    license(&mut host);
    let id = license(&mut host);
    host.kv_fails = true;
    update(&mut host, &id, r#"{"revoked": true}"#);
    assert_eq!(call(&mut host, "POST", "/v3/rewrap", "").status, 200);
    host.kv_fails = false;
    host.publish_due(host.now().plus(Seconds(2)));
    assert_eq!(published(&host, &id)["license"]["revoked"], true);
}

#[test]
fn whoever_waits_is_told_of_an_activation_that_an_administrator_deletes() {
    let mut host = NativeHost::default();
    let (license, events) = waiting(&mut host);
    host.gates_hear = Landed::Yes;
    let activation = events.split('/').nth(3).unwrap().to_owned();
    call(&mut host, "GET", &events, "");
    let answer = call(
        &mut host,
        "DELETE",
        &format!("/v3/activations?licenseId={license}&all=true"),
        "",
    );
    assert_eq!(answer.status, 204);
    host.publish_due(host.now());
    assert_eq!(host.ended, [activation]);
}

#[test]
fn where_nobody_waits_nobody_is_told_of_an_activation_that_is_deleted() {
    let mut host = NativeHost::default();
    let (_, events) = waiting(&mut host);
    let activation = events.trim_end_matches("/events");
    assert_eq!(call(&mut host, "DELETE", activation, "").status, 204);
    host.publish_due(host.now());
    assert!(host.ended.is_empty());
}
