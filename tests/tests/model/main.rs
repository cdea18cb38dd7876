//! The protocol of revocation as a model: vendor, ledger, KV that lags, a network that loses, delays, repeats and reorders, and an
//! application on a device whose clock goes as it likes. What they decide, core decides, and at the edge the API.
//!
//! In every world that is explored: a revoked license is never accepted later than its bound, nor once a statement or a list told
//! its application; a good one is never refused inside its grace; versions never go back, and of two lists the older one changes
//! nothing; an approval never revives an old activation, nor does any token one that was given up or whose license was deleted;
//! and nobody is locked out. Explored are, after an activation, all worlds that six steps of any kind but those of lists lead to
//! (over 430,000), all that eight steps around revocations lead to (over 57,000), seven around lists (over 165,000) and seven
//! around deactivations and deletions (over 215,000), all that five steps of any kind lead to where answers are not signed (over
//! 80,000), all of which the edge may have to tell after seven (over 100,000), what two applications that share a storage make of it
//! (over 1,600 pairs of decisions), and 2,000 sequences of up to eighty steps that are
//! drawn, each of which is shrunk if it breaks a rule. Mistakes are planted into one party each, and found.
//!
//! Where answers are signed, the network repeats refusals as it likes. Where they are not, one arrives at the request that it
//! was made for or not at all: [`Plant::RefusalIsRepeated`] shows what else would happen.

mod application;
mod decisions;
mod edge;
mod explore;
mod ledger;
mod rules;
#[path = "../machine/runs.rs"]
mod runs;
mod shared;
mod signed;
mod steps;
mod truth;
mod world;

use std::cell::RefCell;
use std::collections::BTreeSet;

use explore::{Explored, exhaustively};
use licentia_core::StatusCode;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestError, TestRunner};
use rules::Broken;
use runs::runs;
use shared::{Lost, Moment, Writes, written};
use steps::{Steps, drawn, possible};
use world::{By, Call, Model, Step, World};

const CASES: u32 = 2_000;

/// What a server, or whoever stands between, answers: tokens and statements by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    Token(usize),
    /// An HTTP status and a code.
    Refused(u16, &'static str),
    /// The ledger is silent, and this is what KV has.
    Unavailable(usize),
    /// The seat was given back.
    Done,
    /// None came.
    Lost,
}

/// Whether answers are signed, and so whether the application believes what others say in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    Signed,
    Unsigned,
}

/// Who has signed an answer for just the request that it arrives at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seal {
    Unasked,
    Missing,
    /// The server, at this time in seconds since 1970.
    At(i64),
}

/// A mistake of one of the parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// The ledger lets an approval raise the old activation's epoch too.
    ApprovalRevives,
    /// Statements get their version when they are sent.
    StampedWhenSent,
    /// The application counts its grace from the last answer of any kind.
    AnyAnswerCounts,
    /// The application does not write that its activation has ended.
    EndIsNotKept,
    /// The network answers a request with the refusal of an earlier one, though answers are not signed.
    RefusalIsRepeated,
    /// Lists get their time and version when they are sent.
    ListIsStampedWhenSent,
    /// The application does not write what a list has said.
    ListIsNotKept,
    /// The ledger gives whoever activates anew the activation again that was given up.
    FreedSeatComesBack,
    /// The ledger keeps the activations of a license that is deleted.
    ActivationsOutliveTheirLicense,
}

const PLANTS: [(Plant, Steps); 9] = [
    (Plant::ApprovalRevives, Steps::OfRevocation),
    (Plant::StampedWhenSent, Steps::OfRevocation),
    (Plant::AnyAnswerCounts, Steps::OfRevocation),
    (Plant::EndIsNotKept, Steps::OfRevocation),
    (Plant::RefusalIsRepeated, Steps::OfRevocation),
    (Plant::ListIsStampedWhenSent, Steps::OfLists),
    (Plant::ListIsNotKept, Steps::OfLists),
    (Plant::FreedSeatComesBack, Steps::OfEnds),
    (Plant::ActivationsOutliveTheirLicense, Steps::OfEnds),
];

/// Takes the steps, up to one that breaks a rule.
fn along(steps: &[Step], model: &mut Model) -> Result<World, Broken> {
    let mut world = World::new(model);
    for step in steps {
        world.take(*step, model)?;
    }
    Ok(world)
}

/// Explores what so many steps lead to once an application was activated.
fn explored(answers: Answers, plant: Option<Plant>, steps: Steps, depth: usize) -> Explored<Step> {
    let mut model = Model::new(answers, plant);
    let activation = [Step::Ask(Call::Activate, By::Ledger), Step::Hear];
    let begin = along(&activation, &mut model).unwrap();
    let take = |world: &mut World, step| world.take(step, &mut model);
    exhaustively(begin, depth, |world| possible(world, steps), take)
}

/// Checks that no rule is broken, in more worlds than so many.
#[track_caller]
fn holds<S: std::fmt::Debug + PartialEq>(explored: &Explored<S>, worlds: usize) {
    assert_eq!(explored.broken, None);
    assert!(explored.worlds > worlds, "{}", explored.worlds);
}

#[test]
fn no_six_steps_but_those_of_lists_break_a_rule() {
    let explored = explored(Answers::Signed, None, Steps::AllButLists, 6);
    holds(&explored, 430_000);
}

#[test]
fn no_eight_steps_around_revocations_break_a_rule() {
    let explored = explored(Answers::Signed, None, Steps::OfRevocation, 8);
    holds(&explored, 57_000);
}

#[test]
fn no_seven_steps_around_lists_break_a_rule() {
    let explored = explored(Answers::Signed, None, Steps::OfLists, 7);
    holds(&explored, 165_000);
}

#[test]
fn no_seven_steps_around_ends_break_a_rule() {
    let explored = explored(Answers::Signed, None, Steps::OfEnds, 7);
    holds(&explored, 215_000);
}

#[test]
fn no_five_steps_break_a_rule_where_answers_are_not_signed_and_no_refusal_is_repeated() {
    let explored = explored(Answers::Unsigned, None, Steps::All, 5);
    holds(&explored, 80_000);
}

/// Explores what the edge may come to tell of a license.
fn explored_at_the_edge(plant: Option<edge::Plant>) -> Explored<edge::Step> {
    let mut edge = edge::Edge::new(plant);
    let begin = edge::World::new(&mut edge);
    let take = |world: &mut edge::World, step| world.take(step, &mut edge);
    exhaustively(begin, 7, edge::World::possible, take)
}

#[test]
fn no_seven_steps_let_the_edge_tell_that_a_license_is_good_after_its_bound() {
    let explored = explored_at_the_edge(None);
    holds(&explored, 100_000);
}

#[test]
fn a_mistake_that_is_planted_into_lists_is_found() {
    for plant in [edge::Plant::ListLasts, edge::Plant::NothingIsMarked] {
        let explored = explored_at_the_edge(Some(plant));
        assert!(explored.broken.is_some(), "{plant:?}");
    }
}

/// What two applications that share a storage come to by so many steps, of which each takes the last for itself.
fn written_by_two(writes: Writes, depth: usize) -> (usize, Option<Lost>) {
    let mut model = Model::new(Answers::Signed, None);
    let activation = [Step::Ask(Call::Activate, By::Ledger), Step::Hear];
    let begin = along(&activation, &mut model).unwrap();
    let moments = RefCell::new(Vec::new());
    let steps = |world: &World| {
        moments.borrow_mut().push(Moment {
            base: world.device.stored,
            clock: world.clock(),
            after: BTreeSet::new(),
        });
        possible(world, Steps::All)
    };
    let take = |world: &mut World, step| {
        world.take(step, &mut model)?;
        if let Some(moment) = moments.borrow_mut().last_mut() {
            moment.after.insert(world.device.stored);
        }
        Ok(())
    };
    exhaustively(begin, depth, steps, take);
    let moments = moments.into_inner().into_iter().collect();
    written(moments, &model.decisions, writes)
}

#[test]
fn of_what_two_have_heard_that_share_a_storage_nothing_is_lost() {
    let (pairs, lost) = written_by_two(Writes::Merged, 4);
    assert_eq!(lost, None);
    assert!(pairs > 1_600, "{pairs}");
}

#[test]
fn a_storage_in_which_the_last_to_write_wins_is_found() {
    let (_, lost) = written_by_two(Writes::Over, 3);
    assert!(lost.is_some());
}

proptest! {
    #![proptest_config(runs(CASES))]

    #[test]
    fn no_steps_that_are_drawn_break_a_rule(steps in drawn()) {
        for answers in [Answers::Signed, Answers::Unsigned] {
            let came_to = along(&steps, &mut Model::new(answers, None));
            prop_assert!(came_to.is_ok(), "{:?}: {:?}", answers, came_to.err());
        }
    }
}

#[test]
fn a_planted_mistake_is_found_within_seven_steps() {
    for (plant, steps) in PLANTS {
        let explored = explored(Answers::Unsigned, Some(plant), steps, 7);
        assert!(explored.broken.is_some(), "{plant:?}");
    }
}

#[test]
fn a_planted_mistake_is_found_by_steps_that_are_drawn() {
    for (plant, _) in PLANTS {
        let broken =
            |steps: &[Step]| along(steps, &mut Model::new(Answers::Unsigned, Some(plant))).err();
        let found = TestRunner::new(runs(CASES)).run(&drawn(), |steps| {
            prop_assert_eq!(broken(&steps), None);
            Ok(())
        });
        let Err(TestError::Fail(_, steps)) = found else {
            panic!("{plant:?}: {found:?}");
        };
        assert!(
            broken(&steps).is_some() && steps.len() < 12,
            "{plant:?}: {steps:?}"
        );
    }
}

/// Without this, the rules could hold because nothing ever happens.
#[test]
fn steps_that_are_drawn_reach_every_verdict() {
    let mut runner = TestRunner::new(runs(CASES));
    let mut met = BTreeSet::new();
    for _ in 0..300 {
        let steps = drawn().new_tree(&mut runner).unwrap().current();
        let mut model = Model::new(Answers::Signed, None);
        let mut world = World::new(&mut model);
        for step in steps {
            world.take(step, &mut model).unwrap();
            met.insert(world.verdict(&mut model));
        }
    }
    for status in [
        StatusCode::OK,
        StatusCode::FAIL,
        StatusCode::EXPIRED,
        StatusCode::SUSPENDED,
        StatusCode::GRACE_PERIOD_OVER,
        StatusCode::E_LICENSE_KEY,
        StatusCode::E_TIME,
        StatusCode::E_TIME_MODIFIED,
    ] {
        assert!(met.contains(&status), "nothing comes to {}", status.name());
    }
}
