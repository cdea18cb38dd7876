//! A server's answers: any status with any body, to an application that holds an activation.

use std::sync::LazyLock;

use licentia_core::{Answer, Asked, Client, Decision, Effect, Response, Stored};
use serde::de::IgnoredAny;
use serde_json::json;

use crate::json::Members;
use crate::known::{CLIENT, GRANTED, KEY, NOW, TOKENS};

/// The codes that erase an activation, with their statuses.
const ERASING: [(u16, &str); 11] = [
    (400, "AUTHENTICATION_FAILED"),
    (400, "CONTAINER_ACTIVATION_NOT_ALLOWED"),
    (400, "COUNTRY_NOT_ALLOWED"),
    (400, "INVALID_ACTIVATION_FINGERPRINT"),
    (400, "INVALID_LICENSE_KEY"),
    (400, "INVALID_LICENSE_TYPE"),
    (400, "INVALID_PRODUCT_ID"),
    (400, "IP_ADDRESS_NOT_ALLOWED"),
    (400, "REVOKED_LICENSE"),
    (400, "VM_ACTIVATION_NOT_ALLOWED"),
    (404, "ACTIVATION_NOT_FOUND"),
];

static HELD: LazyLock<Stored> = LazyLock::new(|| {
    let body = json!({ "activationToken": TOKENS[0] }).to_string();
    let granted = CLIENT.activated(&Stored::default(), KEY, Response::unsigned(200, &body), NOW);
    granted.store.unwrap()
});

static KEYED: LazyLock<Client> = LazyLock::new(|| Client {
    license_key: Some(KEY.to_owned()),
    ..CLIENT.clone()
});

static ASKED: LazyLock<Asked> = LazyLock::new(|| CLIENT.ask_sync(&HELD, NOW).1.unwrap());

/// Reads three digits of a status, a space, and a body.
pub fn answer(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some((status, body)) = text.split_once(' ') else {
        return;
    };
    let Ok(status) = status.parse::<u16>() else {
        return;
    };
    let response = Response::unsigned(status, body);
    understood(response);
    let synced = CLIENT.synced(&HELD, &ASKED, response, NOW + 1);
    let activated = CLIENT.activated(&HELD, KEY, response, NOW + 1);
    for decision in [&synced, &activated] {
        assert!(!erases(decision) || is_erasing(response), "{response:?}");
        takes_what_was_granted(decision);
    }
    let first = CLIENT.activated(&Stored::default(), KEY, response, NOW + 1);
    takes_what_was_granted(&first);
    let ended = CLIENT.deactivated(&HELD, &ASKED, response, NOW + 1);
    assert!(
        !erases(&ended) || is_erasing(response) || is_done(response),
        "{response:?}"
    );
    let check = KEYED.check(&Answer::to_activation(status, body), NOW + 1);
    assert_eq!(check.token.is_some(), check.activation == Effect::Replace);
}

fn understood(response: Response<'_>) {
    let answer = Answer::to_activation(response.status, response.body);
    let success = (200..300).contains(&response.status);
    match answer {
        Answer::Token(text) => {
            let body = Members::read(response.body).unwrap();
            assert!(success);
            assert_eq!(body.value("activationToken"), json!(text));
        }
        Answer::Done => panic!("an activation is answered with a token"),
        Answer::Refused(_, Effect::Erase) => assert!(is_erasing(response), "{response:?}"),
        Answer::Refused(_, effect) => assert_eq!(effect, Effect::Keep),
    }
}

fn erases(decision: &Decision) -> bool {
    let stored = decision.store.as_ref();
    stored.is_some_and(|stored| stored.token().is_none())
}

fn takes_what_was_granted(decision: &Decision) {
    let token = decision.store.as_ref().and_then(Stored::token);
    if let Some(token) = token {
        assert!(GRANTED.iter().any(|claims| claims == token.claims_json()));
    }
}

/// Our own error with a code that erases, under its status.
fn is_erasing(response: Response<'_>) -> bool {
    let Some(error) = Members::read(response.body) else {
        return false;
    };
    let code = error.value("code");
    let is_listed = |code| ERASING.contains(&(response.status, code));
    error.value("message").is_string() && code.as_str().is_some_and(is_listed)
}

fn is_done(response: Response<'_>) -> bool {
    let is_json = || serde_json::from_str::<IgnoredAny>(response.body).is_ok();
    let is_object = || response.body.trim_ascii_start().starts_with('{') && is_json();
    response.status == 204 || ((200..300).contains(&response.status) && is_object())
}
