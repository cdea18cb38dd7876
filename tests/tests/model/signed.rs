//! What the vendor has signed: each token, statement and list once, since the same words give the same text.

use std::collections::HashMap;

use licentia_core::{
    Algorithm, Claims, EncodedStatuses, KeySet, ListedStatus, Seconds, Statement, StatementKey,
    StatusBits, StatusList, VerifyingKey, join_signature, signing_input,
};
use ring::signature::Ed25519KeyPair;
use serde_json::json;

use super::ledger::PLACE;
use super::world::at;

const PRODUCT: [u8; 32] = [1; 32];
const ACCOUNT: [u8; 32] = [2; 32];

pub struct Signed {
    product: Ed25519KeyPair,
    account: StatementKey,
    grants: Vec<Grant>,
    words: Vec<Word>,
    lists: Vec<Listing>,
    places: HashMap<String, usize>,
}

/// A token, with what it says.
pub struct Grant {
    pub claims: Claims,
    pub text: String,
}

/// A statement, with what it says.
pub struct Word {
    pub statement: Statement,
    pub text: String,
}

/// A status list, with what it says of the license.
pub struct Listing {
    pub status: ListedStatus,
    pub ver: i64,
    pub iat: i64,
    pub text: String,
}

impl Signed {
    pub fn new() -> Self {
        Self {
            product: Ed25519KeyPair::from_seed_unchecked(&PRODUCT).unwrap(),
            account: StatementKey::from_seed(&ACCOUNT),
            grants: Vec::new(),
            words: Vec::new(),
            lists: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// The keys as a client is given them.
    pub fn keys(&self) -> KeySet {
        let document = json!({
            "keys": [product_key().to_jwk()],
            "statementKeys": [self.account.verifying_key().to_jwk()],
        });
        KeySet::parse(&document.to_string()).unwrap()
    }

    /// Signs a token, and returns its place.
    pub fn grant(&mut self, claims: Claims) -> usize {
        let json = serde_json::to_string(&claims).unwrap();
        if let Some(place) = self.places.get(&json) {
            return *place;
        }
        let kid = product_key().kid();
        let input = signing_input(Algorithm::EdDSA, &kid, "JWT", json.as_bytes());
        let text = join_signature(&input, self.product.sign(input.as_bytes()).as_ref());
        self.grants.push(Grant { claims, text });
        self.places.insert(json, self.grants.len() - 1);
        self.grants.len() - 1
    }

    /// Signs a statement, and returns its place.
    pub fn word(&mut self, statement: Statement) -> usize {
        let json = serde_json::to_string(&statement).unwrap();
        if let Some(place) = self.places.get(&json) {
            return *place;
        }
        let text = self.account.sign(&statement);
        self.words.push(Word { statement, text });
        self.places.insert(json, self.words.len() - 1);
        self.words.len() - 1
    }

    /// Signs a token once more, as if it had been issued at that time.
    pub fn renewed(&mut self, text: &str, time: i64, grace: i64) -> Option<usize> {
        let grant = self.grants.iter().find(|grant| grant.text == text)?;
        let claims = Claims {
            iat: time,
            ssgpeat: time + grace,
            ..grant.claims.clone()
        };
        Some(self.grant(claims))
    }

    /// Signs a statement once more, under another version.
    pub fn restamped(&mut self, word: usize, ver: i64) -> usize {
        let statement = self.words[word].statement.clone();
        self.word(Statement { ver, ..statement })
    }

    /// Signs a list that says so of the license, and returns its place. Its statuses are handed on beside it: hosts inflate them.
    pub fn list(&mut self, status: ListedStatus, ver: i64, now: i64) -> usize {
        let list = StatusList::new(
            PLACE.list,
            ver,
            EncodedStatuses::of(&[]),
            Seconds(60),
            at(now),
        );
        let name = format!("{status:?} {ver} {now}");
        if let Some(place) = self.places.get(&name) {
            return *place;
        }
        self.lists.push(Listing {
            status,
            ver,
            iat: list.iat,
            text: list.sign(&self.account),
        });
        self.places.insert(name, self.lists.len() - 1);
        self.lists.len() - 1
    }

    pub fn listed(&self, place: usize) -> &Listing {
        &self.lists[place]
    }

    pub fn granted(&self, place: usize) -> &Grant {
        &self.grants[place]
    }

    pub fn said(&self, place: usize) -> &Word {
        &self.words[place]
    }
}

fn product_key() -> VerifyingKey {
    StatementKey::from_seed(&PRODUCT).verifying_key()
}

impl Listing {
    /// The statuses, as they are inflated.
    pub fn statuses(&self) -> Vec<u8> {
        let mut bits = StatusBits::ours(4);
        bits.set(PLACE.index as usize, self.status.bits());
        bits.as_bytes().to_vec()
    }
}

impl Word {
    /// Whether it lets nothing run at that time, if it ends no activation: that is told by [`Word::ends`].
    pub fn restricts(&self, time: i64) -> bool {
        let Statement {
            revoked,
            suspended,
            eat,
            ..
        } = self.statement;
        revoked || suspended || eat != 0 && eat < time
    }

    /// Whether no activation of that epoch outlives it.
    pub fn ends(&self, epoch: i64) -> bool {
        self.statement.revoked || self.statement.deleted || self.statement.epoch > epoch
    }
}
