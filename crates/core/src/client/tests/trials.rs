//! Trials that no server knows of.

use serde_json::json;

use super::testing::*;
use crate::client::*;

const DAY: i64 = 86_400;

fn begun() -> Stored {
    let decision = client().activate_local_trial(&Stored::default(), 7, NOW);
    check(&decision, StatusCode::OK, None);
    decision.store.unwrap()
}

#[track_caller]
fn is(stored: &Stored, now: i64, status: StatusCode) {
    assert_eq!(client().local_trial(stored, now).status, status);
}

#[test]
fn a_trial_runs_to_its_last_second() {
    is(&Stored::default(), NOW, StatusCode::FAIL);
    let begun = begun();
    assert_eq!(begun.trial().unwrap().end, NOW + 7 * DAY);
    is(&begun, NOW, StatusCode::OK);
    is(&begun, NOW + 7 * DAY, StatusCode::OK);
    is(&begun, NOW + 7 * DAY + 1, StatusCode::LOCAL_TRIAL_EXPIRED);
}

#[test]
fn a_trial_is_begun_once() {
    let begun = begun();
    let again = client().activate_local_trial(&begun, 30, NOW + 10);
    assert_eq!((again.status, again.store), (StatusCode::OK, None));
    let late = client().activate_local_trial(&begun, 30, NOW + 8 * DAY);
    check(&late, StatusCode::LOCAL_TRIAL_EXPIRED, None);
    assert_eq!(late.store.unwrap().trial(), begun.trial());
}

#[test]
fn a_trial_is_extended_from_its_end_or_from_now() {
    let nothing = client().extend_local_trial(&Stored::default(), 7, NOW);
    check(&nothing, StatusCode::FAIL, None);
    let begun = begun();
    let extended = |now| {
        client()
            .extend_local_trial(&begun, 3, now)
            .store
            .unwrap()
            .trial()
            .unwrap()
    };
    assert_eq!(extended(NOW).end, NOW + 10 * DAY);
    assert_eq!(extended(NOW + 20 * DAY).end, NOW + 23 * DAY);
    assert_eq!(extended(NOW).start, NOW);
    assert_eq!(
        client()
            .extend_local_trial(&begun, u32::MAX, i64::MAX)
            .status,
        StatusCode::OK
    );
}

#[test]
fn an_edited_trial_is_over_and_is_not_begun_again() {
    let edited = edited(&begun(), |text| {
        text["trial"]["end"] = json!(NOW + 900 * DAY)
    });
    is(&edited, NOW, StatusCode::LOCAL_TRIAL_EXPIRED);
    let again = client().activate_local_trial(&edited, 7, NOW);
    check(&again, StatusCode::LOCAL_TRIAL_EXPIRED, None);
    check(
        &client().extend_local_trial(&edited, 7, NOW),
        StatusCode::FAIL,
        None,
    );
}

#[test]
fn a_clock_that_was_set_back_is_noticed() {
    let late = client().local_trial(&begun(), NOW + DAY).store.unwrap();
    is(&late, NOW + DAY - 3_600, StatusCode::OK);
    is(&late, NOW + DAY - 3_801, StatusCode::E_TIME_MODIFIED);
    let edited = edited(&late, |text| text["seen"] = json!(NOW - DAY));
    is(&edited, NOW - DAY, StatusCode::E_TIME_MODIFIED);
    check(
        &client().extend_local_trial(&edited, 7, NOW),
        StatusCode::E_TIME_MODIFIED,
        None,
    );
    let unset = Client {
        product_id: String::new(),
        ..client()
    };
    check(
        &unset.activate_local_trial(&edited, 7, NOW),
        StatusCode::E_PRODUCT_ID,
        None,
    );
}

#[test]
fn a_trial_outlives_an_activation() {
    let decision = client().activated(&begun(), KEY, response(200, &granted(&claims())), NOW);
    let erased = decision.store.unwrap().erased(StatusCode::E_REVOKED);
    is(
        &client().read(&client().write(&erased)),
        NOW,
        StatusCode::OK,
    );
}
