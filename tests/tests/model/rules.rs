//! What must hold in every world, by what truly happened.

use licentia_core::StatusCode;

use super::Seal;
use super::decisions::Question;
use super::signed::Signed;
use super::truth::FORGIVEN;
use super::world::{GRACE, Model, World, at};

/// How coarsely the last time is kept.
const STEP: i64 = 60;

/// A rule that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A license was accepted later than its grace, or at the edge later than a list stands, after it last was good.
    OutlivesItsBound,
    /// An activation was accepted of whose end or restriction the application had been told, be it by a list.
    AcceptedThoughTold,
    /// A license was accepted by a clock that was set back.
    AcceptedInThePast,
    /// A license was refused that was good, inside its grace.
    RefusedInsideItsGrace,
    /// A list changed something, though a later one had been taken.
    OlderListCounts,
    /// A version went back: the ledger's, or the one that the application knows.
    VersionWentBack,
    /// The ledger granted anew what a revocation had ended.
    OldActivationRevived,
    /// A good license was not accepted after an activation that was heard.
    LockedOut,
}

/// A version that was signed is later than all before.
pub fn grows(words: &[usize], word: usize, signed: &Signed) -> Result<(), Broken> {
    let version = |word: &usize| signed.said(*word).statement.ver;
    let before = words.iter().map(version).max();
    verify(before < Some(version(&word)), Broken::VersionWentBack)
}

/// No activation that was granted is one of an epoch before.
pub fn granted(place: usize, before: &[usize], signed: &Signed) -> Result<(), Broken> {
    let of = |place: usize| {
        let claims = &signed.granted(place).claims;
        (&claims.aid, claims.epoch)
    };
    let (id, epoch) = of(place);
    let is_old = before
        .iter()
        .any(|before| of(*before).0 == id && of(*before).1 < epoch);
    verify(!is_old, Broken::OldActivationRevived)
}

/// What must hold between any two steps.
pub fn hold(world: &World, model: &mut Model) -> Result<(), Broken> {
    let (truth, clock, place) = (&world.truth, world.clock(), world.device.stored);
    let known = model.decisions.version(place);
    verify(
        known.is_none_or(|known| known >= truth.version),
        Broken::VersionWentBack,
    )?;
    if world.verdict(model) == StatusCode::OK {
        let facts = model.decisions.stored(place).token().unwrap().facts();
        let epoch = usize::try_from(facts.epoch).unwrap();
        let was_told = facts.suspended
            || truth.has_ended(&facts.aid, facts.epoch, facts.iat)
            || truth.is_restricted(facts.ver, facts.iat, clock, &model.signed);
        verify(
            clock <= truth.good_until[epoch] + GRACE,
            Broken::OutlivesItsBound,
        )?;
        verify(!was_told, Broken::AcceptedThoughTold)?;
        verify(
            clock >= truth.ran - FORGIVEN - STEP,
            Broken::AcceptedInThePast,
        )?;
    } else {
        verify(
            !truth.is_owed(world, &model.signed),
            Broken::RefusedInsideItsGrace,
        )?;
        verify(!is_locked_out(world, model), Broken::LockedOut)?;
    }
    Ok(())
}

/// Whether a good license would not be accepted on a device whose clock is right if an activation went through.
fn is_locked_out(world: &World, model: &mut Model) -> bool {
    let clock = world.clock();
    let is_good = world.ledger.is_good(at(world.now));
    if !is_good || world.device.ahead != 0 || world.truth.asked - clock > FORGIVEN {
        return false;
    }
    let (now, plant) = (world.now, model.plant);
    let answer = world.ledger.clone().activate(now, plant, &mut model.signed);
    let asked = Question::Activated(answer, Seal::Unasked);
    let decided = model
        .decisions
        .decide(world.device.stored, asked, clock, &model.signed);
    decided.status != StatusCode::OK
}

pub fn verify(holds: bool, rule: Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(rule) }
}
