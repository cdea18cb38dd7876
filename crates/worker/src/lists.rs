//! Status lists at the edge: an isolate keeps the newest one of each number that it has read, for as long as the list allows.
//!
//! A list that KV has not, or has late, the ledger is asked for; if that fails too, the newest one counts until it ends.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use licentia_api::{Listed, Reply};
use licentia_core::{Code, Problem, Timestamp};
use worker::console_error;

use crate::clock::within;
use crate::edge::{Asked, ledger_text};
use crate::fault::Fault;
use crate::http::Answer;

/// How long KV and the ledger may each take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// Beyond so many lists in one isolate the kept ones are dropped: they take 32 KiB each, and hold a hundred thousand licenses.
const KEPT: usize = 128;

thread_local! {
    static LISTS: RefCell<BTreeMap<u32, (Timestamp, Rc<Listed>)>> = const { RefCell::new(BTreeMap::new()) };
}

/// Serves a list.
pub(crate) async fn answer(asked: &Asked<'_>, number: u32) -> Result<Answer, Fault> {
    let reply = match newest(asked, number).await? {
        Some(list) => list.reply(),
        None => {
            let message = format!("no license has a place in the list {number}");
            Reply::problem(&Problem::new(Code::StatusListNotFound, message))
        }
    };
    Ok(Answer::of(reply, asked.actor))
}
