//! The client's decisions, by core: each question is asked once, since the same question has the same answer.

use std::collections::HashMap;

use licentia_core::{
    Asked, Client, Decision, KeySet, Proof, Release, Response, StatusCode, Stored,
};
use serde_json::json;

use super::ledger::product;
use super::signed::{Listing, Signed};
use super::world::{FINGERPRINT, KEY};
use super::{Answer, Seal};

pub struct Decisions {
    client: Client,
    stores: Vec<Stored>,
    places: HashMap<String, usize>,
    asked: Vec<Asked>,
    known: HashMap<(usize, Question, i64), Decided>,
}

/// What a client decides about, with what is stored and the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    Genuine,
    AskSync,
    AskDeactivation,
    Activated(Answer, Seal),
    /// The answer to a sync of the activation that was asked about.
    Synced(usize, Answer, Seal),
    /// The answer to a deactivation of it.
    Deactivated(usize, Answer, Seal),
    /// News: a statement by its place.
    Told(usize),
    /// A status list by its place.
    Listed(usize),
}

#[derive(Clone, Copy, Debug)]
pub struct Decided {
    pub status: StatusCode,
    /// The place of what is stored from now on.
    pub stored: usize,
    /// The place of the activation that is asked about.
    pub asked: Option<usize>,
}

impl Decisions {
    /// The place of a store that holds nothing.
    pub const NOTHING: usize = 0;

    pub fn new(keys: KeySet) -> Self {
        let client = Client {
            product_id: product().id.to_string(),
            license_key: None,
            fingerprint: FINGERPRINT.to_owned(),
            user_hash: None,
            release: Release::default(),
            keys,
        };
        let mut decisions = Self {
            client,
            stores: Vec::new(),
            places: HashMap::new(),
            asked: Vec::new(),
            known: HashMap::new(),
        };
        decisions.place_of(&Stored::default());
        decisions
    }

    pub fn stored(&self, place: usize) -> &Stored {
        &self.stores[place]
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What is stored once two have written what they made of one store.
    pub fn merged(&self, base: usize, mine: usize, theirs: usize) -> Stored {
        let [base, mine, theirs] =
            [base, mine, theirs].map(|place| self.client.write(&self.stores[place]));
        self.client.read(&self.client.merged(&base, &mine, &theirs))
    }

    /// The id of the activation that was asked about.
    pub fn asked(&self, place: usize) -> &str {
        &self.asked[place].activation
    }

    /// The version that a client says that it knows, if it has an activation.
    pub fn version(&self, stored: usize) -> Option<i64> {
        self.client
            .follows(&self.stores[stored])
            .map(|(_, version)| version)
    }

    pub fn decide(
        &mut self,
        stored: usize,
        question: Question,
        clock: i64,
        signed: &Signed,
    ) -> Decided {
        let key = (stored, question, clock);
        if let Some(decided) = self.known.get(&key) {
            return *decided;
        }
        let (decision, asked) = self.by_core(&self.stores[stored], question, clock, signed);
        let after = decision.store.as_ref();
        let decided = Decided {
            status: decision.status,
            stored: after.map_or(stored, |after| self.place_of(after)),
            asked: asked.map(|asked| self.asked_place(asked)),
        };
        self.known.insert(key, decided);
        decided
    }

    fn by_core(
        &self,
        stored: &Stored,
        question: Question,
        clock: i64,
        signed: &Signed,
    ) -> (Decision, Option<Asked>) {
        let client = &self.client;
        let decision = match question {
            Question::Genuine => client.genuine(stored, clock),
            Question::AskSync => return client.ask_sync(stored, clock),
            Question::AskDeactivation => return client.ask_deactivation(stored, clock),
            Question::Activated(answer, seal) => heard(answer, seal, signed, |response| {
                client.activated(stored, KEY, response, clock)
            }),
            Question::Synced(asked, answer, seal) => heard(answer, seal, signed, |response| {
                client.synced(stored, &self.asked[asked], response, clock)
            }),
            Question::Deactivated(asked, answer, seal) => heard(answer, seal, signed, |response| {
                client.deactivated(stored, &self.asked[asked], response, clock)
            }),
            Question::Told(word) => {
                let news = json!({ "statement": signed.said(word).text });
                client.told(stored, &news.to_string(), clock).0
            }
            Question::Listed(list) => listed(client, stored, signed.listed(list)),
        };
        (decision, None)
    }

    /// The application ends after each decision, and starts anew with what was written.
    fn place_of(&mut self, stored: &Stored) -> usize {
        let text = self.client.write(stored);
        let next = self.stores.len();
        let stores = &mut self.stores;
        *self.places.entry(text).or_insert_with_key(|text| {
            stores.push(self.client.read(text));
            next
        })
    }

    fn asked_place(&mut self, asked: Asked) -> usize {
        let place = self.asked.iter().position(|known| *known == asked);
        place.unwrap_or_else(|| {
            self.asked.push(asked);
            self.asked.len() - 1
        })
    }
}

/// Takes a list as hosts do: one that says nothing here is dropped.
fn listed(client: &Client, stored: &Stored, listing: &Listing) -> Decision {
    match client.read_list(stored, &listing.text) {
        Ok(list) => client.listed(stored, &list, listing.statuses()),
        Err(_) => Decision {
            status: StatusCode::OK,
            store: None,
            stands: false,
            interval: None,
        },
    }
}

/// Hands an answer on as it stands on the wire.
fn heard<T>(
    answer: Answer,
    seal: Seal,
    signed: &Signed,
    judge: impl FnOnce(Response<'_>) -> T,
) -> T {
    let refused = |code: &str| json!({ "message": "no", "code": code });
    let (status, body) = match answer {
        Answer::Token(place) => {
            let token = &signed.granted(place).text;
            (200, json!({ "activationToken": token }))
        }
        Answer::Refused(status, code) => (status, refused(code)),
        Answer::Unavailable(word) => {
            let mut body = refused("LEDGER_UNAVAILABLE");
            body["statement"] = json!(signed.said(word).text);
            (503, body)
        }
        Answer::Done => (204, json!("")),
        Answer::Lost => (0, json!("")),
    };
    let body = body.to_string();
    let proof = match seal {
        Seal::Unasked => Proof::Unasked,
        Seal::Missing => Proof::Missing,
        Seal::At(time) => Proof::Signed(time),
    };
    judge(Response {
        status,
        body: &body,
        proof,
    })
}
