//! `/v3/status-lists`, of the ledger: the edge asks for a list that KV has not, or has late.

use crate::context::{Context, Fault};
use crate::host::{Publishes, Reply};
use crate::{listed, status_lists};

/// `GET /v3/status-lists/{number}`: signs the list, which is signed anew from now on, for a while.
pub(super) fn read(cx: &Context<'_>, number: u32) -> Result<Reply, Fault> {
    let (db, now) = (cx.db, cx.now());
    if !status_lists::want(db, number, now)? {
        return Err(listed::no_list(number).into());
    }
    let signed = status_lists::sign(db, number, now, cx.given.vault, cx.given.settings)?;
    let signed = signed.ok_or_else(|| Fault::Internal("a list that is wanted".to_owned()))?;
    let publishes = Publishes::Later;
    Ok(Reply {
        publishes,
        ..listed::reply(signed)
    })
}
