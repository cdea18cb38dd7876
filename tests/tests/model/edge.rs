//! The edge: a check that is answered from KV alone, by the published copy and the status list of a license.
//!
//! KV lags, puts land late, and isolates keep lists: so a check may meet any copy that was ever published with any list that
//! was ever signed, or with none, and must tell the truth by each pair.

use std::collections::HashMap;

use licentia_api::published::{Found, Question, Told};
use licentia_api::{Body, Listed, Route, Vault, route, status_lists};
use licentia_core::{EncodedStatuses, ListedStatus, Seconds, Statement, StatusList, Timestamp};
use serde_json::{Value, json};

use super::ledger::{Ledger, Order, PLACE};
use super::rules::{Broken, verify};
use super::world::{KEY, at};

/// The interval at which lists are signed.
const TTL: Seconds = Seconds(60);
/// How long a list stands, and so how long a check may err at most.
const BOUND: i64 = 900;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Order(Order),
    /// The ledger signs the list.
    Sign,
    Pass(i64),
}

/// A mistake of who signs lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Lists stand for twice as long.
    ListLasts,
    /// What is revoked or suspended is not marked in the list.
    NothingIsMarked,
}

/// What is one for all worlds: the keys, what they signed, and what was answered.
pub struct Edge {
    vault: Vault,
    route: Route,
    plant: Option<Plant>,
    copies: Vec<String>,
    lists: Vec<Listed>,
    places: HashMap<String, usize>,
    answers: HashMap<(usize, usize, i64), Option<i64>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    now: i64,
    ledger: Ledger,
    /// The copies and the lists that were signed.
    copies: Vec<usize>,
    lists: Vec<usize>,
    /// From when on the license was good or not.
    past: Vec<(i64, bool)>,
}

impl Edge {
    pub fn new(plant: Option<Plant>) -> Self {
        let keys = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        Self {
            vault: Vault::from_secrets(keys).unwrap(),
            route: route("POST", "/v3/licenses/check", "").unwrap(),
            plant,
            copies: Vec::new(),
            lists: Vec::new(),
            places: HashMap::new(),
            answers: HashMap::new(),
        }
    }

    fn publish(&mut self, statement: &Statement) -> usize {
        let text = self.vault.statement_key().sign(statement);
        let copy = json!({ "statement": text, "license": null }).to_string();
        let copies = &mut self.copies;
        *self.places.entry(copy).or_insert_with_key(|copy| {
            copies.push(copy.clone());
            copies.len() - 1
        })
    }

    /// Signs the list as it is at a time. Its version is the time, as nothing else is.
    fn sign(&mut self, ledger: &Ledger, now: i64) -> usize {
        let marks = match ledger.listed() {
            ListedStatus::Valid => Vec::new(),
            _ if self.plant == Some(Plant::NothingIsMarked) => Vec::new(),
            mark => vec![(PLACE.index, mark.bits())],
        };
        let text = format!("{now} {marks:?}");
        let known = self.places.get(&text).copied();
        known.unwrap_or_else(|| {
            let list = self.listed(&marks, now);
            self.lists.push(list);
            self.places.insert(text, self.lists.len() - 1);
            self.lists.len() - 1
        })
    }

    fn listed(&self, marks: &[(u32, u8)], now: i64) -> Listed {
        let statuses = EncodedStatuses::of(&status_lists::compressed(marks).unwrap());
        let version = at(now).unix_milliseconds();
        let mut list = StatusList::new(0, version, statuses, TTL, at(now));
        if self.plant == Some(Plant::ListLasts) {
            list.exp += BOUND;
        }
        Listed::read(0, list.sign(self.vault.statement_key()), &self.vault).unwrap()
    }

    /// Since when a check says that the license is good, if it says so and knows.
    fn good_as_of(&mut self, copy: usize, list: usize, now: i64) -> Option<i64> {
        let key = (copy, list, now);
        if let Some(known) = self.answers.get(&key) {
            return *known;
        }
        let answer = self.asked(&self.copies[copy], &self.lists[list], now);
        let as_of = answer["asOf"]
            .as_str()
            .filter(|_| answer["status"] == "active");
        let as_of = as_of.map(|time| time.parse::<Timestamp>().unwrap());
        let as_of = as_of.map(|time| time.unix_seconds() - at(0).unix_seconds());
        self.answers.insert(key, as_of);
        as_of
    }

    /// What is answered where the ledger is silent.
    fn asked(&self, copy: &str, list: &Listed, now: i64) -> Value {
        let body = json!({ "key": KEY }).to_string();
        let question = Question::read(&self.route, body.as_bytes()).unwrap();
        let Ok(Found::License(copy)) = question.find(copy, &self.vault) else {
            panic!("a license's check finds no license");
        };
        let (Told::Surely(reply) | Told::Outdated(reply)) = copy.told(Some(list), at(now));
        let Body::Bytes(body) = reply.body else {
            panic!("a check has no answer");
        };
        serde_json::from_slice(&body).unwrap()
    }
}

impl World {
    pub fn new(edge: &mut Edge) -> Self {
        let ledger = Ledger::new();
        let copy = edge.publish(&ledger.statement());
        let list = edge.sign(&ledger, 0);
        Self {
            now: 0,
            ledger,
            copies: vec![copy],
            lists: vec![list],
            past: vec![(0, true)],
        }
    }

    pub fn possible(&self) -> Vec<Step> {
        let mut steps = self.ledger.turns().map(Step::Order).to_vec();
        steps.extend([Step::Sign, Step::Pass(1), Step::Pass(450), Step::Pass(899)]);
        steps
    }

    pub fn take(&mut self, step: Step, edge: &mut Edge) -> Result<(), Broken> {
        match step {
            Step::Order(order) => {
                self.ledger.order(order, self.now, None);
                self.copies.push(edge.publish(&self.ledger.statement()));
                let license = self.ledger.license();
                self.past
                    .push((self.now, !license.revoked && !license.suspended));
            }
            Step::Sign => {
                let list = edge.sign(&self.ledger, self.now);
                if self.lists.last() != Some(&list) {
                    self.lists.push(list);
                }
            }
            Step::Pass(seconds) => self.now += seconds,
        }
        self.hold(edge)
    }

    /// Whoever is told that a license is good, and as of when, is told what was so, and no longer ago than a list stands.
    fn hold(&self, edge: &mut Edge) -> Result<(), Broken> {
        for copy in &self.copies {
            for list in &self.lists {
                let as_of = edge.good_as_of(*copy, *list, self.now);
                let is_true = |then| self.now - then <= BOUND && self.was_good(then);
                verify(as_of.is_none_or(is_true), Broken::OutlivesItsBound)?;
            }
        }
        Ok(())
    }

    /// Whether the license was good at some time of a second.
    fn was_good(&self, second: i64) -> bool {
        let ends = self.past.iter().skip(1).map(|(end, _)| *end);
        let mut spans = self.past.iter().zip(ends.chain([self.now]));
        spans.any(|((begin, good), end)| *good && (*begin..=end).contains(&second))
    }
}
