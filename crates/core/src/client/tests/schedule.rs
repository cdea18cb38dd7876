//! When to sync next.

use super::testing::*;
use crate::claims::Claims;
use crate::client::*;

/// A schedule after a sync that ended so, with an interval of an hour.
fn after(status: StatusCode, retry_after: Option<i64>, jitter: u32) -> Schedule {
    begun().synced(
        &outcome(status),
        &hourly(),
        retry_after.map(Seconds),
        jitter,
        NOW,
    )
}

fn begun() -> Schedule {
    Schedule::default().begun(&outcome(StatusCode::OK), NOW)
}

fn outcome(status: StatusCode) -> Decision {
    Decision {
        status,
        store: None,
        stands: status.is_standing(),
        interval: Some(Seconds(3_600)),
    }
}

fn hourly() -> Stored {
    stored(&Claims {
        ssi: 3_600,
        ..claims()
    })
}

fn synced_at(iat: i64) -> Stored {
    stored(&Claims {
        ssi: 3_600,
        iat,
        ..claims()
    })
}

#[track_caller]
fn waits(schedule: Schedule, stored: &Stored, now: i64, seconds: i64) -> Schedule {
    let (schedule, turn) = schedule.turn(stored, now);
    assert_eq!(turn, Turn::Wait(Seconds(seconds)));
    schedule
}

#[track_caller]
fn syncs(schedule: Schedule, stored: &Stored, now: i64) {
    assert_eq!(schedule.turn(stored, now).1, Turn::Sync);
}

#[test]
fn the_first_sync_is_at_once_and_only_of_what_has_one() {
    assert_eq!(Schedule::default().turn(&hourly(), NOW).1, Turn::Rest);
    syncs(begun(), &hourly(), NOW);
    let never = Decision {
        interval: None,
        ..outcome(StatusCode::OK)
    };
    assert_eq!(Schedule::default().begun(&never, NOW), Schedule::Unstarted);
    let running = after(StatusCode::OK, None, 0);
    assert_eq!(running.begun(&outcome(StatusCode::OK), NOW), running);
    assert_eq!(
        Schedule::Over.begun(&outcome(StatusCode::OK), NOW),
        Schedule::Over
    );
}

#[test]
fn each_further_sync_comes_after_the_interval() {
    let schedule = after(StatusCode::OK, Some(7_200), 99);
    assert_eq!(schedule.due(), Some(NOW + 3_600));
    let schedule = waits(schedule, &hourly(), NOW, 60);
    waits(schedule, &hourly(), NOW + 3_570, 30);
    syncs(schedule, &hourly(), NOW + 3_600);
}

#[test]
fn failures_are_tried_again_sooner_and_ever_later_up_to_the_interval() {
    for status in [
        StatusCode::E_INET,
        StatusCode::E_SERVER,
        StatusCode::E_RATE_LIMIT,
        StatusCode::E_CLIENT,
        StatusCode::FAIL,
        StatusCode::E_MACHINE_FINGERPRINT,
    ] {
        let mut schedule = begun();
        let mut lengths = Vec::new();
        for _ in 0..40 {
            schedule = schedule.synced(&outcome(status), &hourly(), None, 0, NOW);
            lengths.push(schedule.due().unwrap() - NOW);
        }
        assert_eq!(lengths[..9], [15, 30, 60, 120, 240, 480, 960, 1_920, 3_600]);
        assert!(lengths[9..].iter().all(|length| *length == 3_600));
    }
    let often = Decision {
        interval: Some(Seconds(1)),
        ..outcome(StatusCode::E_INET)
    };
    let schedule = begun().synced(&often, &hourly(), None, 0, NOW);
    assert_eq!(schedule.due(), Some(NOW + 1));
}

#[test]
fn jitter_adds_at_most_half() {
    let mut latest = 0;
    for jitter in (0..10_000).chain([u32::MAX]) {
        let length = after(StatusCode::E_INET, Some(100), jitter).due().unwrap() - NOW;
        assert!((100..=150).contains(&length), "{length}");
        latest = latest.max(length);
    }
    assert_eq!(latest, 150);
}

#[test]
fn what_the_server_asks_for_is_waited_for_within_reason() {
    let length = |asked| {
        after(StatusCode::E_RATE_LIMIT, Some(asked), 0)
            .due()
            .unwrap()
            - NOW
    };
    assert_eq!(length(-5), 15);
    assert_eq!(length(5), 15);
    assert_eq!(length(900), 900);
    assert_eq!(length(i64::MAX), 3_600);
}

#[test]
fn one_success_ends_the_failures() {
    let failed = after(StatusCode::E_INET, None, 0);
    let healed = failed.synced(&outcome(StatusCode::SUSPENDED), &hourly(), None, 0, NOW);
    assert_eq!(healed.due(), Some(NOW + 3_600));
    let failed = healed.synced(&outcome(StatusCode::E_INET), &hourly(), None, 0, NOW);
    assert_eq!(failed.due(), Some(NOW + 15));
}

#[test]
fn a_verdict_without_an_interval_ends_the_syncs_until_an_activation() {
    let last = Decision {
        interval: None,
        ..outcome(StatusCode::E_CLIENT)
    };
    let over = begun().synced(&last, &hourly(), None, 0, NOW);
    assert_eq!(over, Schedule::Over);
    let erased = hourly().erased(StatusCode::E_REVOKED);
    let gone = begun().synced(&last, &erased, None, 0, NOW);
    assert_eq!(gone, Schedule::Unstarted);
    assert_eq!(begun().ended(), Schedule::Over);
    let again = over.activated(&outcome(StatusCode::OK), &hourly(), NOW);
    assert_eq!(again.due(), Some(NOW + 3_600));
    let refused = Decision::of(StatusCode::E_ACTIVATION_LIMIT);
    assert_eq!(again.activated(&refused, &hourly(), NOW), again);
    let erasing = refused.storing(erased.clone());
    assert_eq!(again.activated(&erasing, &erased, NOW), Schedule::Unstarted);
}

#[test]
fn a_sync_that_was_asked_for_starts_no_background_syncs() {
    let schedule = Schedule::default();
    assert_eq!(
        schedule.synced(&outcome(StatusCode::OK), &hourly(), None, 0, NOW),
        schedule
    );
}

#[test]
fn sleep_is_noticed_when_the_clock_is_looked_at() {
    let schedule = waits(after(StatusCode::OK, None, 0), &hourly(), NOW, 60);
    syncs(schedule, &hourly(), NOW + 9 * 3_600);
}

#[test]
fn a_clock_that_is_set_back_makes_no_wait_longer() {
    let year = 31_536_000;
    let schedule = after(StatusCode::OK, None, 0);
    let schedule = waits(schedule, &hourly(), NOW - year, 60);
    waits(schedule, &hourly(), NOW - year + 3_599, 1);
    syncs(schedule, &hourly(), NOW - year + 3_600);
}

#[test]
fn a_sync_of_another_application_with_the_same_store_counts() {
    let schedule = after(StatusCode::E_INET, None, 0);
    let schedule = waits(schedule, &synced_at(NOW + 20), NOW + 20, 60);
    assert_eq!(schedule.due(), Some(NOW + 20 + 3_600));
    waits(schedule, &synced_at(NOW + 20), NOW + 60, 60);
    syncs(begun(), &synced_at(NOW + 20), NOW + 20);
}

#[test]
fn an_activation_that_another_application_erased_is_noticed_at_once() {
    let erased = hourly().erased(StatusCode::E_REVOKED);
    syncs(after(StatusCode::OK, None, 0), &erased, NOW + 1);
}
