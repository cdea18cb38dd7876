//! What a status list does: two bits restrict what was issued before, and allow nothing.

use super::testing::*;
use crate::claims::{Claims, Statement, StatusClaim, StatusListPlace};
use crate::client::*;
use crate::statement::StatementKey;
use crate::status_list::{EncodedStatuses, ListedStatus, StatusBits, StatusList};
use crate::time::Timestamp;

const PLACE: usize = 5;

/// An activation whose license has a place in the first list.
fn activation() -> Claims {
    let place = StatusListPlace {
        idx: PLACE as u64,
        uri: "/v3/status-lists/0".into(),
    };
    Claims {
        lid: "l".into(),
        status: Some(StatusClaim { status_list: place }),
        ..claims()
    }
}

fn list(number: u32, ver: i64, seconds: i64) -> StatusList {
    let at = Timestamp::from_unix_seconds(NOW.saturating_add(seconds));
    StatusList::new(number, ver, EncodedStatuses::of(b""), Seconds(60), at)
}

fn statuses(status: ListedStatus) -> Vec<u8> {
    let mut bits = StatusBits::ours(64);
    bits.set(PLACE, status.bits());
    bits.as_bytes().to_vec()
}

/// What the list of a version says some seconds after the token was issued; none if it is not read.
fn said(stored: &Stored, ver: i64, seconds: i64, status: ListedStatus) -> Option<Decision> {
    let text = list(0, ver, seconds).sign(&account());
    let list = informed().read_list(stored, &text).ok()?;
    Some(informed().listed(stored, &list, statuses(status)))
}

fn genuine(stored: &Stored) -> StatusCode {
    let kept = informed().read(&informed().write(stored));
    assert_eq!(kept, *stored, "it is read as it was written");
    informed().genuine(stored, NOW).status
}

#[test]
fn a_revocation_ends_the_activation() {
    let decision = said(&stored(&activation()), 1, 5, ListedStatus::Revoked).unwrap();
    assert_eq!(decision.status, StatusCode::E_REVOKED);
    let after = decision.store.unwrap();
    assert_eq!(genuine(&after), StatusCode::FAIL);
    assert_eq!(after.last_error(), StatusCode::E_REVOKED);
}

#[test]
fn what_was_issued_before_a_revocation_does_not_come_back() {
    let after = said(&stored(&activation()), 1, 5, ListedStatus::Revoked).unwrap();
    let after = after.store.unwrap();
    let activated = |aid: &str, seconds| {
        let claims = Claims {
            aid: aid.into(),
            iat: NOW + seconds,
            ..activation()
        };
        let granted = granted(&claims);
        informed().activated(&after, KEY, response(200, &granted), NOW + 9)
    };
    assert_eq!(activated("b", 4).status, StatusCode::E_INET);
    assert_eq!(activated("b", 5).status, StatusCode::OK);
}

#[test]
fn a_suspension_holds_until_a_later_list_or_token() {
    let held = stored(&activation());
    let suspended = said(&held, 1, 5, ListedStatus::Suspended).unwrap();
    assert_eq!(suspended.status, StatusCode::SUSPENDED);
    let suspended = suspended.store.unwrap();
    assert_eq!(genuine(&suspended), StatusCode::SUSPENDED);

    let lifted = said(&suspended, 2, 9, ListedStatus::Valid).unwrap();
    assert_eq!(lifted.status, StatusCode::OK);
    assert_eq!(genuine(&lifted.store.unwrap()), StatusCode::OK);

    let renewed = Claims {
        iat: NOW + 5,
        ..activation()
    };
    let granted = granted(&renewed);
    let sync = informed().synced(
        &suspended,
        &asked(&activation()),
        response(200, &granted),
        NOW + 5,
    );
    assert_eq!(sync.status, StatusCode::OK);
}

/// What news say some seconds after the token was issued.
fn told(stored: &Stored, seconds: i64, suspended: bool) -> Stored {
    let statement = Statement {
        lid: "l".into(),
        ver: 1,
        iat: NOW.saturating_add(seconds),
        suspended,
        ..Statement::default()
    };
    let news = serde_json::json!({ "statement": account().sign(&statement) });
    let (decision, _) = informed().told(stored, &news.to_string(), NOW);
    decision.store.unwrap()
}

#[test]
fn a_suspension_is_over_by_news_of_later_whichever_comes_first() {
    let held = stored(&activation());
    let listed = |stored: &Stored, seconds| {
        let decision = said(stored, 1, seconds, ListedStatus::Suspended).unwrap();
        (decision.status, decision.store.unwrap())
    };
    let (_, suspended) = listed(&held, 5);
    assert_eq!(genuine(&told(&suspended, 6, false)), StatusCode::OK);
    assert_eq!(genuine(&told(&suspended, 4, false)), StatusCode::SUSPENDED);

    let resumed = told(&held, 6, false);
    for (seconds, status) in [(5, StatusCode::OK), (7, StatusCode::SUSPENDED)] {
        let (verdict, after) = listed(&resumed, seconds);
        assert_eq!((verdict, genuine(&after)), (status, status), "{seconds}");
    }
    let valid = said(&told(&held, 6, true), 1, 7, ListedStatus::Valid).unwrap();
    assert_eq!(genuine(&valid.store.unwrap()), StatusCode::SUSPENDED);
}

#[test]
fn a_list_allows_nothing() {
    let suspended = Claims {
        suspended: true,
        ..activation()
    };
    let decision = said(&stored(&suspended), 1, 5, ListedStatus::Valid).unwrap();
    assert_eq!(genuine(&decision.store.unwrap()), StatusCode::SUSPENDED);
    let nothing = said(&Stored::default(), 1, 5, ListedStatus::Valid);
    assert_eq!(nothing, None);
}

#[test]
fn a_list_of_before_the_token_says_nothing_of_it() {
    let held = stored(&activation());
    for status in [ListedStatus::Revoked, ListedStatus::Suspended] {
        for seconds in [-5, 0] {
            let decision = said(&held, 1, seconds, status).unwrap();
            assert_eq!(decision.status, StatusCode::OK);
            assert_eq!(genuine(&decision.store.unwrap()), StatusCode::OK);
        }
    }
}

#[test]
fn a_list_that_is_older_than_one_already_seen_is_refused() {
    let seen = said(&stored(&activation()), 7, 5, ListedStatus::Valid).unwrap();
    let seen = seen.store.unwrap();
    assert_eq!(said(&seen, 6, 9, ListedStatus::Revoked), None);
    let again = said(&seen, 7, 5, ListedStatus::Valid).unwrap();
    assert_eq!(
        (again.status, again.store),
        (StatusCode::OK, Some(seen.clone()))
    );
    let decision = said(&seen, 8, 9, ListedStatus::Revoked).unwrap();
    assert_eq!(decision.status, StatusCode::E_REVOKED);
}

#[test]
fn a_list_is_read_though_its_own_time_is_over() {
    let held = stored(&activation());
    let day = 86_400;
    let decision = said(&held, 1, -day, ListedStatus::Revoked).unwrap();
    assert_eq!(
        decision.status,
        StatusCode::OK,
        "it is older than the token"
    );
    let list = list(0, 1, 5);
    assert!(!list.stands(Timestamp::from_unix_seconds(NOW + day)));
    let decision = informed().listed(&held, &list, statuses(ListedStatus::Revoked));
    assert_eq!(decision.status, StatusCode::E_REVOKED);
}

#[test]
fn what_is_none_of_the_vendors_for_this_license_is_not_read() {
    let held = stored(&activation());
    let good = list(0, 1, 5).sign(&account());
    let refused = |stored: &Stored, text: &str| informed().read_list(stored, text).is_err();
    assert!(!refused(&held, &format!("\n{good} ")));
    for text in [
        "",
        "<html>",
        good.trim_end_matches(|last| last != '.'),
        &list(1, 1, 5).sign(&account()),
        &list(0, 1, 5).sign(&StatementKey::from_seed(&[8; 32])),
        &token(&activation()),
    ] {
        assert!(refused(&held, text), "{text}");
    }
    assert!(refused(&Stored::default(), &good));
    assert!(refused(&stored(&claims()), &good), "it has no place");
    assert!(
        client().read_list(&held, &good).is_err(),
        "a PEM has no statement key"
    );
    assert_eq!(client().list_address(&held), None);
    assert_eq!(informed().list_address(&held), Some("/v3/status-lists/0"));
}

#[test]
fn a_list_that_is_too_short_or_of_another_license_says_nothing() {
    let held = stored(&activation());
    let short = informed().listed(&held, &list(0, 1, 5), vec![0xff]);
    assert_eq!((short.status, short.store), (StatusCode::OK, None));
    let other = Claims {
        lid: "other".into(),
        iat: NOW + 1,
        ..activation()
    };
    let suspended = said(&held, 9, 5, ListedStatus::Suspended).unwrap();
    let moved = suspended.store.unwrap().activated(
        &token(&other),
        &client().verified(&token(&other)).unwrap(),
        KEY,
        NOW,
    );
    assert_eq!(genuine(&moved), StatusCode::OK);
    assert!(said(&moved, 1, 9, ListedStatus::Valid).is_some());
}
