//! The edge: refuses what needs no ledger to be refused, has KV answer what is published, and passes on the rest.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::futures::JsFuture;
use licentia_api::{
    Actor, Limiter, Operation, Place, Reply, Route, Standing, Unsigned, asked_for, identify, route,
};
use licentia_core::{ActivationId, Code, Draw, Problem, RequestId, Seed, Timestamp, fits_digest};
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};
use worker::console_error;

use crate::body;
use crate::clock;
use crate::config::{Bindings, Config, Stub, Waits, gate_of};
use crate::envelope::{self, Call, ToGate};
use crate::fault::Fault;
use crate::http::{self, Answer, Connected, Incoming};
use crate::kv;
use crate::lists;
use crate::rebuild;
use crate::sign;
use crate::signed;
use crate::slices;
use crate::unavailable;

/// The Worker. There is one an isolate, which every request is given to: making one a request would cost each a proxy.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Edge {
    limiter: RefCell<Limiter>,
}

#[wasm_bindgen(wasm_bindgen_futures = worker::wasm_bindgen_futures)]
impl Edge {
    /// Makes the Worker.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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
        let incoming = Incoming::parse(&lines);
        let response = self.respond(&request, &incoming, &bindings).await;
        response.map_err(|fault| {
            console_error!("no answer could be made: {}", fault.in_full());
            JsError::new("no answer could be made")
        })
    }
}

/// A request, with what the Worker knows of it.
pub(crate) struct Asked<'a> {
    request: &'a Request,
    pub(crate) incoming: &'a Incoming,
    /// HEAD is answered as GET.
    method: &'a str,
    pub(crate) actor: Actor,
    pub(crate) id: RequestId,
    pub(crate) now: Timestamp,
    pub(crate) config: Rc<Config>,
    pub(crate) bindings: &'a Bindings,
}

impl Asked<'_> {
    /// Returns a number of the query.
    fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        asked_for(&self.incoming.query, name)?.parse().ok()
    }
}

impl Edge {
    async fn respond(
        &self,
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
        let headless = incoming.method == "HEAD";
        let config = match bindings.config() {
            Ok(config) => config,
            Err(reason) => return problem(Code::NotConfigured, reason).response(id),
        };
        let asked = Asked {
            request,
            incoming,
            method: if headless { "GET" } else { &incoming.method },
            actor: identify(Some(&incoming.authorization), &config.root_token),
            id,
            now: clock::now(),
            config,
            bindings,
        };
        let answer = self.within_limits(&asked).await;
        let mut answer = if headless { answer.headless() } else { answer };
        // A request that was held is answered long after it came.
        signed::sign(&mut answer, incoming, &asked.config.vault, clock::now());
        answer.response(id)
    }

    /// Answers a request that is not one too many, and says how its address stands.
    async fn within_limits(&self, asked: &Asked<'_>) -> Answer {
        let (limits, address) = (&asked.config.limits, asked.incoming.address);
        let standing = self
            .limiter
            .borrow_mut()
            .count(limits, address, asked.actor, asked.now);
        let refusal = standing.and_then(|standing| standing.refusal());
        if let (Some(refusal), Some(standing)) = (refusal, standing) {
            return standing_at(&standing, Answer::of(refusal, asked.actor));
        }
        let answered = match route(asked.method, &asked.incoming.path, &asked.incoming.query) {
            #[cfg(feature = "faults")]
            _ if crate::faults::at_the_edge(&asked.incoming.path) => from_ledger(asked, &[]).await,
            Ok(route) => self.with_right_credentials(asked, &route).await,
            Err(fault) => Ok(Answer::of(fault.reply(), asked.actor)),
        };
        let answer = answered.unwrap_or_else(|fault| {
            let Incoming { method, path, .. } = asked.incoming;
            console_error!("{} {method} {path}: {}", asked.id, fault.in_full());
            problem(fault.code(), fault.message())
        });
        match standing {
            Some(standing) if !answer.tells_standing() => standing_at(&standing, answer),
            _ => answer,
        }
    }

    /// Answers a request whose address has not tried too many wrong keys and tokens.
    async fn with_right_credentials(
        &self,
        asked: &Asked<'_>,
        route: &Route,
    ) -> Result<Answer, Fault> {
        let (limits, address) = (&asked.config.limits, asked.incoming.address);
        let held_up = self.limiter.borrow().held_up(
            limits,
            route.operation(),
            address,
            asked.actor,
            asked.now,
        );
        if let Some(answer) = held_up.and_then(|standing| refusal(&standing, asked.actor)) {
            return Ok(answer);
        }
        let answer = answer(asked, route).await?;
        if !answer.wrong_credential {
            return Ok(answer);
        }
        let exceeded = self
            .limiter
            .borrow_mut()
            .count_wrong(limits, address, asked.now);
        let refusal = exceeded.and_then(|standing| refusal(&standing, asked.actor));
        Ok(refusal.filter(|_| answer.status == 401).unwrap_or(answer))
    }
}

/// Says how an address stands.
fn standing_at(standing: &Standing, mut answer: Answer) -> Answer {
    for (name, value) in standing.headers() {
        answer.header(name, value);
    }
    answer
}

fn refusal(standing: &Standing, actor: Actor) -> Option<Answer> {
    let refusal = standing.refusal()?;
    Some(standing_at(standing, Answer::of(refusal, actor)))
}

async fn answer(asked: &Asked<'_>, route: &Route) -> Result<Answer, Fault> {
    let endpoint = route.endpoint();
    if let Err(refusal) = endpoint.access.admit(asked.actor) {
        return Ok(Answer::of(Reply::problem(&refusal), asked.actor));
    }
    let body = body::read(asked.request, asked.incoming, endpoint.body_limit).await?;
    let Some(body) = body else {
        return Ok(problem(Code::BodyTooLarge, too_large(endpoint.body_limit)));
    };
    let digest = asked.incoming.digest.as_deref();
    if digest.is_some_and(|digest| !fits_digest(digest, &body)) {
        let message = "the header `Content-Digest` is not that of the body";
        return Ok(problem(Code::ContentDigestMismatch, message));
    }
    if endpoint.operation == Operation::Rebuild {
        return rebuilt(asked).await;
    }
    match endpoint.place {
        Place::Edge if endpoint.operation == Operation::ReadStatusList => {
            lists::answer(asked, route.number()).await
        }
        Place::Edge => kv::answer(asked, route, &body).await,
        Place::Ledger if endpoint.access.is_of_applications() => {
            unavailable::unless_answered(asked, &body).await
        }
        Place::Ledger => from_ledger(asked, &body).await,
        Place::Gate => match from_gate(asked, route).await {
            Ok(answer) => Ok(answer),
            Err(fault) => Ok(unavailable::instead(asked, &[], &fault).await),
        },
    }
}

/// Gives the ledger a page of what is published, in place of whatever body came.
async fn rebuilt(asked: &Asked<'_>) -> Result<Answer, Fault> {
    let kv = asked.bindings.published()?;
    let page = rebuild::page(&kv, &asked.incoming.query).await;
    let (documents, slice) = page.map_err(|fault| Fault::Unpublished(fault.in_full()))?;
    let call = Call {
        slice,
        ..call(asked)
    };
    of_ledger(asked, call, &documents).await
}

/// Lets an application wait for news: at a socket, or with a request that is held for as long as it says.
async fn from_gate(asked: &Asked<'_>, route: &Route) -> Result<Answer, Fault> {
    let activation: ActivationId = route.id();
    let waits = if asked.incoming.wants_socket {
        Waits::AtSocket
    } else {
        Waits::WithRequest
    };
    let number = gate_of(activation, waits);
    let gate = asked.bindings.gate(number)?;
    let join = |wait| {
        let call = Box::new(Call {
            gate: Some(number),
            ..call(asked)
        });
        let known = asked.number("version").unwrap_or(0);
        ToGate::Join {
            call,
            activation,
            known,
            wait,
        }
    };
    if waits == Waits::WithRequest {
        let wait = asked.number("wait").unwrap_or(0);
        let answer = unavailable::of_gate(wait, http::send(&join(Some(wait)), &[], &gate)).await?;
        return answer_in(&answer);
    }
    match unavailable::of_gate(0, http::connect(&join(None), &gate)).await? {
        Connected::Socket(response) => Ok(Answer {
            socket: Some(response),
            ..Answer::of(Reply::empty(101), asked.actor)
        }),
        Connected::Refused(envelope) => answer_in(&envelope),
    }
}

fn answer_in(envelope: &[u8]) -> Result<Answer, Fault> {
    let (head, body) = envelope::open::<envelope::Answer>(envelope)?;
    Ok(Answer::from_envelope(head, body))
}

pub(crate) async fn from_ledger(asked: &Asked<'_>, body: &[u8]) -> Result<Answer, Fault> {
    of_ledger(asked, call(asked), body).await
}

async fn of_ledger(asked: &Asked<'_>, call: Call, body: &[u8]) -> Result<Answer, Fault> {
    let ledger = asked.bindings.ledger_object()?;
    let bytes = http::send(&call, body, &ledger).await?;
    opened(asked, call, ledger, &bytes).await
}

/// Makes an answer of what the ledger sent: tokens are signed here.
pub(crate) async fn opened(
    asked: &Asked<'_>,
    call: Call,
    ledger: Stub,
    bytes: &[u8],
) -> Result<Answer, Fault> {
    let (mut head, body) = envelope::open::<envelope::Answer>(bytes)?;
    let slices = head.more.take();
    let slices = slices.map(|more| slices::after(more, call, ledger));
    let Some(token) = head.token.take() else {
        return Ok(Answer {
            slices,
            ..Answer::from_envelope(head, body)
        });
    };
    let unsigned = token.unsigned(body)?;
    let token = sign::sign(&unsigned, &asked.config.vault).await?;
    let document = Unsigned::document(unsigned.name, &token);
    Ok(Answer {
        slices,
        ..Answer::from_envelope(head, &document)
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
pub(crate) fn call(asked: &Asked<'_>) -> Call {
    let incoming = asked.incoming;
    Call {
        method: asked.method.to_owned(),
        path: incoming.path.clone(),
        query: incoming.query.clone(),
        content_type: incoming.media_type.clone(),
        caller: asked.actor.into(),
        host: incoming.host.clone(),
        address: incoming.address,
        country: incoming.country.clone(),
        area: incoming.area.clone(),
        request_id: asked.id,
        idempotency_key: incoming.idempotency_key.clone(),
        if_match: incoming.if_match.clone(),
        passphrase: incoming.passphrase.clone(),
        slice: None,
        gate: None,
    }
}

fn problem(code: Code, message: impl Into<String>) -> Answer {
    let reply = Reply::problem(&Problem::new(code, message));
    Answer::of(reply, Actor::Anonymous)
}

fn too_large(limit: usize) -> String {
    format!("the body is over the limit of {limit} bytes")
}
