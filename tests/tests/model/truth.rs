//! What truly happened, and what the application was told of it.
//!
//! A license is good in one epoch at a time: a revocation raises that. What an application was told has ended counts as core
//! keeps it: all of earlier epochs, all that was signed before the end, and of the activation that ended last what was signed
//! in the same second, too.

use std::rc::Rc;

use licentia_core::{Facts, ListedStatus, StatusCode, Token};

use super::application::{Request, Waiting};
use super::ledger::Ledger;
use super::signed::{Listing, Signed};
use super::world::{Model, World, at};
use super::{Answer, Seal};

/// How far a clock may be set back.
pub const FORGIVEN: i64 = 3_800;
/// How far it may lag behind the server's.
const LAG: i64 = 3_600;

/// What truly happened. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Truth {
    /// Until when the activations of each epoch were good.
    pub good_until: Vec<i64>,
    /// The application was told that the activations of earlier epochs have ended,
    ended_epochs: i64,
    /// that all has ended that was signed before a time,
    ended_before: i64,
    /// and, last, that one activation has with what was signed of it until then.
    ended: Option<(Rc<str>, i64)>,
    /// The last statement that it was told.
    told: Option<usize>,
    /// The last list that it took.
    listed: Option<usize>,
    /// The latest token that it heard, of an activation whose end it was not told.
    held: Option<usize>,
    /// When the latest token was signed that it heard.
    newest: i64,
    /// The latest time by the device's clock, since then, at which something ran.
    pub ran: i64,
    /// The same, at which anything was asked.
    pub asked: i64,
    /// The latest version that it said that it knows.
    pub version: i64,
}

impl Truth {
    /// Time has passed until `now`, with the license as it stands.
    pub fn stood(&mut self, ledger: &Ledger, now: i64) {
        let license = ledger.license();
        let epoch = usize::try_from(license.epoch).unwrap();
        self.good_until.resize(epoch + 1, 0);
        let until = license.expires_at.map_or(at(now), |end| end.min(at(now)));
        if ledger.is_good(until) {
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
            request,
            answer,
            seal,
        } = heard;
        let asked = request.asked();
        let stored = world.device.stored;
        let token = model.decisions.stored(stored).token();
        let is_of = |token: &Token, asked| token.facts().aid == model.decisions.asked(asked);
        if asked.is_some_and(|asked| !token.is_some_and(|token| is_of(token, asked))) {
            return;
        }
        match (request, answer) {
            (Request::Deactivate(_), Answer::Done) if seal != Seal::Missing => {
                self.left(token, seal, &model.signed);
            }
            (Request::Activate | Request::Sync(_), Answer::Token(place)) => {
                self.heard(place, world.clock(), &model.signed);
            }
            // So is every key that is mistyped.
            (Request::Activate, Answer::Refused(_, "INVALID_LICENSE_KEY")) => {}
            (_, Answer::Refused(..)) if seal != Seal::Missing => {
                // It is true if the activation is alive no more: that stays so, however late the refusal comes.
                let is_over = |token: &&Token| !world.ledger.is_alive(&token.facts().aid);
                self.left(token.filter(is_over), seal, &model.signed);
            }
            (Request::Sync(_), Answer::Unavailable(word)) => self.told(stored, word, model),
            _ => {}
        }
        if let (Request::Activate | Request::Sync(_), Seal::At(time)) = (request, seal) {
            self.dated(time);
        }
    }

    /// An answer said that the activation has ended, which was so when it was signed.
    fn left(&mut self, token: Option<&Token>, seal: Seal, signed: &Signed) {
        if let Some(facts) = token.map(Token::facts) {
            let time = match seal {
                Seal::At(time) => time.max(facts.iat),
                Seal::Unasked | Seal::Missing => facts.iat,
            };
            self.end(facts, facts.epoch, (facts.iat, time), signed);
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
        if !is_timely || self.has_ended(&claims.aid, claims.epoch, claims.iat) {
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
        if self.held.is_none_or(|held| rank(held) <= rank(place)) {
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
            let facts = token.facts();
            let time = if statement.deleted {
                statement.iat.max(facts.iat)
            } else {
                facts.iat
            };
            self.end(facts, statement.epoch, (time, time), &model.signed);
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
            let times = (listing.iat, listing.iat);
            self.end(facts, facts.epoch, times, &model.signed);
        }
        true
    }

    /// The application learns that an activation has ended with what was signed of it until a time, and so has all of earlier
    /// epochs, and all that was signed before another time.
    fn end(&mut self, facts: &Facts, epoch: i64, (before, until): (i64, i64), signed: &Signed) {
        self.ended_epochs = self.ended_epochs.max(epoch);
        self.ended_before = self.ended_before.max(before);
        self.ended = Some((facts.aid.as_str().into(), until));
        let stands = |held: &usize| {
            let claims = &signed.granted(*held).claims;
            !self.has_ended(&claims.aid, claims.epoch, claims.iat)
        };
        self.held = self.held.filter(stands);
    }

    /// Whether the application was told that what was signed then, of that activation, has ended.
    pub fn has_ended(&self, id: &str, epoch: i64, iat: i64) -> bool {
        let ended = self.ended.as_ref();
        let is_of_it = ended.is_some_and(|(ended, until)| **ended == *id && iat <= *until);
        epoch < self.ended_epochs || iat < self.ended_before || is_of_it
    }

    /// Whether the application was told what restricts a token at that time, which says nothing of it itself: by the last statement,
    /// or by the last list, if that is later than the token and than such a statement.
    pub fn is_restricted(&self, ver: i64, iat: i64, time: i64, signed: &Signed) -> bool {
        let told = self.told.map(|word| signed.said(word));
        let told = told.filter(|word| word.statement.ver > ver);
        let since = told.map_or(iat, |word| word.statement.iat.max(iat));
        let listed = self.listed.map(|list| signed.listed(list));
        let suspends = |list: &Listing| list.status == ListedStatus::Suspended && list.iat > since;
        told.is_some_and(|word| word.restricts(time)) || listed.is_some_and(suspends)
    }

    /// Whether the application has been granted what must let it run now.
    pub fn is_owed(&self, world: &World, signed: &Signed) -> bool {
        let clock = world.clock();
        let latest = world.words.last().map(|word| signed.said(*word));
        let is_good = |held: usize| {
            let claims = &signed.granted(held).claims;
            let time = clock.max(claims.iat);
            world.ledger.is_alive(&claims.aid)
                && !(claims.suspended || claims.eat != 0 && claims.eat < time)
                && !self.is_restricted(claims.ver, claims.iat, time, signed)
                && latest.is_some_and(|word| !word.restricts(time))
                && (claims.iat - claims.aco..=claims.ssgpeat).contains(&clock)
        };
        self.held.is_some_and(is_good) && self.asked - clock <= FORGIVEN
    }
}
