//! Whatever happens to a client, and in whatever order: nothing runs that was not granted, and no failure of a network stops
//! what was.
//!
//! One that breaks a rule is shrunk to the few steps that do.

mod machine;

use licentia_core::StatusCode;
use machine::{Answer, Device, Grant, NOW, World, grant, outage, runs, steps};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const CASES: u32 = 1_000;

proptest! {
    #![proptest_config(runs(CASES))]

    /// Every verdict that lets an application run rests on a grant that covers the time by the device's clock, for this
    /// device, which nothing has ended since; nothing that is stored was edited, and the clock was not set back behind
    /// what it has shown.
    #[test]
    fn nothing_is_valid_that_was_not_granted_for_that_time(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            let (status, allowed) = world.verdict();
            prop_assert!(status != StatusCode::OK || allowed, "after {:?}", step);
        }
    }

    /// Failures of a network, restarts and the passing of time, and nothing else, make no grant invalid before its grace,
    /// its lease or its term is over; the client goes on asking, and the first answer that comes through is taken.
    #[test]
    fn failures_alone_make_nothing_invalid_before_its_grace_is_over(
        grant in grant(), outages in proptest::collection::vec(outage(), 1..40),
    ) {
        let grant = grant.at(NOW);
        let mut device = Device::new();
        device.activate(&Answer::Granted(grant.clone()));
        for outage in &outages {
            if !grant.keeps_activation(device.clock) {
                return Ok(());
            }
            device.suffer(outage);
            let covered = grant.covers(device.clock);
            prop_assert_eq!(device.genuine() == StatusCode::OK, covered, "after {:?}", outage);
            let asks = grant.interval == 0 || device.asks_again(grant.interval);
            prop_assert!(asks || !grant.keeps_activation(device.clock), "{:?}", device.schedule);
        }
        if grant.keeps_activation(device.clock) {
            let issued = grant.issued.max(device.clock);
            let renewed = Grant { issued, ..grant };
            let status = device.sync(&Answer::Granted(renewed.clone()));
            prop_assert_eq!(status, Some(renewed.status(device.clock)));
        }
    }

    /// Writing what is stored, ending and starting anew changes no verdict.
    #[test]
    fn a_restart_changes_no_verdict(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            let mut restarted = world.device.clone();
            restarted.restart();
            prop_assert_eq!(restarted.genuine(), world.verdict().0);
        }
    }
}

/// Without this, the rules could hold because nothing ever happens.
#[test]
fn sequences_reach_every_verdict() {
    let mut runner = TestRunner::new(runs(CASES));
    let mut met = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let mut world = World::new();
        for step in steps().new_tree(&mut runner).unwrap().current() {
            world.take(&step);
            met.insert(world.verdict().0.number());
        }
    }
    let wanted = [
        StatusCode::OK,
        StatusCode::FAIL,
        StatusCode::EXPIRED,
        StatusCode::SUSPENDED,
        StatusCode::GRACE_PERIOD_OVER,
        StatusCode::E_TIME,
        StatusCode::E_TIME_MODIFIED,
        StatusCode::E_LICENSE_KEY,
    ];
    for status in wanted {
        let name = status.name();
        assert!(met.contains(&status.number()), "no sequence ends in {name}");
    }
}
