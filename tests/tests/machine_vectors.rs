//! The decision tables hold natively, and a runner that is told another decision says so.

use licentia_core::{
    Asked, Client, Decision, KeySet, Release, Response, Schedule, Seconds, Stored, Turn,
};
use serde_json::{Value, json};

const FILE: &str = include_str!("../vectors/machine.json");

fn file() -> Value {
    serde_json::from_str(FILE).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// An application with the tables' own identity, and what it stores.
struct Machine {
    client: Client,
    stored: Stored,
    now: i64,
}

type Answered = fn(&Client, &Stored, &Asked, Response<'_>, i64) -> Decision;

impl Machine {
    fn new(file: &Value, case: &Value) -> Self {
        let options = &file["client"];
        let client = Client {
            product_id: text(&options["productId"]),
            license_key: None,
            fingerprint: text(&options["fingerprint"]),
            user_hash: None,
            release: Release::default(),
            keys: KeySet::parse(&options["publicKey"].to_string()).unwrap(),
        };
        let stored = client.read(&text(&file["states"][text(&case["state"])]));
        Self {
            client,
            stored,
            now: case["now"].as_i64().unwrap(),
        }
    }

    fn keep(&mut self, decision: &Decision) {
        if let Some(stored) = &decision.store {
            self.stored = stored.clone();
        }
    }

    fn said(&self, decision: &Decision, asks: bool, due: Option<i64>, tokens: &Value) -> Value {
        json!({
            "code": decision.status.number(), "name": decision.status.name(),
            "asks": asks, "interval": decision.interval.map(|interval| interval.0), "due": due,
            "stored": self.members(tokens),
        })
    }

    /// What is stored, with the token's name.
    fn members(&self, tokens: &Value) -> Value {
        let after: Value = serde_json::from_str(&self.client.write(&self.stored)).unwrap();
        let names = tokens.as_object().unwrap();
        let token = names.iter().find(|(_, text)| **text == after["token"]);
        json!({
            "token": token.map(|(name, _)| name), "key": after["key"], "seen": after["seen"],
            "lastError": after["lastError"], "ended": after["ended"],
        })
    }

    /// Asks, if there is something to ask about, and takes the answer.
    fn ask(
        &mut self,
        asked: (Decision, Option<Asked>),
        response: Response<'_>,
        answered: Answered,
    ) -> (Decision, bool) {
        let (decision, asked) = asked;
        self.keep(&decision);
        let Some(asked) = asked else {
            return (decision, false);
        };
        let decision = answered(&self.client, &self.stored, &asked, response, self.now);
        self.keep(&decision);
        (decision, true)
    }
}

fn run(file: &Value, case: &Value) -> Value {
    let mut machine = Machine::new(file, case);
    let (now, tokens) = (machine.now, &file["tokens"]);
    let response = &case["response"];
    let body = match response["token"].as_str() {
        Some(name) => json!({ "activationToken": tokens[name] }).to_string(),
        None => response["body"].as_str().unwrap_or_default().to_owned(),
    };
    let status = u16::try_from(response["status"].as_u64().unwrap_or(0)).unwrap();
    let response = Response::unsigned(status, &body);
    match case["operation"].as_str().unwrap() {
        "genuine" => {
            let decision = machine.client.genuine(&machine.stored, now);
            machine.keep(&decision);
            machine.said(&decision, false, None, tokens)
        }
        "activate" => {
            let key = text(&file["client"]["licenseKey"]);
            let decision = machine
                .client
                .activated(&machine.stored, &key, response, now);
            machine.keep(&decision);
            let schedule = Schedule::default().activated(&decision, &machine.stored, now);
            let mut said = machine.said(&decision, true, schedule.due(), tokens);
            machine.keep(&machine.client.genuine(&machine.stored, now));
            said["settled"] = machine.members(tokens);
            said
        }
        "sync" => {
            let asked = machine.client.ask_sync(&machine.stored, now);
            let begun = Schedule::default().begun(&asked.0, now);
            let (decision, asks) = machine.ask(asked, response, Client::synced);
            let schedule = begun.synced(&decision, &machine.stored, None, 0, now);
            machine.said(&decision, asks, schedule.due().filter(|_| asks), tokens)
        }
        _ => {
            let asked = machine.client.ask_deactivation(&machine.stored, now);
            let (decision, asks) = machine.ask(asked, response, Client::deactivated);
            let decision = Decision {
                interval: None,
                ..decision
            };
            machine.said(&decision, asks, None, tokens)
        }
    }
}

/// Returns a line for each case that comes to something else.
fn failures(file: &Value) -> Vec<String> {
    let cases = file["cases"].as_array().unwrap().iter();
    cases
        .map(|case| (case, run(file, case)))
        .filter(|(case, said)| case["expect"] != *said)
        .map(|(case, said)| format!("{case}\n  said {said}"))
        .collect()
}

#[test]
fn every_case_comes_to_its_decision() {
    let file = file();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() > 1_000, "{} cases", cases.len());
    let failed = failures(&file);
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed[..failed.len().min(9)].join("\n")
    );
}

#[test]
fn every_altered_decision_is_noticed() {
    let mut altered = file();
    let members = ["code", "asks", "interval", "due", "stored"];
    let cases = altered["cases"].as_array_mut().unwrap();
    for (case, member) in cases.iter_mut().zip(members.iter().cycle()) {
        case["expect"][member] = json!("another");
    }
    let count = cases.len();
    assert_eq!(failures(&altered).len(), count);
}

/// Fails some times in a row, and returns how long the last failure makes it wait.
fn wait(file: &Value, row: &Value) -> i64 {
    let machine = Machine::new(file, &json!({ "state": "active", "now": 0 }));
    let failed = Decision {
        status: licentia_core::StatusCode::E_INET,
        store: None,
        stands: false,
        interval: Some(Seconds(row["interval"].as_i64().unwrap())),
    };
    let jitter = u32::try_from(row["jitter"].as_u64().unwrap()).unwrap();
    let retry_after = row["retryAfter"].as_i64().map(Seconds);
    let mut schedule = Schedule::default().begun(&failed, 0);
    for _ in 0..row["failures"].as_u64().unwrap() {
        schedule = schedule.synced(&failed, &machine.stored, retry_after, jitter, 0);
    }
    schedule.due().unwrap()
}

#[test]
fn every_wait_is_as_long_as_it_should_be() {
    let file = file();
    for row in file["waits"].as_array().unwrap() {
        assert_eq!(wait(&file, row), row["wait"].as_i64().unwrap(), "{row}");
        assert_ne!(wait(&file, row), row["wait"].as_i64().unwrap() + 1);
    }
}

#[test]
fn a_wait_is_looked_at_every_minute() {
    let file = file();
    let machine = Machine::new(&file, &json!({ "state": "active", "now": 0 }));
    let decision = machine.client.genuine(&machine.stored, 1_760_000_000);
    let begun = Schedule::default().begun(&decision, 1_760_000_000);
    let waiting = begun.synced(&decision, &machine.stored, None, 0, 1_760_000_000);
    let (_, turn) = waiting.turn(&machine.stored, 1_760_000_000);
    assert_eq!(turn, Turn::Wait(Seconds(60)));
}
