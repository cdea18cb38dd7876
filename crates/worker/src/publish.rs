//! Publication: what the ledger committed is put into KV, at once where an answer waits for it, else by alarm.
//!
//! The outbox decides what is due and what an outcome means. Here is only the waiting: a put is given up before its
//! claim lapses, an answer waits less than that, and an alarm is always armed while something is due.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use js_sys::futures::{JsFuture, future_to_promise};
use js_sys::{ArrayBuffer, Promise, Reflect, Uint8Array};
use licentia_api::outbox::{self, Destination, Landed, Publication, Room};
use licentia_core::{ActivationId, Seconds};
use wasm_bindgen::prelude::*;
use worker::console_error;

use crate::alarm::Alarm;
use crate::clock::{now, within};
use crate::config::{Bindings, Config, Waits, gate_of};
use crate::envelope::{self, Published, ToGate};
use crate::fault::Fault;
use crate::http;
use crate::sql::Sql;
use crate::transaction::{End, Storage, transaction};

/// How long an answer waits for its document: then it says `pending`.
const ANSWER_WAITS: Duration = Duration::from_secs(2);
/// How long a put is waited for: then nobody knows its outcome. Below the outbox's claim of ten seconds.
const PUT_WAITS: Duration = Duration::from_secs(8);
/// What a crash between commit and put costs at most.
pub(crate) const SAFETY_NET: Seconds = Seconds(10);
/// How long one alarm puts what is due; the next one goes on.
const DRAINS_FOR: Seconds = Seconds(20);
/// How often one alarm looks for what has become due while it waits.
const LOOKS_AGAIN: Duration = Duration::from_secs(1);
/// How many documents are on their way at one time: the runtime has six connections, and a license takes two.
const DOCUMENTS_AT_ONCE: usize = 3;
/// How many news are on their way at one time: as many as there are gates, and none holds another up.
const NEWS_AT_ONCE: usize = 32;

#[wasm_bindgen]
extern "C" {
    /// A KV namespace.
    #[derive(Clone, Debug)]
    pub(crate) type Namespace;
    #[wasm_bindgen(method, catch)]
    fn put(this: &Namespace, key: &str, value: &Uint8Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn get(this: &Namespace, key: &str, options: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = list)]
    fn list_keys(this: &Namespace, options: &JsValue) -> Result<Promise, JsValue>;
}

thread_local! {
    static READ_OPTIONS: JsValue = read_options().unwrap_or(JsValue::UNDEFINED);
}

/// Thirty seconds is the least that KV's cache takes.
fn read_options() -> Result<JsValue, JsValue> {
    let options = js_sys::Object::new();
    Reflect::set(&options, &"type".into(), &"arrayBuffer".into())?;
    Reflect::set(&options, &"cacheTtl".into(), &30.into())?;
    Ok(options.into())
}

impl Namespace {
    /// Returns the document under the first of `keys` that has one.
    pub(crate) async fn read(&self, keys: &[String]) -> Result<Option<String>, Fault> {
        for key in keys {
            let promise = READ_OPTIONS.with(|options| self.get(key, options))?;
            let value = JsFuture::from(promise).await?;
            if let Some(bytes) = value.dyn_ref::<ArrayBuffer>() {
                return Ok(Some(String::from_utf8(Uint8Array::new(bytes).to_vec())?));
            }
        }
        Ok(None)
    }

    /// Returns names that begin with `prefix`, at most `limit`, and where the next ones begin.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<String>, Option<String>), Fault> {
        let options = js_sys::Object::new();
        Reflect::set(&options, &"prefix".into(), &prefix.into())?;
        Reflect::set(&options, &"limit".into(), &limit.into())?;
        if let Some(cursor) = cursor {
            Reflect::set(&options, &"cursor".into(), &cursor.into())?;
        }
        let page = JsFuture::from(self.list_keys(&options)?).await?;
        let keys: js_sys::Array = Reflect::get(&page, &"keys".into())?.unchecked_into();
        let name = |key: JsValue| {
            Ok(Reflect::get(&key, &"name".into())?
                .as_string()
                .unwrap_or_default())
        };
        let names = keys.iter().map(name).collect::<Result<_, JsValue>>()?;
        let complete = Reflect::get(&page, &"list_complete".into())?.is_truthy();
        let next = Reflect::get(&page, &"cursor".into())?.as_string();
        Ok((names, next.filter(|_| !complete)))
    }

    async fn write(&self, keys: &[String], value: &str) -> Result<(), Fault> {
        let value = Uint8Array::from(value.as_bytes());
        let puts = keys.iter().map(|key| self.put(key, &value));
        let puts = puts.collect::<Result<Vec<_>, _>>()?;
        let outcomes = join_all(puts.into_iter().map(JsFuture::from)).await;
        outcomes
            .into_iter()
            .try_for_each(|outcome| outcome.map(drop))
            .map_err(Fault::from)
    }
}

/// The ledger's hand on KV and on the gates.
#[derive(Debug)]
pub(crate) struct Publisher {
    bindings: Bindings,
    namespace: Namespace,
    storage: Storage,
    alarm: Rc<Alarm>,
    /// What is on its way, by subject.
    in_flight: RefCell<BTreeMap<String, Flight>>,
}

/// Something on its way.
#[derive(Debug)]
struct Flight {
    /// Resolves to the version that landed, or to zero.
    landing: Promise,
    is_news: bool,
}

impl Publisher {
    pub(crate) fn new(
        bindings: Bindings,
        namespace: Namespace,
        storage: Storage,
        alarm: Rc<Alarm>,
    ) -> Self {
        Self {
            bindings,
            namespace,
            storage,
            alarm,
            in_flight: RefCell::new(BTreeMap::new()),
        }
    }

    /// Puts what a call committed, and waits a while for it. To be called in the turn of the commit.
    pub(crate) async fn publish_now(
        self: &Rc<Self>,
        publications: Vec<Publication>,
        subject: &str,
        version: i64,
        config: &Rc<Config>,
    ) -> Result<Published, Fault> {
        self.alarm.arm(now().plus(SAFETY_NET))?;
        for publication in publications {
            self.start(publication, config);
        }
        let landed = within(ANSWER_WAITS, self.landing(subject, version)).await;
        Ok(landed.unwrap_or(Published::Pending))
    }

    /// Leaves what a call committed to the alarm, which comes at once. To be called in the turn of the commit.
    pub(crate) fn publish_later(&self) -> Result<Published, Fault> {
        self.alarm.arm(now())?;
        Ok(Published::Pending)
    }

    /// Tells gates what a call committed, and waits for nothing: not even for an alarm, which may be at work on what goes to
    /// KV. To be called in the turn of the commit.
    pub(crate) fn publish_news(self: &Rc<Self>, config: &Rc<Config>) -> Result<(), Fault> {
        self.alarm.arm(now().plus(SAFETY_NET))?;
        self.go_on(config)
    }

    /// Puts what is due until nothing is. Each put that ends starts the next one, so there is only waiting to do here: for
    /// one that hangs no longer than until something else may be due.
    pub(crate) async fn drain(self: &Rc<Self>, config: &Rc<Config>) -> Result<(), Fault> {
        self.go_on(config)?;
        let end = now().plus(DRAINS_FOR);
        while let Some(promise) = self.any_flight() {
            if within(LOOKS_AGAIN, JsFuture::from(promise)).await.is_none() {
                self.go_on(config)?;
            }
            if now() > end {
                return self.alarm.arm(now());
            }
        }
        Ok(())
    }

    /// Waits until `version`, or a later one, has landed, or a put has not.
    async fn landing(&self, subject: &str, version: i64) -> Published {
        while let Some(promise) = self.flight_of(subject) {
            match JsFuture::from(promise)
                .await
                .ok()
                .and_then(|landed| landed.as_f64())
            {
                Some(landed) if landed >= to_number(version) => return Published::Version(version),
                Some(landed) if landed > 0.0 => {}
                _ => break,
            }
        }
        Published::Pending
    }

    /// Puts a document under each of its keys, settles it, and goes on with what is due then.
    fn start(self: &Rc<Self>, publication: Publication, config: &Rc<Config>) {
        let (subject, is_news) = (publication.subject.clone(), publication.to.is_gate());
        let (publisher, config) = (Rc::clone(self), Rc::clone(config));
        let landing = future_to_promise(async move {
            let landed = publisher.put(&publication).await;
            publisher
                .in_flight
                .borrow_mut()
                .remove(&publication.subject);
            let settled = publisher.settle(&publication, landed, &config);
            let landed = settled.and_then(|landed| publisher.go_on(&config).map(|()| landed));
            let landed = landed.unwrap_or_else(|fault| {
                console_error!("publishing {}: {}", publication.subject, fault.in_full());
                false
            });
            Ok(to_number(if landed { publication.version } else { 0 }).into())
        });
        let flight = Flight { landing, is_news };
        self.in_flight.borrow_mut().insert(subject, flight);
    }

    async fn put(&self, publication: &Publication) -> Landed {
        match within(PUT_WAITS, self.send(publication)).await {
            Some(Ok(landed)) => return landed,
            Some(Err(fault)) => {
                console_error!("publishing {}: {}", publication.subject, fault.in_full())
            }
            None => console_error!("publishing {}: no answer", publication.subject),
        }
        Landed::Unknown
    }

    async fn send(&self, publication: &Publication) -> Result<Landed, Fault> {
        match &publication.to {
            Destination::Kv(keys) => {
                self.namespace.write(keys, &publication.value).await?;
                Ok(Landed::Yes)
            }
            Destination::Gate { number, .. } => {
                let news = publication.value.as_bytes();
                self.tell(*number, &ToGate::Tell, news).await
            }
            Destination::GateOf(activation) => self.tell_of_end(*activation).await,
        }
    }

    /// Tells both gates at which an activation may wait that it is gone.
    async fn tell_of_end(&self, activation: ActivationId) -> Result<Landed, Fault> {
        let gone = ToGate::Gone(activation);
        let tell = |waits| self.tell(gate_of(activation, waits), &gone, &[]);
        let (at_socket, with_request) = join(tell(Waits::AtSocket), tell(Waits::WithRequest)).await;
        Ok(match (at_socket?, with_request?) {
            (Landed::Unheard, Landed::Unheard) => Landed::Unheard,
            _ => Landed::Yes,
        })
    }

    async fn tell(&self, number: u32, what: &ToGate, news: &[u8]) -> Result<Landed, Fault> {
        let gate = self.bindings.gate(number)?;
        let answer = http::send(what, news, &gate).await?;
        let (is_heard, _) = envelope::open::<bool>(&answer)?;
        Ok(if is_heard {
            Landed::Yes
        } else {
            Landed::Unheard
        })
    }

    fn settle(
        &self,
        publication: &Publication,
        landed: Landed,
        config: &Config,
    ) -> Result<bool, Fault> {
        let database = Sql::of(&self.storage);
        transaction(&self.storage, || {
            Ok(End::Commit(outbox::settle(
                &database,
                publication,
                landed,
                now(),
                &config.settings,
            )?))
        })
    }

    /// Starts what is due, as far as there are connections, and arms the alarm for the rest.
    pub(crate) fn go_on(self: &Rc<Self>, config: &Rc<Config>) -> Result<(), Fault> {
        let database = Sql::of(&self.storage);
        let Some(due) = outbox::next_due(&database)? else {
            return Ok(());
        };
        if due > now() {
            return self.alarm.arm(due);
        }
        let room = self.room();
        let due = transaction(&self.storage, || {
            Ok(End::Commit(outbox::claim_due(
                &database,
                room,
                now(),
                &config.vault,
                &config.settings,
            )?))
        })?;
        for fault in &due.faults {
            console_error!("publication: {fault}");
        }
        for publication in due.publications {
            self.start(publication, config);
        }
        match outbox::next_due(&database)? {
            Some(due) => self.alarm.arm(due),
            None => Ok(()),
        }
    }

    /// How much more may be on its way.
    fn room(&self) -> Room {
        let flights = self.in_flight.borrow();
        let news = flights.values().filter(|flight| flight.is_news).count();
        let documents = flights.len().saturating_sub(news);
        let left = |most: usize, busy| u32::try_from(most.saturating_sub(busy)).unwrap_or(0);
        Room {
            news: left(NEWS_AT_ONCE, news),
            documents: left(DOCUMENTS_AT_ONCE, documents),
        }
    }

    fn flight_of(&self, subject: &str) -> Option<Promise> {
        let flights = self.in_flight.borrow();
        flights.get(subject).map(|flight| flight.landing.clone())
    }

    fn any_flight(&self) -> Option<Promise> {
        let flights = self.in_flight.borrow();
        flights.values().next().map(|flight| flight.landing.clone())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "versions are about as large as milliseconds since 1970, far below 2^53"
)]
fn to_number(integer: i64) -> f64 {
    integer as f64
}
