//! What `explain` says.

use super::testing::*;
use crate::claims::Claims;
use crate::client::*;

const ISSUED: &str = "the server's token of 2025-10-09T08:53:20Z";

#[track_caller]
fn says(client: &Client, stored: &Stored, schedule: Schedule, now: i64, sentence: &str) {
    let sentence = sentence.replace("ISSUED", ISSUED);
    assert_eq!(client.explain(stored, schedule, now), sentence);
}

#[test]
fn it_says_what_the_state_is_what_it_rests_on_and_when_it_is_checked_next() {
    let valid = stored(&claims());
    let decision = client().genuine(&valid, NOW);
    let begun = Schedule::default().begun(&decision, NOW);
    let waiting = begun.activated(&decision, &valid, NOW);
    let good =
        "The license is valid (LA_OK): ISSUED says so, and is good until 2025-10-09T09:10:00Z; ";
    for (schedule, next) in [
        (Schedule::Unstarted, "background syncs have not begun."),
        (begun, "the server is being asked."),
        (waiting, "the server is asked next at 2025-10-09T08:54:20Z."),
        (Schedule::Over, "background syncs have ended."),
    ] {
        says(&client(), &valid, schedule, NOW, &format!("{good}{next}"));
    }
}

#[test]
fn it_says_until_when_a_license_is_good_by_the_first_end_that_comes() {
    let until = |change: fn(&mut Claims), end: &str| {
        let mut claims = claims();
        change(&mut claims);
        let sentence = client().explain(&stored(&claims), Schedule::Over, NOW);
        let is_said =
            sentence.contains(&format!("ISSUED says so{end}; ").replace("ISSUED", ISSUED));
        assert!(is_said, "{sentence}");
    };
    until(|_| (), ", and is good until 2025-10-09T09:10:00Z");
    until(
        |claims| claims.eat = NOW + 999,
        ", and is good until 2025-10-09T09:09:59Z",
    );
    until(
        |claims| claims.leat = NOW + 32,
        ", and is good until 2025-10-09T08:53:52Z",
    );
    until(
        |claims| (claims.eat, claims.ssi) = (NOW + 2_000, 0),
        ", and is good until 2025-10-09T09:26:40Z",
    );
    until(|claims| claims.ssgpeat = 0, "");
    let mut sooner = stored(&claims());
    sooner.word = stored::Part::new(Some(stored::Word {
        lid: claims().lid,
        ver: 1,
        iat: NOW,
        suspended: false,
        eat: NOW + 60,
    }));
    let sentence = client().explain(&sooner, Schedule::Over, NOW);
    assert!(
        sentence.contains("good until 2025-10-09T08:54:20Z; "),
        "{sentence}"
    );
}

#[test]
fn it_says_what_the_vendor_has_said_since_the_token() {
    let said = |suspended, eat| {
        let mut told = stored(&claims());
        told.word = stored::Part::new(Some(stored::Word {
            lid: claims().lid,
            ver: 1,
            suspended,
            eat,
            iat: NOW - 20,
        }));
        client().explain(&told, Schedule::Over, NOW)
    };
    let ended =
        "(LA_EXPIRED): the vendor has said since then that it ended at 2025-10-09T08:53:10Z; ";
    assert!(
        said(false, NOW - 10).contains(ended),
        "{}",
        said(false, NOW - 10)
    );
    let suspended = "(LA_SUSPENDED): the vendor has said so since then; ";
    assert!(said(true, 0).contains(suspended), "{}", said(true, 0));
}

#[test]
fn it_names_what_a_bad_state_rests_on() {
    let rests = |change: fn(&mut Claims), sentence: &str| {
        let mut claims = claims();
        claims.ssi = 0;
        change(&mut claims);
        let sentence = format!("{sentence}; the server is not asked again.");
        says(
            &client(),
            &stored(&claims),
            Schedule::Unstarted,
            NOW,
            &sentence,
        );
    };
    rests(|_| (), "The license is valid (LA_OK): ISSUED says so");
    rests(
        |claims| claims.eat = 1,
        "The license has expired (LA_EXPIRED): ISSUED says that it ended at 1970-01-01T00:00:01Z",
    );
    rests(
        |claims| claims.suspended = true,
        "The license is suspended (LA_SUSPENDED): ISSUED says so",
    );
    rests(
        |claims| claims.leat = 1,
        "This device is not activated (LA_FAIL): the lease of the activation ended",
    );
    rests(
        |claims| claims.pid = "other".into(),
        "This device is not activated (LA_FAIL): ISSUED is for another license key or product",
    );
    rests(
        |claims| claims.fp = "other".into(),
        "The license was activated on another device (LA_E_MACHINE_FINGERPRINT): ISSUED is for another fingerprint",
    );
}

#[test]
fn it_says_why_nothing_stands() {
    let says = |client: Client, stored: &Stored, sentence: &str| {
        let sentence = format!("{sentence}; the server is not asked again.");
        says(&client, stored, Schedule::Unstarted, NOW, &sentence);
    };
    says(
        client(),
        &Stored::default(),
        "This device is not activated (LA_FAIL): nothing is stored",
    );
    says(
        client(),
        &stored(&claims()).erased(StatusCode::E_REVOKED),
        "This device is not activated (LA_FAIL): the activation was erased because of LA_E_REVOKED",
    );
    let keyless = Client {
        license_key: None,
        ..client()
    };
    says(
        keyless,
        &Stored::default(),
        "The license key is not valid (LA_E_LICENSE_KEY): no license key was given, and none is stored",
    );
    says(
        client(),
        &edited(&stored(&claims()), |text| text["seen"] = 1.into()),
        "The clock of this device has been set back. Correct its date and time (LA_E_TIME_MODIFIED): \
         the time that is stored was not written by this client",
    );
}
