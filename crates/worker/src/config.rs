//! The bindings of wrangler.toml, by name, and the settings and secrets among them.
//!
//! They are read once an isolate: a new secret or variable comes with a new isolate.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Object, Promise};
use licentia_api::{Limits, Rule, Settings, Vault};
use licentia_core::{ActivationId, Seconds};
use uuid::Uuid;
use wasm_bindgen::prelude::*;

use crate::fault::Fault;
use crate::publish::Namespace;

/// The account that a request without one belongs to: the ledger object's name.
const ACCOUNT: &str = "default";
/// How many writes of KV imports may cause: about as many as one object gets done.
const DEFAULT_PUBLISH_BUDGET: &str = "100/1s";
/// Over how many gates those who wait are spread. A change of it sends those who are connected to other gates at their next
/// connection, and news to both until then.
const GATES: u32 = 32;
/// Over how many of these requests that are held are spread. A gate sleeps with its sockets, but one that holds a request is
/// awake, which Cloudflare bills by time: one gate's day is nearly all that the free plan has. So they are few.
const GATES_THAT_HOLD: u32 = 4;
const DEFAULT_MIN_SYNC_INTERVAL: Seconds = Seconds(60);
/// In seconds.
const DAY: i64 = 86_400;
const DEFAULT_STATUS_LIST_INTERVAL: Seconds = Seconds(60);

#[wasm_bindgen]
extern "C" {
    /// The bindings.
    #[derive(Clone, Debug)]
    pub type Bindings;

    #[wasm_bindgen(method, getter, js_name = LICENSES)]
    fn licenses(this: &Bindings) -> Option<Namespace>;
    #[wasm_bindgen(method, getter, js_name = LEDGER)]
    fn ledger(this: &Bindings) -> Option<Objects>;
    #[wasm_bindgen(method, getter, js_name = GATES)]
    fn gates(this: &Bindings) -> Option<Objects>;
    #[wasm_bindgen(method, getter, js_name = ASSETS)]
    fn assets(this: &Bindings) -> Option<Service>;
    #[wasm_bindgen(method, getter, js_name = LICENTIA_ROOT_TOKEN)]
    fn root_token(this: &Bindings) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = LICENTIA_MASTER_KEYS)]
    fn master_keys(this: &Bindings) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = LICENTIA_MIN_SYNC_INTERVAL)]
    fn min_sync_interval(this: &Bindings) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = LICENTIA_RATE_LIMIT)]
    fn rate_limit(this: &Bindings) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = LICENTIA_BAD_KEY_LIMIT)]
    fn bad_key_limit(this: &Bindings) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = LICENTIA_STATUS_LIST_INTERVAL)]
    fn status_list_interval(this: &Bindings) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = LICENTIA_PUBLISH_BUDGET)]
    fn publish_budget(this: &Bindings) -> JsValue;

    #[wasm_bindgen(extends = Object)]
    type Objects;
    #[wasm_bindgen(method, catch, js_name = getByName)]
    fn get_by_name(this: &Objects, name: &str) -> Result<Stub, JsValue>;

    /// A Durable Object, from outside.
    #[wasm_bindgen(extends = Object)]
    #[derive(Clone, Debug)]
    pub(crate) type Stub;

    /// The static assets.
    #[wasm_bindgen(extends = Object)]
    pub(crate) type Service;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn fetch(this: &Service, request: &web_sys::Request) -> Result<Promise, JsValue>;
}

/// Settings and secrets.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) root_token: String,
    pub(crate) vault: Vault,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
}

thread_local! {
    static CONFIG: RefCell<Option<Rc<Config>>> = const { RefCell::new(None) };
}

impl Bindings {
    /// Returns the KV namespace that licenses are published in.
    pub(crate) fn published(&self) -> Result<Namespace, Fault> {
        self.licenses().ok_or(Fault::Binding("LICENSES"))
    }

    /// Returns the ledger object.
    pub(crate) fn ledger_object(&self) -> Result<Stub, Fault> {
        let objects = self.ledger().ok_or(Fault::Binding("LEDGER"))?;
        Ok(objects.get_by_name(ACCOUNT)?)
    }

    /// Returns a gate.
    pub(crate) fn gate(&self, number: u32) -> Result<Stub, Fault> {
        let objects = self.gates().ok_or(Fault::Binding("GATES"))?;
        Ok(objects.get_by_name(&format!("gate:{ACCOUNT}:{number}"))?)
    }

    /// Returns the static pages, if they are bound.
    pub(crate) fn pages(&self) -> Option<Service> {
        self.assets()
    }

    /// Returns settings and secrets, or what is wrong with them: a text that never holds a secret.
    pub(crate) fn config(&self) -> Result<Rc<Config>, String> {
        if let Some(config) = CONFIG.with_borrow(Clone::clone) {
            return Ok(config);
        }
        let config = Rc::new(self.read_config()?);
        CONFIG.set(Some(Rc::clone(&config)));
        Ok(config)
    }

    fn read_config(&self) -> Result<Config, String> {
        let secret = |value: JsValue, name| {
            let text = value.as_string().filter(|text| !text.is_empty());
            text.ok_or_else(|| format!("the secret `{name}` is not set"))
        };
        let root_token = secret(self.root_token(), "LICENTIA_ROOT_TOKEN")?;
        let master_keys = secret(self.master_keys(), "LICENTIA_MASTER_KEYS")?;
        let vault = Vault::from_secrets(&master_keys).map_err(|fault| fault.to_string())?;
        let interval = self
            .min_sync_interval()
            .as_string()
            .and_then(|text| text.parse().ok());
        let min_sync_interval = interval.map_or(DEFAULT_MIN_SYNC_INTERVAL, Seconds);
        Ok(Config {
            root_token,
            vault,
            settings: Settings {
                min_sync_interval,
                publication_budget: self.read_budget()?,
                status_list_interval: self.read_status_list_interval()?,
            },
            limits: self.read_limits()?,
        })
    }

    fn read_budget(&self) -> Result<Option<Rule>, String> {
        let text = self.publish_budget().as_string().unwrap_or_default();
        let text = if text.is_empty() {
            DEFAULT_PUBLISH_BUDGET
        } else {
            &text
        };
        Rule::parse(text).map_err(|fault| format!("`LICENTIA_PUBLISH_BUDGET` is wrong: {fault}"))
    }

    fn read_status_list_interval(&self) -> Result<Seconds, String> {
        let text = self.status_list_interval().as_string().unwrap_or_default();
        if text.is_empty() {
            return Ok(DEFAULT_STATUS_LIST_INTERVAL);
        }
        let seconds = text
            .parse()
            .ok()
            .filter(|seconds| (1..=DAY).contains(seconds));
        seconds.map(Seconds).ok_or_else(|| {
            format!("`LICENTIA_STATUS_LIST_INTERVAL` is wrong: it must be from 1 to {DAY} seconds")
        })
    }

    fn read_limits(&self) -> Result<Limits, String> {
        let usual = Limits::default();
        let rule = |value: JsValue, name, usual| match value.as_string().as_deref() {
            None | Some("") => Ok(usual),
            Some(text) => Rule::parse(text).map_err(|fault| format!("`{name}` is wrong: {fault}")),
        };
        Ok(Limits {
            requests: rule(self.rate_limit(), "LICENTIA_RATE_LIMIT", usual.requests)?,
            wrong_credentials: rule(
                self.bad_key_limit(),
                "LICENTIA_BAD_KEY_LIMIT",
                usual.wrong_credentials,
            )?,
        })
    }
}

/// How an application waits at its gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    AtSocket,
    WithRequest,
}

/// Returns the number of the gate at which an activation waits: a license's activations are spread over all of them.
pub(crate) fn gate_of(activation: ActivationId, waits: Waits) -> u32 {
    let [.., last] = *Uuid::from(activation).as_bytes();
    let gates = match waits {
        Waits::AtSocket => GATES,
        Waits::WithRequest => GATES_THAT_HOLD,
    };
    u32::from(last).checked_rem(gates).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn sockets_are_spread_over_all_gates_and_requests_over_few() {
        let gates = |waits| {
            let activations = (0..=255_u128).map(|last| ActivationId::from(Uuid::from_u128(last)));
            let gates = activations.map(|activation| gate_of(activation, waits));
            gates.collect::<BTreeSet<u32>>()
        };
        assert_eq!(gates(Waits::AtSocket), (0..32).collect());
        assert_eq!(gates(Waits::WithRequest), (0..4).collect());
    }
}
