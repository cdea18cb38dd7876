//! What every call has at hand, and the three ways in which one does not succeed.

use std::cell::{RefCell, RefMut};
use std::net::IpAddr;

use licentia_core::{Algorithm, Code, Draw, Event, License, Problem, Refusal, Timestamp};

use crate::access::Caller;
use crate::database::{Database, DatabaseError};
use crate::host::{Given, Request};
use crate::outbox;
use crate::published::Subject;
use crate::store;
use crate::store::audit::{Entry, PropertyChange};
use crate::vault::VaultError;

/// Why a call did not succeed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The rules said no, or the caller erred.
    Problem(Problem),
    /// The host has to generate these key pairs first.
    NeedsKeyPairs(Vec<Algorithm>),
    /// We erred: told to the host, not to the caller.
    Internal(String),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Problem(refusal.into())
    }
}

impl From<DatabaseError> for Fault {
    fn from(error: DatabaseError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// One request with its database, time and draws.
pub(crate) struct Context<'a> {
    pub(crate) db: &'a dyn Database,
    pub(crate) request: &'a Request<'a>,
    pub(crate) given: &'a Given<'a>,
    /// Who asks, and was let in.
    pub(crate) caller: Caller,
    draw: RefCell<Draw>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        db: &'a dyn Database,
        request: &'a Request<'a>,
        given: &'a Given<'a>,
        caller: Caller,
    ) -> Self {
        Self {
            db,
            request,
            given,
            caller,
            draw: RefCell::new(Draw::new(given.seed)),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.given.now
    }

    /// INVARIANT: the borrow ends with the statement that draws; no call holds it across another.
    pub(crate) fn draw(&self) -> RefMut<'_, Draw> {
        self.draw.borrow_mut()
    }

    /// Refuses to go on if `If-Match` names other versions than the current one.
    ///
    /// A version names what a thing is, not the bytes that say so: a weak tag, which proxies make of ours when they
    /// compress, is as good as a strong one.
    pub(crate) fn check_version(&self, current: i64) -> Result<(), Problem> {
        let Some(header) = self.request.if_match else {
            return Ok(());
        };
        let current = current.to_string();
        let names = |tag: &str| {
            let tag = tag.trim();
            tag == "*" || tag.trim_start_matches("W/").trim_matches('"') == current
        };
        if header.split(',').any(names) {
            return Ok(());
        }
        let message = format!("the current version is `{current}`; read it and decide anew");
        Err(Problem::new(Code::VersionMismatch, message))
    }

    /// Appends to the audit log.
    pub(crate) fn record(
        &self,
        action: &str,
        resource: &str,
        id: &impl ToString,
        changes: Vec<PropertyChange>,
    ) -> Result<(), DatabaseError> {
        let address = self.request.origin.address;
        self.record_from(address, action, resource, id, changes)
    }

    /// Appends to the audit log, with the address that it may keep.
    pub(crate) fn record_from(
        &self,
        address: Option<IpAddr>,
        action: &str,
        resource: &str,
        id: &impl ToString,
        changes: Vec<PropertyChange>,
    ) -> Result<(), DatabaseError> {
        let entry = Entry {
            id: self.draw().id(),
            at: self.now(),
            request_id: self.request.request_id,
            actor: self.caller,
            address,
            action,
            resource,
            resource_id: id.to_string(),
            changes,
        };
        store::audit::append(self.db, &entry)
    }

    /// Saves what an event did to a license, which was as `before` says, and publishes it if its document changed.
    pub(crate) fn save(
        &self,
        before: &License,
        license: &License,
        event: &Event,
    ) -> Result<(), DatabaseError> {
        if !event.changes_document() {
            return store::license::save_totals(self.db, before, license);
        }
        store::license::save(self.db, before, license)?;
        self.publish(license)
    }

    /// Puts a license into the outbox, for KV and for each gate at which its applications wait.
    pub(crate) fn publish(&self, license: &License) -> Result<(), DatabaseError> {
        let subject = Subject::License(license.id);
        for subject in std::iter::once(subject).chain(outbox::gates_of(self.db, license.id)?) {
            store::outbox::enqueue(self.db, &subject.to_string(), license.version, self.now())?;
        }
        Ok(())
    }
}
