//! Statistics: at any moment they are what looking at every license gives, whatever was changed before; and they read no
//! table to the end.

use std::collections::BTreeMap;

use licentia_core::{Seconds, Timestamp};
use licentia_tests::native::NativeHost;
use licentia_tests::run::{Call, Host};
use serde_json::{Value, json};

const LICENSES: usize = 120;
const PRODUCT: &str = "00000000-0000-4000-8000-000000000001";
const DAY: i64 = 86_400;

/// A sequence of numbers that look drawn, the same for each seed.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

fn send(host: &mut NativeHost, method: &str, target: &str, body: String) -> Value {
    let token = format!("Bearer {}", host.root_token());
    let answer = host.send(&Call {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: vec![("Authorization".to_owned(), token)],
        body,
    });
    assert!(answer.status < 300, "{method} {target}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or_default()
}

fn start() -> Timestamp {
    "2026-03-10T15:30:00.5Z".parse().unwrap()
}

/// Ends lie around the start, some of them at its very moment or at midnight.
fn end(drawn: &mut Drawn) -> Value {
    let midnight = -(15 * 3_600 + 30 * 60);
    let offset = match drawn.below(6) {
        0 => return Value::Null,
        1 => drawn.below(3) - 1,
        2 => midnight + DAY * drawn.below(3),
        _ => drawn.below(6 * DAY) - 3 * DAY,
    };
    json!(start().plus(Seconds(offset)).to_string())
}

fn license(drawn: &mut Drawn, number: usize) -> Value {
    json!({
        "id": format!("10000000-0000-4000-8000-{number:012}"),
        "key": format!("A-KEY-OF-A-LICENSE-{number:06}"),
        "productId": PRODUCT,
        "createdAt": "2024-05-01",
        "expiresAt": end(drawn),
        "revoked": drawn.below(5) == 0,
        "suspended": drawn.below(3) == 0,
        "expiringSoonEventOffset": drawn.below(3) * (DAY + 7),
    })
}

fn ledger(drawn: &mut Drawn) -> NativeHost {
    let mut host = NativeHost::default();
    host.stopped_at = Some(start());
    let product = json!({"id": PRODUCT, "name": "Acme", "tokenAlgorithm": "EdDSA"});
    let mut lines = vec![json!({"resource": "product", "data": product}).to_string()];
    lines.extend(
        (0..LICENSES).map(|number| {
            json!({"resource": "license", "data": license(drawn, number)}).to_string()
        }),
    );
    send(&mut host, "POST", "/v3/import", lines.join("\n"));
    host
}

/// Changes and deletes some licenses.
fn disturb(host: &mut NativeHost, drawn: &mut Drawn) {
    for _ in 0..LICENSES / 4 {
        let number = drawn.below(i64::try_from(LICENSES).unwrap());
        let path = format!("/v3/licenses/10000000-0000-4000-8000-{number:012}");
        let found = send(
            host,
            "GET",
            &format!("/v3/licenses?id={}", &path[13..]),
            String::new(),
        );
        if found.as_array().unwrap().is_empty() {
            continue;
        }
        let change = match drawn.below(5) {
            0 => json!({"revoked": drawn.below(2) == 0}),
            1 => json!({"suspended": drawn.below(2) == 0}),
            2 | 3 => json!({"expiringSoonEventOffset": drawn.below(2 * DAY)}),
            _ => {
                send(host, "DELETE", &path, String::new());
                continue;
            }
        };
        send(host, "PATCH", &path, change.to_string());
    }
}

fn all(host: &mut NativeHost) -> Vec<Value> {
    let pages = (1..=2).flat_map(|page| {
        let target = format!("/v3/licenses?limit=100&page={page}");
        let rows = send(host, "GET", &target, String::new());
        rows.as_array().unwrap().clone()
    });
    pages.collect()
}

/// The rule, written over the answers: revoked, else expired, else suspended, else active; soon to expire are active ones.
fn counted(licenses: &[Value], now: Timestamp) -> Value {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for license in licenses {
        let end: Option<Timestamp> = license["expiresAt"]
            .as_str()
            .map(|end| end.parse().unwrap());
        let offset = license["expiringSoonEventOffset"].as_i64().unwrap();
        let status = if license["revoked"] == true {
            "revoked"
        } else if end.is_some_and(|end| end < now) {
            "expired"
        } else if license["suspended"] == true {
            "suspended"
        } else {
            if end.is_some_and(|end| end.plus(Seconds(-offset)) <= now) {
                *counts.entry("expiringSoon").or_default() += 1;
            }
            "active"
        };
        *counts.entry(status).or_default() += 1;
    }
    let count = |status| counts.get(status).copied().unwrap_or(0);
    json!({
        "active": count("active"),
        "expired": count("expired"),
        "expiringSoon": count("expiringSoon"),
        "revoked": count("revoked"),
        "suspended": count("suspended"),
    })
}

#[test]
fn statistics_are_what_looking_at_every_license_gives() {
    for seed in 1..=6 {
        let mut drawn = Drawn(88_172_645_463_325_252 + seed);
        let mut host = ledger(&mut drawn);
        for _ in 0..2 {
            let licenses = all(&mut host);
            assert!(licenses.len() > LICENSES / 2);
            let moments = (0..30).map(|_| drawn.below(8 * DAY) - 4 * DAY);
            for offset in moments
                .chain([0, -(15 * 3_600 + 30 * 60), 1, -1])
                .collect::<Vec<_>>()
            {
                let now = start().plus(Seconds(offset));
                host.stopped_at = Some(now);
                let stats = send(&mut host, "GET", "/v3/analytics/licenses", String::new());
                assert_eq!(stats, counted(&licenses, now), "seed {seed}, {now}");
            }
            host.stopped_at = Some(start());
            disturb(&mut host, &mut drawn);
        }
    }
}

#[test]
fn an_account_is_told_what_it_has() {
    let mut host = ledger(&mut Drawn(7));
    send(
        &mut host,
        "DELETE",
        "/v3/licenses/10000000-0000-4000-8000-000000000003",
        String::new(),
    );
    let stats = send(&mut host, "GET", "/v3/analytics/stats", String::new());
    let expected = json!({
        "products": 1, "licenses": LICENSES - 1, "activations": 0, "trialActivations": 0,
        "releases": 0, "users": 0, "admins": 0, "emailTemplates": 0,
    });
    assert_eq!(stats, expected);
}

#[test]
fn no_statistic_reads_a_table_to_the_end() {
    let mut host = ledger(&mut Drawn(7));
    for target in ["/v3/analytics/licenses", "/v3/analytics/stats"] {
        host.database().ran.borrow_mut().clear();
        send(&mut host, "GET", target, String::new());
        let ran: Vec<String> = host.database().ran.borrow().iter().cloned().collect();
        assert!(ran.len() >= 2, "{target} ran {ran:?}");
        for sql in &ran {
            let plan = host.database().plan(sql);
            assert_eq!(plan.reads_to_the_end(), None, "{target}: {sql}");
        }
    }
}
