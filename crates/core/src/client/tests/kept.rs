//! What is stored: read as it was written, and told from what other hands have edited.

use serde_json::json;

use super::testing::*;
use crate::claims::Claims;
use crate::client::*;

#[test]
fn what_is_stored_reads_as_it_was_written() {
    let stored = stored(&claims());
    for stored in [
        Stored::default(),
        stored.clone(),
        stored.erased(StatusCode::E_REVOKED),
        client()
            .activate_local_trial(&stored, 7, NOW)
            .store
            .unwrap(),
        stored.reset(),
    ] {
        assert_eq!(client().read(&client().write(&stored)), stored);
    }
}

#[test]
fn what_is_none_of_ours_holds_nothing() {
    let sealless = edited(&stored(&claims()), |text| {
        text.as_object_mut().unwrap().remove("seenSeal");
    });
    assert_eq!(sealless, Stored::default());
    for text in ["", "{", "[]", "null", "{}", r#"{"token": "a", "seen": 1}"#] {
        assert_eq!(client().read(text), Stored::default(), "{text}");
    }
}

#[test]
fn an_edited_part_gives_the_verdict_of_that_part() {
    let stored = stored(&claims());
    let other = token(&Claims {
        iat: NOW - 5,
        ..claims()
    });
    let cases = [
        ("seen", json!(NOW - 9_000), StatusCode::E_TIME_MODIFIED),
        ("seen", json!("soon"), StatusCode::E_TIME_MODIFIED),
        ("seenSeal", json!("AAAA"), StatusCode::E_TIME_MODIFIED),
        (
            "key",
            json!("ANOTHER-KEY-OF-SOMEBODY"),
            StatusCode::E_LICENSE_KEY,
        ),
        ("key", json!(null), StatusCode::E_LICENSE_KEY),
        ("keySeal", json!(5), StatusCode::E_LICENSE_KEY),
        ("token", json!("a.b.c"), StatusCode::FAIL),
        ("token", json!(other), StatusCode::FAIL),
        ("tokenSeal", json!(null), StatusCode::FAIL),
    ];
    for (part, value, status) in cases {
        let edited = edited(&stored, |text| text[part] = value.clone());
        assert_eq!(
            client().genuine(&edited, NOW).status,
            status,
            "{part} {value}"
        );
        let keyless = Client {
            license_key: None,
            ..client()
        };
        assert_eq!(
            keyless.genuine(&edited, NOW).status,
            status,
            "{part} {value}"
        );
    }
}

#[test]
fn writing_an_edited_part_again_does_not_make_it_whole() {
    for (part, status) in [
        ("key", StatusCode::E_LICENSE_KEY),
        ("tokenSeal", StatusCode::FAIL),
    ] {
        let edited = edited(&stored(&claims()), |text| {
            text[part] = json!("ANOTHER-KEY-OF-SOMEBODY")
        });
        let decision = client().genuine(&edited, NOW + 100);
        assert_eq!(decision.status, status);
        let again = client().read(&client().write(&decision.store.unwrap()));
        assert_eq!(again.seen(), NOW + 100);
        assert_eq!(client().genuine(&again, NOW + 100).status, status);
    }
}

#[test]
fn an_activation_makes_an_edited_store_whole() {
    let spoiled = edited(&stored(&claims()), |text| {
        text["seen"] = json!(1);
        text["key"] = json!("ANOTHER-KEY-OF-SOMEBODY");
    });
    check(
        &client().genuine(&spoiled, NOW),
        StatusCode::E_TIME_MODIFIED,
        None,
    );
    let renewed = Claims {
        iat: NOW + 1,
        ..claims()
    };
    let decision = client().activated(&spoiled, KEY, response(200, &granted(&renewed)), NOW);
    check(
        &client().genuine(&decision.store.unwrap(), NOW),
        StatusCode::OK,
        Some(60),
    );
}

#[test]
fn a_store_of_another_device_or_product_is_no_clock_that_was_set() {
    let elsewhere = Client {
        fingerprint: "g".into(),
        ..client()
    };
    let copied = elsewhere.read(&client().write(&stored(&claims())));
    check(
        &elsewhere.genuine(&copied, NOW),
        StatusCode::E_MACHINE_FINGERPRINT,
        None,
    );
    let ended = elsewhere.read(&client().write(&stored(&claims()).erased(StatusCode::E_REVOKED)));
    check(&elsewhere.genuine(&ended, NOW), StatusCode::FAIL, None);
    let other = Client {
        product_id: "q".into(),
        ..client()
    };
    let read = other.read(&client().write(&stored(&claims())));
    check(
        &other.genuine(&read, NOW),
        StatusCode::E_TIME_MODIFIED,
        None,
    );
}

#[test]
fn members_of_another_version_survive_every_change() {
    let newer = edited(&stored(&claims()), |text| {
        text["later"] = json!({ "of": ["a", "newer", 1.25, null] });
        text["laterSeal"] = json!("…");
    });
    let changed = [
        newer.erased(StatusCode::E_REVOKED),
        newer.reset(),
        client().genuine(&newer, NOW + 100).store.unwrap(),
        client().activate_local_trial(&newer, 7, NOW).store.unwrap(),
        client()
            .activated(&newer, KEY, response(200, &granted(&claims())), NOW)
            .store
            .unwrap(),
    ];
    for stored in changed {
        let text: serde_json::Value = serde_json::from_str(&client().write(&stored)).unwrap();
        assert_eq!(text["later"], json!({ "of": ["a", "newer", 1.25, null] }));
        assert_eq!(text["laterSeal"], json!("…"));
    }
}

#[test]
fn an_older_version_knows_fewer_parts() {
    let older = edited(&stored(&claims()), |text| {
        text.as_object_mut()
            .unwrap()
            .retain(|name, _| !name.starts_with("trial"));
    });
    check(&client().genuine(&older, NOW), StatusCode::OK, Some(60));
    assert_eq!(client().local_trial(&older, NOW).status, StatusCode::FAIL);
}

#[test]
fn forgetting_the_license_keeps_the_trial_and_the_time() {
    let stored = client()
        .activate_local_trial(&stored(&claims()), 7, NOW)
        .store
        .unwrap();
    let reset = stored.reset();
    assert_eq!(
        (reset.token(), reset.key(), reset.last_error()),
        (None, None, StatusCode::OK)
    );
    assert_eq!((reset.trial(), reset.seen()), (stored.trial(), NOW));
}
