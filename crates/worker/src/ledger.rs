//! The ledger: one object an account, which runs the API's calls one after another over its SQLite.
//!
//! A call is one transaction in one turn. What it published goes to KV after the commit; alarms retry.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Uint8Array;
use licentia_api::{Given, Handled, KeyPair, Outcome, Publishes, handle, migrate};
use licentia_core::{Algorithm, Seed};
use wasm_bindgen::prelude::*;
use worker::{DurableObject, Env, Request, Response, State, console_error, durable_object};

use crate::clock;
use crate::config::{Bindings, Config};
use crate::envelope::{self, Answer, Call, Published};
use crate::fault::Fault;
use crate::publish::Publisher;
use crate::sign;
use crate::sql::Sql;
use crate::transaction::{End, Storage, transaction};

/// The object.
#[durable_object(alarm)]
#[derive(Debug)]
pub struct Ledger {
    bindings: Bindings,
    storage: Storage,
    migrated: Cell<bool>,
    publisher: std::cell::OnceCell<Rc<Publisher>>,
}

impl DurableObject for Ledger {
    fn new(state: State, env: Env) -> Self {
        let storage = AsRef::<JsValue>::as_ref(state.storage().as_raw())
            .clone()
            .unchecked_into();
        let bindings = JsValue::from(env).unchecked_into();
        Self {
            bindings,
            storage,
            migrated: Cell::new(false),
            publisher: std::cell::OnceCell::new(),
        }
    }

    async fn fetch(&self, _request: Request) -> worker::Result<Response> {
        Response::error("the ledger is called, not fetched", 404)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        if let Err(fault) = self.publish_due().await {
            console_error!("alarm: {}", fault.in_full());
            let again = match self.publisher() {
                Ok(publisher) => publisher.drain_again(),
                Err(fault) => Err(fault),
            };
            again.map_err(|fault| worker::Error::RustError(fault.to_string()))?;
        }
        Response::empty()
    }
}

#[wasm_bindgen(wasm_bindgen_futures = worker::wasm_bindgen_futures)]
impl Ledger {
    /// Takes an envelope and returns one.
    ///
    /// # Errors
    /// Throws where the ledger itself fails; what went wrong is in the log.
    pub async fn handle(&self, envelope: Vec<u8>) -> Result<Uint8Array, JsValue> {
        let answer = self.answer(&envelope).await;
        answer
            .map(|bytes| Uint8Array::from(bytes.as_slice()))
            .map_err(|fault| {
                console_error!("ledger: {}", fault.in_full());
                js_sys::Error::new("the ledger failed").into()
            })
    }
}

impl Ledger {
    async fn answer(&self, envelope: &[u8]) -> Result<Vec<u8>, Fault> {
        let (call, body) = envelope::open::<Call>(envelope)?;
        self.migrate()?;
        let config = self.config()?;
        #[cfg(feature = "faults")]
        if let Some(body) = crate::faults::in_the_ledger(&self.storage, &call)? {
            return envelope::seal(&Answer::plain(200), &body);
        }

        let outcome = self.run(&call, body, &config).await?;
        let published = self
            .publish(outcome.publications, &outcome.reply.publishes, &config)
            .await?;
        let (head, body) = Answer::of(outcome.reply, published);
        envelope::seal(&head, &body)
    }

    /// Runs a call until it is done: what it needs of us is made between two runs, with nothing written.
    async fn run(&self, call: &Call, body: &[u8], config: &Config) -> Result<Outcome, Fault> {
        let (now, seed) = (clock::now(), Seed(clock::random()?));
        let origin = call.origin();
        let request = call.request(&origin, body);
        let mut key_pairs = Vec::new();
        loop {
            let (vault, settings) = (&config.vault, &config.settings);
            let given = Given {
                now,
                seed,
                key_pairs: &key_pairs,
                vault,
                settings,
            };
            let handled = transaction(&self.storage, || {
                let handled = handle(&Sql::of(&self.storage), &request, &given);
                let commit = matches!(&handled, Handled::Done(outcome) if outcome.commit);
                Ok(if commit {
                    End::Commit(handled)
                } else {
                    End::RollBack(handled)
                })
            })?;
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

    async fn publish(
        &self,
        publications: Vec<licentia_api::outbox::Publication>,
        publishes: &Publishes,
        config: &Rc<Config>,
    ) -> Result<Option<Published>, Fault> {
        Ok(match publishes {
            Publishes::Nothing => None,
            Publishes::Already(version) => Some(Published::Version(*version)),
            Publishes::Later => Some(self.publisher()?.publish_later()?),
            Publishes::Now { subject, version } => Some(
                self.publisher()?
                    .publish_now(publications, subject, *version, config)
                    .await?,
            ),
        })
    }

    async fn publish_due(&self) -> Result<(), Fault> {
        self.migrate()?;
        let config = self.config()?;
        self.publisher()?.drain(&config).await
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
            self.bindings.published()?,
            self.storage.clone(),
        ));
        Ok(Rc::clone(self.publisher.get_or_init(|| publisher)))
    }
}

async fn generate(algorithms: &[Algorithm]) -> Result<Vec<KeyPair>, Fault> {
    let mut pairs = Vec::with_capacity(algorithms.len());
    for algorithm in algorithms {
        pairs.push(sign::generate(*algorithm).await?);
    }
    Ok(pairs)
}
