//! What applications are told while the ledger does not answer: to come back, and what KV holds of their license.
//!
//! That may restrict who reads it and extends nothing: it is the vendor's signed word, as old as KV's copy.

use std::time::Duration;

use licentia_api::published;
use worker::console_error;

use crate::clock::within;
use crate::config::Stub;
use crate::edge::{self, Asked};
use crate::envelope::Call;
use crate::fault::Fault;
use crate::http::{self, Answer};
use crate::kv;

/// How long the ledger may take with a call of an application.
const LEDGER_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Asks the ledger, and gives up if it dawdles.
pub(crate) async fn in_time(call: &Call, body: &[u8], ledger: &Stub) -> Result<Vec<u8>, Fault> {
    let answered = within(LEDGER_ANSWERS_WITHIN, http::send(call, body, ledger)).await;
    answered.unwrap_or(Err(Fault::Unreachable("it took too long".to_owned())))
}

/// Answers from the ledger; if it throws or dawdles, with 503.
pub(crate) async fn unless_answered(asked: &Asked<'_>, body: &[u8]) -> Result<Answer, Fault> {
    let call = edge::call(asked);
    let ledger = asked.bindings.ledger_object()?;
    match in_time(&call, body, &ledger).await {
        Ok(bytes) => edge::opened(asked, call, ledger, &bytes).await,
        Err(fault) => Ok(instead(asked, body, &fault).await),
    }
}

/// Answers 503, with what KV holds of the license whose key the body names.
pub(crate) async fn instead(asked: &Asked<'_>, body: &[u8], fault: &Fault) -> Answer {
    console_error!("{} {}: {}", asked.id, asked.incoming.path, fault.in_full());
    let names = published::named_by(body, &asked.config.vault);
    let value = if names.is_empty() {
        None
    } else {
        kv::read(asked, &names).await.ok().flatten()
    };
    let reply = published::unavailable(value.as_deref());
    Answer::of(reply, asked.actor)
}
