//! Activations: what is counted agrees with a model, a sync writes one row, and places are kept where they may be.

use std::collections::BTreeMap;

use licentia_api::{Database, Value};
use licentia_core::{Area, Draw, Origin, Seconds, Seed};
use licentia_tests::native::NativeHost;
use licentia_tests::run::{Answer, Call, Host};
use serde_json::{Value as Json, json};

struct Server {
    host: NativeHost,
    product: String,
}

impl Server {
    fn new() -> Self {
        let mut server = Self {
            host: NativeHost::default(),
            product: String::new(),
        };
        let product = json!({ "name": "Acme", "tokenAlgorithm": "EdDSA" });
        let product = body(&server.manage("POST", "/v3/products", &product));
        server.product = text(&product["id"]);
        server
    }

    fn send(&mut self, method: &str, target: &str, body: &Json, token: Option<String>) -> Answer {
        let headers = token.map(|token| ("Authorization".to_owned(), format!("Bearer {token}")));
        self.host.send(&Call {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.into_iter().collect(),
            body: if body.is_null() {
                String::new()
            } else {
                body.to_string()
            },
        })
    }

    fn manage(&mut self, method: &str, target: &str, body: &Json) -> Answer {
        let token = self.host.root_token();
        self.send(method, target, body, Some(token))
    }

    fn license(&mut self, terms: &Json) -> Json {
        let mut license = terms.clone();
        license["productId"] = json!(self.product);
        body(&self.manage("POST", "/v3/licenses", &license))
    }

    fn machine(&self, license: &Json, fingerprint: &str) -> Json {
        json!({
            "key": license["key"], "productId": self.product, "os": "linux", "fingerprint": fingerprint,
            "hostname": "host", "appVersion": "1.0", "userHash": "user",
        })
    }

    /// Activates, and returns the id of the activation.
    fn activate(&mut self, license: &Json, machine: &Json) -> Option<String> {
        let answer = self.send("POST", "/v3/activations", machine, None);
        if answer.status >= 400 {
            return None;
        }
        let list = format!(
            "/v3/activations?licenseId={}&sort=-createdAt",
            text(&license["id"])
        );
        let list = body(&self.manage("GET", &list, &Json::Null));
        Some(text(&list[0]["id"]))
    }

    fn read(&mut self, path: &str) -> Json {
        body(&self.manage("GET", path, &Json::Null))
    }
}

fn body(answer: &Answer) -> Json {
    assert!(answer.status < 300, "{} {}", answer.status, answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn text(value: &Json) -> String {
    value.as_str().unwrap().to_owned()
}

/// What a meter should have counted, said as simply as it can be.
#[derive(Default)]
struct Model {
    uses: BTreeMap<usize, i64>,
    /// Uses of activations that ended, where the meter keeps them.
    kept: i64,
    gross: i64,
}

impl Model {
    fn total(&self) -> i64 {
        self.kept + self.uses.values().sum::<i64>()
    }

    /// Returns whether the change is within the limit; it is made only then.
    fn change(&mut self, machine: usize, to: i64, limit: i64) -> bool {
        let before = self.uses.get(&machine).copied().unwrap_or(0);
        let delta = to.max(0) - before;
        if delta > 0 && self.total() + delta > limit {
            return false;
        }
        self.uses.insert(machine, to.max(0));
        self.gross += delta.max(0);
        true
    }

    /// A reset begins a new count; what there ever was stays.
    fn reset(&mut self) {
        self.uses.clear();
        self.kept = 0;
    }

    fn end(&mut self, machine: usize, floating: bool) {
        let uses = self.uses.remove(&machine).unwrap_or(0);
        self.kept += if floating { 0 } else { uses };
    }
}

const MACHINES: usize = 4;
const LIMITS: [i64; 2] = [30, 60];

/// Machines activate, count by increments and by syncs, give back, deactivate and are deleted, at random; now and then a
/// meter is reset.
#[test]
fn what_is_counted_agrees_with_a_model() {
    let mut server = Server::new();
    let license = server.license(&json!({
        "allowedActivations": MACHINES, "allowedDeactivations": -1,
        "meterAttributes": [
            { "name": "floating", "allowedUses": LIMITS[0], "floating": true },
            { "name": "persistent", "allowedUses": LIMITS[1] },
        ],
    }));
    let mut draw = Draw::new(Seed([7; 32]));
    let mut held: Vec<Option<String>> = vec![None; MACHINES];
    let mut models = [Model::default(), Model::default()];
    let mut refused = 0;
    for _ in 0..1_000 {
        let machine = usize::try_from(draw.below(u32::try_from(MACHINES).unwrap())).unwrap();
        let meter = usize::try_from(draw.below(2)).unwrap();
        let (model, meters) = (&mut models[meter], &license["meterAttributes"]);
        let name = &meters[meter]["name"];
        if draw.below(40) == 0 {
            let path = format!(
                "/v3/licenses/meter-attributes/{}/reset",
                text(&meters[meter]["id"])
            );
            body(&server.manage("POST", &path, &Json::Null));
            model.reset();
        }
        let amount = i64::from(draw.below(24)) - 10;
        let uses = model.uses.get(&machine).copied().unwrap_or(0);
        let mut sent = server.machine(&license, &format!("machine-{machine}"));
        let allowed = match (held[machine].clone(), draw.below(8)) {
            (None, _) => {
                sent["meterAttributes"] = json!([{ "name": name, "usesIncrement": amount }]);
                held[machine] = server.activate(&license, &sent);
                let allowed = model.change(machine, uses + amount, LIMITS[meter]);
                assert_eq!(held[machine].is_some(), allowed);
                allowed
            }
            (Some(id), ended @ 0..=1) => {
                let path = format!("/v3/activations/{id}");
                let answer = match ended {
                    0 => server.send("DELETE", &path, &Json::Null, None),
                    _ => server.manage("DELETE", &path, &Json::Null),
                };
                assert_eq!(answer.status, 204);
                held[machine] = None;
                models[0].end(machine, true);
                models[1].end(machine, false);
                true
            }
            (Some(id), 2..=3) => {
                sent["meterAttributes"] = json!([{ "name": name, "uses": amount }]);
                let path = format!("/v3/activations/{id}");
                let answer = server.send("PATCH", &path, &sent, None);
                let allowed = model.change(machine, amount, LIMITS[meter]);
                assert_eq!(answer.status == 200, allowed, "{}", answer.body);
                allowed
            }
            (Some(id), _) => {
                let path = format!(
                    "/v3/activations/meter-attributes/{}",
                    text(&meters[meter]["id"])
                );
                let increment = json!({ "increment": amount, "activationId": id });
                let answer = server.send("POST", &path, &increment, None);
                let allowed = model.change(machine, uses + amount, LIMITS[meter]);
                assert_eq!(answer.status == 200, allowed, "{}", answer.body);
                if allowed {
                    let counted = body(&answer);
                    assert_eq!(counted["uses"], json!(model.uses[&machine]));
                    assert_eq!(counted["licenseTotalUses"], json!(model.total()));
                }
                allowed
            }
        };
        refused += u32::from(!allowed);
        let license = server.read(&format!("/v3/licenses/{}", text(&license["id"])));
        for (meter, model) in models.iter().enumerate() {
            let counted = &license["meterAttributes"][meter];
            assert_eq!(counted["totalUses"], json!(model.total()));
            assert_eq!(counted["grossUses"], json!(model.gross));
            assert!(model.total() <= LIMITS[meter]);
        }
        let seats = held.iter().flatten().count();
        assert_eq!(license["totalActivations"], json!(seats));
    }
    assert!(refused > 20, "only {refused} requests met a limit");
}

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
    let plans = ran.iter().flat_map(|sql| server.host.database().plan(sql));
    let plans: Vec<String> = plans.filter(|step| step.contains("SCAN")).collect();
    assert!(
        plans.iter().all(|step| !step.contains("SCAN r")),
        "{plans:?}"
    );
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
