//! The application: what it asks for and hears, and what it keeps of it.

use super::decisions::{Decided, Question};
use super::rules::{self, Broken};
use super::world::{By, Call, GRACE, Model, START, World, at};
use super::{Answer, Answers, Plant, Seal};

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
    pub request: Request,
    pub answer: Answer,
    pub seal: Seal,
}

/// What the application has asked for: of which activation, if of one that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    Activate,
    Sync(usize),
    Deactivate(usize),
}

impl Request {
    /// The activation that was asked about.
    pub fn asked(self) -> Option<usize> {
        match self {
            Self::Activate => None,
            Self::Sync(asked) | Self::Deactivate(asked) => Some(asked),
        }
    }
}

impl World {
    /// Decides, and keeps what it says is to be stored.
    pub fn decide(&mut self, question: Question, model: &mut Model) -> Decided {
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

    pub fn ask(&mut self, call: Call, by: By, model: &mut Model) -> Result<(), Broken> {
        self.device.waiting = None;
        let Some(request) = self.request(call, model) else {
            return Ok(());
        };
        let answer = match by {
            By::Ledger => self.answer(request, model),
            By::Edge => Answer::Unavailable(self.published),
            By::Repeater => self.refusal.unwrap_or(Answer::Lost),
        };
        if let Answer::Token(token) = answer {
            rules::granted(token, &self.tokens, &model.signed)?;
            if !self.tokens.contains(&token) {
                self.tokens.push(token);
            }
        }
        if model.repeats_refusals() && matches!(answer, Answer::Refused(..) | Answer::Done) {
            self.refusal = Some(answer);
        }
        let seal = match (model.answers, by) {
            (Answers::Unsigned, _) => Seal::Unasked,
            (Answers::Signed, By::Repeater) => Seal::Missing,
            (Answers::Signed, _) => Seal::At(START + self.now),
        };
        self.device.waiting = Some(Waiting {
            request,
            answer,
            seal,
        });
        self.note(model)
    }

    /// What is asked for, if the application may.
    fn request(&mut self, call: Call, model: &mut Model) -> Option<Request> {
        let (question, request): (_, fn(usize) -> Request) = match call {
            Call::Activate => return Some(Request::Activate),
            Call::Sync => (Question::AskSync, Request::Sync),
            Call::Deactivate => (Question::AskDeactivation, Request::Deactivate),
        };
        let decided = self.decide(question, model);
        self.truth.checked(decided.status, self.clock());
        decided.asked.map(request)
    }

    /// What the ledger answers.
    fn answer(&mut self, request: Request, model: &mut Model) -> Answer {
        let (now, plant) = (self.now, model.plant);
        let id = request.asked().map(|asked| model.decisions.asked(asked));
        match (request, id) {
            (Request::Sync(_), Some(id)) => self.ledger.sync(id, now, &mut model.signed),
            (Request::Deactivate(_), Some(id)) => self.ledger.deactivate(id, now),
            _ => self.ledger.activate(now, plant, &mut model.signed),
        }
    }

    /// Hears the answer that was waited for, or what comes instead.
    pub fn hear(&mut self, instead: Option<Answer>, model: &mut Model) {
        let Some(mut heard) = self.device.waiting.take() else {
            return;
        };
        if let Some(answer) = instead {
            heard.answer = match (model.answers, heard.request) {
                // Any success would pass for a seat that was given back.
                (Answers::Unsigned, Request::Deactivate(_)) => Answer::Lost,
                _ => answer,
            };
            heard.seal = match model.answers {
                Answers::Signed => Seal::Missing,
                Answers::Unsigned => Seal::Unasked,
            };
        }
        let mut truth = std::mem::take(&mut self.truth);
        truth.hear(self, heard, model);
        self.truth = truth;
        let question = |answer| match heard.request {
            Request::Activate => Question::Activated(answer, heard.seal),
            Request::Sync(asked) => Question::Synced(asked, answer, heard.seal),
            Request::Deactivate(asked) => Question::Deactivated(asked, answer, heard.seal),
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

    pub fn news(&mut self, word: usize, model: &mut Model) {
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

    /// Takes a list. One that is older than another that was taken changes nothing.
    pub fn list(&mut self, list: usize, model: &mut Model) -> Result<(), Broken> {
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
