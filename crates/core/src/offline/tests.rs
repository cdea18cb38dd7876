//! Offline files: what is written is read, and nothing else is.

use super::*;
use crate::claims::Claims;
use crate::jws::{join_signature, signing_input};
use crate::product::Algorithm;
use crate::statement::StatementKey;

const NOW: i64 = 1_760_000_000;
const BODY: &str = r#"{"key": "A-B", "metadata": [{"key": "room", "value": "ä"}]}"#;

fn activation() -> OfflineRequest {
    OfflineRequest::Activation {
        made_at: NOW,
        body: BODY.to_owned(),
    }
}

fn deactivation() -> OfflineRequest {
    OfflineRequest::Deactivation {
        made_at: NOW,
        token: "a.b.c".to_owned(),
    }
}

fn text() -> String {
    activation().to_text().unwrap()
}

#[track_caller]
fn check(header: &str, payload: &str, expected: impl Fn(&OfflineFault) -> bool) {
    let text = sealed(header.as_bytes(), payload.as_bytes());
    let fault = OfflineRequest::parse(&text).unwrap_err();
    assert!(expected(&fault), "{fault:?}");
}

#[test]
fn a_request_is_read_as_it_was_written() {
    for request in [activation(), deactivation()] {
        let text = request.to_text().unwrap();
        assert_eq!(text.split('.').count(), 3);
        assert_eq!(OfflineRequest::parse(&text), Ok(request.clone()));
        let mailed = format!("\r\n  {text}\n\n");
        assert_eq!(OfflineRequest::parse(&mailed), Ok(request));
    }
}

#[test]
fn a_request_is_written_to_last() {
    let expected = concat!(
        "eyJraW5kIjoib2ZmbGluZS1kZWFjdGl2YXRpb24iLCJ2ZXJzaW9uIjoxfQ",
        ".eyJtYWRlQXQiOjE3NjAwMDAwMDAsImFjdGl2YXRpb25Ub2tlbiI6ImEuYi5jIn0",
    );
    assert_eq!(
        deactivation()
            .to_text()
            .unwrap()
            .rsplit_once('.')
            .unwrap()
            .0,
        expected
    );
}

#[test]
fn a_text_that_was_changed_anywhere_is_refused() {
    let text = text();
    for at in 0..text.len() {
        for letter in ["A", "b", "-", ".", " ", "="] {
            let mut changed = text.clone();
            changed.replace_range(at..=at, letter);
            if changed.trim_ascii() != text {
                assert!(OfflineRequest::parse(&changed).is_err(), "{changed}");
            }
        }
    }
}

#[test]
fn a_text_that_was_cut_off_anywhere_is_refused() {
    let text = text();
    for at in 0..text.len() {
        let (head, tail) = text.split_at(at);
        assert!(OfflineRequest::parse(head).is_err(), "{head}");
        if at > 0 {
            assert!(OfflineRequest::parse(tail).is_err(), "{tail}");
        }
    }
}

#[test]
fn what_is_no_request_is_told_apart() {
    for text in ["", ".", "a.b", "a.b.c.d", "....", "offline", "ä.ö"] {
        assert_eq!(
            OfflineRequest::parse(text),
            Err(OfflineFault::Parts),
            "{text}"
        );
    }
    for text in ["..", "a.b.c", "\0.\0.\0", "ä.ö.ü"] {
        assert_eq!(
            OfflineRequest::parse(text),
            Err(OfflineFault::Checksum),
            "{text}"
        );
    }
    let jwt = signing_input(Algorithm::RS256, "k", "JWT", b"{}") + ".AA";
    assert_eq!(OfflineRequest::parse(&jwt), Err(OfflineFault::Checksum));
}

#[test]
fn a_header_says_kind_and_version_and_nothing_else() {
    let is_header = |fault: &OfflineFault| *fault == OfflineFault::Header;
    for header in [
        "",
        "null",
        "[]",
        r#"["offline-activation", 1]"#,
        r#"{"kind": "offline-activation"}"#,
        r#"{"kind": "activation", "version": 1}"#,
        r#"{"kind": 1, "version": 1}"#,
        r#"{"kind": "offline-activation", "version": "1"}"#,
        r#"{"kind": "offline-activation", "version": -1}"#,
        r#"{"kind": "offline-activation", "version": 1, "more": 1}"#,
        r#"{"kind": "offline-activation", "kind": "offline-deactivation", "version": 1}"#,
        r#"{"kind": "offline-activation", "version": 1} x"#,
    ] {
        check(header, "{}", is_header);
    }
    let later = r#"{"kind": "another", "version": 2, "more": []}"#;
    check(later, "", |fault| {
        *fault == OfflineFault::Version { version: 2 }
    });
}

#[test]
fn a_payload_fits_its_kind() {
    let is_payload = |fault: &OfflineFault| matches!(fault, OfflineFault::Payload { .. });
    let deep = format!(r#"{{"madeAt": 1, "activation": {}"#, "[".repeat(100_000));
    for payload in [
        "",
        "1",
        "[1, {}]",
        "{}",
        r#"{"madeAt": 1}"#,
        r#"{"activation": {}}"#,
        r#"{"madeAt": "1", "activation": {}}"#,
        r#"{"madeAt": 1.5, "activation": {}}"#,
        r#"{"madeAt": 9223372036854775808, "activation": {}}"#,
        r#"{"madeAt": 1, "activation": {}, "activation": {}}"#,
        r#"{"madeAt": 1, "activation": {}, "more": 1}"#,
        r#"{"madeAt": 1, "activationToken": "a.b.c"}"#,
        r#"{"madeAt": 1, "activation": {}"#,
        &deep,
    ] {
        check(
            r#"{"kind": "offline-activation", "version": 1}"#,
            payload,
            is_payload,
        );
    }
    for payload in [
        r#"{"madeAt": 1, "activation": {}}"#,
        r#"{"madeAt": 1, "activationToken": null}"#,
        r#"{"madeAt": 1, "activationToken": {}}"#,
    ] {
        check(
            r#"{"kind": "offline-deactivation", "version": 1}"#,
            payload,
            is_payload,
        );
    }
}

#[test]
fn a_part_that_is_no_base64url_is_refused_with_a_right_checksum_too() {
    let with_checksum = |said: &str| format!("{said}.{}", checksum_of(said));
    let (header, _) = text()
        .split_once('.')
        .map(|(head, _)| (head.to_owned(), ()))
        .unwrap();
    for payload in ["", "*", "e30=", "e31"] {
        let fault = OfflineRequest::parse(&with_checksum(&format!("{header}.{payload}")));
        assert!(
            matches!(fault, Err(OfflineFault::Payload { .. })),
            "{payload}: {fault:?}"
        );
    }
    for header in ["", "*", "e30=", "e31"] {
        let fault = OfflineRequest::parse(&with_checksum(&format!("{header}.e30")));
        assert_eq!(fault, Err(OfflineFault::Header), "{header}");
    }
    let not_utf8 = sealed(
        br#"{"kind": "offline-activation", "version": 1}"#,
        b"{\"madeAt\xff\": 1}",
    );
    assert!(OfflineRequest::parse(&not_utf8).is_err());
}

#[test]
fn no_request_is_over_a_million_bytes() {
    let with = |length: usize| OfflineRequest::Activation {
        made_at: NOW,
        body: format!("{{\"x\":\"{}\"}}", "x".repeat(length)),
    };
    let limit = SIZE_LIMIT;
    let text = with(749_800).to_text().unwrap();
    assert_eq!(OfflineRequest::parse(&text), Ok(with(749_800)));
    let too_long = Err(OfflineFault::TooLong { limit });
    assert_eq!(with(750_000).to_text(), too_long);
    let padded = "x".repeat(limit + 1);
    assert_eq!(
        OfflineRequest::parse(&padded).map(|_| String::new()),
        too_long
    );
}

#[test]
fn a_body_that_is_no_json_makes_no_request() {
    for body in ["", "{", "{} {}", "undefined"] {
        let request = OfflineRequest::Activation {
            made_at: NOW,
            body: body.to_owned(),
        };
        assert!(
            matches!(request.to_text(), Err(OfflineFault::Payload { .. })),
            "{body}"
        );
    }
}

fn key() -> StatementKey {
    StatementKey::from_seed(&[7; 32])
}

fn response(orv: i64) -> String {
    let claims = Claims {
        orv,
        ..Claims::default()
    };
    let claims = serde_json::to_vec(&claims).unwrap();
    let input = signing_input(
        Algorithm::EdDSA,
        &key().verifying_key().kid(),
        "JWT",
        &claims,
    );
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    join_signature(&input, pair.sign(input.as_bytes()).as_ref())
}

#[track_caller]
fn verdict(text: &str, now: i64) -> Option<StatusCode> {
    let keys = KeySet::from(key().verifying_key());
    let read = read_offline_response(text, &keys, now);
    read.err().map(|fault| fault.status())
}

#[test]
fn a_response_may_be_used_until_its_last_second() {
    assert_eq!(verdict(&response(NOW), NOW), None);
    assert_eq!(verdict(&format!(" {}\r\n", response(NOW)), NOW), None);
    let expired = Some(StatusCode::E_OFFLINE_RESPONSE_FILE_EXPIRED);
    assert_eq!(verdict(&response(NOW), NOW + 1), expired);
    assert_eq!(verdict(&response(1), i64::MAX), expired);
}

#[test]
fn what_is_no_response_is_refused_before_its_date_is_read() {
    let wrong = Some(StatusCode::E_OFFLINE_RESPONSE_FILE);
    assert_eq!(verdict(&response(0), NOW), wrong);
    assert_eq!(verdict(&response(i64::MIN), NOW), wrong);
    let text = response(NOW - 1);
    let (said, _) = text.rsplit_once('.').unwrap();
    for text in ["", "a.b.c", said, &format!("{said}.AA"), &self::text()] {
        assert_eq!(verdict(text, NOW), wrong, "{text}");
    }
}
