//! What applications are told while the ledger does not answer: to come back, and what KV holds of their license.
//!
//! That may restrict who reads it and extends nothing: it is the vendor's signed word, as old as KV's copy.

use std::time::Duration;

use licentia_api::published;
use worker::console_error;

use crate::clock::within;
use crate::edge::{self, Asked};
use crate::fault::Fault;
use crate::http::{self, Answer};
use crate::kv;

/// How long the ledger may take with a call of an application.
const LEDGER_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Answers from the ledger; if it throws or dawdles, with 503.
pub(crate) async fn unless_answered(asked: &Asked<'_>, body: &[u8]) -> Result<Answer, Fault> {
    let call = edge::call(asked);
    let ledger = asked.bindings.ledger_object()?;
    let silent = match within(LEDGER_ANSWERS_WITHIN, http::send(&call, body, &ledger)).await {
        Some(Ok(bytes)) => return edge::opened(asked, call, ledger, &bytes).await,
        Some(Err(fault)) => fault.in_full(),
        None => "the ledger took too long".to_owned(),
    };
    console_error!("{} {}: {silent}", asked.id, asked.incoming.path);
    let names = published::named_by(body, &asked.config.vault);
    let value = if names.is_empty() {
        None
    } else {
        kv::read(asked, &names).await.ok().flatten()
    };
    let reply = published::unavailable(value.as_deref());
    Ok(Answer::of(reply, asked.actor))
}
