//! The Web API: one synchronous function of a database, a request, and what only a host has.
//!
//! A host opens a transaction, calls `handle`, and commits or rolls back as the outcome says. Nothing here knows which
//! host that is. The calls that KV answers are in `published`; the documents that go there come out of `outbox`.

mod access;
mod calls;
mod context;
mod database;
mod host;
mod key_pattern;
mod keys;
mod list;
pub mod outbox;
pub mod published;
mod route;
mod schema;
mod store;
mod vault;

pub use access::{Access, identify};
pub use database::{Database, DatabaseError, Row, Value};
pub use host::{
    Actor, Body, Given, Handled, KeyPair, Outcome, Publishes, Reply, Request, Settings, Unsigned,
};
pub use key_pattern::{DEFAULT_KEY_PATTERN, KeyPattern};
pub use keys::{PrivateKeyFault, read_private_key};
pub use list::PageMemory;
pub use route::{Place, Route, RouteFault, route};
pub use schema::migrate;
pub use vault::{Vault, VaultError};

use context::{Context, Fault};
use licentia_core::{Code, Problem};

/// Handles a request within the transaction that the host has opened.
///
/// The host commits only if the outcome says so. Whatever happens there is a reply: faults of ours are answered with 500
/// and told in full to the host alone.
#[must_use]
pub fn handle(db: &dyn Database, request: &Request<'_>, given: &Given<'_>) -> Handled {
    let route = match route(request.method, request.path, request.query) {
        Ok(route) => route,
        Err(fault) => return done(Outcome::refused(fault.reply())),
    };
    let cx = Context::new(db, request, given);
    let answered = route
        .access()
        .admit(request.actor)
        .map_err(Fault::from)
        .and_then(|()| calls::answer(&cx, route));
    match answered.and_then(|reply| accepted(&cx, reply)) {
        Ok(outcome) => done(outcome),
        Err(Fault::NeedsKeyPairs(algorithms)) => Handled::NeedsKeyPairs(algorithms),
        Err(Fault::Problem(problem)) => done(Outcome::refused(Reply::problem(&problem))),
        Err(Fault::Internal(fault)) => {
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
    let publications = match &reply.publishes {
        Publishes::Now { subject, .. } => outbox::claim(cx.db, subject, cx.now(), cx.given.vault)?,
        _ => None,
    };
    Ok(Outcome {
        reply,
        commit: true,
        publications: publications.into_iter().collect(),
        fault: None,
    })
}

impl Outcome {
    fn refused(reply: Reply) -> Self {
        Self {
            reply,
            commit: false,
            publications: Vec::new(),
            fault: None,
        }
    }
}
