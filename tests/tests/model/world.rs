//! The world: a ledger, KV that lags behind it, a network, and an application on a device with a clock of its own.
//!
//! Whatever was signed stays in the network for good, and may arrive at any time, in any order, and again: so it loses, delays,
//! repeats and reorders. A refusal is repeated too where answers are signed, and so is that a seat was given back; else they answer
//! their own request, or get lost.

use licentia_core::{StatusCode, Timestamp};

use super::application::Device;
use super::decisions::{Decisions, Question};
use super::ledger::{Ledger, Order};
use super::rules::{self, Broken};
use super::signed::Signed;
use super::truth::Truth;
use super::{Answer, Answers, Plant};

pub const KEY: &str = "KKKKKKKKKKKKKKKK";
pub const FINGERPRINT: &str = "f";
pub const INTERVAL: i64 = 3_600;
pub const GRACE: i64 = 10_000;
/// When it all begins, in seconds since 1970.
pub const START: i64 = 1_760_000_000;

/// An instant of the model, which counts seconds from its beginning.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(START + seconds)
}

/// What is one for all worlds: the vendor's keys with what they signed, and the client's decisions.
pub struct Model {
    pub signed: Signed,
    pub decisions: Decisions,
    pub answers: Answers,
    pub plant: Option<Plant>,
}

impl Model {
    pub fn new(answers: Answers, plant: Option<Plant>) -> Self {
        let signed = Signed::new();
        let decisions = Decisions::new(signed.keys());
        Self {
            signed,
            decisions,
            answers,
            plant,
        }
    }

    /// Whether the network repeats refusals: where answers are signed, it may.
    pub fn repeats_refusals(&self) -> bool {
        self.answers == Answers::Signed || self.plant == Some(Plant::RefusalIsRepeated)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Order(Order),
    /// KV takes what the ledger has published last.
    Publish,
    /// An earlier put, of which nobody heard, lands in KV.
    PublishLate(usize),
    /// The application asks, which it does one at a time: a request before is given up.
    Ask(Call, By),
    /// The answer arrives.
    Hear,
    /// A token that was signed at some time arrives in the answer's place.
    HearToken(usize),
    /// Nothing arrives.
    Lose,
    /// News arrive: a statement that was signed at some time.
    News(usize),
    /// The ledger signs the status list.
    Sign,
    /// A status list that was signed at some time is fetched, or handed in.
    List(usize),
    /// The application asks whether the license is genuine.
    Check,
    /// Time passes.
    Pass(i64),
    /// The device's clock is set: so far from the right time.
    SetClock(i64),
}

/// What the application asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Activate,
    Sync,
    Deactivate,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Ledger,
    /// The edge, since the ledger is silent.
    Edge,
    /// Somebody in between, with the answer to an earlier request.
    Repeater,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// Seconds since the beginning.
    pub now: i64,
    pub ledger: Ledger,
    /// The statement in KV.
    pub published: usize,
    /// The tokens, statements and lists in the network, in the order in which they were signed.
    pub tokens: Vec<usize>,
    pub words: Vec<usize>,
    pub lists: Vec<usize>,
    /// The latest answer that was no token, if the network may repeat it.
    pub refusal: Option<Answer>,
    pub device: Device,
    pub truth: Truth,
}

impl World {
    pub fn new(model: &mut Model) -> Self {
        let ledger = Ledger::new();
        let published = model.signed.word(ledger.statement());
        Self {
            now: 0,
            ledger,
            published,
            tokens: Vec::new(),
            words: vec![published],
            lists: Vec::new(),
            refusal: None,
            device: Device {
                stored: Decisions::NOTHING,
                ahead: 0,
                waiting: None,
            },
            truth: Truth::default(),
        }
    }

    /// The device's clock, in seconds since 1970.
    pub fn clock(&self) -> i64 {
        START + self.now + self.device.ahead
    }

    /// What the application would say now.
    pub fn verdict(&self, model: &mut Model) -> StatusCode {
        let question = Question::Genuine;
        let (stored, clock) = (self.device.stored, self.clock());
        let decided = model
            .decisions
            .decide(stored, question, clock, &model.signed);
        decided.status
    }

    /// Takes a step, which does nothing where there is nothing to take.
    pub fn take(&mut self, step: Step, model: &mut Model) -> Result<(), Broken> {
        match step {
            Step::Order(order) => {
                self.ledger.order(order, self.now, model.plant);
                self.note(model)?;
            }
            Step::Publish => self.published = *self.words.last().unwrap(),
            Step::PublishLate(place) => self.published = self.words[place % self.words.len()],
            Step::Ask(call, by) => self.ask(call, by, model)?,
            Step::Hear => self.hear(None, model),
            Step::HearToken(place) => {
                let token = self.tokens.iter().cycle().nth(place);
                self.hear(token.copied().map(Answer::Token), model);
            }
            Step::Lose => self.hear(Some(Answer::Lost), model),
            Step::News(place) => self.news(self.words[place % self.words.len()], model),
            Step::Sign => self.sign(model),
            Step::List(place) => {
                if let Some(list) = self.lists.iter().cycle().nth(place) {
                    self.list(*list, model)?;
                }
            }
            Step::Check => {
                let status = self.decide(Question::Genuine, model).status;
                self.truth.checked(status, self.clock());
            }
            Step::Pass(seconds) => self.now += seconds,
            Step::SetClock(ahead) => self.device.ahead = ahead,
        }
        self.truth.stood(&self.ledger, self.now);
        rules::hold(self, model)?;
        self.truth
            .knows(model.decisions.version(self.device.stored));
        Ok(())
    }

    /// The ledger says what has changed.
    pub fn note(&mut self, model: &mut Model) -> Result<(), Broken> {
        let word = model.signed.word(self.ledger.statement());
        if self.words.last() != Some(&word) {
            rules::grows(&self.words, word, &model.signed)?;
            self.words.push(word);
        }
        Ok(())
    }

    /// Signs what stands now, unless that was said in the same second. A list's version is the time, and grows in any case.
    fn sign(&mut self, model: &mut Model) {
        let (status, time) = (self.ledger.listed(), at(self.now));
        let last = self.lists.last().map(|last| model.signed.listed(*last));
        if last.is_some_and(|last| (last.status, last.iat) == (status, time.unix_seconds())) {
            return;
        }
        let after = last.map_or(0, |last| last.ver + 1);
        let version = time.unix_milliseconds().max(after);
        self.lists
            .push(model.signed.list(status, version, self.now));
    }
}
