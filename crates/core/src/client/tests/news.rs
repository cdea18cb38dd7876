//! What news of a license do: they restrict at once, and extend nothing.

use super::testing::*;
use crate::claims::{Claims, Statement};
use crate::client::*;
use crate::statement::StatementKey;

fn activation() -> Claims {
    Claims {
        lid: "l".into(),
        ver: 5,
        epoch: 1,
        ..claims()
    }
}

/// What the license of that activation is at a version.
fn statement(ver: i64) -> Statement {
    Statement {
        lid: "l".into(),
        ver,
        epoch: 1,
        ..Statement::default()
    }
}

fn news_by(key: &StatementKey, statement: &Statement) -> String {
    serde_json::json!({ "licenseId": "l", "version": 1, "statement": key.sign(statement) })
        .to_string()
}

fn told(stored: &Stored, statement: &Statement) -> (Decision, News) {
    informed().told(stored, &news_by(&account(), statement), NOW)
}

#[track_caller]
fn changes_nothing(statement: &Statement) {
    let (decision, left) = told(&stored(&activation()), statement);
    check(&decision, StatusCode::OK, Some(60));
    assert_eq!((decision.store, left), (None, News::Whole));
}

#[test]
fn a_revocation_ends_the_activation_at_once() {
    for statement in [
        Statement {
            revoked: true,
            ..statement(6)
        },
        Statement {
            deleted: true,
            ..statement(6)
        },
        Statement {
            epoch: 2,
            ..statement(6)
        },
    ] {
        let (decision, left) = told(&stored(&activation()), &statement);
        assert_eq!(
            (decision.status, left),
            (StatusCode::E_REVOKED, News::Whole)
        );
        let after = decision.store.unwrap();
        assert_eq!(informed().genuine(&after, NOW).status, StatusCode::FAIL);
        assert_eq!(after.last_error(), StatusCode::E_REVOKED);
    }
}

#[test]
fn a_token_that_comes_late_brings_back_nothing_that_a_revocation_ended() {
    let revoked = Statement {
        revoked: true,
        epoch: 2,
        ..statement(9)
    };
    let (decision, _) = told(&stored(&activation()), &revoked);
    let after = informed().read(&informed().write(&decision.store.unwrap()));
    let activate = |claims: &Claims| {
        informed().activated(&after, KEY, response(200, &granted(claims)), NOW + 9)
    };
    let on_its_way = Claims {
        ver: 8,
        iat: NOW + 5,
        ..activation()
    };
    check(&activate(&on_its_way), StatusCode::E_INET, None);
    let anew = Claims {
        aid: "b".into(),
        epoch: 2,
        ver: 10,
        iat: NOW + 9,
        ..activation()
    };
    check(&activate(&anew), StatusCode::OK, Some(60));
}

#[test]
fn what_was_issued_before_a_deletion_does_not_come_back() {
    let deleted = Statement {
        deleted: true,
        iat: NOW + 5,
        ..statement(9)
    };
    let (decision, _) = told(&stored(&activation()), &deleted);
    let after = informed().read(&informed().write(&decision.store.unwrap()));
    for (aid, seconds) in [("a", 5), ("b", 4)] {
        let late = Claims {
            aid: aid.into(),
            ver: 8,
            iat: NOW + seconds,
            ..activation()
        };
        let late = granted(&late);
        let decision = informed().activated(&after, KEY, response(200, &late), NOW + 9);
        check(&decision, StatusCode::E_INET, None);
    }
}

#[test]
fn news_that_end_an_activation_restrict_the_next_one_too() {
    let suspended = Statement {
        suspended: true,
        epoch: 2,
        ..statement(9)
    };
    let (decision, _) = told(&stored(&activation()), &suspended);
    let after = informed().read(&informed().write(&decision.store.unwrap()));
    let activate = |ver| {
        let anew = Claims {
            aid: "b".into(),
            epoch: 2,
            ver,
            iat: NOW + 5,
            ..activation()
        };
        let token = granted(&anew);
        informed().activated(&after, KEY, response(200, &token), NOW + 9)
    };
    check(&activate(8), StatusCode::SUSPENDED, Some(60));
    check(&activate(9), StatusCode::OK, Some(60));
}

#[test]
fn a_suspension_and_an_earlier_end_hold_until_a_token_says_otherwise() {
    let suspended = Statement {
        suspended: true,
        ..statement(6)
    };
    let ended = Statement {
        eat: NOW - 1,
        ..statement(6)
    };
    for (statement, status) in [
        (suspended, StatusCode::SUSPENDED),
        (ended, StatusCode::EXPIRED),
    ] {
        let (decision, left) = told(&stored(&activation()), &statement);
        check(&decision, status, Some(60));
        assert_eq!(left, News::Vendors);
        let after = decision.store.unwrap();
        let kept = informed().read(&informed().write(&after));
        assert_eq!(informed().genuine(&kept, NOW).status, status);

        let asked = informed().ask_sync(&kept, NOW).1.unwrap();
        let sync = |ver| {
            let claims = Claims {
                ver,
                iat: NOW + 1,
                ..activation()
            };
            informed().synced(&kept, &asked, response(200, &granted(&claims)), NOW + 1)
        };
        assert_eq!(sync(5).status, status, "an answer of before");
        assert_eq!(sync(6).status, StatusCode::OK);
    }
}

#[test]
fn news_extend_nothing() {
    let suspended = Claims {
        suspended: true,
        ..activation()
    };
    let (decision, left) = told(&stored(&suspended), &statement(6));
    check(&decision, StatusCode::SUSPENDED, Some(60));
    assert_eq!(left, News::Vendors);
    let expired = Claims {
        eat: NOW - 1,
        ..activation()
    };
    let (decision, _) = told(&stored(&expired), &statement(6));
    check(&decision, StatusCode::EXPIRED, Some(60));
}

#[test]
fn news_that_are_old_or_of_another_license_change_nothing() {
    let revoked = |ver| Statement {
        revoked: true,
        ..statement(ver)
    };
    changes_nothing(&revoked(5));
    changes_nothing(&revoked(4));
    changes_nothing(&Statement {
        lid: "other".into(),
        ..revoked(6)
    });
}

#[test]
fn news_that_the_account_did_not_sign_change_nothing() {
    let revoked = Statement {
        revoked: true,
        ..statement(6)
    };
    let other = StatementKey::from_seed(&[8; 32]);
    let (signed, not_so) = (
        news_by(&account(), &revoked),
        news_by(&account(), &statement(6)),
    );
    let (payload, signature) = (
        signed.rsplit_once('.').unwrap().0,
        not_so.rsplit_once('.').unwrap().1,
    );
    let stored = stored(&activation());
    for (news, expected) in [
        (format!("{payload}.{signature}"), News::Whole),
        (
            serde_json::json!({ "statement": token(&activation()) }).to_string(),
            News::Whole,
        ),
        (news_by(&other, &revoked), News::Unclear),
    ] {
        let (decision, left) = informed().told(&stored, &news, NOW);
        check(&decision, StatusCode::OK, Some(60));
        assert_eq!((decision.store, left), (None, expected), "{news}");
    }
}

#[test]
fn a_refusal_to_tell_any_is_a_reason_to_sync_and_so_is_the_word_that_the_activation_is_gone() {
    for client in [client(), informed()] {
        for (news, expected) in [
            ("", News::Alone),
            (r#"{"activationId": "a"}"#, News::Alone),
            (r#"{"activationId": "b"}"#, News::Whole),
            ("{}", News::Whole),
            ("null", News::Whole),
            ("<html>", News::Whole),
            (r#"{"statement": 1}"#, News::Whole),
        ] {
            let (decision, left) = client.told(&stored(&activation()), news, NOW);
            check(&decision, StatusCode::OK, Some(60));
            assert_eq!((decision.store, left), (None, expected), "{news}");
        }
        let (_, left) = client.told(&Stored::default(), "{}", NOW);
        assert_eq!(left, News::Whole);
    }
}

#[test]
fn where_the_statement_key_is_not_known_news_are_a_reason_to_sync_and_no_more() {
    let revoked = Statement {
        revoked: true,
        ..statement(6)
    };
    let (decision, left) =
        client().told(&stored(&activation()), &news_by(&account(), &revoked), NOW);
    check(&decision, StatusCode::OK, Some(60));
    assert_eq!((decision.store, left), (None, News::Unclear));
}

#[test]
fn what_is_known_counts_news_in() {
    let stored = stored(&activation());
    assert_eq!(informed().follows(&stored), Some(("a".to_owned(), 5)));
    let (decision, _) = told(&stored, &statement(9));
    assert_eq!(
        informed().follows(&decision.store.unwrap()),
        Some(("a".to_owned(), 9))
    );
    assert_eq!(informed().follows(&Stored::default()), None);
}

#[test]
fn who_was_told_syncs_soon_but_not_all_at_once() {
    let stored = stored(&activation());
    let schedule = Schedule::default().begun(&client().genuine(&stored, NOW), NOW);
    assert_eq!(
        schedule.told(&stored, News::Vendors, 9, NOW),
        schedule,
        "the first sync is due already"
    );
    let (decision, asked) = client().ask_sync(&stored, NOW);
    assert!(asked.is_some());
    let waiting = schedule.synced(&decision, &stored, None, 0, NOW);
    assert_eq!(waiting.due(), Some(NOW + 60));
    let wait = |schedule: Schedule, news, jitter| {
        schedule.told(&stored, news, jitter, NOW).due().unwrap() - NOW
    };
    for jitter in 0..10 {
        for news in [News::Unclear, News::Vendors] {
            assert_eq!(wait(waiting, news, jitter), 1 + i64::from(jitter % 5));
        }
        assert_eq!(wait(waiting, News::Alone, jitter), 1);
        assert_eq!(wait(waiting, News::Whole, jitter), 60);
    }

    let unheard = Decision {
        interval: Some(Seconds(60)),
        ..Decision::of(StatusCode::E_SERVER)
    };
    let later = Some(Seconds(3_600));
    let failed = schedule.synced(&unheard, &stored, later, 0, NOW);
    let waits = wait(failed, News::Whole, 0);
    assert!(waits >= 3_600, "{waits}");
    for news in [News::Alone, News::Unclear] {
        assert_eq!(wait(failed, news, 0), waits);
    }
    assert_eq!(wait(failed, News::Vendors, 0), 1);
}

#[test]
fn a_server_whose_ledger_is_silent_says_what_is_published() {
    let stored = stored(&activation());
    let asked = informed().ask_sync(&stored, NOW).1.unwrap();
    let sync = |statement: &Statement| {
        let body = news_by(&account(), statement);
        informed().synced(&stored, &asked, response(503, &body), NOW)
    };
    let revoked = sync(&Statement {
        revoked: true,
        ..statement(6)
    });
    assert_eq!(
        (revoked.status, revoked.interval),
        (StatusCode::E_REVOKED, None)
    );
    assert_eq!(revoked.store.unwrap().last_error(), StatusCode::E_REVOKED);

    let suspended = sync(&Statement {
        suspended: true,
        ..statement(6)
    });
    check(&suspended, StatusCode::E_SERVER, Some(60));
    let after = suspended.store.unwrap();
    assert_eq!(
        informed().genuine(&after, NOW).status,
        StatusCode::SUSPENDED
    );

    let old = sync(&Statement {
        revoked: true,
        ..statement(5)
    });
    check(&old, StatusCode::E_SERVER, Some(60));
    assert_eq!(old.store, None);
}
