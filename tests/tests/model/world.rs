//! The world: a ledger, KV that lags behind it, a network, and an application on a device with a clock of its own.
//!
//! Whatever was signed stays in the network for good, and may arrive at any time, in any order, and again: so it loses, delays,
//! repeats and reorders. A refusal is repeated too where answers are signed; else it answers its own request, or gets lost.

use licentia_core::{StatusCode, Timestamp};

use super::decisions::{Decided, Decisions, Question};
use super::ledger::{Ledger, Order};
use super::rules::{self, Broken, Truth};
use super::signed::Signed;
use super::{Answer, Answers, Plant, Seal};

pub const KEY: &str = "KKKKKKKKKKKKKKKK";
pub const FINGERPRINT: &str = "f";
pub const INTERVAL: i64 = 3_600;
pub const GRACE: i64 = 10_000;
/// When it all begins, in seconds since 1970.
const START: i64 = 1_760_000_000;

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
    fn repeats_refusals(&self) -> bool {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    Activate,
    Sync,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Ledger,
    /// The edge, since the ledger is silent.
    Edge,
    /// Somebody in between, with the refusal of an earlier request.
    Repeater,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// Seconds since the beginning.
    pub now: i64,
    pub ledger: Ledger,
    /// The statement in KV.
    published: usize,
    /// The tokens, statements and lists in the network, in the order in which they were signed.
    pub tokens: Vec<usize>,
    pub words: Vec<usize>,
    pub lists: Vec<usize>,
    /// The latest refusal, if the network may repeat it.
    pub refusal: Option<Answer>,
    pub device: Device,
    pub truth: Truth,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Device {
    pub stored: usize,
    /// How far its clock is from the right time.
    pub ahead: i64,
    pub waiting: Option<Waiting>,
}

/// A request, with the answer that is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Waiting {
    /// The activation that a sync asks about; none for an activation.
    pub asked: Option<usize>,
    pub answer: Answer,
    pub seal: Seal,
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
    fn note(&mut self, model: &mut Model) -> Result<(), Broken> {
        let word = model.signed.word(self.ledger.statement());
        if self.words.last() != Some(&word) {
            rules::grows(&self.words, word, &model.signed)?;
            self.words.push(word);
        }
        Ok(())
    }

    /// Decides, and keeps what it says is to be stored.
    fn decide(&mut self, question: Question, model: &mut Model) -> Decided {
        let stored = self.device.stored;
        let decided = model
            .decisions
            .decide(stored, question, self.clock(), &model.signed);
        let erases = |model: &Model| {
            let token = |place| model.decisions.stored(place).token().is_some();
            token(stored) && !token(decided.stored)
        };
        self.truth.decided(self.clock());
        if model.plant != Some(Plant::EndIsNotKept) || !erases(model) {
            self.device.stored = decided.stored;
        }
        decided
    }

    fn ask(&mut self, call: Call, by: By, model: &mut Model) -> Result<(), Broken> {
        self.device.waiting = None;
        let asked = match call {
            Call::Activate => None,
            Call::Sync => {
                let decided = self.decide(Question::AskSync, model);
                self.truth.checked(decided.status, self.clock());
                let Some(asked) = decided.asked else {
                    return Ok(());
                };
                Some(asked)
            }
        };
        let answer = match (by, asked) {
            (By::Edge, _) => Answer::Unavailable(self.published),
            (By::Repeater, _) => self.refusal.unwrap_or(Answer::Lost),
            (By::Ledger, None) => self.ledger.activate(self.now, &mut model.signed),
            (By::Ledger, Some(asked)) => {
                let id = model.decisions.asked(asked).to_owned();
                self.ledger.sync(&id, self.now, &mut model.signed)
            }
        };
        if let Answer::Token(token) = answer {
            rules::granted(token, &self.tokens, &model.signed)?;
            if !self.tokens.contains(&token) {
                self.tokens.push(token);
            }
        }
        if model.repeats_refusals() && matches!(answer, Answer::Refused(..)) {
            self.refusal = Some(answer);
        }
        let seal = match (model.answers, by) {
            (Answers::Unsigned, _) => Seal::Unasked,
            (Answers::Signed, By::Repeater) => Seal::Missing,
            (Answers::Signed, _) => Seal::At(START + self.now),
        };
        self.device.waiting = Some(Waiting {
            asked,
            answer,
            seal,
        });
        self.note(model)
    }

    /// Hears the answer that was waited for, or what comes instead.
    fn hear(&mut self, instead: Option<Answer>, model: &mut Model) {
        let Some(mut heard) = self.device.waiting.take() else {
            return;
        };
        if let Some(answer) = instead {
            heard.answer = answer;
            heard.seal = match model.answers {
                Answers::Signed => Seal::Missing,
                Answers::Unsigned => Seal::Unasked,
            };
        }
        let mut truth = std::mem::take(&mut self.truth);
        truth.hear(self, heard, model);
        self.truth = truth;
        let question = |answer| match heard.asked {
            Some(asked) => Question::Synced(asked, answer, heard.seal),
            None => Question::Activated(answer, heard.seal),
        };
        self.decide(question(heard.answer), model);
        let is_token = matches!(heard.answer, Answer::Token(_));
        if model.plant == Some(Plant::AnyAnswerCounts)
            && !is_token
            && let Some(renewed) = self.renewed_by_itself(model)
        {
            self.decide(question(Answer::Token(renewed)), model);
        }
    }

    /// The token that is stored, as if it had been issued now.
    fn renewed_by_itself(&self, model: &mut Model) -> Option<usize> {
        let stored = model.decisions.stored(self.device.stored);
        let text = stored.token_text()?.to_owned();
        model.signed.renewed(&text, self.clock(), GRACE)
    }

    fn news(&mut self, word: usize, model: &mut Model) {
        self.truth.told(self.device.stored, word, model);
        let word = match model.plant {
            Some(Plant::StampedWhenSent) => {
                let version = self.ledger.license().version + 1;
                model.signed.restamped(word, version)
            }
            _ => word,
        };
        self.decide(Question::Told(word), model);
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

    /// Takes a list. One that is older than another that was taken changes nothing.
    fn list(&mut self, list: usize, model: &mut Model) -> Result<(), Broken> {
        let before = self.device.stored;
        let is_news = self.truth.listed(before, list, model);
        let list = match model.plant {
            Some(Plant::ListIsStampedWhenSent) => {
                let status = model.signed.listed(list).status;
                let version = at(self.now).unix_milliseconds();
                model.signed.list(status, version, self.now)
            }
            _ => list,
        };
        self.decide(Question::Listed(list), model);
        if model.plant == Some(Plant::ListIsNotKept) {
            self.device.stored = before;
        }
        let is_changed = self.device.stored != before;
        rules::verify(is_news || !is_changed, Broken::OlderListCounts)
    }
}
