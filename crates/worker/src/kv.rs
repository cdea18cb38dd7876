//! Answers from KV: what is published, and the ledger in its place where KV fails, dawdles, or has nothing.

use std::time::Duration;

use licentia_api::Route;
use licentia_api::published::{self, Found, Question, Told};
use licentia_core::{KeySet, Seconds};
use worker::console_error;

use crate::clock::within;
use crate::edge::{Asked, from_ledger};
use crate::fault::Fault;
use crate::http::Answer;
use crate::kept::Kept;
use crate::lists;
use crate::unavailable;

/// How long KV may take.
const KV_ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// How long an isolate keeps the keys of a product: a token that a newer one signed is verified by the ledger.
const KEYS_LAST: Seconds = Seconds(60);
/// Beyond so many products in one isolate the kept keys are dropped and read anew.
const KEPT: usize = 256;

thread_local! {
    static KEYS: Kept<String, KeySet> = const { Kept::new(KEPT) };
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
        Ok(Some(Told::Surely(reply))) => Ok(Answer::of(reply, asked.actor)),
        Ok(Some(Told::Outdated(reply))) => {
            let answer = unavailable::unless_answered(asked, body).await?;
            let silent = answer.status >= 500;
            Ok(if silent {
                Answer::of(reply, asked.actor)
            } else {
                answer
            })
        }
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
) -> Result<Option<Told>, Fault> {
    if let Some(name) = question.keys_name() {
        let Some(keys) = keys(asked, name).await? else {
            return Ok(None);
        };
        match question.verify(&keys) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(reply) => return Ok(Some(Told::Surely(*reply))),
        }
    }
    let vault = &asked.config.vault;
    Ok(match read(asked, &question.names(vault)).await? {
        Some(value) => Some(told(asked, question.find(&value, vault)?).await),
        None if question.may_go_to_the_ledger() => None,
        None => Some(Told::Surely(question.missing())),
    })
}

/// Answers with what KV holds, and with the list that tells how fresh it is.
async fn told(asked: &Asked<'_>, found: Found<'_>) -> Told {
    let copy = match found {
        Found::Reply(reply) => return Told::Surely(*reply),
        Found::License(copy) => copy,
    };
    let list = match copy.list() {
        Some(number) => lists::newest(asked, number).await,
        None => Ok(None),
    };
    let list = list.unwrap_or_else(|fault| {
        console_error!("{}: a status list: {}", asked.id, fault.in_full());
        None
    });
    copy.told(list.as_deref(), asked.now)
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
    let kept = KEYS.with(|keys| keys.get(&name));
    if let Some((read_at, keys)) = kept
        && asked.now < read_at.plus(KEYS_LAST)
    {
        return Ok(Some(keys));
    }
    let value = read(asked, std::slice::from_ref(&name)).await?;
    let keys = value.and_then(|value| published::keys_of(&value));
    if let Some(keys) = &keys {
        KEYS.with(|kept| kept.keep(name, asked.now, keys.clone()));
    }
    Ok(keys)
}
