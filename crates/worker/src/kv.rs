//! Answers from KV: what is published, and the ledger in its place where KV fails, dawdles, or has nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use licentia_api::published::{self, Question};
use licentia_api::{Reply, Route};
use licentia_core::{KeySet, Seconds, Timestamp};
use worker::console_error;

use crate::clock::within;
use crate::edge::{Asked, from_ledger};
use crate::fault::Fault;
use crate::http::Answer;
use crate::unavailable;

/// How long KV may take.
const KV_ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// How long an isolate keeps the keys of a product: a token that a newer one signed is verified by the ledger.
const KEYS_LAST: Seconds = Seconds(60);
/// Beyond so many products in one isolate the kept keys are dropped and read anew.
const KEPT: usize = 256;

thread_local! {
    static KEYS: RefCell<BTreeMap<String, (Timestamp, KeySet)>> = const { RefCell::new(BTreeMap::new()) };
}

/// Answers a route of the edge.
pub(crate) async fn answer(asked: &Asked<'_>, route: &Route, body: &[u8]) -> Result<Answer, Fault> {
    if route.endpoint().access.asks_the_ledger(asked.actor) {
        let verdict = from_ledger(asked, &[]).await?;
        if verdict.status != 204 {
            return Ok(verdict);
        }
    }
    let question = match Question::read(route, body) {
        Ok(question) => question,
        Err(reply) => return Ok(Answer::of(*reply, asked.actor)),
    };
    if question.is_for_the_ledger(&asked.incoming.query) {
        return unavailable::unless_answered(asked, body).await;
    }
    let to_the_ledger = question.may_go_to_the_ledger();
    match published_reply(asked, question).await {
        Ok(Some(reply)) => Ok(Answer::of(reply, asked.actor)),
        Ok(None) => unavailable::unless_answered(asked, body).await,
        Err(fault) if to_the_ledger => {
            console_error!("{}: {}", asked.id, fault.in_full());
            unavailable::unless_answered(asked, body).await
        }
        Err(fault) => Err(fault),
    }
}

/// Answers from KV, if it can say something.
async fn published_reply(
    asked: &Asked<'_>,
    mut question: Question<'_>,
) -> Result<Option<Reply>, Fault> {
    if let Some(name) = question.keys_name() {
        let Some(keys) = keys(asked, name).await? else {
            return Ok(None);
        };
        match question.verify(&keys) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(reply) => return Ok(Some(*reply)),
        }
    }
    let vault = &asked.config.vault;
    Ok(match read(asked, &question.names(vault)).await? {
        Some(value) => Some(question.reply(&value, vault, asked.now)),
        None if question.may_go_to_the_ledger() => None,
        None => Some(question.missing()),
    })
}

/// Reads the document under the first of `names` that has one.
pub(crate) async fn read(asked: &Asked<'_>, names: &[String]) -> Result<Option<String>, Fault> {
    let kv = asked.bindings.published()?;
    match within(KV_ANSWERS_WITHIN, kv.read(names)).await {
        Some(Ok(value)) => Ok(value),
        Some(Err(fault)) => Err(Fault::Unpublished(fault.in_full())),
        None => Err(Fault::Unpublished("it took too long".to_owned())),
    }
}

/// Returns a product's keys, which are read once a minute in one isolate.
async fn keys(asked: &Asked<'_>, name: String) -> Result<Option<KeySet>, Fault> {
    let kept = KEYS.with_borrow(|keys| keys.get(&name).cloned());
    if let Some((read_at, keys)) = kept
        && asked.now < read_at.plus(KEYS_LAST)
    {
        return Ok(Some(keys));
    }
    let value = read(asked, std::slice::from_ref(&name)).await?;
    let keys = value.and_then(|value| published::keys_of(&value));
    if let Some(keys) = &keys {
        KEYS.with_borrow_mut(|kept| {
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(name, (asked.now, keys.clone()));
        });
    }
    Ok(keys)
}
