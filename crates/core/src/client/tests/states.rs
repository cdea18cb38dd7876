//! What is stored decides: the order of the checks, and the time that was seen.

use super::testing::*;
use crate::claims::Claims;
use crate::client::stored::Part;
use crate::client::*;

fn seen_at(stored: Stored, time: i64) -> Stored {
    Stored {
        seen: Part::new(time),
        ..stored
    }
}

fn genuine(change: impl FnOnce(&mut Claims)) -> Decision {
    let mut claims = claims();
    change(&mut claims);
    client().genuine(&stored(&claims), NOW)
}

#[test]
fn each_check_hides_those_after_it() {
    let spoiled = [
        (StatusCode::E_PRODUCT_ID, 9),
        (StatusCode::E_TIME_MODIFIED, 8),
        (StatusCode::E_LICENSE_KEY, 7),
        (StatusCode::FAIL, 6),
        (StatusCode::E_MACHINE_FINGERPRINT, 5),
        (StatusCode::E_TIME, 4),
        (StatusCode::FAIL, 3),
        (StatusCode::GRACE_PERIOD_OVER, 2),
        (StatusCode::EXPIRED, 1),
        (StatusCode::SUSPENDED, 0),
    ];
    for (status, worst) in spoiled {
        let mut client = client();
        let mut claims = Claims {
            suspended: true,
            ..claims()
        };
        let mut seen = NOW;
        for spoil in 1..=worst {
            match spoil {
                1 => claims.eat = NOW - 1,
                2 => claims.ssgpeat = NOW - 1,
                3 => claims.leat = NOW - 1,
                4 => claims.iat = NOW + 3_601,
                5 => claims.fp = "other".into(),
                6 => claims.pid = "other".into(),
                7 => client.license_key = Some("short".into()),
                8 => seen = NOW + 3_801,
                _ => client.product_id.clear(),
            }
        }
        let stored = seen_at(stored(&claims), seen);
        assert_eq!(client.genuine(&stored, NOW).status, status, "at {worst}");
    }
}

#[test]
fn a_standing_activation_syncs_at_its_interval() {
    check(&genuine(|_| ()), StatusCode::OK, Some(60));
    check(
        &genuine(|claims| claims.suspended = true),
        StatusCode::SUSPENDED,
        Some(60),
    );
    check(
        &genuine(|claims| claims.ssgpeat = 1),
        StatusCode::GRACE_PERIOD_OVER,
        Some(60),
    );
    check(&genuine(|claims| claims.ssi = 0), StatusCode::OK, None);
    check(
        &genuine(|claims| claims.fp = "other".into()),
        StatusCode::E_MACHINE_FINGERPRINT,
        None,
    );
}

#[test]
fn nothing_stored_is_not_activated() {
    check(
        &client().genuine(&Stored::default(), NOW),
        StatusCode::FAIL,
        None,
    );
    let keyless = Client {
        license_key: None,
        ..client()
    };
    check(
        &keyless.genuine(&Stored::default(), NOW),
        StatusCode::E_LICENSE_KEY,
        None,
    );
    check(
        &keyless.genuine(&stored(&claims()), NOW),
        StatusCode::OK,
        Some(60),
    );
}

#[test]
fn a_lease_that_is_over_erases_the_token_and_keeps_the_key() {
    let decision = genuine(|claims| claims.leat = NOW - 1);
    check(&decision, StatusCode::FAIL, None);
    let store = decision.store.unwrap();
    assert_eq!(
        (store.token(), store.key(), store.last_error()),
        (None, Some(KEY), StatusCode::FAIL)
    );
    assert_eq!(genuine(|claims| claims.pid = "other".into()).store, None);
}

#[test]
fn the_recorded_time_never_runs_backwards() {
    let stored = stored(&claims());
    let seen = |now| {
        client()
            .genuine(&stored, now)
            .store
            .map(|stored| stored.seen())
    };
    assert_eq!(seen(NOW + 59), None);
    assert_eq!(seen(NOW + 60), Some(NOW + 60));
    assert_eq!(seen(NOW - 3_500), None);
    check(
        &client().genuine(&stored, NOW - 3_801),
        StatusCode::E_TIME_MODIFIED,
        None,
    );
}

#[test]
fn a_clock_that_is_wrong_for_a_while_ends_no_syncs() {
    let ahead = seen_at(stored(&claims()), NOW + 9_000);
    let (decision, asked) = client().ask_sync(&ahead, NOW);
    check(&decision, StatusCode::E_TIME_MODIFIED, Some(60));
    assert!(asked.is_none());
}

#[test]
fn only_a_new_answer_of_the_server_sets_the_recorded_time_back() {
    let ahead = seen_at(stored(&claims()), NOW + 9_000);
    check(
        &client().genuine(&ahead, NOW),
        StatusCode::E_TIME_MODIFIED,
        None,
    );
    let activated = |stored: &Stored, iat| {
        let claims = Claims { iat, ..claims() };
        client().activated(stored, KEY, response(200, &granted(&claims)), NOW)
    };
    let healed = activated(&ahead, NOW + 1);
    assert_eq!(healed.store.unwrap().seen(), NOW);
    let replayed = activated(&ahead, NOW);
    assert_eq!(replayed, Decision::of(StatusCode::E_TIME_MODIFIED));
    let later = seen_at(stored(&claims()), NOW + 3_000);
    assert_eq!(activated(&later, NOW).store.unwrap().seen(), NOW + 3_000);
}

#[test]
fn a_sync_of_the_same_second_does_not_set_the_recorded_time_back() {
    let later = seen_at(stored(&claims()), NOW + 3_000);
    let synced = |iat| {
        let claims = Claims { iat, ..claims() };
        let answer = granted(&claims);
        let decision = client().synced(&later, &asked(&claims), response(200, &answer), NOW);
        decision.store.unwrap().seen()
    };
    assert_eq!(synced(NOW), NOW + 3_000);
    assert_eq!(synced(NOW + 1), NOW);
}

#[test]
fn with_nothing_to_protect_the_recorded_time_follows_a_clock_that_was_ahead() {
    let ahead = seen_at(Stored::default(), NOW + 9_000);
    let decision = client().genuine(&ahead, NOW);
    check(&decision, StatusCode::FAIL, None);
    let corrected = decision.store.unwrap();
    assert_eq!(corrected.seen(), NOW);
    let trial = client().activate_local_trial(&ahead, 7, NOW);
    check(&trial, StatusCode::OK, None);
    let begun = seen_at(trial.store.unwrap(), NOW + 9_000);
    check(
        &client().local_trial(&begun, NOW),
        StatusCode::E_TIME_MODIFIED,
        None,
    );
    // What is forgiven is not worth a write.
    let near = seen_at(Stored::default(), NOW + 3_800);
    assert_eq!(client().genuine(&near, NOW).store, None);
}

#[test]
fn another_user_of_the_device_is_refused_where_the_token_names_one() {
    let named = |user: &str| genuine(|claims| claims.user_hash = Some(user.into()));
    check(&named("u"), StatusCode::OK, Some(60));
    check(&named("other"), StatusCode::E_OS_USER, None);
    check(
        &genuine(|claims| claims.user_hash = None),
        StatusCode::OK,
        Some(60),
    );
    let nameless = Client {
        user_hash: None,
        ..client()
    };
    let claims = Claims {
        user_hash: Some("other".into()),
        ..claims()
    };
    check(
        &nameless.genuine(&stored(&claims), NOW),
        StatusCode::OK,
        Some(60),
    );
}

#[test]
fn a_release_is_covered_up_to_the_last_version_and_the_end_of_maintenance() {
    let limits =
        serde_json::json!({ "maxAllowedReleaseVersion": "2.5", "maintenanceExpiresAt": NOW });
    let limited = holding(&token_with(&limits));
    let verdict = |version: Option<&str>, published| {
        let release = Release {
            version: version.map(|version| version.parse().unwrap()),
            published,
        };
        let client = Client {
            release,
            ..client()
        };
        client.genuine(&limited, NOW).status
    };
    assert_eq!(verdict(None, None), StatusCode::OK);
    for covered in ["2.5", "2.5.0.0", "2.4.99.1", "0.0"] {
        assert_eq!(
            verdict(Some(covered), Some(NOW)),
            StatusCode::OK,
            "{covered}"
        );
    }
    for beyond in ["2.5.0.1", "2.10", "3.0"] {
        assert_eq!(
            verdict(Some(beyond), None),
            StatusCode::E_RELEASE_VERSION_NOT_ALLOWED,
            "{beyond}"
        );
    }
    assert_eq!(
        verdict(Some("1.0"), Some(NOW + 1)),
        StatusCode::E_RELEASE_VERSION_NOT_ALLOWED
    );
}

#[test]
fn a_release_that_is_not_covered_goes_on_syncing_and_hides_nothing() {
    let release = Release {
        version: Some("2.6".parse().unwrap()),
        published: None,
    };
    let client = Client {
        release,
        ..client()
    };
    let verdict = |claims: serde_json::Value| client.genuine(&holding(&token_with(&claims)), NOW);
    let limited = serde_json::json!({ "maxAllowedReleaseVersion": "2.5" });
    check(
        &verdict(limited),
        StatusCode::E_RELEASE_VERSION_NOT_ALLOWED,
        Some(60),
    );
    let unread = serde_json::json!({ "maxAllowedReleaseVersion": "latest" });
    check(
        &verdict(unread),
        StatusCode::E_RELEASE_VERSION_NOT_ALLOWED,
        Some(60),
    );
    let suspended = serde_json::json!({ "maxAllowedReleaseVersion": "2.5", "suspended": true });
    check(&verdict(suspended), StatusCode::SUSPENDED, Some(60));
}

#[test]
fn release_versions_have_two_to_four_numbers() {
    for text in ["1.0", "1.2.3", "1.2.3.4", "4294967295.0"] {
        assert!(text.parse::<ReleaseVersion>().is_ok(), "{text}");
    }
    for text in [
        "",
        "1",
        "1.",
        ".1",
        "1..2",
        "1.2.3.4.5",
        "v1.0",
        "1.0-beta",
        "+1.0",
        "1.4294967296",
        "1. 0",
    ] {
        assert!(text.parse::<ReleaseVersion>().is_err(), "{text}");
    }
}
