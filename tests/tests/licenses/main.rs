//! One license through hundreds of requests at random: what is answered is what is read afterwards, a change moves version
//! and date on and nothing else does, and the event log tells each change by its old and new value.

mod asked;

use std::collections::BTreeMap;

use licentia_api::{Database, Value as Column};
use licentia_core::Seconds;
use licentia_tests::native::NativeHost;
use licentia_tests::run::{Answer, Call, Host};
use serde_json::{Value, json};

use asked::Drawn;

const REQUESTS: usize = 250;

/// What an answer says of a license that no event of it changes, or that is told of it in another form.
const APART: [&str; 9] = [
    "updatedAt",
    "key",
    "user",
    "metadata",
    "meterAttributes",
    "pendingExtension",
    "totalActivations",
    "totalDeactivations",
    "activatedAt",
];

/// A license as it was read.
#[derive(Clone, Debug, PartialEq)]
struct Read {
    version: i64,
    body: Value,
}

struct Story {
    host: NativeHost,
    drawn: Drawn,
    product: String,
    users: Vec<String>,
    license: String,
}

fn send(
    host: &mut NativeHost,
    method: &str,
    target: &str,
    content_type: &str,
    body: &str,
) -> Answer {
    let token = format!("Bearer {}", host.root_token());
    host.send(&Call {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: vec![
            ("Authorization".to_owned(), token),
            ("Content-Type".to_owned(), content_type.to_owned()),
        ],
        body: body.to_owned(),
    })
}

fn created(host: &mut NativeHost, target: &str, body: &Value) -> Value {
    let answer = send(host, "POST", target, "", &body.to_string());
    assert_eq!(answer.status, 201, "{target} {body}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn read_of(answer: &Answer) -> Read {
    let tag = answer.headers.iter().find(|(name, _)| name == "ETag");
    let (_, tag) = tag.expect("an answer with a license has its version");
    Read {
        version: tag.trim_matches('"').parse().unwrap(),
        body: serde_json::from_str(&answer.body).unwrap(),
    }
}

impl Story {
    fn begin(seed: u64, terms: Value) -> Self {
        let mut host = NativeHost::default();
        let product = json!({"name": "Acme", "tokenAlgorithm": "EdDSA"});
        let product = text(&created(&mut host, "/v3/products", &product)["id"]);
        let users = ["ada@example.com", "charles@example.com"].map(|email| {
            let user = json!({"firstName": "A", "lastName": "B", "email": email});
            text(&created(&mut host, "/v3/users", &user)["id"])
        });
        let mut license = terms;
        license["productId"] = json!(product);
        let license = created(&mut host, "/v3/licenses", &license);
        Self {
            host,
            drawn: Drawn::from(seed),
            product,
            users: users.to_vec(),
            license: text(&license["id"]),
        }
    }

    fn read(&mut self) -> Read {
        let target = format!("/v3/licenses/{}", self.license);
        let answer = send(&mut self.host, "GET", &target, "", "");
        assert_eq!(answer.status, 200, "{}", answer.body);
        read_of(&answer)
    }

    /// The events of the license so far: each action with its changes.
    fn events(&self) -> Vec<(String, Vec<Value>)> {
        let sql = "SELECT action, changes FROM event_logs WHERE resource_id = ? ORDER BY number";
        let id = Column::Text(self.license.clone());
        let rows = self.host.database().query(sql, &[id]).unwrap();
        let event = |row: &Vec<Column>| match row.as_slice() {
            [Column::Text(action), Column::Text(changes)] => {
                (action.clone(), serde_json::from_str(changes).unwrap())
            }
            other => panic!("an event is {other:?}"),
        };
        rows.iter().map(event).collect()
    }

    fn key(&self) -> String {
        let sql = "SELECT key FROM licenses WHERE id = ?";
        let id = Column::Text(self.license.clone());
        let rows = self.host.database().query(sql, &[id]).unwrap();
        match rows[0].as_slice() {
            [Column::Text(key)] => key.clone(),
            other => panic!("a key is {other:?}"),
        }
    }

    /// Sends one request and holds what comes of it against what was so before.
    fn step(&mut self) -> u16 {
        self.host.ahead = Seconds(self.host.ahead.0 + i64::try_from(self.drawn.below(3)).unwrap());
        let before = self.read();
        let known = self.events().len();
        let asked = self.ask(&before);
        let body = asked.body.to_string();
        let answer = send(
            &mut self.host,
            asked.method,
            &asked.target,
            asked.content_type,
            &body,
        );
        let after = self.read();
        let events = self.events().split_off(known);
        let what = format!("{} {} {body}: {}", asked.method, asked.target, answer.body);

        if answer.status >= 400 {
            assert_eq!(before, after, "{what}");
            assert!(events.is_empty(), "{what}");
            return answer.status;
        }
        let activates = asked.target == "/v3/activations";
        if !activates && answer.status == 200 {
            assert_eq!(read_of(&answer), after, "{what}");
        }
        assert_moved_on(&before, &after, &what);
        if !activates {
            assert_told(&before, &after, &events, &what);
        }
        answer.status
    }
}

/// The version and the date move on with the document, and only with it: what is counted is no part of it.
fn assert_moved_on(before: &Read, after: &Read, what: &str) {
    let facts = |read: &Read| {
        let mut body = read.body.clone();
        for name in ["totalActivations", "totalDeactivations", "updatedAt"] {
            body[name] = Value::Null;
        }
        for meter in body["meterAttributes"].as_array_mut().unwrap() {
            meter["totalUses"] = Value::Null;
            meter["grossUses"] = Value::Null;
        }
        body
    };
    let date = |read: &Read| text(&read.body["updatedAt"]);
    if facts(before) == facts(after) {
        assert_eq!(before.version, after.version, "{what}");
        assert_eq!(date(before), date(after), "{what}");
    } else {
        assert!(before.version < after.version, "{what}");
        assert!(date(before) < date(after), "{what}");
    }
}

/// Following the events from what was so leads to what is so, and each of them has something to tell.
fn assert_told(before: &Read, after: &Read, events: &[(String, Vec<Value>)], what: &str) {
    let mut state = facts(before);
    let mut names = Vec::new();
    for (action, changes) in events {
        assert!(
            action.starts_with("license.") && !changes.is_empty(),
            "{what}: {action}"
        );
        for change in changes {
            let name = text(&change["propertyName"]);
            if let Some(value) = state.get_mut(&name) {
                assert_eq!(*value, change["oldValue"], "{what}: {name}");
                *value = change["newValue"].clone();
            }
            names.push(name);
        }
    }
    assert_eq!(state, facts(after), "{what}");
    for name in ["metadata", "meterAttributes", "key", "pendingExtension"] {
        let changed = before.body[name] != after.body[name];
        assert_eq!(
            names.iter().any(|told| told == name),
            changed,
            "{what}: {name}"
        );
    }
    assert_eq!(events.is_empty(), before.version == after.version, "{what}");
    let told = format!("{events:?}");
    assert!(
        !told.contains(&text(&before.body["key"])) && !told.contains(&text(&after.body["key"])),
        "{what}"
    );
}

/// The plain fields of a license, with its owner by id.
fn facts(read: &Read) -> BTreeMap<String, Value> {
    let fields = read.body.as_object().unwrap().iter();
    let mut facts: BTreeMap<String, Value> = fields
        .filter(|(name, _)| !APART.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    facts.insert("userId".to_owned(), read.body["user"]["id"].clone());
    facts
}

#[track_caller]
fn check(seed: u64, terms: Value) {
    let mut story = Story::begin(seed, terms);
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for _ in 0..REQUESTS {
        *statuses.entry(story.step()).or_default() += 1;
    }
    let accepted = statuses.get(&200).copied().unwrap_or_default();
    assert!(accepted > REQUESTS / 2, "{statuses:?}");
    assert!(
        statuses.contains_key(&400) && statuses.contains_key(&404),
        "{statuses:?}"
    );
}

#[test]
fn what_is_answered_is_what_is_so() {
    check(88_172_645_463_325_252, json!({"validity": 86_400}));
    check(12_345_678_910_111_213, json!({"validity": 0}));
}

#[test]
fn so_it_is_where_the_term_begins_with_an_activation() {
    check(
        99_999_999_977_777_777,
        json!({"expirationStrategy": "delayed", "validity": 86_400}),
    );
    check(
        31_415_926_535_897_932,
        json!({"subscriptionInterval": "P1M", "subscriptionStartTrigger": "activation"}),
    );
}

#[test]
fn so_it_is_where_the_term_rolls() {
    check(
        27_182_818_284_590_452,
        json!({"expirationStrategy": "rolling", "validity": 86_400}),
    );
}

/// Parts of a license are found by their own ids, and their license by those: no statement looks at licenses one by one.
#[test]
fn no_request_about_a_license_reads_a_table_to_the_end() {
    let mut story = Story::begin(16_180_339_887_498_948, json!({"validity": 86_400}));
    story.host.database().ran.borrow_mut().clear();
    for _ in 0..REQUESTS {
        story.step();
    }
    let ran = story.host.database().ran.borrow().clone();
    assert!(ran.iter().any(|sql| sql.contains("license_meters AS m")));
    for sql in ran {
        let plan = story.host.database().plan(&sql);
        assert_eq!(plan.reads_to_the_end(), None, "{sql}");
    }
}
