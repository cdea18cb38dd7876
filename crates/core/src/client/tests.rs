//! The client's decisions: the order of the checks, what each answer does to what is stored, and when syncs go on.

use base64ct::{Base64, Encoding};

use super::*;
use crate::claims::Claims;
use crate::jws::{join_signature, signing_input};
use crate::product::Algorithm;

const PRIVATE: &str = include_str!("../../../../tests/vectors/keys/product.private.pem");
const PUBLIC: &str = include_str!("../../../../tests/vectors/keys/product.public.pem");
const NOW: i64 = 1_760_000_000;
const KEY: &str = "0A2035-E8A2A3-4D31B7";
const REVOKED: &str = r#"{"message": "no", "code": "REVOKED_LICENSE"}"#;

fn client() -> Client {
    Client {
        product_id: "p".into(),
        license_key: Some(KEY.into()),
        fingerprint: "f".into(),
        keys: KeySet::parse(PUBLIC).unwrap(),
    }
}

fn claims() -> Claims {
    Claims {
        aid: "a".into(),
        pid: "p".into(),
        key: KEY.into(),
        fp: "f".into(),
        iat: NOW,
        ssi: 60,
        ssgpeat: NOW + 1_000,
        aco: 3_600,
        kind: "node-locked".into(),
        ..Claims::default()
    }
}

fn token(claims: &Claims) -> String {
    let base64: String = PRIVATE
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let pair =
        ring::signature::RsaKeyPair::from_pkcs8(&Base64::decode_vec(&base64).unwrap()).unwrap();
    let input = signing_input(
        Algorithm::RS256,
        "k",
        "JWT",
        &serde_json::to_vec(claims).unwrap(),
    );
    let mut signature = vec![0; 256];
    let random = ring::rand::SystemRandom::new();
    pair.sign(
        &ring::signature::RSA_PKCS1_SHA256,
        &random,
        input.as_bytes(),
        &mut signature,
    )
    .unwrap();
    join_signature(&input, &signature)
}

fn stored(claims: &Claims) -> Stored {
    Stored::activated(&token(claims), KEY, NOW)
}

fn granted(claims: &Claims) -> String {
    format!(r#"{{"activationToken": "{}"}}"#, token(claims))
}

fn asked(claims: &Claims) -> Asked {
    Asked {
        activation: claims.aid.clone(),
        epoch: claims.epoch,
        key: claims.key.clone(),
    }
}

fn genuine(change: impl FnOnce(&mut Claims)) -> Decision {
    let mut claims = claims();
    change(&mut claims);
    client().genuine(&stored(&claims), NOW)
}

#[track_caller]
fn check(decision: &Decision, status: StatusCode, next_sync: Option<i64>) {
    assert_eq!(decision.status, status, "{}", decision.status.name());
    assert_eq!(decision.next_sync, next_sync.map(Seconds));
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
        let stored = Stored {
            seen,
            ..stored(&claims)
        };
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
        (store.token, store.key.as_deref(), store.last_error),
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
            .map(|stored| stored.seen)
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
    let ahead = Stored {
        seen: NOW + 9_000,
        ..stored(&claims())
    };
    let (decision, asked) = client().ask_sync(&ahead, NOW);
    check(&decision, StatusCode::E_TIME_MODIFIED, Some(60));
    assert!(asked.is_none());
}

#[test]
fn only_an_answer_of_the_server_sets_the_recorded_time_back() {
    let ahead = Stored {
        seen: NOW + 9_000,
        ..stored(&claims())
    };
    check(
        &client().genuine(&ahead, NOW),
        StatusCode::E_TIME_MODIFIED,
        None,
    );
    let decision = client().activated(&ahead, KEY, 200, &granted(&claims()), NOW);
    assert_eq!(decision.store.unwrap().seen, NOW);
}

#[test]
fn an_activation_is_stored_if_it_stands() {
    let decision = client().activated(&Stored::default(), KEY, 201, &granted(&claims()), NOW);
    check(&decision, StatusCode::OK, Some(60));
    assert_eq!(decision.store, Some(stored(&claims())));
    let suspended = Claims {
        suspended: true,
        ..claims()
    };
    let decision = client().activated(&Stored::default(), KEY, 201, &granted(&suspended), NOW);
    check(&decision, StatusCode::SUSPENDED, Some(60));
    let other = Claims {
        fp: "other".into(),
        ..claims()
    };
    let decision = client().activated(&stored(&claims()), KEY, 201, &granted(&other), NOW);
    assert_eq!(decision, Decision::of(StatusCode::E_MACHINE_FINGERPRINT));
    let over = Claims {
        leat: NOW - 1,
        ..claims()
    };
    let decision = client().activated(&stored(&claims()), KEY, 201, &granted(&over), NOW);
    assert_eq!(decision, Decision::of(StatusCode::FAIL));
}

#[test]
fn a_refused_activation_erases_one_of_the_same_key_alone() {
    let stored = stored(&claims());
    let erases = |key: &str, code: &str| {
        let body = REVOKED.replace("REVOKED_LICENSE", code);
        client()
            .activated(&stored, key, 400, &body, NOW)
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
        client().activated(&nothing, KEY, 400, REVOKED, NOW).store,
        None
    );
}

#[test]
fn a_revoked_license_erases_and_says_why_until_the_next_success() {
    let erased = client().synced(&stored(&claims()), &asked(&claims()), 400, REVOKED, NOW);
    check(&erased, StatusCode::E_REVOKED, None);
    let erased = erased.store.unwrap();
    assert_eq!(
        (&erased.token, erased.last_error),
        (&None, StatusCode::E_REVOKED)
    );
    check(&client().genuine(&erased, NOW), StatusCode::FAIL, None);
    let again = client().activated(&erased, KEY, 200, &granted(&claims()), NOW);
    assert_eq!(again.store.unwrap().last_error, StatusCode::OK);
}

#[test]
fn syncs_go_on_after_six_verdicts_and_no_others() {
    let go_on = [
        StatusCode::OK,
        StatusCode::EXPIRED,
        StatusCode::SUSPENDED,
        StatusCode::E_INET,
        StatusCode::E_RATE_LIMIT,
        StatusCode::E_SERVER,
    ];
    for &status in StatusCode::ALL {
        assert_eq!(
            status.keeps_syncing(),
            go_on.contains(&status),
            "{}",
            status.name()
        );
    }
}

#[test]
fn what_a_sync_does_is_what_the_answer_says() {
    let stored = stored(&claims());
    let synced = |http_status, body: &str| {
        client().synced(&stored, &asked(&claims()), http_status, body, NOW)
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
            None,
        ),
        (
            200,
            r#"{"activationToken": "a.b.c"}"#,
            StatusCode::FAIL,
            None,
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
    assert_eq!(decision.store.unwrap().token, Some(token(&renewed)));
    let over = Claims {
        ssgpeat: 1,
        ..claims()
    };
    check(
        &synced(200, &granted(&over)),
        StatusCode::GRACE_PERIOD_OVER,
        None,
    );
}

#[test]
fn an_answer_acts_only_on_the_activation_that_it_was_asked_for() {
    let renewed = Claims {
        epoch: 1,
        ..claims()
    };
    let decision = client().synced(&stored(&renewed), &asked(&claims()), 400, REVOKED, NOW);
    check(&decision, StatusCode::OK, Some(60));
    assert_eq!(decision.store, None);
    let erased = stored(&claims()).erased(StatusCode::E_REVOKED);
    let late = client().synced(&erased, &asked(&claims()), 200, &granted(&claims()), NOW);
    assert_eq!((late.status, late.store), (StatusCode::FAIL, None));
    let late = client().deactivated(&stored(&renewed), &asked(&claims()), 204, "", NOW);
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
        200,
        &granted(&claims()),
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
        let decision = client().deactivated(&stored(&claims), &asked(&claims), 204, "", NOW);
        check(&decision, StatusCode::OK, None);
        let store = decision.store.unwrap();
        assert_eq!((store.token, store.key.as_deref()), (None, key));
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
fn what_is_stored_reads_as_it_was_written() {
    let stored = stored(&claims()).erased(StatusCode::E_REVOKED);
    assert_eq!(Stored::parse(&stored.to_text()), stored);
    for text in [
        "",
        "{",
        "[]",
        "null",
        r#"{"v": 2, "token": null, "key": null, "seen": 0, "lastError": 0}"#,
    ] {
        assert_eq!(Stored::parse(text), Stored::default(), "{text}");
    }
}
