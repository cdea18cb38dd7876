//! The one transaction of a ledger call: `transactionSync`, which the `worker` crate does not bind.
//!
//! A Rust error undoes nothing by itself here: SQL that has run stays unless the closure throws.

use wasm_bindgen::prelude::*;

use crate::fault::Fault;

#[wasm_bindgen]
extern "C" {
    /// The object's storage.
    #[derive(Clone, Debug)]
    pub(crate) type Storage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Storage,
        work: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;
}

/// How a transaction ends.
pub(crate) enum End<T> {
    /// What was written stands.
    Commit(T),
    /// What was written is undone.
    RollBack(T),
}

/// Runs `work` in a transaction; a fault, an exception and a panic roll back.
pub(crate) fn transaction<T>(
    storage: &Storage,
    work: impl FnOnce() -> Result<End<T>, Fault>,
) -> Result<T, Fault> {
    let mut work = Some(work);
    let mut ended = None;
    let result = storage.transaction_sync(&mut || {
        ended = work.take().map(|work| work());
        match ended {
            Some(Ok(End::Commit(_))) => Ok(JsValue::UNDEFINED),
            _ => Err(JsValue::UNDEFINED),
        }
    });
    match (ended, result) {
        (Some(Ok(End::Commit(output))), Ok(_)) | (Some(Ok(End::RollBack(output))), Err(_)) => {
            Ok(output)
        }
        (Some(Err(fault)), _) => Err(fault),
        (_, Err(thrown)) => Err(thrown.into()),
        (_, Ok(_)) => Err(Fault::Runtime(
            "nothing: a transaction ended by itself".to_owned(),
        )),
    }
}
