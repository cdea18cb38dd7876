//! Steps: those that are taken in each world, and sequences that are drawn.

use proptest::prelude::*;
use proptest::sample::select;

use super::ledger::Order;
use super::world::{By, Call, Step, World};

/// Which steps are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    All,
    AllButLists,
    /// Those without which no revocation happens, is told, withheld or forgotten.
    OfRevocation,
    /// Those around status lists.
    OfLists,
    /// Those around the end of the license or of its activation.
    OfEnds,
}

/// The steps that can change something.
pub fn possible(world: &World, of: Steps) -> Vec<Step> {
    let [revocation, suspension] = world.ledger.turns().map(Step::Order);
    let mut steps = vec![revocation, Step::Pass(3_000)];
    steps.extend([Call::Activate, Call::Sync].map(|call| Step::Ask(call, By::Ledger)));
    if world.device.waiting.is_some() {
        steps.push(Step::Hear);
    }
    steps.extend((0..world.words.len()).map(Step::News));
    let of_all = matches!(of, Steps::All | Steps::AllButLists);
    if of != Steps::OfLists && world.device.waiting.is_some() {
        steps.extend((0..world.tokens.len()).map(Step::HearToken));
    }
    if of_all || of == Steps::OfRevocation {
        steps.push(Step::Ask(Call::Sync, By::Edge));
        if world.refusal.is_some() {
            steps.push(Step::Ask(Call::Sync, By::Repeater));
        }
    }
    if matches!(of, Steps::All | Steps::OfLists) {
        steps.push(Step::Sign);
        steps.extend((0..world.lists.len()).map(Step::List));
    }
    if of_all || of == Steps::OfLists {
        steps.push(suspension);
    }
    if of_all || of == Steps::OfEnds {
        steps.extend([
            Step::Order(Order::Delete),
            Step::Ask(Call::Deactivate, By::Ledger),
            Step::Pass(9_000),
        ]);
    }
    if of_all {
        steps.extend([Step::Publish, Step::Check, Step::Lose]);
        steps.push(Step::Ask(Call::Activate, By::Edge));
        let clocks = [0, -5_000, 20_000].into_iter();
        let clocks = clocks.filter(|ahead| *ahead != world.device.ahead);
        steps.extend(clocks.map(Step::SetClock));
    }
    steps
}

/// Draws a sequence of steps.
pub fn drawn() -> impl Strategy<Value = Vec<Step>> {
    // What restricts is lifted as soon: most rules are about licenses that are good.
    let order = prop_oneof![
        6 => Just(Order::Revoke),
        8 => Just(Order::Approve),
        2 => Just(Order::Suspend),
        6 => Just(Order::Resume),
        2 => select(vec![Order::End(5_000), Order::End(-1)]),
        6 => Just(Order::Endless),
        1 => Just(Order::Delete),
    ];
    let asked = select(vec![
        (Call::Activate, By::Ledger),
        (Call::Sync, By::Ledger),
        (Call::Sync, By::Ledger),
        (Call::Sync, By::Edge),
        (Call::Activate, By::Edge),
        (Call::Sync, By::Repeater),
        (Call::Sync, By::Repeater),
        (Call::Activate, By::Repeater),
        (Call::Deactivate, By::Ledger),
        (Call::Deactivate, By::Edge),
        (Call::Deactivate, By::Repeater),
    ]);
    let place = 0_usize..40;
    let ahead = prop_oneof![4 => Just(0), 1 => Just(-3_700), 2 => -12_000_i64..12_000, 1 => -100_000_i64..100_000];
    let step = prop_oneof![
        6 => order.prop_map(Step::Order),
        1 => Just(Step::Publish),
        1 => place.clone().prop_map(Step::PublishLate),
        8 => asked.prop_map(|(call, by)| Step::Ask(call, by)),
        8 => Just(Step::Hear),
        2 => place.clone().prop_map(Step::HearToken),
        1 => Just(Step::Lose),
        3 => place.clone().prop_map(Step::News),
        2 => Just(Step::Sign),
        3 => place.prop_map(Step::List),
        3 => Just(Step::Check),
        3 => select(vec![0, 1, 61, 1_000, 3_900, 9_999, 10_001]).prop_map(Step::Pass),
        1 => ahead.prop_map(Step::SetClock),
    ];
    proptest::collection::vec(step, 1..80)
}
