//! The outbox: which documents go to KV, under which keys, which news to gates, and what came of it.
//!
//! Documents are made when they are put, from what the ledger holds then: an old one cannot be put by a late turn.

use licentia_core::{LicenseId, ProductId, Seconds, Timestamp};
use serde::Serialize;

use crate::context::Context;
use crate::database::{Database, DatabaseError};
use crate::host::{Given, Settings};
use crate::limit::Rule;
use crate::published::{self, News, Subject};
use crate::status_lists;
use crate::store;
use crate::store::outbox::Claimed;
pub use crate::store::outbox::Landed;
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
        /// How many had come there when it was sent.
        joined: i64,
    },
}

/// What is due.
#[derive(Debug, Default)]
pub struct Due {
    /// The documents to put.
    pub publications: Vec<Publication>,
    /// The documents that could not be made, for the host's log.
    pub faults: Vec<String>,
}

/// Claims what is due, at most `limit`; run it in a transaction, put each, then `settle` each. A document that cannot be made
/// is tried again later, and keeps no other back.
///
/// # Errors
/// Passes on what the database says.
pub fn claim_due(
    db: &dyn Database,
    limit: u32,
    now: Timestamp,
    vault: &Vault,
    settings: &Settings,
) -> Result<Due, DatabaseError> {
    let maker = Maker {
        db,
        now,
        vault,
        settings,
    };
    let mut due = Due::default();
    for subject in store::outbox::due(db, now, i64::from(limit))? {
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
    if landed == Landed::Unheard
        && let Destination::Gate { joined, .. } = publication.to
        && let Some(Subject::Gate(gate, license)) = Subject::parse(&publication.subject)
    {
        store::listener::forget(db, license, gate, joined)?;
    }
    let landed = store::outbox::settle(db, &publication.subject, put, landed, now)?;
    if let Some(Subject::StatusList(list)) = Subject::parse(&publication.subject) {
        status_lists::settled(db, list, now, settings)?;
    }
    Ok(landed)
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
    let news = match Subject::parse(subject) {
        Some(Subject::License(license)) => gates_of(db, license)?,
        _ => Vec::new(),
    };
    let news = news.iter().map(Subject::to_string);
    news.chain([subject.to_owned()])
        .filter_map(|subject| claim_one(db, &subject, given).transpose())
        .collect()
}

/// Returns the news of a license for each gate at which its applications wait.
pub(crate) fn gates_of(
    db: &dyn Database,
    license: LicenseId,
) -> Result<Vec<Subject>, DatabaseError> {
    let gates = store::listener::gates(db, license)?.into_iter();
    Ok(gates.map(|gate| Subject::Gate(gate, license)).collect())
}

fn claim_one(
    db: &dyn Database,
    subject: &str,
    given: &Given<'_>,
) -> Result<Option<Publication>, DatabaseError> {
    let Some(claimed) = store::outbox::claim(db, subject, given.now)? else {
        return Ok(None);
    };
    let maker = Maker {
        db,
        now: given.now,
        vault: given.vault,
        settings: given.settings,
    };
    maker
        .publication(subject.to_owned(), claimed)
        .map(Some)
        .map_err(|(_, fault)| fault)
}

/// Makes documents of what the ledger holds now.
struct Maker<'a> {
    db: &'a dyn Database,
    now: Timestamp,
    vault: &'a Vault,
    settings: &'a Settings,
}

impl Maker<'_> {
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
            Some(Subject::License(id)) => license_document(self.db, id, self.vault)?,
            Some(Subject::Product(id)) => Some(product_document(self.db, id, claimed)?),
            Some(Subject::Gate(gate, id)) => news(self.db, gate, id, self.vault)?,
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
}

struct Document {
    to: Destination,
    value: String,
    version: i64,
}

fn license_document(
    db: &dyn Database,
    id: LicenseId,
    vault: &Vault,
) -> Result<Option<Document>, DatabaseError> {
    let Some((license, deleted)) = store::tombstone::license_or_deleted(db, id)? else {
        return Ok(None);
    };
    // Under the names of every master key: rolling a rotation back must not bring an older document to light.
    let names = vault.names_of(license.key.as_str());
    let names = names.iter().map(|name| published::key_name(name));
    let kv_keys = std::iter::once(published::license_name(id))
        .chain(names)
        .collect();
    let value = to_text(&published::LicenseDocument::new(&license, deleted, vault))?;
    Ok(Some(Document {
        to: Destination::Kv(kv_keys),
        value,
        version: license.version,
    }))
}

fn news(
    db: &dyn Database,
    gate: u32,
    id: LicenseId,
    vault: &Vault,
) -> Result<Option<Document>, DatabaseError> {
    let Some((license, deleted)) = store::tombstone::license_or_deleted(db, id)? else {
        return Ok(None);
    };
    Ok(Some(Document {
        to: Destination::Gate {
            number: gate,
            joined: store::listener::joined(db, id, gate)?,
        },
        value: to_text(&News::of(&license, deleted, vault))?,
        version: license.version,
    }))
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
