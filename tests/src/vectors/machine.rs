//! The decision tables of a client: what is stored × what is asked and answered × when → verdict, what is stored, what is next.
//!
//! The few rules that give the expectations stand in `rules`; the states' texts are sealed here by lines of their own.

mod rules;

use ring::digest::{Context, SHA256};
use serde_json::{Map, Value, json};

use self::rules::{Answer, Case, State};
use super::{FINGERPRINT, LICENSE_KEY, NOW, PRODUCT_ID, Signers, base64url, claims_with, name_of};

/// Returns the text of tests/vectors/machine.json.
#[must_use]
pub(super) fn file() -> String {
    let signers = Signers::new();
    let tokens = tokens(&signers);
    let states = states(&tokens);
    let mut cases = Vec::new();
    for (operation, states_of, times) in TABLES {
        for state in states
            .iter()
            .filter(|state| states_of.contains(&state.name))
        {
            for answer in answers(operation, &tokens) {
                for after in times {
                    let now = NOW + after;
                    let case = rules::decide(operation, state, &answer, now);
                    cases.push(case_of(
                        cases.len() + 1,
                        operation,
                        state,
                        &answer,
                        now,
                        &case,
                    ));
                }
            }
        }
    }
    let texts: Map<String, Value> = tokens
        .iter()
        .map(|token| (token.name.to_owned(), json!(token.text)))
        .collect();
    let stores: Map<String, Value> = states
        .iter()
        .map(|state| (state.name.to_owned(), json!(text_of(state))))
        .collect();
    let head = json!({
        "about": "Written by `cargo xtask vectors`: see README.md.",
        "client": {
            "productId": PRODUCT_ID, "fingerprint": FINGERPRINT, "licenseKey": LICENSE_KEY,
            "publicKey": signers.public_keys()["ed25519 jwk"],
        },
        "tokens": texts,
        "states": stores,
    });
    let head = serde_json::to_string_pretty(&head).unwrap();
    let head = head.trim_end_matches("\n}");
    format!(
        "{head},\n  \"cases\": [{}\n  ],\n  \"waits\": [{}\n  ]\n}}\n",
        lines(&cases),
        lines(&waits())
    )
}

/// A line for each value.
fn lines(values: &[Value]) -> String {
    let line = |value: &Value| format!("\n    {value}");
    values.iter().map(line).collect::<Vec<_>>().join(",")
}

const ALL: &[&str] = &[
    "empty",
    "key",
    "active",
    "quiet",
    "suspended",
    "expired",
    "leased",
    "floating",
    "foreign",
    "erased",
    "forged",
    "token edited",
    "key edited",
    "time edited",
    "trial",
    "short key",
    "ended",
    "clock ahead",
    "empty, clock ahead",
];
const HELD: &[&str] = &[
    "active",
    "quiet",
    "suspended",
    "expired",
    "leased",
    "floating",
    "foreign",
    "forged",
    "empty",
];
const SOME: &[&str] = &[
    "empty",
    "key",
    "active",
    "floating",
    "foreign",
    "erased",
    "time edited",
    "ended",
    "clock ahead",
    "empty, clock ahead",
];

/// What is asked, of which states, and how long after the tokens were issued.
const TABLES: [(&str, &[&str], &[i64]); 4] = [
    (
        "genuine",
        ALL,
        &[
            0, 59, 60, 7_200, 7_201, 86_400, 86_401, 500_000, -3_600, -3_601, -3_800, -3_801,
        ],
    ),
    ("activate", SOME, &[30, 90_000]),
    ("sync", HELD, &[30, 7_201, 90_000, -3_601]),
    ("deactivate", SOME, &[30, -3_601]),
];

/// A token by name, with its claims; none if the product's key did not sign it.
struct Token {
    name: &'static str,
    text: String,
    claims: Option<Value>,
}

fn tokens(signers: &Signers) -> Vec<Token> {
    let lasting = json!({ "ssgpeat": NOW + 86_400 });
    let later = |more: Value| super::changed(json!({ "iat": NOW + 20 }), more);
    let kinds = [
        ("active", lasting),
        ("quiet", json!({ "ssi": 0, "ssgpeat": 0 })),
        ("suspended", json!({ "suspended": true })),
        ("expired", json!({ "eat": NOW - 1 })),
        ("leased", json!({ "leat": NOW + 7_200 })),
        (
            "floating",
            json!({ "type": "hosted-floating", "leat": NOW + 7_200 }),
        ),
        ("foreign", json!({ "fp": "d00d".repeat(16) })),
        (
            "renewed",
            later(json!({ "ssgpeat": NOW + 200_000, "ssi": 600 })),
        ),
        (
            "renewed, suspended",
            later(json!({ "suspended": true, "ssgpeat": 0 })),
        ),
        ("renewed, expired", later(json!({ "eat": NOW + 1 }))),
        ("renewed, lease over", later(json!({ "leat": NOW + 1 }))),
        (
            "renewed, other key",
            later(json!({ "key": "ANOTHER-KEY-0000-0000" })),
        ),
        ("earlier", json!({ "iat": NOW - 20 })),
        (
            "same second, later version",
            json!({ "suspended": true, "ver": NOW * 1_000 }),
        ),
        (
            "same second, earlier version",
            json!({ "suspended": true, "ver": 5 }),
        ),
        (
            "same second, anew",
            json!({ "aid": "5d1a2b3c-0000-4000-8000-00000000a0e0", "epoch": 1, "ssgpeat": 0 }),
        ),
    ];
    let mut tokens: Vec<Token> = kinds
        .into_iter()
        .map(|(name, changes)| {
            let claims = claims_with(changes);
            Token {
                name,
                text: signers.eddsa(&claims),
                claims: Some(claims),
            }
        })
        .collect();
    tokens.push(Token {
        name: "forged",
        text: signers.other_as(
            r#"{"alg":"RS256","typ":"JWT"}"#,
            &claims_with(json!({})).to_string(),
        ),
        claims: None,
    });
    tokens
}

fn states(tokens: &[Token]) -> Vec<State> {
    let held = |name, token: &str| {
        let token = tokens.iter().find(|known| known.name == token).unwrap();
        State {
            name,
            token: Some((token.name, token.text.clone())),
            claims: token.claims.clone(),
            key: Some(LICENSE_KEY.to_owned()),
            seen: NOW,
            ..State::default()
        }
    };
    let without = |name| State {
        name,
        ..State::default()
    };
    let edited = |name, edited| State {
        edited: Some(edited),
        ..held(name, "active")
    };
    let key = Some(LICENSE_KEY.to_owned());
    vec![
        without("empty"),
        State {
            key: key.clone(),
            seen: NOW,
            ..without("key")
        },
        held("active", "active"),
        held("quiet", "quiet"),
        held("suspended", "suspended"),
        held("expired", "expired"),
        held("leased", "leased"),
        held("floating", "floating"),
        held("foreign", "foreign"),
        State {
            key,
            seen: NOW,
            last_error: 53,
            ..without("erased")
        },
        held("forged", "forged"),
        edited("token edited", "token"),
        edited("key edited", "key"),
        edited("time edited", "seen"),
        State {
            trial: true,
            seen: NOW,
            ..without("trial")
        },
        State {
            key: Some("K".repeat(15)),
            ..held("short key", "active")
        },
        rules::after_its_end(&held("ended", "active"), 53),
        State {
            seen: NOW + 9_000,
            ..held("clock ahead", "active")
        },
        State {
            key: Some(LICENSE_KEY.to_owned()),
            seen: NOW + 9_000,
            ..without("empty, clock ahead")
        },
    ]
}

fn answers(operation: &str, tokens: &[Token]) -> Vec<Answer> {
    if operation == "genuine" {
        return vec![Answer::None];
    }
    let error = |code: &str| json!({ "message": "no", "code": code }).to_string();
    let granted = tokens.iter().map(|token| Answer::Token {
        name: token.name,
        text: token.text.clone(),
        claims: token.claims.clone(),
    });
    let refused = super::answers::CODES.iter().map(|row| Answer::Other {
        status: row.0,
        body: error(row.1),
        code: row.2,
        ends: row.3 == super::Effect::Erase,
    });
    let kept = |status, body: &str, code| Answer::Other {
        status,
        body: body.to_owned(),
        code,
        ends: false,
    };
    let others = [
        kept(0, "", 48),
        kept(400, &error("BAD_REQUEST"), 92),
        kept(400, r#"{"message":"no","code":null}"#, 92),
        kept(200, "<!doctype html>", 48),
        kept(200, "{}", 48),
        kept(204, "", 48),
        kept(302, "", 48),
        kept(403, &error("REVOKED_LICENSE"), 48),
        kept(404, "<html>", 48),
        kept(429, "", 90),
        kept(500, &error("REVOKED_LICENSE"), 91),
        kept(503, "", 91),
    ];
    granted.chain(refused).chain(others).collect()
}

fn case_of(
    id: usize,
    operation: &str,
    state: &State,
    answer: &Answer,
    now: i64,
    case: &Case,
) -> Value {
    let response = match answer {
        Answer::None => Value::Null,
        Answer::Token { name, .. } => json!({ "status": 200, "token": name }),
        Answer::Other { status, body, .. } => json!({ "status": status, "body": body }),
    };
    let mut expect = json!({
        "code": case.code, "name": name_of(case.code),
        "asks": case.asks, "interval": case.interval, "due": case.due, "stored": members_of(&case.after),
    });
    if operation == "activate" {
        expect["settled"] = members_of(&rules::settled(&case.after, now));
    }
    json!({
        "id": id, "operation": operation, "state": state.name, "response": response, "now": now, "expect": expect,
    })
}

fn members_of(state: &State) -> Value {
    json!({
        "token": state.token.as_ref().map(|token| token.0), "key": state.key, "seen": state.seen,
        "lastError": state.last_error, "ended": state.ended,
    })
}

/// The text of a state, each part sealed.
fn text_of(state: &State) -> String {
    if *state
        == (State {
            name: state.name,
            ..State::default()
        })
    {
        return String::new();
    }
    let fingerprint = state
        .claims
        .as_ref()
        .map_or(json!(FINGERPRINT), |claims| claims["fp"].clone());
    let trial = json!({ "start": NOW, "end": NOW + 86_400 });
    let parts = [
        ("token", json!(state.token.as_ref().map(|token| &token.1))),
        ("key", json!(state.key)),
        ("seen", json!(state.seen)),
        ("trial", if state.trial { trial } else { Value::Null }),
        ("ended", json!(state.ended)),
    ];
    let mut text = json!({ "lastError": state.last_error });
    for (name, value) in parts {
        let sealed = format!("{name}Seal");
        let seal = seal(fingerprint.as_str().unwrap(), &sealed, &value.to_string());
        if state.edited == Some(name) {
            text[sealed] = json!(seal.to_lowercase());
        } else if !value.is_null() {
            text[sealed] = json!(seal);
        }
        text[name] = value;
    }
    text.to_string()
}

/// The first sixteen bytes of SHA-256 over five parts, each with its length before it.
fn seal(fingerprint: &str, name: &str, json: &str) -> String {
    let mut digest = Context::new(&SHA256);
    for part in ["licentia", PRODUCT_ID, fingerprint, name, json] {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    base64url(&digest.finish().as_ref()[..16])
}

/// How long to wait after some failures in a row.
fn waits() -> Vec<Value> {
    let mut waits = Vec::new();
    for interval in [10, 60, 3_600, 86_400] {
        for failures in [1, 2, 3, 5, 9, 40] {
            for retry_after in [None, Some(5), Some(1_000), Some(100_000)] {
                for jitter in [0, 7, u32::MAX] {
                    let wait = rules::wait(interval, failures, retry_after, jitter);
                    waits.push(json!({
                        "interval": interval, "failures": failures, "retryAfter": retry_after, "jitter": jitter, "wait": wait,
                    }));
                }
            }
        }
    }
    waits
}
