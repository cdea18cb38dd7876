//! What each answer does to what is stored, and when syncs go on.

use super::testing::*;
use crate::claims::Claims;
use crate::client::*;

#[test]
fn an_activation_is_stored_if_it_stands() {
    let decision = client().activated(
        &Stored::default(),
        KEY,
        response(201, &granted(&claims())),
        NOW,
    );
    check(&decision, StatusCode::OK, Some(60));
    assert_eq!(decision.store, Some(stored(&claims())));
    let suspended = Claims {
        suspended: true,
        ..claims()
    };
    let decision = client().activated(
        &Stored::default(),
        KEY,
        response(201, &granted(&suspended)),
        NOW,
    );
    check(&decision, StatusCode::SUSPENDED, Some(60));
    let other = Claims {
        fp: "other".into(),
        ..claims()
    };
    let decision = client().activated(
        &stored(&claims()),
        KEY,
        response(201, &granted(&other)),
        NOW,
    );
    assert_eq!(decision, Decision::of(StatusCode::E_MACHINE_FINGERPRINT));
    let over = Claims {
        leat: NOW - 1,
        ..claims()
    };
    let decision = client().activated(&Stored::default(), KEY, response(201, &granted(&over)), NOW);
    assert_eq!(decision, Decision::of(StatusCode::FAIL));
}

#[test]
fn that_a_device_is_not_activated_is_never_said_of_one_that_is() {
    let useless = |change: fn(&mut Claims)| {
        let mut claims = claims();
        claims.iat = NOW + 1;
        change(&mut claims);
        granted(&claims)
    };
    let foreign = Claims {
        fp: "other".into(),
        ..claims()
    };
    for body in [
        r#"{"activationToken": "a.b.c"}"#.to_owned(),
        r#"{"activationToken": ""}"#.to_owned(),
        useless(|claims| claims.pid = "another".into()),
        useless(|claims| claims.key = "ANOTHER-KEY-OF-SOMEBODY".into()),
        useless(|claims| claims.leat = NOW - 1),
    ] {
        let response = response(200, &body);
        let activated = |stored: &Stored| client().activated(stored, KEY, response, NOW);
        let standing = stored(&claims());
        let none = Decision::of(StatusCode::E_INET);
        assert_eq!(activated(&standing), none, "{body}");
        let synced = client().synced(&standing, &asked(&claims()), response, NOW);
        check(&synced, StatusCode::E_INET, Some(60));
        assert_eq!(synced.store, None, "{body}");
        for nothing in [Stored::default(), stored(&foreign)] {
            assert_eq!(activated(&nothing).status, StatusCode::FAIL, "{body}");
        }
    }
}

#[test]
fn a_refused_activation_erases_one_of_the_same_key_alone() {
    let stored = stored(&claims());
    let erases = |key: &str, code: &str| {
        let body = REVOKED.replace("REVOKED_LICENSE", code);
        client()
            .activated(&stored, key, response(400, &body), NOW)
            .store
            .is_some()
    };
    assert!(erases(KEY, "REVOKED_LICENSE"));
    assert!(!erases("ANOTHER-KEY-OF-SOMEBODY", "REVOKED_LICENSE"));
    assert!(!erases(KEY, "INVALID_LICENSE_KEY"));
    assert!(!erases(KEY, "INVALID_PRODUCT_ID"));
    assert!(!erases(KEY, "ACTIVATION_LIMIT_REACHED"));
    let nothing = Stored::default();
    assert_eq!(
        client()
            .activated(&nothing, KEY, response(400, REVOKED), NOW)
            .store,
        None
    );
}

#[test]
fn a_revoked_license_erases_and_says_why_until_the_next_success() {
    let erased = client().synced(
        &stored(&claims()),
        &asked(&claims()),
        response(400, REVOKED),
        NOW,
    );
    check(&erased, StatusCode::E_REVOKED, None);
    let erased = erased.store.unwrap();
    assert_eq!(
        (erased.token(), erased.last_error()),
        (None, StatusCode::E_REVOKED)
    );
    check(&client().genuine(&erased, NOW), StatusCode::FAIL, None);
    let renewed = Claims {
        iat: NOW + 1,
        ..claims()
    };
    let again = client().activated(&erased, KEY, response(200, &granted(&renewed)), NOW);
    assert_eq!(again.store.unwrap().last_error(), StatusCode::OK);
}

#[test]
fn what_a_sync_does_is_what_the_answer_says() {
    let stored = stored(&claims());
    let synced = |http_status, body: &str| {
        client().synced(&stored, &asked(&claims()), response(http_status, body), NOW)
    };
    for (http_status, body, status, next_sync) in [
        (0, "", StatusCode::E_INET, Some(60)),
        (200, "<html>", StatusCode::E_INET, Some(60)),
        (429, "", StatusCode::E_RATE_LIMIT, Some(60)),
        (500, "", StatusCode::E_SERVER, Some(60)),
        (
            404,
            r#"{"message": "", "code": "ACTIVATION_UNKNOWN"}"#,
            StatusCode::E_ACTIVATION_NOT_FOUND,
            Some(60),
        ),
        (
            400,
            r#"{"message": "", "code": null}"#,
            StatusCode::E_CLIENT,
            Some(60),
        ),
        (
            400,
            r#"{"message": "", "code": "BAD_REQUEST"}"#,
            StatusCode::E_CLIENT,
            Some(60),
        ),
        (
            200,
            r#"{"activationToken": "a.b.c"}"#,
            StatusCode::E_INET,
            Some(60),
        ),
    ] {
        let decision = synced(http_status, body);
        check(&decision, status, next_sync);
        assert_eq!(decision.store, None, "{http_status} {body}");
    }
    let renewed = Claims {
        iat: NOW + 5,
        eat: 1,
        ssi: 30,
        ..claims()
    };
    let decision = synced(200, &granted(&renewed));
    check(&decision, StatusCode::EXPIRED, Some(30));
    assert_eq!(decision.store.unwrap().token.value, Some(token(&renewed)));
    let over = Claims {
        ssgpeat: 1,
        ..claims()
    };
    check(
        &synced(200, &granted(&over)),
        StatusCode::GRACE_PERIOD_OVER,
        Some(60),
    );
}

#[test]
fn an_answer_acts_only_on_the_activation_that_it_was_asked_for() {
    let renewed = Claims {
        epoch: 1,
        ..claims()
    };
    let decision = client().synced(
        &stored(&renewed),
        &asked(&claims()),
        response(400, REVOKED),
        NOW,
    );
    check(&decision, StatusCode::OK, Some(60));
    assert_eq!(decision.store, None);
    let erased = stored(&claims()).erased(StatusCode::E_REVOKED);
    let late = client().synced(
        &erased,
        &asked(&claims()),
        response(200, &granted(&claims())),
        NOW,
    );
    assert_eq!((late.status, late.store), (StatusCode::FAIL, None));
    let late = client().deactivated(&stored(&renewed), &asked(&claims()), response(204, ""), NOW);
    assert_eq!((late.status, late.store), (StatusCode::OK, None));
}

#[test]
fn an_older_answer_never_replaces_a_newer_one() {
    let newer = Claims {
        iat: NOW + 10,
        suspended: true,
        ..claims()
    };
    let decision = client().synced(
        &stored(&newer),
        &asked(&newer),
        response(200, &granted(&claims())),
        NOW + 10,
    );
    check(&decision, StatusCode::SUSPENDED, Some(60));
    assert_eq!(decision.store, None);
}

#[test]
fn deactivating_keeps_the_key_of_a_floating_license_alone() {
    for (kind, key) in [("node-locked", None), ("hosted-floating", Some(KEY))] {
        let claims = Claims {
            kind: kind.into(),
            ..claims()
        };
        let decision =
            client().deactivated(&stored(&claims), &asked(&claims), response(204, ""), NOW);
        check(&decision, StatusCode::OK, None);
        let store = decision.store.unwrap();
        assert_eq!((store.token(), store.key()), (None, key));
    }
}

#[test]
fn what_stands_or_has_a_wrong_clock_may_be_deactivated() {
    let may = |change: fn(&mut Claims)| {
        let mut claims = claims();
        change(&mut claims);
        client().ask_deactivation(&stored(&claims), NOW).1 == Some(asked(&claims))
    };
    assert!(may(|_| ()));
    assert!(may(|claims| claims.eat = 1));
    assert!(may(|claims| claims.iat = NOW + 3_601));
    assert!(!may(|claims| claims.fp = "other".into()));
    assert!(!may(|claims| claims.leat = 1));
}

#[test]
fn a_meter_is_counted_if_the_token_names_it() {
    let metered = holding(&token_with(
        &serde_json::json!({ "lma": [{ "name": "Exports", "allowedUses": 5 }] }),
    ));
    let (decision, asked) = client().ask_meter(&metered, "exports", NOW);
    check(&decision, StatusCode::OK, Some(60));
    assert_eq!(asked.unwrap().activation, "a");
    let (decision, asked) = client().ask_meter(&metered, "imports", NOW);
    check(&decision, StatusCode::E_METER_ATTRIBUTE_NOT_FOUND, Some(60));
    assert_eq!(asked, None);
    let (decision, asked) = client().ask_meter(&Stored::default(), "exports", NOW);
    check(&decision, StatusCode::FAIL, None);
    assert_eq!(asked, None);
    let foreign = holding(&token_with(&serde_json::json!({ "lma": "[]" })));
    let (decision, _) = client().ask_meter(&foreign, "exports", NOW);
    check(&decision, StatusCode::E_METER_ATTRIBUTE_NOT_FOUND, Some(60));
}

#[test]
fn an_answer_that_was_recorded_brings_back_nothing_that_has_ended() {
    let revoked = client().synced(
        &stored(&claims()),
        &asked(&claims()),
        response(400, REVOKED),
        NOW,
    );
    let given_up = client().deactivated(
        &stored(&claims()),
        &asked(&claims()),
        response(204, ""),
        NOW,
    );
    let leased = Claims {
        leat: NOW + 9,
        ..claims()
    };
    let over = client().genuine(&stored(&leased), NOW + 10);
    for ended in [revoked, given_up, over] {
        let ended = client().read(&client().write(&ended.store.unwrap()));
        let answered = |change: fn(&mut Claims)| {
            let mut claims = claims();
            change(&mut claims);
            client().activated(&ended, KEY, response(200, &granted(&claims)), NOW)
        };
        assert_eq!(answered(|_| ()), Decision::of(StatusCode::E_INET));
        let earlier = answered(|claims| (claims.aid, claims.iat) = ("b".into(), NOW - 1));
        assert_eq!(earlier, Decision::of(StatusCode::E_INET));
        let anew = [
            answered(|claims| claims.aid = "b".into()),
            answered(|claims| (claims.aid, claims.epoch) = ("b".into(), 1)),
            answered(|claims| claims.iat = NOW + 1),
            answered(|claims| {
                (claims.aid, claims.lid, claims.iat) = ("c".into(), "m".into(), NOW - 1);
            }),
        ];
        for decision in anew {
            check(&decision, StatusCode::OK, Some(60));
            assert!(decision.store.unwrap().token().is_some());
        }
    }
}

#[test]
fn an_activation_is_replaced_by_no_earlier_word_on_its_license() {
    let newer = Claims {
        iat: NOW + 10,
        suspended: true,
        ..claims()
    };
    let activated = |claims: &Claims| {
        client().activated(
            &stored(&newer),
            KEY,
            response(200, &granted(claims)),
            NOW + 10,
        )
    };
    let decision = activated(&claims());
    check(&decision, StatusCode::SUSPENDED, Some(60));
    assert_eq!(decision.store, None);
    let other = Claims {
        lid: "m".into(),
        ..claims()
    };
    check(&activated(&other), StatusCode::OK, Some(60));
}

#[test]
fn of_two_answers_of_one_second_the_later_version_counts() {
    let synced = |version: i64, suspended: bool, next: i64, next_suspended: bool| {
        let held = Claims {
            ver: version,
            suspended,
            ..claims()
        };
        let next = Claims {
            ver: next,
            suspended: next_suspended,
            ..claims()
        };
        let response = granted(&next);
        let answered = client().synced(
            &stored(&held),
            &asked(&held),
            self::response(200, &response),
            NOW,
        );
        check(&answered, answered.status, Some(60));
        answered.status
    };
    assert_eq!(synced(5, false, 6, true), StatusCode::SUSPENDED);
    assert_eq!(synced(5, true, 6, false), StatusCode::OK);
    assert_eq!(synced(6, true, 5, false), StatusCode::SUSPENDED);
    assert_eq!(synced(6, false, 5, true), StatusCode::OK);
    // A server that tells no versions.
    assert_eq!(synced(0, false, 0, true), StatusCode::SUSPENDED);
    assert_eq!(synced(0, true, 0, false), StatusCode::SUSPENDED);
}
