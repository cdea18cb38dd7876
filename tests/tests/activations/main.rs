//! Activations: what is counted agrees with a model, a sync writes one row, and places are kept where they may be.

mod meters;
mod offline;
mod server;

use licentia_api::{Database, Value};
use licentia_core::{Area, Origin, Seconds};
use licentia_tests::run::Host;
use serde_json::{Value as Json, json};

use server::{Server, text};

#[test]
fn a_sync_writes_one_row_and_no_column_that_did_not_change() {
    let mut server = Server::new();
    let license =
        server.license(&json!({ "meterAttributes": [{ "name": "calls", "allowedUses": 9 }] }));
    let machine = server.machine(&license, "machine-1");
    let id = server.activate(&license, &machine).unwrap();
    server.host.database().ran.borrow_mut().clear();
    let before = server.host.database().rows_written();

    let mut sync = machine.clone();
    sync["metadata"] = json!([]);
    sync["meterAttributes"] = json!([]);
    let answer = server.send("PATCH", &format!("/v3/activations/{id}"), &sync, None);
    assert_eq!(answer.status, 200);

    assert_eq!(server.host.database().rows_written() - before, 1);
    let ran = server.host.database().ran.borrow();
    let writes: Vec<&String> = ran
        .iter()
        .filter(|sql| !sql.starts_with("SELECT"))
        .collect();
    let update = "UPDATE activations SET last_synced_at = ?, document = ? WHERE id = ?";
    let overnight =
        "UPDATE activations SET last_synced_at = ?, synced_on = ?, document = ? WHERE id = ?";
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(
        [update, overnight].contains(&writes[0].as_str()),
        "{writes:?}"
    );
}

#[test]
fn an_increment_writes_two_rows() {
    let mut server = Server::new();
    let license =
        server.license(&json!({ "meterAttributes": [{ "name": "calls", "allowedUses": 9 }] }));
    let machine = server.machine(&license, "machine-1");
    let id = server.activate(&license, &machine).unwrap();
    let path = format!(
        "/v3/activations/meter-attributes/{}",
        text(&license["meterAttributes"][0]["id"])
    );
    for (increment, rows) in [(1, 2), (0, 0)] {
        let before = server.host.database().rows_written();
        let sent = json!({ "increment": increment, "activationId": id });
        assert_eq!(server.send("POST", &path, &sent, None).status, 200);
        assert_eq!(server.host.database().rows_written() - before, rows);
    }
}

fn austin() -> Origin {
    let said = |text: &str| Some(text.to_owned());
    Origin {
        address: "192.0.2.7".parse().ok(),
        country: said("US"),
        area: Area {
            region_code: said("TX"),
            region_name: said("Texas"),
            city: said("Austin"),
            zip_code: said("78701"),
            time_zone: said("America/Chicago"),
            latitude: said("30.27130"),
            longitude: said("-97.74260"),
        },
    }
}

#[test]
fn an_activation_keeps_where_it_was_last_seen() {
    let mut server = Server::new();
    let license = server.license(&json!({}));
    let machine = server.machine(&license, "machine-1");
    server.host.origin = austin();
    let id = server.activate(&license, &machine).unwrap();
    let expected = json!({
        "ipAddress": "192.0.2.7", "countryCode": "US", "countryName": null, "regionCode": "TX", "regionName": "Texas",
        "city": "Austin", "zipCode": "78701", "timeZone": "America/Chicago", "latitude": 30.2713, "longitude": -97.7426,
    });
    let path = format!("/v3/activations/{id}");
    assert_eq!(server.read(&path)["location"], expected);
    assert_eq!(server.read("/v3/activation-logs")[0]["location"], expected);
    assert_eq!(
        server.read("/v3/activations?countryCode=us")[0]["id"],
        json!(id)
    );

    server.host.origin = Origin::default();
    assert_eq!(server.send("PATCH", &path, &machine, None).status, 200);
    assert_eq!(server.read(&path)["location"]["city"], Json::Null);
}

#[test]
fn no_place_is_kept_where_the_license_says_so() {
    let mut server = Server::new();
    let license =
        server.license(&json!({ "disableGeoLocation": true, "allowedCountries": ["US"] }));
    let machine = server.machine(&license, "machine-1");
    assert_eq!(
        server.activate(&license, &machine),
        None,
        "it is checked all the same"
    );
    server.host.origin = austin();
    let id = server.activate(&license, &machine).unwrap();
    let location = server.read(&format!("/v3/activations/{id}"))["location"].clone();
    let known: Vec<&String> = location
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(name, value)| (!value.is_null()).then_some(name))
        .collect();
    assert!(known.is_empty(), "{known:?}");
    let rows = server
        .host
        .database()
        .query("SELECT document FROM activation_logs", &[])
        .unwrap();
    assert!(!format!("{rows:?}").contains("Austin"));
    let path = format!("/v3/activations/{id}/deactivate");
    assert_eq!(server.send("POST", &path, &Json::Null, None).status, 204);
    let sql = "SELECT address FROM event_logs WHERE resource = 'activation'";
    let rows = server.host.database().query(sql, &[]).unwrap();
    assert_eq!(
        rows,
        [[Value::Null], [Value::Null]],
        "the event log keeps none either"
    );
}

#[test]
fn a_lease_that_ended_is_logged_once_and_its_uses_are_given_back() {
    let mut server = Server::new();
    let license = server.license(&json!({
        "type": "hosted-floating", "leaseDuration": 3600, "serverSyncInterval": 600,
        "meterAttributes": [{ "name": "exports", "allowedUses": 5, "floating": true }],
    }));
    let mut machine = server.machine(&license, "machine-1");
    machine["meterAttributes"] = json!([{ "name": "exports", "usesIncrement": 5 }]);
    let first = server.activate(&license, &machine).unwrap();
    server.host.ahead = Seconds(3_601);
    let path = format!(
        "/v3/activations/meter-attributes/{}",
        text(&license["meterAttributes"][0]["id"])
    );
    let increment = json!({ "increment": -1, "activationId": first });
    assert_eq!(
        server.send("POST", &path, &increment, None).status,
        404,
        "its seat is free"
    );
    machine["fingerprint"] = json!("machine-2");
    server.activate(&license, &machine).unwrap();
    let logs = server.read("/v3/activation-logs");
    let actions: Vec<String> = logs
        .as_array()
        .unwrap()
        .iter()
        .map(|log| text(&log["action"]))
        .collect();
    assert_eq!(actions, ["activated", "lease-expired", "activated"]);
}

#[test]
fn no_more_is_deleted_at_once_than_a_turn_can_hold() {
    let mut server = Server::new();
    let license = server.license(&json!({}));
    let machine = server.machine(&license, "machine-1");
    server.activate(&license, &machine).unwrap();
    let more = "INSERT INTO activations (number, id, license_id, product_id, seat, created_at, last_synced_at, synced_on,
            os, app_version, search, document)
        WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
        SELECT number + n, id || n, license_id, product_id, seat || n, created_at, last_synced_at, synced_on,
            os, app_version, search, document FROM activations, n";
    server.host.database().execute(more, &[]).unwrap();
    let path = format!(
        "/v3/activations?licenseId={}&all=true",
        text(&license["id"])
    );
    let answer = server.manage("DELETE", &path, &Json::Null);
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("10000"), "{}", answer.body);
    let left = server
        .host
        .database()
        .query("SELECT COUNT(*) FROM activations", &[])
        .unwrap();
    assert_eq!(left, [[Value::Integer(10_001)]]);
}

#[test]
fn what_has_not_synced_for_long_is_found_by_the_day() {
    let mut server = Server::new();
    let license = server.license(&json!({ "allowedActivations": 2 }));
    let machine = server.machine(&license, "machine-1");
    let stale = server.activate(&license, &machine).unwrap();
    server.host.ahead = Seconds(86_400 * 3);
    let machine = server.machine(&license, "machine-2");
    server.activate(&license, &machine).unwrap();
    let since = server.host.now().plus(Seconds(-3_600));

    server.host.database().ran.borrow_mut().clear();
    let found = server.read(&format!("/v3/activations?lastSyncedAt[lt]={since}"));
    let ids: Vec<&Json> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(ids, [&json!(stale)]);
    let ran = server.host.database().ran.borrow().clone();
    for sql in &ran {
        let plan = server.host.database().plan(sql);
        assert_eq!(plan.reads_to_the_end(), None, "{sql}");
    }
    assert!(
        ran.iter()
            .any(|sql| sql.contains("INDEXED BY activations_by_sync"))
    );

    for (operator, count) in [("gte", 1), ("gt", 1), ("lte", 1), ("eq", 0), ("ne", 2)] {
        let found = server.read(&format!("/v3/activations?lastSyncedAt[{operator}]={since}"));
        assert_eq!(found.as_array().unwrap().len(), count, "{operator}");
    }
}

#[test]
fn an_export_has_every_activation_no_key_and_no_formula() {
    let mut server = Server::new();
    let license = server.license(&json!({
        "allowedActivations": 2, "meterAttributes": [{ "name": "calls", "allowedUses": 9 }],
    }));
    let mut machine = server.machine(&license, "machine-1");
    machine["hostname"] = json!("=cmd()");
    machine["meterAttributes"] = json!([{ "name": "calls", "usesIncrement": 2 }]);
    machine["metadata"] = json!([{ "key": "room", "value": "A1" }]);
    server.activate(&license, &machine).unwrap();
    let machine = server.machine(&license, "machine-2");
    server.activate(&license, &machine).unwrap();

    for path in ["/v3/activations/export", "/v3/activation-logs/export"] {
        let exported = server.manage("GET", path, &Json::Null).body;
        let lines: Vec<&str> = exported.lines().collect();
        assert_eq!(lines.len(), 3, "{exported}");
        assert!(lines[0].starts_with("id,createdAt,"));
        assert!(lines[1].contains(",'=cmd(),"), "{exported}");
        assert!(lines[1].contains(r#""{""room"":""A1""}""#), "{exported}");
        assert!(!exported.contains(&text(&license["key"])));
        assert!(!exported.contains("machine-1"));
    }
    let exported = server
        .manage("GET", "/v3/activations/export", &Json::Null)
        .body;
    assert!(exported.contains(r#""{""calls"":2}""#), "{exported}");
}
