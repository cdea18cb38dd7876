//! Activating and deactivating by files.

use super::testing::*;
use crate::claims::Claims;
use crate::client::*;
use crate::offline::OfflineRequest;

const UNTIL: i64 = NOW + 86_400;

fn response_of(change: impl FnOnce(&mut Claims)) -> String {
    let mut claims = Claims {
        orv: UNTIL,
        ssi: 0,
        ..claims()
    };
    change(&mut claims);
    token(&claims)
}

#[track_caller]
fn activated(stored: &Stored, response: &str) -> Stored {
    let decision = client().activated_offline(stored, response, NOW);
    check(&decision, StatusCode::OK, None);
    decision.store.unwrap()
}

#[test]
fn a_response_activates_until_its_time_is_over() {
    let text = format!("\n{}\n", response_of(|_| ()));
    let stored = activated(&Stored::default(), &text);
    check(&client().genuine(&stored, NOW), StatusCode::OK, None);
    let status = |text: &str, now| {
        client()
            .activated_offline(&Stored::default(), text, now)
            .status
    };
    assert_eq!(status(&text, UNTIL), StatusCode::OK);
    assert_eq!(
        status(&text, UNTIL + 1),
        StatusCode::E_OFFLINE_RESPONSE_FILE_EXPIRED
    );
    for none in ["", "a.b.c", &token(&claims()), &text.replace('.', "")] {
        assert_eq!(
            status(none, NOW),
            StatusCode::E_OFFLINE_RESPONSE_FILE,
            "{none}"
        );
    }
    assert_eq!(
        status(&response_of(|claims| claims.fp = "g".into()), NOW),
        StatusCode::E_MACHINE_FINGERPRINT
    );
    assert_eq!(
        status(
            &response_of(|claims| claims.key = "ANOTHER-KEY-OF-SOMEBODY".into()),
            NOW
        ),
        StatusCode::FAIL
    );
    assert_eq!(
        status(&response_of(|claims| claims.eat = 1), NOW),
        StatusCode::EXPIRED
    );
}

#[test]
fn a_response_brings_the_key_where_the_application_has_none() {
    let keyless = Client {
        license_key: None,
        ..client()
    };
    let decision = keyless.activated_offline(&Stored::default(), &response_of(|_| ()), NOW);
    check(&decision, StatusCode::OK, None);
    assert_eq!(decision.store.unwrap().key(), Some(KEY));
}

#[test]
fn an_earlier_response_replaces_nothing() {
    let stored = activated(
        &Stored::default(),
        &response_of(|claims| claims.suspended = false),
    );
    let renewed = response_of(|claims| (claims.iat, claims.eat) = (NOW + 5, UNTIL));
    let newer = activated(&stored, &renewed);
    let again = client().activated_offline(&newer, &response_of(|_| ()), NOW);
    assert_eq!((again.status, again.store), (StatusCode::OK, None));
    let revived = activated(
        &newer,
        &response_of(|claims| (claims.iat, claims.epoch) = (NOW + 1, 1)),
    );
    assert_eq!(revived.token().unwrap().facts().epoch, 1);
}

#[test]
fn what_has_ended_is_not_brought_back_by_an_earlier_response() {
    let stored = activated(&Stored::default(), &response_of(|_| ()));
    let (decision, _) = client().deactivated_offline(&stored, NOW);
    let revoked = client().synced(&stored, &asked(&claims()), response(400, REVOKED), NOW);
    for ended in [decision.store.unwrap(), revoked.store.unwrap()] {
        let ended = client().read(&client().write(&ended));
        let again = client().activated_offline(&ended, &response_of(|_| ()), NOW);
        check(&again, StatusCode::E_OFFLINE_RESPONSE_FILE, None);
        activated(&ended, &response_of(|claims| claims.iat = NOW + 1));
        activated(&ended, &response_of(|claims| claims.aid = "b".into()));
    }
}

#[test]
fn the_same_response_sets_no_time_back_and_a_newer_one_does() {
    let stored = activated(&Stored::default(), &response_of(|_| ()));
    let later = client().genuine(&stored, NOW + 50_000).store.unwrap();
    let again = client().activated_offline(&later, &response_of(|_| ()), NOW);
    assert_eq!(again, Decision::of(StatusCode::E_TIME_MODIFIED));
    let near = client().genuine(&stored, NOW + 3_000).store.unwrap();
    assert_eq!(activated(&near, &response_of(|_| ())).seen(), NOW + 3_000);
    assert_eq!(
        activated(&later, &response_of(|claims| claims.iat = NOW + 1)).seen(),
        NOW
    );
}

#[test]
fn giving_up_erases_and_proves_it() {
    let text = response_of(|_| ());
    let stored = activated(&Stored::default(), &text);
    let (decision, request) = client().deactivated_offline(&stored, NOW);
    check(&decision, StatusCode::OK, None);
    let after = decision.store.unwrap();
    assert_eq!(
        (after.token(), after.key(), after.last_error()),
        (None, None, StatusCode::OK)
    );
    let proof = OfflineRequest::Deactivation {
        made_at: NOW,
        token: text,
    };
    assert_eq!(OfflineRequest::parse(&request.unwrap()), Ok(proof));
    let (refused, nothing) = client().deactivated_offline(&after, NOW);
    check(&refused, StatusCode::FAIL, None);
    assert_eq!(nothing, None);
}

#[test]
fn a_request_says_what_an_online_activation_would() {
    let body = r#"{"key": "K"}"#.to_owned();
    let request = Client::offline_request(body.clone(), NOW).unwrap();
    let said = OfflineRequest::Activation { made_at: NOW, body };
    assert_eq!(OfflineRequest::parse(&request), Ok(said));
    let long = format!("{{\"x\": \"{}\"}}", "x".repeat(1_000_000));
    assert_eq!(
        Client::offline_request(long, NOW),
        Err(StatusCode::E_CLIENT)
    );
}
