//! The ledger: one object an account, which runs the API's calls one after another over its SQLite.
//!
//! A call is one transaction in one turn. What it published goes to KV after the commit; alarms retry.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join;
use licentia_api::outbox::{self, Publication};
use licentia_api::{
    Advance, Given, Handled, KeyPair, Outcome, PageMemory, Publishes, advance, handle, migrate,
    note_failed, only_reads, write_facts,
};
use licentia_core::{Algorithm, Seconds, Seed, Timestamp};
use wasm_bindgen::prelude::*;
use worker::{Delay, console_error};

use crate::alarm::Alarm;
use crate::clock;
use crate::config::{Bindings, Config};
use crate::envelope::{self, Answer, Call, Published};
use crate::fault::Fault;
use crate::publish::{Publisher, SAFETY_NET};
use crate::sign;
use crate::sql::Sql;
use crate::transaction::{End, Storage, transaction};

/// How long an alarm goes on with imports before it calls for the next one.
const WORKS_FOR: Seconds = Seconds(20);

#[wasm_bindgen]
extern "C" {
    /// What the runtime gives to an object.
    pub type State;
    #[wasm_bindgen(method, getter)]
    fn storage(this: &State) -> Storage;
}

/// The object.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Ledger {
    bindings: Bindings,
    storage: Storage,
    alarm: Rc<Alarm>,
    migrated: Cell<bool>,
    publisher: OnceCell<Rc<Publisher>>,
    pages: PageMemory,
}

#[wasm_bindgen(wasm_bindgen_futures = worker::wasm_bindgen_futures)]
impl Ledger {
    /// Makes the object's memory of itself; what lasts is in its storage.
    #[wasm_bindgen(constructor)]
    pub fn new(state: &State, bindings: Bindings) -> Self {
        let storage = state.storage();
        Self {
            bindings,
            alarm: Rc::new(Alarm::new(storage.clone())),
            storage,
            migrated: Cell::new(false),
            publisher: OnceCell::new(),
            pages: PageMemory::default(),
        }
    }

    /// Answers an envelope of the Worker with another.
    ///
    /// # Errors
    /// Throws what is ours to mend.
    pub async fn call(&self, envelope: Vec<u8>) -> Result<Vec<u8>, JsError> {
        let answer = self.answer(&envelope).await;
        answer.map_err(|fault| thrown("ledger", &fault))
    }

    /// Publishes what is due, and goes on with imports.
    ///
    /// # Errors
    /// Throws only if no later alarm can be set; the runtime then calls again.
    pub async fn alarm(&self) -> Result<(), JsError> {
        self.alarm.went_off();
        if let Err(fault) = self.work().await {
            console_error!("alarm: {}", fault.in_full());
            let again = self.alarm.arm(clock::now().plus(SAFETY_NET));
            again.map_err(|fault| thrown("alarm", &fault))?;
        }
        Ok(())
    }
}

impl Ledger {
    async fn answer(&self, envelope: &[u8]) -> Result<Vec<u8>, Fault> {
        let (call, body) = envelope::open::<Call>(envelope)?;
        self.begin()?;
        let config = self.config()?;
        #[cfg(feature = "faults")]
        if let Some((head, body)) = crate::faults::in_the_ledger(&self.storage, &call)? {
            return envelope::seal(&head, &body);
        }

        let outcome = self.handle(&call, body, &config).await?;
        let published = self
            .publish(outcome.publications, &outcome.reply.publishes, &config)
            .await?;
        let (head, body) = Answer::of(outcome.reply, published, call.caller);
        envelope::seal(&head, &body)
    }

    fn given<'a>(
        &'a self,
        config: &'a Config,
        now: Timestamp,
        seed: Seed,
        key_pairs: &'a [KeyPair],
    ) -> Given<'a> {
        Given {
            now,
            seed,
            key_pairs,
            vault: &config.vault,
            settings: &config.settings,
            pages: &self.pages,
        }
    }

    /// Runs a call until it is done: what it needs of us is made between two runs, with nothing written.
    async fn handle(&self, call: &Call, body: &[u8], config: &Config) -> Result<Outcome, Fault> {
        let (now, seed) = (clock::now(), Seed(clock::random()?));
        let origin = call.origin();
        let request = call.request(&origin, body);
        let mut key_pairs = Vec::new();
        loop {
            let given = self.given(config, now, seed, &key_pairs);
            let handled = self.run(&request, &given)?;
            match handled {
                Handled::Done(outcome) => {
                    if let Some(fault) = &outcome.fault {
                        console_error!(
                            "{} {} {}: {fault}",
                            call.request_id,
                            call.method,
                            call.path
                        );
                    }
                    return Ok(*outcome);
                }
                Handled::NeedsKeyPairs(algorithms) => key_pairs = generate(&algorithms).await?,
            }
        }
    }

    /// Runs a call once, in a transaction. One that only reads needs none: nothing comes between its statements.
    fn run(
        &self,
        request: &licentia_api::Request<'_>,
        given: &Given<'_>,
    ) -> Result<Handled, Fault> {
        let database = Sql::of(&self.storage);
        if only_reads(request) {
            return Ok(handle(&database, request, given));
        }
        let handled = transaction(&self.storage, || {
            let handled = handle(&database, request, given);
            let commit = matches!(&handled, Handled::Done(outcome) if outcome.commit);
            Ok(if commit {
                End::Commit(handled)
            } else {
                End::RollBack(handled)
            })
        })?;
        if let Handled::Done(outcome) = &handled
            && !outcome.facts.is_empty()
        {
            transaction(&self.storage, || {
                Ok(End::Commit(write_facts(&database, &outcome.facts)?))
            })?;
        }
        Ok(handled)
    }

    async fn publish(
        &self,
        publications: Vec<Publication>,
        publishes: &Publishes,
        config: &Rc<Config>,
    ) -> Result<Option<Published>, Fault> {
        Ok(match publishes {
            Publishes::Nothing => None,
            Publishes::Already(version) => Some(Published::Version(*version)),
            Publishes::Later => Some(self.publisher()?.publish_later()?),
            Publishes::News => {
                self.publisher()?.publish_news(config)?;
                None
            }
            Publishes::Now { subject, version } => Some(
                self.publisher()?
                    .publish_now(publications, subject, *version, config)
                    .await?,
            ),
        })
    }

    async fn work(&self) -> Result<(), Fault> {
        self.migrate()?;
        let config = self.config()?;
        let publisher = self.publisher()?;
        let (published, advanced) = join(publisher.drain(&config), self.advance(&config)).await;
        published.and(advanced)
    }

    /// Applies slices of imports for a while. The calls of others come between, and what these publish; a later alarm goes on.
    async fn advance(&self, config: &Rc<Config>) -> Result<(), Fault> {
        let end = clock::now().plus(WORKS_FOR);
        while self.advance_once(config).await? {
            self.publisher()?.go_on(config)?;
            if clock::now() > end {
                return self.alarm.arm(clock::now());
            }
            Delay::from(Duration::ZERO).await;
        }
        Ok(())
    }

    /// Applies a slice. Key pairs for products that bring none are made between two runs.
    async fn advance_once(&self, config: &Config) -> Result<bool, Fault> {
        let (now, seed) = (clock::now(), Seed(clock::random()?));
        let mut key_pairs = Vec::new();
        loop {
            let given = self.given(config, now, seed, &key_pairs);
            match self.advance_within(&given)? {
                Advance::Nothing => return Ok(false),
                Advance::More => return Ok(true),
                Advance::Failed(failed) => {
                    return failed
                        .fault
                        .map_or(Ok(true), |fault| Err(Fault::Import(fault)));
                }
                Advance::NeedsKeyPairs(algorithms) => key_pairs = generate(&algorithms).await?,
            }
        }
    }

    fn advance_within(&self, given: &Given<'_>) -> Result<Advance, Fault> {
        let database = Sql::of(&self.storage);
        let advanced = transaction(&self.storage, || {
            Ok(match advance(&database, given)? {
                done @ (Advance::Nothing | Advance::More) => End::Commit(done),
                undone => End::RollBack(undone),
            })
        })?;
        if let Advance::Failed(failed) = &advanced {
            transaction(&self.storage, || {
                Ok(End::Commit(note_failed(&database, given, failed)?))
            })?;
        }
        Ok(advanced)
    }

    /// Begins the object's life, unless it has begun. What has yet to be published had an alarm, which the runtime gives up
    /// after it has failed a few times: so it is set again, for now, since whatever else it was set for may be due first.
    fn begin(&self) -> Result<(), Fault> {
        if self.migrated.get() {
            return Ok(());
        }
        self.migrate()?;
        match outbox::next_due(&Sql::of(&self.storage))? {
            Some(_) => self.alarm.arm(clock::now()),
            None => Ok(()),
        }
    }

    fn migrate(&self) -> Result<(), Fault> {
        if !self.migrated.get() {
            transaction(&self.storage, || {
                Ok(End::Commit(migrate(&Sql::of(&self.storage), clock::now())?))
            })?;
            self.migrated.set(true);
        }
        Ok(())
    }

    fn config(&self) -> Result<Rc<Config>, Fault> {
        self.bindings.config().map_err(Fault::NotConfigured)
    }

    fn publisher(&self) -> Result<Rc<Publisher>, Fault> {
        if let Some(publisher) = self.publisher.get() {
            return Ok(Rc::clone(publisher));
        }
        let publisher = Rc::new(Publisher::new(
            self.bindings.clone(),
            self.bindings.published()?,
            self.storage.clone(),
            Rc::clone(&self.alarm),
        ));
        Ok(Rc::clone(self.publisher.get_or_init(|| publisher)))
    }
}

fn thrown(what: &str, fault: &Fault) -> JsError {
    console_error!("{what}: {}", fault.in_full());
    JsError::new(&fault.to_string())
}

async fn generate(algorithms: &[Algorithm]) -> Result<Vec<KeyPair>, Fault> {
    let mut pairs = Vec::with_capacity(algorithms.len());
    for algorithm in algorithms {
        pairs.push(sign::generate(*algorithm).await?);
    }
    Ok(pairs)
}
