//! Waiting for news of a license: `GET /v3/activations/{id}/events`.
//!
//! The ledger says how things stand and notes at which gate the application waits; the gate does the waiting, by the
//! numbers in the query. What an application learns is the signed statement, which anybody may have who has the key.
//! An activation that a revocation has ended learns of that here too, by the epoch.

use licentia_core::{ActivationId, Problem};

use super::{Sent, held};
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::published::{self, News};
use crate::route::asked_for;
use crate::store;

/// `GET /v3/activations/{id}/events`
pub(crate) fn follow(cx: &Context<'_>, id: ActivationId) -> Result<Reply, Fault> {
    for name in ["version", "wait"] {
        check_number(cx.request.query, name)?;
    }
    let (license, _) = held(cx, id, &Sent::default())?;
    if let Some(gate) = cx.request.gate {
        store::listener::note(cx.db, license.id, gate)?;
    }
    let statement = published::statement(&license, false, cx.given.vault);
    let news = News::new(&license, &statement);
    Ok(Reply::json(200, &news).versioned(license.version))
}

fn check_number(query: &str, name: &str) -> Result<(), Problem> {
    match asked_for(query, name) {
        Some(value) if value.parse::<u64>().is_err() => {
            Err(Problem::field(name, "it must be a whole number from 0 up"))
        }
        _ => Ok(()),
    }
}
