//! The edge: refuses what needs no ledger to be refused, answers from KV what is published, and passes on the rest.

use std::net::IpAddr;

use js_sys::futures::JsFuture;
use js_sys::{JsString, Reflect, Uint8Array};
use licentia_api::{Actor, Place, Reply, Route, identify, published, route};
use licentia_core::{Code, Draw, Origin, Problem, RequestId, Seed};
use wasm_bindgen::prelude::*;
use web_sys::{Headers, Response};
use worker::console_error;

use crate::body;
use crate::clock;
use crate::config::{Bindings, Config};
use crate::envelope::{self, Call};
use crate::fault::Fault;
use crate::headers::{Answer, preflight};
use crate::sign;

/// A request as it came, read once: each look at it is a crossing.
struct Incoming {
    request: web_sys::Request,
    headers: Headers,
    method: String,
    path: String,
    query: String,
    id: RequestId,
}

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

    /// Answers a request to `url`, which is the request's own.
    ///
    /// # Errors
    /// Throws where no answer can be made.
    pub async fn answer(
        &self,
        request: web_sys::Request,
        url: String,
        bindings: JsValue,
    ) -> Result<Response, JsValue> {
        respond(request, &url, bindings.unchecked_ref())
            .await
            .map_err(|fault| {
                console_error!("no answer could be made: {}", fault.in_full());
                js_sys::Error::new("no answer could be made").into()
            })
    }
}

async fn respond(
    request: web_sys::Request,
    url: &str,
    bindings: &Bindings,
) -> Result<Response, Fault> {
    let id = Draw::new(Seed(clock::random()?)).id();
    let incoming = Incoming::read(request, url, id);
    if !incoming.is_of_the_api() {
        return pages(&incoming, bindings).await;
    }
    if incoming.method == "OPTIONS" {
        return preflight(id);
    }
    let answer = answer(&incoming, bindings).await.unwrap_or_else(|fault| {
        console_error!(
            "{id} {} {}: {}",
            incoming.method,
            incoming.path,
            fault.in_full()
        );
        problem(fault.code(), fault.message())
    });
    let answer = if incoming.method == "HEAD" {
        answer.headless()
    } else {
        answer
    };
    answer.response(id)
}

async fn answer(incoming: &Incoming, bindings: &Bindings) -> Result<Answer, Fault> {
    let config = match bindings.config() {
        Ok(config) => config,
        Err(reason) => return Ok(problem(Code::NotConfigured, reason)),
    };
    let method = if incoming.method == "HEAD" {
        "GET"
    } else {
        &incoming.method
    };
    #[cfg(feature = "faults")]
    if crate::faults::at_the_edge(&incoming.path) {
        return from_ledger(
            incoming.call(method, Actor::Anonymous)?,
            &[],
            &config,
            bindings,
        )
        .await;
    }
    let route = match route(method, &incoming.path, &incoming.query) {
        Ok(route) => route,
        Err(fault) => return Ok(fault.reply().into()),
    };
    let actor = identify(
        incoming.header("Authorization")?.as_deref(),
        &config.root_token,
    );
    if let Err(refusal) = route.access().admit(actor) {
        return Ok(Reply::problem(&refusal).into());
    }
    let body = match body::read(&incoming.request, &incoming.headers, route.body_limit()).await? {
        Some(body) => body,
        None => return Ok(problem(Code::BodyTooLarge, too_large(route.body_limit()))),
    };
    match route.place() {
        Place::Edge => from_published(route, &body, &config, bindings).await,
        Place::Ledger => from_ledger(incoming.call(method, actor)?, &body, &config, bindings).await,
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
    call: Call,
    body: &[u8],
    config: &Config,
    bindings: &Bindings,
) -> Result<Answer, Fault> {
    let bytes = send(&envelope::seal(&call, body)?, bindings).await?;
    let (head, body) = envelope::open::<envelope::Answer>(&bytes)?;
    let body = match head.token {
        Some(token) => {
            let token = sign::sign(&token.unsigned(body)?, &config.vault).await?;
            Some(serde_json::to_vec(
                &serde_json::json!({ "activationToken": token }),
            )?)
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

/// Sends an envelope to the ledger and waits for the one that comes back.
///
/// A call of the object, not a fetch: two requests, two responses and four streams less, and the bytes are the same.
async fn send(envelope: &[u8], bindings: &Bindings) -> Result<Vec<u8>, Fault> {
    let promise = bindings
        .ledger_object()?
        .handle(&Uint8Array::from(envelope))
        .map_err(unreachable)?;
    let answer: Uint8Array = JsFuture::from(promise)
        .await
        .map_err(unreachable)?
        .unchecked_into();
    Ok(answer.to_vec())
}

/// Tells an object that has too much to do, or moves, from one that failed.
fn unreachable(thrown: JsValue) -> Fault {
    let says =
        |flag: &str| Reflect::get(&thrown, &flag.into()).is_ok_and(|value| value.is_truthy());
    if says("overloaded") || says("retryable") {
        Fault::Unreachable(crate::fault::describe(&thrown))
    } else {
        thrown.into()
    }
}

/// Passes a request for a page to the static assets, which answer most of them before they come here.
async fn pages(incoming: &Incoming, bindings: &Bindings) -> Result<Response, Fault> {
    match bindings.pages() {
        Some(pages) => Ok(JsFuture::from(pages.fetch(&incoming.request)?)
            .await?
            .unchecked_into()),
        None => problem(
            Code::RouteNotFound,
            "no page has this address; the API's paths begin with `/v3/`",
        )
        .response(incoming.id),
    }
}

fn problem(code: Code, message: impl Into<String>) -> Answer {
    Reply::problem(&Problem::new(code, message)).into()
}

fn too_large(limit: usize) -> String {
    format!("the body is over the limit of {limit} bytes")
}

impl Incoming {
    fn read(request: web_sys::Request, url: &str, id: RequestId) -> Self {
        let (path, query) = split(url);
        Self {
            method: request.method(),
            headers: request.headers(),
            path,
            query,
            id,
            request,
        }
    }

    fn is_of_the_api(&self) -> bool {
        self.path == "/v3" || self.path.starts_with("/v3/")
    }

    fn header(&self, name: &str) -> Result<Option<String>, JsValue> {
        self.headers.get(name)
    }

    fn call(&self, method: &str, actor: Actor) -> Result<Call, Fault> {
        let origin = self.origin()?;
        Ok(Call {
            method: method.to_owned(),
            path: self.path.clone(),
            query: self.query.clone(),
            content_type: self
                .header("Content-Type")?
                .map_or_else(String::new, |text| media_type(&text)),
            caller: actor.into(),
            address: origin.address,
            country: origin.country,
            request_id: self.id,
        })
    }

    /// Where Cloudflare says that the request came from. A header that a client can set itself is not looked at.
    fn origin(&self) -> Result<Origin, Fault> {
        let address = self
            .header("CF-Connecting-IP")?
            .and_then(|text| text.parse::<IpAddr>().ok());
        let place = Reflect::get(&self.request, &"cf".into())?;
        let country = if place.is_object() {
            Reflect::get(&place, &"country".into())?
        } else {
            JsValue::UNDEFINED
        };
        let country = country
            .dyn_into::<JsString>()
            .ok()
            .map(String::from)
            .filter(|code| is_country(code));
        Ok(Origin { address, country })
    }
}

/// `XX` is an unknown country and `T1` the Tor network.
fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase()) && code != "XX"
}

/// Returns path and query of an absolute address, as they were sent.
fn split(url: &str) -> (String, String) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    (format!("/{path}"), query.to_owned())
}

fn media_type(header: &str) -> String {
    header
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, path: &str, query: &str) {
        assert_eq!(split(url), (path.to_owned(), query.to_owned()));
    }

    #[test]
    fn path_and_query_stay_as_they_were_sent() {
        check(
            "https://a.example/v3/licenses?key=a%2Fb?c",
            "/v3/licenses",
            "key=a%2Fb?c",
        );
        check("http://127.0.0.1:8787/v3/a%20b", "/v3/a%20b", "");
        check("http://127.0.0.1:8787/", "/", "");
        check("http://127.0.0.1:8787", "/", "");
    }

    #[test]
    fn a_media_type_loses_its_parameters() {
        assert_eq!(
            media_type("Application/JSON; charset=utf-8"),
            "application/json"
        );
        assert_eq!(media_type(""), "");
    }

    #[test]
    fn only_real_countries_are_passed_on() {
        assert!(is_country("DE"));
        for code in ["XX", "T1", "de", "DEU", ""] {
            assert!(!is_country(code), "{code}");
        }
    }
}
