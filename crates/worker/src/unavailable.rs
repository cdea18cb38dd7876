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
/// How long a gate may take with any request: less than `entry.mjs` waits, whose answer nobody has signed.
const GATE_ANSWERS_WITHIN: Duration = Duration::from_secs(29);

/// Asks the ledger, and gives up if it dawdles.
pub(crate) async fn in_time(call: &Call, body: &[u8], ledger: &Stub) -> Result<Vec<u8>, Fault> {
    or_silent(LEDGER_ANSWERS_WITHIN, http::send(call, body, ledger)).await
}

/// Waits for what a gate answers that may hold a request for `wait` seconds, and gives up if it takes as long as a ledger besides.
pub(crate) async fn of_gate<T>(
    wait: u64,
    answer: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let held = Duration::from_secs(wait).saturating_add(LEDGER_ANSWERS_WITHIN);
    or_silent(held.min(GATE_ANSWERS_WITHIN), answer).await
}

async fn or_silent<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let silent = || Err(Fault::Unreachable("it took too long".to_owned()));
    within(limit, answer).await.unwrap_or_else(silent)
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
