//! What several clients of one storage make of it together.

use serde_json::json;

use super::testing::*;
use crate::claims::Claims;
use crate::client::*;

/// Returns what is stored once one client has written `theirs` and another one `mine`, both made of `base`.
fn merged(base: &Stored, mine: &Stored, theirs: &Stored) -> Stored {
    let text = |stored| client().write(stored);
    client().read(&client().merged(&text(base), &text(mine), &text(theirs)))
}

fn issued(iat: i64) -> Claims {
    Claims { iat, ..claims() }
}

fn revoked(stored: &Stored) -> Stored {
    stored.ended(StatusCode::E_REVOKED)
}

#[test]
fn a_write_of_the_time_alone_moves_the_time_alone() {
    let base = stored(&claims());
    let mine = base.seen_at(NOW + 100).unwrap();
    let trial = client().activate_local_trial(&base, 7, NOW).store.unwrap();
    for theirs in [
        stored(&issued(NOW + 5)),
        revoked(&base),
        base.reset(),
        trial,
        Stored::default(),
    ] {
        let after = merged(&base, &mine, &theirs);
        assert_eq!(after.seen(), NOW + 100);
        let timed = theirs.seen_at(NOW + 100).unwrap();
        assert_eq!(after, timed);
    }
    let later = base.seen_at(NOW + 200).unwrap();
    assert_eq!(merged(&base, &mine, &later), later);
    assert_eq!(merged(&base, &later, &mine), later);
}

#[test]
fn what_has_ended_stays_so_whoever_writes_last() {
    let base = stored(&claims());
    let token = token(&issued(NOW + 5));
    let verified = client().verified(&token).unwrap();
    let renewed = base.activated(&token, &verified, KEY, NOW + 5);
    let ended = revoked(&base);
    for after in [
        merged(&base, &renewed, &ended),
        merged(&base, &ended, &renewed),
        merged(&base, &base, &ended),
        merged(&base, &ended, &base),
    ] {
        assert_eq!(after.token(), None);
        assert_eq!(after.last_error(), StatusCode::E_REVOKED);
        let again = client().activated(&after, KEY, response(200, &granted(&claims())), NOW);
        assert_eq!(again, Decision::of(StatusCode::E_INET));
    }
}

#[test]
fn a_new_activation_outlives_the_end_of_the_one_before() {
    let base = stored(&claims());
    let anew = stored(&Claims {
        aid: "b".into(),
        epoch: 1,
        ..issued(NOW + 5)
    });
    for after in [
        merged(&base, &anew, &revoked(&base)),
        merged(&base, &revoked(&base), &anew),
    ] {
        assert_eq!(after.token(), anew.token());
        assert!(after.has_ended(base.token().unwrap()));
    }
}

#[test]
fn an_activation_of_before_an_end_that_another_has_heard_does_not_outlive_it() {
    let base = stored(&claims());
    let anew = stored(&Claims {
        aid: "b".into(),
        ..issued(NOW + 3)
    });
    let revoked_since = [
        revoked(&base).by(NOW + 5),
        base.ended_at(1, StatusCode::E_REVOKED),
    ];
    for ended in revoked_since {
        for after in [merged(&base, &anew, &ended), merged(&base, &ended, &anew)] {
            assert_eq!(after.token(), None);
            assert_eq!(after.last_error(), StatusCode::E_REVOKED);
        }
    }
}

#[test]
fn of_two_lists_of_a_second_the_later_one_counts() {
    let base = stored(&claims());
    let listed = |ver| Stored {
        listed: stored::Part::new(Some(stored::Listed {
            lid: claims().lid,
            ver,
            iat: NOW + 5,
            suspended: ver == 8,
        })),
        ..base.clone()
    };
    let (earlier, later) = (listed(7), listed(8));
    assert_eq!(merged(&base, &later, &earlier), later);
    assert_eq!(merged(&base, &earlier, &later), later);
}

#[test]
fn of_two_tokens_the_later_word_counts() {
    let base = stored(&claims());
    let (early, late) = (stored(&issued(NOW + 5)), stored(&issued(NOW + 6)));
    assert_eq!(merged(&base, &early, &late).token(), late.token());
    assert_eq!(merged(&base, &late, &early).token(), late.token());
}

#[test]
fn a_clock_that_a_new_token_has_corrected_stays_so() {
    let base = stored(&claims()).seen_at(NOW + 9_000).unwrap();
    let text = granted(&issued(NOW + 1));
    let healed = client().activated(&base, KEY, response(200, &text), NOW + 1);
    let healed = healed.store.unwrap();
    assert_eq!(merged(&base, &healed, &base).seen(), NOW + 1);
    let later = base.seen_at(NOW + 9_100).unwrap();
    assert_eq!(merged(&base, &healed, &later).seen(), NOW + 9_100);
}

#[test]
fn what_others_keep_beside_it_stays() {
    let base = stored(&claims());
    let theirs = edited(&base, |text| text["more"] = json!({ "b": [1] }));
    let after = merged(&base, &revoked(&base), &theirs);
    assert!(client().write(&after).contains(r#""more":{"b":[1]}"#));
}

#[test]
fn of_two_ends_of_a_license_the_one_of_the_later_epoch_counts() {
    let base = stored(&claims());
    let told = base.ended_at(1, StatusCode::E_REVOKED);
    let refused = revoked(&stored(&issued(NOW + 5)));
    let late = client().verified(&token(&issued(NOW + 9))).unwrap();
    for after in [
        merged(&base, &told, &refused),
        merged(&base, &refused, &told),
    ] {
        assert!(after.has_ended(&late));
    }
}
