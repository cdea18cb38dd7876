//! The edge: refuses what needs no ledger to be refused, answers from KV what is published, and passes on the rest.

use js_sys::futures::JsFuture;
use licentia_api::{Actor, Place, Reply, Route, identify, published, route};
use licentia_core::{Code, Draw, Problem, RequestId, Seed};
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};
use worker::console_error;

use crate::body;
use crate::clock;
use crate::config::{Bindings, Config};
use crate::envelope::{self, Call};
use crate::fault::Fault;
use crate::http::{self, Answer, Incoming};
use crate::sign;

/// The Worker. There is one an isolate, which every request is given to: making one a request would cost each a proxy.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Edge;

#[wasm_bindgen(wasm_bindgen_futures = worker::wasm_bindgen_futures)]
impl Edge {
    /// Makes the Worker.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self
    }

    /// Answers a request; `lines` is what `entry.mjs` read of it.
    ///
    /// # Errors
    /// Throws where no answer can be made.
    pub async fn answer(
        &self,
        request: Request,
        lines: String,
        bindings: Bindings,
    ) -> Result<Response, JsError> {
        let response = respond(&request, &Incoming::parse(&lines), &bindings).await;
        response.map_err(|fault| {
            console_error!("no answer could be made: {}", fault.in_full());
            JsError::new("no answer could be made")
        })
    }
}

async fn respond(
    request: &Request,
    incoming: &Incoming,
    bindings: &Bindings,
) -> Result<Response, Fault> {
    let id = Draw::new(Seed(clock::random()?)).id();
    if !incoming.is_of_the_api() {
        return page(request, id, bindings).await;
    }
    if incoming.method == "OPTIONS" {
        return http::preflight(id);
    }
    let answered = answer(request, incoming, id, bindings).await;
    let answer = answered.unwrap_or_else(|fault| {
        let Incoming { method, path, .. } = incoming;
        console_error!("{id} {method} {path}: {}", fault.in_full());
        problem(fault.code(), fault.message())
    });
    let headless = incoming.method == "HEAD";
    let answer = if headless { answer.headless() } else { answer };
    answer.response(id)
}

async fn answer(
    request: &Request,
    incoming: &Incoming,
    id: RequestId,
    bindings: &Bindings,
) -> Result<Answer, Fault> {
    let config = match bindings.config() {
        Ok(config) => config,
        Err(reason) => return Ok(problem(Code::NotConfigured, reason)),
    };
    #[cfg(feature = "faults")]
    if crate::faults::at_the_edge(&incoming.path) {
        let call = call(incoming, "GET", Actor::Anonymous, id);
        return from_ledger(&call, &[], &config, bindings).await;
    }
    let method = if incoming.method == "HEAD" {
        "GET"
    } else {
        &incoming.method
    };
    let route = match route(method, &incoming.path, &incoming.query) {
        Ok(route) => route,
        Err(fault) => return Ok(fault.reply().into()),
    };
    let actor = identify(Some(&incoming.authorization), &config.root_token);
    if let Err(refusal) = route.access().admit(actor) {
        return Ok(Reply::problem(&refusal).into());
    }
    let Some(body) = body::read(request, incoming, route.body_limit()).await? else {
        return Ok(problem(Code::BodyTooLarge, too_large(route.body_limit())));
    };
    match route.place() {
        Place::Edge => from_published(route, &body, &config, bindings).await,
        Place::Ledger => {
            let call = call(incoming, method, actor, id);
            from_ledger(&call, &body, &config, bindings).await
        }
    }
}

async fn from_published(
    route: Route,
    body: &[u8],
    config: &Config,
    bindings: &Bindings,
) -> Result<Answer, Fault> {
    let keys = match published::wanted(route, body, &config.vault) {
        Ok(keys) => keys,
        Err(reply) => return Ok(reply.into()),
    };
    let value = bindings.published()?.read(&keys).await;
    let value = value.map_err(|fault| Fault::Unpublished(fault.in_full()))?;
    Ok(published::reply(route, value.as_deref(), &config.vault).into())
}

async fn from_ledger(
    call: &Call,
    body: &[u8],
    config: &Config,
    bindings: &Bindings,
) -> Result<Answer, Fault> {
    let envelope = envelope::seal(call, body)?;
    let bytes = http::send(&envelope, &bindings.ledger_object()?).await?;
    let (head, body) = envelope::open::<envelope::Answer>(&bytes)?;
    let body = match head.token {
        Some(token) => {
            let token = sign::sign(&token.unsigned(body)?, &config.vault).await?;
            let document = serde_json::json!({ "activationToken": token });
            Some(serde_json::to_vec(&document)?)
        }
        None => (!body.is_empty()).then(|| body.to_vec()),
    };
    Ok(Answer {
        status: head.status,
        body,
        version: head.version,
        allow: None,
        published: head.published,
    })
}

/// Passes a request for a page to the static assets, which answer most of them before they come here.
async fn page(request: &Request, id: RequestId, bindings: &Bindings) -> Result<Response, Fault> {
    let Some(pages) = bindings.pages() else {
        let message = "no page has this address; the API's paths begin with `/v3/`";
        return problem(Code::RouteNotFound, message).response(id);
    };
    let response = JsFuture::from(pages.fetch(request)?).await?;
    Ok(response.unchecked_into())
}

/// The envelope's head: what the ledger is told of a request, and nothing else.
fn call(incoming: &Incoming, method: &str, actor: Actor, request_id: RequestId) -> Call {
    Call {
        method: method.to_owned(),
        path: incoming.path.clone(),
        query: incoming.query.clone(),
        content_type: incoming.media_type.clone(),
        caller: actor.into(),
        address: incoming.address,
        country: incoming.country.clone(),
        request_id,
    }
}

fn problem(code: Code, message: impl Into<String>) -> Answer {
    Reply::problem(&Problem::new(code, message)).into()
}

fn too_large(limit: usize) -> String {
    format!("the body is over the limit of {limit} bytes")
}
