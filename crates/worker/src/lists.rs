//! Status lists at the edge: an isolate keeps the newest one of each number that it has read, for as long as the list allows.
//!
//! A list that KV has not, or has late, the ledger is asked for; if that fails too, the newest one counts until it ends.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use licentia_api::{Listed, Reply, published};
use licentia_core::{Code, Problem, StatusList, Timestamp};
use worker::console_error;

use crate::clock::within;
use crate::edge::{self, Asked};
use crate::envelope::{self, Call};
use crate::fault::Fault;
use crate::http::{self, Answer};
use crate::kv;

/// How long the ledger may take.
const LEDGER_ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// Beyond so many lists in one isolate the kept ones are dropped: they take 32 KiB each, and hold a hundred thousand licenses.
const KEPT: usize = 128;

thread_local! {
    static LISTS: RefCell<BTreeMap<u32, (Timestamp, Rc<Listed>)>> = const { RefCell::new(BTreeMap::new()) };
}

/// Serves a list.
pub(crate) async fn answer(asked: &Asked<'_>, number: u32) -> Result<Answer, Fault> {
    let reply = match newest(asked, number).await {
        Ok(Some(list)) if list.stands(asked.now) => list.reply(),
        Ok(Some(_)) => published::unavailable(None),
        Ok(None) => {
            let message = format!("no license has a place in the list {number}");
            Reply::problem(&Problem::new(Code::StatusListNotFound, message))
        }
        Err(fault) => {
            told(asked, &fault);
            published::unavailable(None)
        }
    };
    Ok(Answer::of(reply, asked.actor))
}

/// Returns the newest list that is to be had.
pub(crate) async fn newest(asked: &Asked<'_>, number: u32) -> Result<Option<Rc<Listed>>, Fault> {
    let kept = LISTS.with_borrow(|lists| lists.get(&number).cloned());
    if let Some((read_at, list)) = &kept
        && asked.now < read_at.plus(list.ttl())
    {
        return Ok(Some(Rc::clone(list)));
    }
    let kept = kept.map(|(_, list)| list);
    let mut newest = newer(kept, from_kv(asked, number).await);
    if newest.as_ref().is_none_or(|list| list.is_late(asked.now)) {
        match from_ledger(asked, number).await {
            Ok(list) => newest = newer(newest, list),
            Err(fault) if newest.is_none() => return Err(fault),
            Err(fault) => told(asked, &fault),
        }
    }
    if let Some(list) = &newest {
        keep(number, asked.now, list);
    }
    Ok(newest)
}

fn newer(kept: Option<Rc<Listed>>, read: Option<Listed>) -> Option<Rc<Listed>> {
    let version = |list: &Option<Rc<Listed>>| list.as_ref().map(|list| list.version());
    let read = read.map(Rc::new);
    if version(&read) > version(&kept) {
        read
    } else {
        kept
    }
}

fn keep(number: u32, read_at: Timestamp, list: &Rc<Listed>) {
    LISTS.with_borrow_mut(|lists| {
        if lists.len() >= KEPT && !lists.contains_key(&number) {
            lists.clear();
        }
        lists.insert(number, (read_at, Rc::clone(list)));
    });
}

/// What KV has, if it can be read and is one of ours.
async fn from_kv(asked: &Asked<'_>, number: u32) -> Option<Listed> {
    let text = kv::read(asked, &[Listed::name(number)]).await;
    let read = text.and_then(|text| text.map(|text| read(asked, number, text)).transpose());
    read.unwrap_or_else(|fault| {
        told(asked, &fault);
        None
    })
}

/// Has the ledger sign the list.
async fn from_ledger(asked: &Asked<'_>, number: u32) -> Result<Option<Listed>, Fault> {
    let call = Call {
        method: "GET".to_owned(),
        path: StatusList::address(number),
        query: String::new(),
        ..edge::call(asked)
    };
    let (ledger, envelope) = (asked.bindings.ledger_object()?, envelope::seal(&call, &[])?);
    let silent = || Fault::Unreachable("it took too long".to_owned());
    let answer = within(LEDGER_ANSWERS_WITHIN, http::send(&envelope, &ledger)).await;
    let bytes = answer.ok_or_else(silent)??;
    match envelope::open::<envelope::Answer>(&bytes)? {
        (head, text) if head.status == 200 => {
            read(asked, number, String::from_utf8(text.to_vec())?).map(Some)
        }
        (head, _) if head.status == 404 => Ok(None),
        (head, _) => Err(Fault::Unreachable(format!("it said {}", head.status))),
    }
}

fn read(asked: &Asked<'_>, number: u32, text: String) -> Result<Listed, Fault> {
    Ok(Listed::read(number, text, &asked.config.vault)?)
}

fn told(asked: &Asked<'_>, fault: &Fault) {
    console_error!("{}: a status list: {}", asked.id, fault.in_full());
}
