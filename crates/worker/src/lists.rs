//! Status lists at the edge: an isolate keeps the newest one of each number that it has read, for as long as the list allows.
//! Checks are told from that; who asks for a list itself is given what KV has now.
//!
//! A list that KV has not, or has late, the ledger is asked for; if that fails too, the newest one counts until it ends.

use std::rc::Rc;
use std::time::Duration;

use licentia_api::{Listed, Reply, no_list, published};
use licentia_core::StatusList;
use worker::console_error;

use crate::clock::within;
use crate::edge::{self, Asked};
use crate::envelope::{self, Call};
use crate::fault::Fault;
use crate::http::{self, Answer};
use crate::kept::Kept;
use crate::kv;

/// How long the ledger may take.
const LEDGER_ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// Beyond so many lists in one isolate the kept ones are dropped: they take 32 KiB each, and hold a hundred thousand licenses.
const KEPT: usize = 128;

thread_local! {
    static LISTS: Kept<u32, Rc<Listed>> = const { Kept::new(KEPT) };
}

/// Serves a list.
pub(crate) async fn answer(asked: &Asked<'_>, number: u32) -> Result<Answer, Fault> {
    let reply = match read_anew(asked, number).await {
        Ok(Some(list)) if list.stands(asked.now) => list.reply(asked.now),
        Ok(Some(_)) => published::unavailable(None),
        Ok(None) => Reply::problem(&no_list(number)),
        Err(fault) => {
            log(asked, &fault);
            published::unavailable(None)
        }
    };
    Ok(Answer::of(reply, asked.actor))
}

/// Returns the newest list, as far as one that was read may be kept.
pub(crate) async fn newest(asked: &Asked<'_>, number: u32) -> Result<Option<Rc<Listed>>, Fault> {
    let kept = LISTS.with(|lists| lists.get(&number));
    match kept {
        Some((read_at, list)) if asked.now < read_at.plus(list.ttl()) => Ok(Some(list)),
        _ => read_anew(asked, number).await,
    }
}

/// Returns the newest list that is to be had.
async fn read_anew(asked: &Asked<'_>, number: u32) -> Result<Option<Rc<Listed>>, Fault> {
    let kept = LISTS.with(|lists| lists.get(&number)).map(|(_, list)| list);
    let mut newest = newer(kept, from_kv(asked, number).await);
    if newest.as_ref().is_none_or(|list| list.is_late(asked.now)) {
        match from_ledger(asked, number).await {
            Ok(list) => newest = newer(newest, list),
            Err(fault) if newest.is_none() => return Err(fault),
            Err(fault) => log(asked, &fault),
        }
    }
    if let Some(list) = &newest {
        LISTS.with(|lists| lists.keep(number, asked.now, Rc::clone(list)));
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

/// What KV has, if it can be read and is one of ours.
async fn from_kv(asked: &Asked<'_>, number: u32) -> Option<Listed> {
    let text = kv::read(asked, &[Listed::name(number)]).await;
    let read = text.and_then(|text| text.map(|text| read(asked, number, text)).transpose());
    read.unwrap_or_else(|fault| {
        log(asked, &fault);
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
    let ledger = asked.bindings.ledger_object()?;
    let silent = || Fault::Unreachable("it took too long".to_owned());
    let answer = within(LEDGER_ANSWERS_WITHIN, http::send(&call, &[], &ledger)).await;
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

fn log(asked: &Asked<'_>, fault: &Fault) {
    console_error!("{}: a status list: {}", asked.id, fault.in_full());
}
