//! What must hold in every world, by what truly happened.
//!
//! An activation is told by its epoch: another one comes only of a revocation, which raises that.

use licentia_core::{Facts, ListedStatus, Status, StatusCode, Token};

use super::decisions::Question;
use super::ledger::Ledger;
use super::signed::{Listing, Signed};
use super::world::{GRACE, Model, Waiting, World, at};
use super::{Answer, Seal};

/// How far a clock may be set back.
const FORGIVEN: i64 = 3_800;
/// How far it may lag behind the server's.
const LAG: i64 = 3_600;
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

/// What truly happened. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Truth {
    /// Until when the activations of each epoch were good.
    good_until: Vec<i64>,
    /// The epoch, and in it the time, up to which the application was told that all has ended that was signed: a statement
    /// says so of every activation of an epoch, a refusal no more than of what the device held.
    told_ended: (i64, i64),
    /// The last statement that it was told.
    told: Option<usize>,
    /// The last list that it took.
    listed: Option<usize>,
    /// All that was signed before this time has ended, by a list that it took.
    listed_end: i64,
    /// The latest token that it heard, of an activation whose end it was not told.
    held: Option<usize>,
    /// When the latest token was signed that it heard.
    newest: i64,
    /// The latest time by the device's clock, since then, at which something ran.
    ran: i64,
    /// The same, at which anything was asked.
    asked: i64,
    /// The latest version that it said that it knows.
    version: i64,
}

impl Truth {
    /// Time has passed until `now`, with the license as it stands.
    pub fn stood(&mut self, ledger: &Ledger, now: i64) {
        let license = ledger.license();
        let epoch = usize::try_from(license.epoch).unwrap();
        self.good_until.resize(epoch + 1, 0);
        let until = license.expires_at.map_or(at(now), |end| end.min(at(now)));
        if license.status(until) == Status::Active {
            let good = &mut self.good_until[epoch];
            *good = until.unix_seconds().max(*good);
        }
    }

    /// The application was asked something, by its clock.
    pub fn decided(&mut self, clock: i64) {
        self.asked = self.asked.max(clock);
    }

    /// The application was asked whether it may run.
    pub fn checked(&mut self, status: StatusCode, clock: i64) {
        if status == StatusCode::OK {
            self.ran = self.ran.max(clock);
        }
    }

    /// The application says which version it knows.
    pub fn knows(&mut self, version: Option<i64>) {
        self.version = self.version.max(version.unwrap_or_default());
    }

    /// An answer is about to be heard, which counts for the activation alone that was asked about.
    pub fn hear(&mut self, world: &World, heard: Waiting, model: &Model) {
        let Waiting {
            asked,
            answer,
            seal,
        } = heard;
        let stored = world.device.stored;
        let token = model.decisions.stored(stored).token();
        let is_of = |token: &Token, asked| token.facts().aid == model.decisions.asked(asked);
        if asked.is_some_and(|asked| !token.is_some_and(|token| is_of(token, asked))) {
            return;
        }
        match answer {
            Answer::Token(place) => self.heard(place, world.clock(), &model.signed),
            Answer::Refused(..) if seal == Seal::Missing => {}
            Answer::Refused(..) => {
                // It is true if a revocation has raised the epoch: that stays so, however late the refusal comes.
                let is_over = |facts: &&Facts| facts.epoch < world.ledger.license().epoch;
                if let Some(facts) = token.map(Token::facts).filter(is_over) {
                    self.ended((facts.epoch, facts.iat), &model.signed);
                }
            }
            Answer::Unavailable(word) if asked.is_some() => self.told(stored, word, model),
            Answer::Unavailable(_) | Answer::Lost => {}
        }
        if let Seal::At(time) = seal {
            self.dated(time);
        }
    }

    /// The application learns that it is at least so late by the server's clock, from which its own may lag an hour behind.
    fn dated(&mut self, time: i64) {
        self.asked = self.asked.max(time - LAG);
        self.ran = self.ran.max(time - LAG);
    }

    fn heard(&mut self, place: usize, clock: i64, signed: &Signed) {
        let claims = &signed.granted(place).claims;
        let is_news = claims.iat > self.newest;
        let is_timely =
            claims.iat - clock <= claims.aco && (is_news || self.asked - clock <= FORGIVEN);
        if !is_timely || self.has_ended(claims.epoch, claims.iat) {
            return;
        }
        if is_news {
            self.newest = claims.iat;
            (self.ran, self.asked) = (clock, clock);
        }
        let rank = |place| {
            let claims = &signed.granted(place).claims;
            (claims.epoch, claims.iat, claims.ver)
        };
        if self.held.is_none_or(|held| rank(held) < rank(place)) {
            self.held = Some(place);
        }
    }

    /// News are about to be told, or came with an answer.
    pub fn told(&mut self, stored: usize, word: usize, model: &Model) {
        let statement = &model.signed.said(word).statement;
        let token = model.decisions.stored(stored).token();
        let Some(token) = token.filter(|_| Some(statement.ver) > model.decisions.version(stored))
        else {
            return;
        };
        self.knows(Some(statement.ver));
        self.told = Some(word);
        self.dated(statement.iat);
        if model.signed.said(word).ends(token.facts().epoch) {
            self.ended((statement.epoch, 0), &model.signed);
        }
    }

    /// A list is about to be taken. Returns whether it is later than those before: it counts then.
    pub fn listed(&mut self, stored: usize, list: usize, model: &Model) -> bool {
        let listing = model.signed.listed(list);
        let last = self.listed.map(|last| model.signed.listed(last).ver);
        let token = model.decisions.stored(stored).token();
        let Some(token) = token.filter(|_| last < Some(listing.ver)) else {
            return false;
        };
        self.listed = Some(list);
        self.dated(listing.iat);
        let facts = token.facts();
        if listing.status == ListedStatus::Revoked && listing.iat > facts.iat {
            self.listed_end = listing.iat;
            self.ended((facts.epoch, listing.iat), &model.signed);
        }
        true
    }

    fn ended(&mut self, up_to: (i64, i64), signed: &Signed) {
        self.told_ended = self.told_ended.max(up_to);
        let stands = |held: &usize| {
            let claims = &signed.granted(*held).claims;
            !self.has_ended(claims.epoch, claims.iat)
        };
        self.held = self.held.filter(stands);
    }

    /// Whether the application was told that what was signed then, of an activation of that epoch, has ended.
    fn has_ended(&self, epoch: i64, iat: i64) -> bool {
        (epoch, iat) <= self.told_ended || iat < self.listed_end
    }

    /// Whether the application was told what restricts a token at that time, which says nothing of it itself: by the last statement,
    /// or by the last list, if that is later than the token and than such a statement.
    fn is_restricted(&self, ver: i64, iat: i64, time: i64, signed: &Signed) -> bool {
        let told = self.told.map(|word| signed.said(word));
        let told = told.filter(|word| word.statement.ver > ver);
        let since = told.map_or(iat, |word| word.statement.iat.max(iat));
        let listed = self.listed.map(|list| signed.listed(list));
        let suspends = |list: &Listing| list.status == ListedStatus::Suspended && list.iat > since;
        told.is_some_and(|word| word.restricts(time)) || listed.is_some_and(suspends)
    }

    /// Whether the application has been granted what must let it run now.
    fn is_owed(&self, world: &World, signed: &Signed) -> bool {
        let clock = world.clock();
        let latest = world.words.last().map(|word| signed.said(*word));
        let is_good = |held: usize| {
            let claims = &signed.granted(held).claims;
            let time = clock.max(claims.iat);
            claims.epoch == world.ledger.license().epoch
                && !(claims.suspended || claims.eat != 0 && claims.eat < time)
                && !self.is_restricted(claims.ver, claims.iat, time, signed)
                && latest.is_some_and(|word| !word.restricts(time))
                && (claims.iat - claims.aco..=claims.ssgpeat).contains(&clock)
        };
        self.held.is_some_and(is_good) && self.asked - clock <= FORGIVEN
    }
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
            || truth.has_ended(facts.epoch, facts.iat)
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
    let is_good = world.ledger.license().status(at(world.now)) == Status::Active;
    if !is_good || world.device.ahead != 0 || world.truth.asked - clock > FORGIVEN {
        return false;
    }
    let answer = world.ledger.clone().activate(world.now, &mut model.signed);
    let asked = Question::Activated(answer, Seal::Unasked);
    let decided = model
        .decisions
        .decide(world.device.stored, asked, clock, &model.signed);
    decided.status != StatusCode::OK
}

pub fn verify(holds: bool, rule: Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(rule) }
}
