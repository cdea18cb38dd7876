//! The outbox: which documents go to KV, under which keys, which news to gates, and what came of it.
//!
//! Documents are made when they are put, from what the ledger holds then: an old one cannot be put by a late turn.

use std::cell::RefCell;
use std::rc::Rc;

use licentia_core::{ActivationId, License, LicenseId, ProductId, Seconds, Timestamp};
use serde::Serialize;

use crate::context::Context;
use crate::database::{Database, DatabaseError};
use crate::host::{Given, Settings};
use crate::limit::Rule;
use crate::published::{self, News, Subject};
use crate::status_lists;
use crate::store;
pub use crate::store::outbox::Landed;
use crate::store::outbox::{Claimed, Lane};
use crate::store::product::Counted;
use crate::vault::Vault;

/// A document on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// What it is of.
    pub subject: String,
    /// Where it goes.
    pub to: Destination,
    /// The document.
    pub value: String,
    /// Its version.
    pub version: i64,
    claim: i64,
}

/// Where a document goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To KV, under each of these keys.
    Kv(Vec<String>),
    /// To a gate, which tells those who wait there.
    Gate {
        /// Its number.
        number: u32,
        /// How many had been counted there when it was sent.
        joined: i64,
    },
    /// To the gate of an activation that is gone: whoever waits there for its news has to look.
    GateOf(ActivationId),
}

impl Destination {
    /// Says whether news go there: they wait for no document that is on its way to KV.
    #[must_use]
    pub fn is_gate(&self) -> bool {
        !matches!(self, Self::Kv(_))
    }
}

/// How much a host can have on its way at once.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// To gates.
    pub news: u32,
    /// To KV.
    pub documents: u32,
}

impl Room {
    /// Returns room for so many of each.
    #[must_use]
    pub fn of(each: u32) -> Self {
        Self {
            news: each,
            documents: each,
        }
    }
}

/// What is due.
#[derive(Debug, Default)]
pub struct Due {
    /// The documents to put.
    pub publications: Vec<Publication>,
    /// The documents that could not be made, for the host's log.
    pub faults: Vec<String>,
}

/// Claims what is due and has room, news first, and what an import brings last; run it in a transaction, put each, then `settle` each. A document that cannot
/// be made is tried again later, and keeps no other back.
///
/// # Errors
/// Passes on what the database says.
pub fn claim_due(
    db: &dyn Database,
    room: Room,
    now: Timestamp,
    vault: &Vault,
    settings: &Settings,
) -> Result<Due, DatabaseError> {
    let maker = Maker::new(db, now, vault, settings);
    let mut due = Due::default();
    let news = store::outbox::due(db, Lane::News, now, room.news)?;
    let changes = store::outbox::due(db, Lane::Changes, now, room.documents)?;
    let left = usize::try_from(room.documents).unwrap_or(usize::MAX);
    let left = left.saturating_sub(changes.len());
    let paced = store::outbox::due(db, Lane::Paced, now, u32::try_from(left).unwrap_or(0))?;
    for subject in news.into_iter().chain(changes).chain(paced) {
        let Some(claimed) = store::outbox::claim(db, &subject, now)? else {
            continue;
        };
        match maker.publication(subject, claimed) {
            Ok(publication) => due.publications.push(publication),
            Err((subject, fault)) => {
                store::outbox::settle(db, &subject, claimed, Landed::Unknown, now)?;
                due.faults.push(format!("{subject}: {fault}"));
            }
        }
    }
    Ok(due)
}

/// Takes note of what came of a put, in a transaction. Returns whether its version is in KV.
///
/// # Errors
/// Passes on what the database says.
pub fn settle(
    db: &dyn Database,
    publication: &Publication,
    landed: Landed,
    now: Timestamp,
    settings: &Settings,
) -> Result<bool, DatabaseError> {
    let put = Claimed {
        claim: publication.claim,
        version: publication.version,
    };
    // A put whose claim has lapsed settles nothing: who came since may not have been counted.
    let is_settled = store::outbox::settle(db, &publication.subject, put, landed, now)?;
    match (Subject::parse(&publication.subject), &publication.to) {
        (Some(Subject::Gate(gate, license)), Destination::Gate { joined, .. })
            if is_settled && landed == Landed::Unheard =>
        {
            store::listener::forget(db, license, gate, *joined)?;
        }
        (Some(Subject::StatusList(list)), _) => status_lists::settled(db, list, now, settings)?,
        _ => {}
    }
    Ok(is_settled)
}

/// Returns when something is due next: the time for the host's alarm.
///
/// # Errors
/// Passes on what the database says.
pub fn next_due(db: &dyn Database) -> Result<Option<Timestamp>, DatabaseError> {
    store::outbox::next_due(db)
}

/// Claims one subject and makes its document, and first of all the news of it for each gate that waits. What is in flight
/// is not claimed.
pub(crate) fn claim(
    db: &dyn Database,
    subject: &str,
    given: &Given<'_>,
) -> Result<Vec<Publication>, DatabaseError> {
    let mut subjects = match Subject::parse(subject) {
        Some(Subject::License(license)) => gates_of(db, license)?,
        _ => Vec::new(),
    }
    .iter()
    .map(Subject::to_string)
    .collect::<Vec<_>>();
    subjects.push(subject.to_owned());
    let maker = Maker::new(db, given.now, given.vault, given.settings);
    let claim = |subject: String| {
        let claimed = store::outbox::claim(db, &subject, given.now).transpose()?;
        let made = claimed.and_then(|claimed| {
            let made = maker.publication(subject, claimed);
            made.map_err(|(_, fault)| fault)
        });
        Some(made)
    };
    subjects.into_iter().filter_map(claim).collect()
}

/// Returns the news of a license for each gate at which its applications wait.
pub(crate) fn gates_of(
    db: &dyn Database,
    license: LicenseId,
) -> Result<Vec<Subject>, DatabaseError> {
    let gates = store::listener::gates(db, license)?.into_iter();
    Ok(gates.map(|gate| Subject::Gate(gate, license)).collect())
}

/// Makes documents of what the ledger holds now.
struct Maker<'a> {
    db: &'a dyn Database,
    now: Timestamp,
    vault: &'a Vault,
    settings: &'a Settings,
    /// What was said last: one license is told of to many gates, and to KV.
    said: RefCell<Option<Rc<Said>>>,
}

/// What is said of a license, which is signed once, however many hear it.
struct Said {
    license: License,
    statement: String,
}

impl<'a> Maker<'a> {
    fn new(db: &'a dyn Database, now: Timestamp, vault: &'a Vault, settings: &'a Settings) -> Self {
        Self {
            db,
            now,
            vault,
            settings,
            said: RefCell::default(),
        }
    }

    fn publication(
        &self,
        subject: String,
        claimed: Claimed,
    ) -> Result<Publication, (String, DatabaseError)> {
        match self.document(&subject, claimed) {
            Ok(Document { to, value, version }) => Ok(Publication {
                subject,
                to,
                value,
                version,
                claim: claimed.claim,
            }),
            Err(fault) => Err((subject, fault)),
        }
    }

    fn document(&self, subject: &str, claimed: Claimed) -> Result<Document, DatabaseError> {
        let document = match Subject::parse(subject) {
            Some(Subject::License(id)) => self.license(id)?,
            Some(Subject::Product(id)) => Some(product_document(self.db, id, claimed)?),
            Some(Subject::Gate(gate, id)) => self.news(gate, id)?,
            Some(Subject::Activation(id)) => Some(Document {
                to: Destination::GateOf(id),
                value: String::new(),
                version: claimed.version,
            }),
            Some(Subject::StatusList(number)) => self.status_list(number, claimed)?,
            Some(Subject::FormerKey(name)) => Some(Document {
                to: Destination::Kv(vec![published::key_name(&name)]),
                value: published::FORMER_KEY.to_owned(),
                version: claimed.version,
            }),
            None => None,
        };
        document
            .ok_or_else(|| DatabaseError::Corrupt("the outbox names what is not there".to_owned()))
    }

    fn status_list(
        &self,
        number: u32,
        claimed: Claimed,
    ) -> Result<Option<Document>, DatabaseError> {
        let signed = status_lists::sign(self.db, number, self.now, self.vault, self.settings)?;
        Ok(signed.map(|value| Document {
            to: Destination::Kv(vec![published::status_list_name(number)]),
            value,
            version: claimed.version,
        }))
    }

    fn license(&self, id: LicenseId) -> Result<Option<Document>, DatabaseError> {
        let Some(said) = self.said(id)? else {
            return Ok(None);
        };
        let Said { license, statement } = &*said;
        // Under the names of every master key: rolling a rotation back must not bring an older document to light.
        let names = self.vault.names_of(license.key.as_str());
        let names = names.iter().map(|name| published::key_name(name));
        let kv_keys = std::iter::once(published::license_name(id))
            .chain(names)
            .collect();
        Ok(Some(Document {
            to: Destination::Kv(kv_keys),
            value: to_text(&published::LicenseDocument::new(license, statement))?,
            version: license.version,
        }))
    }

    fn news(&self, gate: u32, id: LicenseId) -> Result<Option<Document>, DatabaseError> {
        let Some(said) = self.said(id)? else {
            return Ok(None);
        };
        let Said { license, statement } = &*said;
        Ok(Some(Document {
            to: Destination::Gate {
                number: gate,
                joined: store::listener::joined(self.db, id, gate)?,
            },
            value: to_text(&News::new(license, statement))?,
            version: license.version,
        }))
    }

    /// Loads and signs, unless that was done just now, in the same transaction.
    fn said(&self, id: LicenseId) -> Result<Option<Rc<Said>>, DatabaseError> {
        let last = self.said.borrow().clone();
        if let Some(last) = last.filter(|last| last.license.id == id) {
            return Ok(Some(last));
        }
        let Some((license, deleted)) = store::tombstone::license_or_deleted(self.db, id)? else {
            return Ok(None);
        };
        let statement = published::statement(&license, deleted, self.vault);
        let said = Rc::new(Said { license, statement });
        self.said.replace(Some(Rc::clone(&said)));
        Ok(Some(said))
    }
}

struct Document {
    to: Destination,
    value: String,
    version: i64,
}

/// A product that is not there was deleted: nothing else puts one into the outbox.
fn product_document(
    db: &dyn Database,
    id: ProductId,
    claimed: Claimed,
) -> Result<Document, DatabaseError> {
    let (value, version) = match store::product::load(db, id)? {
        Some(Counted { product, .. }) => (
            to_text(&published::ProductDocument::new(&product)?)?,
            product.version,
        ),
        None => (published::FORMER_PRODUCT.to_owned(), claimed.version),
    };
    Ok(Document {
        to: Destination::Kv(vec![published::product_name(id)]),
        value,
        version,
    })
}

fn to_text(document: &impl Serialize) -> Result<String, DatabaseError> {
    serde_json::to_string(document).map_err(|fault| DatabaseError::Corrupt(fault.to_string()))
}

/// When what an import brings is published: so many writes in each period, one period after another.
///
/// What somebody changes is published at once all the same: it is due now, and counts for nothing here.
#[derive(Debug)]
pub(crate) struct Pace {
    budget: Option<Rule>,
    begins_at: Timestamp,
    writes: u64,
}

impl Pace {
    /// Goes on where the last import left off, and not before now.
    pub(crate) fn load(cx: &Context<'_>) -> Result<Self, DatabaseError> {
        let budget = cx.given.settings.publication_budget;
        let period = budget.map_or(Seconds(0), |budget| budget.period);
        let last = store::pace::load(cx.db)?;
        let last = last.filter(|(begins_at, _)| begins_at.plus(period) > cx.now());
        let (begins_at, writes) = last.unwrap_or((cx.now(), 0));
        Ok(Self {
            budget,
            begins_at,
            writes,
        })
    }

    /// Returns when the next document may be put, which takes so many writes.
    pub(crate) fn next(&mut self, writes: u32) -> Timestamp {
        let Some(budget) = self.budget else {
            return self.begins_at;
        };
        if self.writes >= u64::from(budget.allowance) {
            self.begins_at = self.begins_at.plus(budget.period);
            self.writes = 0;
        }
        self.writes = self.writes.saturating_add(u64::from(writes));
        self.begins_at
    }

    pub(crate) fn save(&self, cx: &Context<'_>) -> Result<(), DatabaseError> {
        store::pace::save(cx.db, self.begins_at, self.writes)
    }
}
