//! The Web API: one synchronous function of a database, a request, and what only a host has.
//!
//! A host opens a transaction, calls `handle`, and commits or rolls back as the outcome says. Nothing here knows which
//! host that is. The calls that KV answers are in `published`; the documents that go there come out of `outbox`.

mod access;
pub mod age;
mod calls;
mod context;
mod database;
mod host;
mod idempotency;
mod key_pattern;
mod keys;
mod limit;
mod list;
mod listed;
pub mod outbox;
pub mod published;
mod route;
mod schema;
mod signed;
pub mod status_lists;
mod store;
mod vault;
mod zlib;

pub use access::{Access, TokenDigest, identify};
pub use calls::imports::{Advance, FailedSlice};
pub use database::{Database, DatabaseError, Row, Value};
pub use host::{
    Actor, Body, Given, Handled, KeyPair, Outcome, Publishes, Reply, Request, Settings, TokenName,
    Unsigned,
};
pub use idempotency::{Fact, REPLAYED, write_facts};
pub use key_pattern::{DEFAULT_KEY_PATTERN, KeyPattern};
pub use keys::{PrivateKeyFault, read_private_key};
pub use limit::{Limiter, Limits, MalformedRule, Rule, Standing, tells_wrong_credential};
pub use list::{Filter, FilterKind, PageMemory, filters};
pub use listed::{ListFault, Listed, no_list};
pub use route::{
    Endpoint, Operation, Place, Route, RouteFault, aliases, asked_for, endpoints, only_reads, route,
};
pub use schema::migrate;
pub use signed::is_signed;
pub use vault::{Vault, VaultError};

use context::{Context, Fault};
use idempotency::Once;
use licentia_core::{Code, Draw, Origin, Problem};

/// Handles a request within the transaction that the host has opened.
///
/// The host commits only if the outcome says so, and then writes its facts. Whatever happens there is a reply: faults of
/// ours are answered with 500 and told in full to the host alone.
#[must_use]
pub fn handle(db: &dyn Database, request: &Request<'_>, given: &Given<'_>) -> Handled {
    let route = match route(request.method, request.path, request.query) {
        Ok(route) => route,
        Err(fault) => return done(Outcome::refused(fault.reply())),
    };
    let caller = match access::caller(db, route.endpoint().access, request.actor, given.now) {
        Ok(caller) => caller,
        Err(fault) => return refused(fault),
    };
    let cx = Context::new(db, request, given, caller);
    match Once::of(&cx, route.endpoint()) {
        Ok(None) => answer(&cx, &route, None).map_or_else(refused, done),
        Ok(Some(once)) => answer_once(&cx, &route, &once),
        Err(problem) => refused(problem.into()),
    }
}

/// Answers a request that may have been answered before.
fn answer_once(cx: &Context<'_>, route: &Route, once: &Once) -> Handled {
    let answered = match once.replay(cx) {
        Ok(Some(reply)) => accepted(cx, reply),
        Ok(None) => answer(cx, route, Some(once)),
        Err(fault) => return refused(fault),
    };
    match answered.map_or_else(refused, done) {
        Handled::Done(outcome) if !outcome.commit => match once.fact(cx, &outcome.reply) {
            Ok(fact) => done(Outcome {
                facts: fact.into_iter().collect(),
                ..*outcome
            }),
            Err(fault) => refused(fault),
        },
        handled => handled,
    }
}

fn answer(cx: &Context<'_>, route: &Route, once: Option<&Once>) -> Result<Outcome, Fault> {
    let reply = calls::answer(cx, route)?;
    if let Some(once) = once {
        once.keep(cx, &reply)?;
    }
    accepted(cx, reply)
}

fn refused(fault: Fault) -> Handled {
    match fault {
        Fault::NeedsKeyPairs(algorithms) => Handled::NeedsKeyPairs(algorithms),
        Fault::Problem(problem) => done(Outcome::refused(Reply::problem(&problem))),
        Fault::Internal(fault) => {
            let reply = Reply::problem(&Problem::new(Code::InternalError, "internal error"));
            done(Outcome {
                fault: Some(fault),
                ..Outcome::refused(reply)
            })
        }
    }
}

fn done(outcome: Outcome) -> Handled {
    Handled::Done(Box::new(outcome))
}

/// Makes the document that the answer should find published, in the same transaction.
fn accepted(cx: &Context<'_>, reply: Reply) -> Result<Outcome, Fault> {
    if matches!(reply.publishes, Publishes::Now { .. } | Publishes::Later) {
        status_lists::enqueue_changed(cx.db, cx.now())?;
    }
    let publications = match &reply.publishes {
        Publishes::Now { subject, .. } => outbox::claim(cx.db, subject, cx.given)?,
        _ => Vec::new(),
    };
    Ok(Outcome {
        reply,
        commit: true,
        publications,
        facts: Vec::new(),
        fault: None,
    })
}

impl Outcome {
    fn refused(reply: Reply) -> Self {
        Self {
            reply,
            commit: false,
            publications: Vec::new(),
            facts: Vec::new(),
            fault: None,
        }
    }
}

/// Does the next slice of what is done in the background, in a transaction that the host has opened; to be called until
/// there is nothing more. A slice that fails is rolled back, and then noted by `note_failed`.
///
/// # Errors
/// Passes on what the database says.
pub fn advance(db: &dyn Database, given: &Given<'_>) -> Result<Advance, DatabaseError> {
    in_the_background(db, given, |cx| {
        let advanced = calls::imports::advance(cx)?;
        status_lists::enqueue_changed(cx.db, cx.now())?;
        Ok(advanced)
    })
}

/// Notes that a slice failed, in a transaction of its own.
///
/// # Errors
/// Passes on what the database says.
pub fn note_failed(
    db: &dyn Database,
    given: &Given<'_>,
    failed: &FailedSlice,
) -> Result<(), DatabaseError> {
    in_the_background(db, given, |cx| calls::imports::note_failed(cx, failed))
}

/// Nobody asks for what is done in the background: the request is empty.
fn in_the_background<T>(
    db: &dyn Database,
    given: &Given<'_>,
    work: impl FnOnce(&Context<'_>) -> Result<T, Fault>,
) -> Result<T, DatabaseError> {
    let origin = Origin::default();
    let request = Request {
        method: "",
        host: "",
        path: "",
        query: "",
        content_type: "",
        body: &[],
        actor: Actor::Anonymous,
        origin: &origin,
        request_id: Draw::new(given.seed).id(),
        idempotency_key: None,
        if_match: None,
        passphrase: None,
        slice: None,
        gate: None,
    };
    let cx = Context::new(db, &request, given, access::Caller::Anonymous);
    work(&cx).map_err(|fault| DatabaseError::Corrupt(format!("{fault:?}")))
}
