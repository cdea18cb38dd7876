//! A gate: where running applications wait for news of their licenses, at a socket or with a request that is held.
//!
//! It asks the ledger once for each who comes, and the ledger tells it what changes. Sockets sleep: an idle one costs
//! nothing, and the runtime answers its heartbeats. News that come while somebody is on the way in are kept for them.

mod waiting;

use std::time::Duration;

use licentia_api::Reply;
use licentia_core::{Code, Problem};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use worker::console_error;

use crate::clock::within;
use crate::config::Bindings;
use crate::envelope::{self, Answer, Call, ToGate};
use crate::fault::Fault;
use crate::unavailable;
use waiting::{News, Waiting};

/// How long a request is held at most: less than its caller, and what lies between, has patience for.
const LONGEST_WAIT: u64 = 25;

#[wasm_bindgen]
extern "C" {
    /// What the runtime gives to a gate.
    #[derive(Clone, Debug)]
    pub type GateState;
}

#[wasm_bindgen(module = "/src/gate.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn accept(
        state: &GateState,
        license: &str,
        activation: &str,
        first: Option<&str>,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    fn tell(state: &GateState, tag: &str, news: &str) -> Result<u32, JsValue>;
}

/// The object.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Gate {
    state: GateState,
    bindings: Bindings,
    waiting: Waiting,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    license_id: String,
    version: i64,
}

/// What a socket is told whose activation is gone: it holds no statement, so that its application asks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gone<'a> {
    activation_id: &'a str,
}

#[wasm_bindgen(wasm_bindgen_futures = worker::wasm_bindgen_futures)]
impl Gate {
    /// Makes the object's memory of itself.
    #[wasm_bindgen(constructor)]
    pub fn new(state: GateState, bindings: Bindings) -> Self {
        Self {
            state,
            bindings,
            waiting: Waiting::default(),
        }
    }

    /// Answers an envelope with another, or with a socket.
    ///
    /// # Errors
    /// Throws what is ours to mend.
    pub async fn call(&self, envelope: Vec<u8>) -> Result<JsValue, JsError> {
        self.answer(&envelope).await.map_err(|fault| {
            console_error!("gate: {}", fault.in_full());
            JsError::new(&fault.to_string())
        })
    }
}

impl Gate {
    async fn answer(&self, envelope: &[u8]) -> Result<JsValue, Fault> {
        match envelope::open::<ToGate>(envelope)? {
            (ToGate::Tell, news) => {
                let heard = self.told(news)?;
                Ok(bytes(&envelope::seal(&heard, &[])?))
            }
            (ToGate::Gone(activation), _) => {
                let heard = self.gone(activation.to_string())?;
                Ok(bytes(&envelope::seal(&heard, &[])?))
            }
            (
                ToGate::Join {
                    call,
                    activation,
                    known,
                    wait,
                },
                _,
            ) => self.join(&call, &activation.to_string(), known, wait).await,
        }
    }

    /// Hands news on to all who wait for them. Returns whether there may be any.
    fn told(&self, text: &[u8]) -> Result<bool, Fault> {
        let text = String::from_utf8(text.to_vec())?;
        let About {
            license_id: license,
            version,
        } = serde_json::from_str(&text)?;
        let sockets = tell(&self.state, &license, &text)?;
        let news = News { version, text };
        let is_heard = self.waiting.tell(&license, &news);
        Ok(sockets > 0 || is_heard)
    }

    /// Has those look who wait for news of an activation. Returns whether there may be any.
    fn gone(&self, activation: String) -> Result<bool, Fault> {
        let text = serde_json::to_string(&Gone {
            activation_id: &activation,
        })?;
        let sockets = tell(&self.state, &activation, &text)?;
        let is_heard = self.waiting.end(&activation);
        Ok(sockets > 0 || is_heard)
    }

    /// Asks the ledger how things stand, and once more if the activation has gone while it answered.
    async fn ask(&self, call: &Call, activation: &str) -> Result<Vec<u8>, Fault> {
        let ledger = self.bindings.ledger_object()?;
        let answer = unavailable::in_time(call, &[], &ledger).await?;
        if !self.waiting.has_gone(activation) {
            return Ok(answer);
        }
        unavailable::in_time(call, &[], &ledger).await
    }

    /// Asks the ledger whether somebody may wait here, and lets them: at a socket if they wait for no time in particular.
    async fn join(
        &self,
        call: &Call,
        activation: &str,
        known: i64,
        wait: Option<u64>,
    ) -> Result<JsValue, Fault> {
        let on_the_way = self.waiting.come();
        let answer = self.ask(call, activation).await?;
        let (head, body) = envelope::open::<Answer>(&answer)?;
        if head.status != 200 {
            return Ok(bytes(&answer));
        }
        let (license, news) = self.newest(String::from_utf8(body.to_vec())?)?;
        let is_news = news.version > known;
        let Some(wait) = wait else {
            let first = is_news.then_some(news.text.as_str());
            let socket = accept(&self.state, &license, activation, first)?;
            return if socket.is_undefined() {
                too_many()
            } else {
                Ok(socket)
            };
        };
        if is_news {
            return answered(&news);
        }
        let mut held = self.waiting.hold(&license, activation);
        drop(on_the_way);
        let wait = Duration::from_secs(wait.min(LONGEST_WAIT));
        match within(wait, held.told()).await {
            Some(Ok(Some(news))) => answered(&news),
            // What has become of it, the ledger says.
            Some(Ok(None)) => Ok(bytes(&self.ask(call, activation).await?)),
            _ => Ok(bytes(&envelope::seal(&Answer::plain(204, None), &[])?)),
        }
    }

    /// What the ledger answered, or what it has told since.
    fn newest(&self, text: String) -> Result<(String, News), Fault> {
        let About {
            license_id: license,
            version,
        } = serde_json::from_str(&text)?;
        let meanwhile = self.waiting.told_meanwhile(&license);
        let newer = meanwhile.filter(|news| news.version > version);
        Ok((license, newer.unwrap_or(News { version, text })))
    }
}

fn answered(news: &News) -> Result<JsValue, Fault> {
    let head = Answer {
        version: Some(news.version),
        ..Answer::plain(200, None)
    };
    Ok(bytes(&envelope::seal(&head, news.text.as_bytes())?))
}

fn too_many() -> Result<JsValue, Fault> {
    let message = "this activation has too many connections open; close one first";
    let reply = Reply::problem(&Problem::new(Code::TooManyConnections, message));
    let (head, body) = Answer::of(reply, None, envelope::Caller::Anonymous);
    Ok(bytes(&envelope::seal(&head, &body)?))
}

fn bytes(envelope: &[u8]) -> JsValue {
    js_sys::Uint8Array::from(envelope).into()
}
