//! The ledger's alarm: an object has one, set for the earliest time that anybody asks for.

use std::cell::Cell;

use js_sys::Promise;
use js_sys::futures::{JsFuture, spawn_local};
use licentia_core::Timestamp;
use wasm_bindgen::prelude::*;
use worker::console_error;

use crate::fault::{Fault, describe};
use crate::transaction::Storage;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    fn set_alarm(this: &Storage, at: f64) -> Result<Promise, JsValue>;
}

/// The alarm, and for when it is known to be set.
#[derive(Debug)]
pub(crate) struct Alarm {
    storage: Storage,
    armed: Cell<Option<Timestamp>>,
}

impl Alarm {
    pub(crate) fn new(storage: Storage) -> Self {
        Self {
            storage,
            armed: Cell::new(None),
        }
    }

    /// Takes note that it went off: it is set for no time now. To be called first of all, whatever comes of the work.
    pub(crate) fn went_off(&self) {
        self.armed.set(None);
    }

    /// Sets the alarm for `at`, unless it is set for then or earlier. The write belongs to this turn, and no answer
    /// leaves the object before it is on disk; so there is nothing to wait for.
    pub(crate) fn arm(&self, at: Timestamp) -> Result<(), Fault> {
        if self.armed.get().is_some_and(|armed| armed <= at) {
            return Ok(());
        }
        let promise = self.storage.set_alarm(milliseconds(at))?;
        self.armed.set(Some(at));
        spawn_local(async move {
            if let Err(thrown) = JsFuture::from(promise).await {
                console_error!("setting the alarm: {}", describe(&thrown));
            }
        });
        Ok(())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 are far below 2^53"
)]
fn milliseconds(at: Timestamp) -> f64 {
    at.unix_milliseconds() as f64
}
