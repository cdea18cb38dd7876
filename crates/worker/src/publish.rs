//! Publication: what the ledger committed is put into KV, at once where an answer waits for it, else by alarm.
//!
//! The outbox decides what is due and what an outcome means. Here is only the waiting: a put is given up before its
//! claim lapses, an answer waits less than that, and an alarm is always armed while something is due.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use js_sys::Promise;
use js_sys::futures::{JsFuture, future_to_promise, spawn_local};
use licentia_api::outbox::{self, Landed, Publication};
use licentia_core::{Seconds, Timestamp};
use wasm_bindgen::prelude::*;
use worker::console_error;

use crate::clock::{now, within};
use crate::config::Config;
use crate::envelope::Published;
use crate::fault::Fault;
use crate::sql::Sql;
use crate::transaction::{End, Storage, transaction};

/// How long an answer waits for its document: then it says `pending`.
const ANSWER_WAITS: Duration = Duration::from_secs(2);
/// How long a put is waited for: then nobody knows its outcome. Below the outbox's claim of ten seconds.
const PUT_WAITS: Duration = Duration::from_secs(8);
/// What a crash between commit and put costs at most.
const SAFETY_NET: Seconds = Seconds(10);
/// The runtime has six connections an object at one time.
const BATCH: u32 = 3;
/// How many batches one alarm takes before the next one goes on.
const ROUNDS: usize = 64;

#[wasm_bindgen]
extern "C" {
    /// A KV namespace.
    #[derive(Clone, Debug)]
    pub(crate) type Namespace;
    #[wasm_bindgen(method, catch)]
    fn put(this: &Namespace, key: &str, value: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn get(this: &Namespace, key: &str, options: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    fn set_alarm(this: &Storage, at: f64) -> Result<Promise, JsValue>;
}

thread_local! {
    static READ_OPTIONS: JsValue = read_options().unwrap_or(JsValue::UNDEFINED);
}

/// Thirty seconds is the least that KV's cache takes.
fn read_options() -> Result<JsValue, JsValue> {
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"type".into(), &"text".into())?;
    js_sys::Reflect::set(&options, &"cacheTtl".into(), &30.into())?;
    Ok(options.into())
}

impl Namespace {
    /// Returns the document under the first of `keys` that has one.
    pub(crate) async fn read(&self, keys: &[String]) -> Result<Option<String>, Fault> {
        for key in keys {
            let promise = READ_OPTIONS.with(|options| self.get(key, options))?;
            if let Some(text) = JsFuture::from(promise).await?.as_string() {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    async fn write(&self, publication: &Publication) -> Result<(), JsValue> {
        let value = JsValue::from(&publication.value);
        let puts = publication.kv_keys.iter().map(|key| self.put(key, &value));
        let puts = puts.collect::<Result<Vec<_>, _>>()?;
        let outcomes = join_all(puts.into_iter().map(JsFuture::from)).await;
        outcomes
            .into_iter()
            .try_for_each(|outcome| outcome.map(drop))
    }
}

/// The ledger's hand on KV.
#[derive(Debug)]
pub(crate) struct Publisher {
    namespace: Namespace,
    storage: Storage,
    armed: Cell<Option<Timestamp>>,
}

impl Publisher {
    pub(crate) fn new(namespace: Namespace, storage: Storage) -> Self {
        Self {
            namespace,
            storage,
            armed: Cell::new(None),
        }
    }

    /// Puts what a call committed. Runs on after the answer if KV is slow. To be called in the turn of the commit.
    pub(crate) async fn publish_now(
        self: &Rc<Self>,
        publications: Vec<Publication>,
        version: i64,
        config: &Rc<Config>,
    ) -> Result<Published, Fault> {
        let armed = self.arm(now().plus(SAFETY_NET))?;
        let landed = if publications.is_empty() {
            None
        } else {
            within(
                ANSWER_WAITS,
                JsFuture::from(self.start(publications, config)),
            )
            .await
        };
        armed.wait().await?;
        let landed = landed.is_some_and(|outcome| outcome.is_ok_and(|landed| landed.is_truthy()));
        Ok(if landed {
            Published::Version(version)
        } else {
            Published::Pending
        })
    }

    /// Leaves what a call committed to the alarm, which comes at once. To be called in the turn of the commit.
    pub(crate) async fn publish_later(&self) -> Result<Published, Fault> {
        self.arm(now())?.wait().await?;
        Ok(Published::Pending)
    }

    /// Puts what is due until nothing is, and arms the alarm for what is due later.
    pub(crate) async fn drain(&self, config: &Config) -> Result<(), Fault> {
        self.armed.set(None);
        for _round in 0..ROUNDS {
            let database = Sql::of(&self.storage);
            let due = transaction(&self.storage, || {
                Ok(End::Commit(outbox::claim_due(
                    &database,
                    BATCH,
                    now(),
                    &config.vault,
                )?))
            })?;
            if due.is_empty() {
                break;
            }
            self.put_and_settle(due).await?;
        }
        self.arm_for_next()?.wait().await
    }

    /// Comes back soon after a fault.
    pub(crate) async fn drain_again(&self) -> Result<(), Fault> {
        self.arm(now().plus(SAFETY_NET))?.wait().await
    }

    fn start(self: &Rc<Self>, publications: Vec<Publication>, config: &Rc<Config>) -> Promise {
        let (publisher, config) = (Rc::clone(self), Rc::clone(config));
        future_to_promise(async move {
            let landed = publisher.put_and_settle(publications).await;
            let landed =
                landed.inspect_err(|fault| console_error!("publishing: {}", fault.in_full()));
            publisher.go_on(&config);
            Ok(landed.unwrap_or(false).into())
        })
    }

    /// Puts at once what became due while a put was on its way; the rest is for the alarm.
    fn go_on(self: &Rc<Self>, config: &Rc<Config>) {
        let (publisher, config) = (Rc::clone(self), Rc::clone(config));
        let due = outbox::next_due(&Sql::of(&self.storage));
        if matches!(due, Ok(Some(at)) if self.armed.get().is_none_or(|armed| at < armed)) {
            spawn_local(async move {
                if let Err(fault) = publisher.drain(&config).await {
                    console_error!("publishing: {}", fault.in_full());
                }
            });
        }
    }

    /// Puts each document under each of its keys. Returns whether all landed.
    async fn put_and_settle(&self, publications: Vec<Publication>) -> Result<bool, Fault> {
        let puts = publications.iter().map(|publication| self.put(publication));
        let outcomes = join_all(puts).await;
        let database = Sql::of(&self.storage);
        transaction(&self.storage, || {
            let mut all = true;
            for (publication, landed) in publications.iter().zip(outcomes) {
                all &= outbox::settle(&database, publication, landed, now())?;
            }
            Ok(End::Commit(all))
        })
    }

    async fn put(&self, publication: &Publication) -> Landed {
        match within(PUT_WAITS, self.namespace.write(publication)).await {
            Some(Ok(())) => return Landed::Yes,
            Some(Err(thrown)) => console_error!(
                "publishing {}: {}",
                publication.subject,
                crate::fault::describe(&thrown)
            ),
            None => console_error!("publishing {}: no answer from KV", publication.subject),
        }
        Landed::Unknown
    }

    fn arm_for_next(&self) -> Result<Armed, Fault> {
        match outbox::next_due(&Sql::of(&self.storage))? {
            Some(at) => self.arm(at),
            None => Ok(Armed(None)),
        }
    }

    /// Sets the alarm for `at`, unless it is set for then or earlier. The write belongs to this turn.
    fn arm(&self, at: Timestamp) -> Result<Armed, Fault> {
        if self.armed.get().is_some_and(|armed| armed <= at) {
            return Ok(Armed(None));
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds since 1970 are far below 2^53"
        )]
        let promise = self.storage.set_alarm(at.unix_milliseconds() as f64)?;
        self.armed.set(Some(at));
        Ok(Armed(Some(promise)))
    }
}

/// An alarm that was just set.
#[must_use]
struct Armed(Option<Promise>);

impl Armed {
    async fn wait(self) -> Result<(), Fault> {
        if let Some(promise) = self.0 {
            JsFuture::from(promise).await?;
        }
        Ok(())
    }
}
