//! Long answers: the ledger gives them slice by slice, each in a turn of its own, as fast as the reader takes them.
//!
//! So no answer is held whole by anybody, and the calls of others come between. A slice that cannot be had breaks the
//! transfer off: a reader sees that, and takes no half of a file for the whole.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use js_sys::futures::future_to_promise;
use wasm_bindgen::prelude::*;
use worker::console_error;

use crate::config::Stub;
use crate::envelope::{self, Call};
use crate::fault::Fault;
use crate::http;

/// Where an answer goes on, and whom to ask.
struct Rest {
    more: RefCell<Option<String>>,
    call: Call,
    ledger: Stub,
}

/// Returns the function that gives the slices after the first one, for `http.js`.
pub(crate) fn after(more: String, call: Call, ledger: Stub) -> JsValue {
    let rest = Rc::new(Rest {
        more: RefCell::new(Some(more)),
        call,
        ledger,
    });
    let next = Closure::<dyn FnMut() -> js_sys::Promise>::new(move || {
        let rest = Rc::clone(&rest);
        future_to_promise(async move {
            rest.next().await.map_err(|fault| {
                console_error!("{}: a slice: {}", rest.call.request_id, fault.in_full());
                JsError::new("the answer breaks off").into()
            })
        })
    });
    next.into_js_value()
}

impl Rest {
    async fn next(&self) -> Result<JsValue, Fault> {
        let Some(more) = self.more.take() else {
            return Ok(JsValue::UNDEFINED);
        };
        let call = Call {
            slice: Some(more),
            ..self.call.clone()
        };
        let bytes = http::send(&call, &[], &self.ledger).await?;
        let (head, slice) = envelope::open::<envelope::Answer>(&bytes)?;
        if head.status != 200 {
            return Err(Fault::BrokenOff(head.status));
        }
        self.more.replace(head.more);
        Ok(Uint8Array::from(slice).into())
    }
}
