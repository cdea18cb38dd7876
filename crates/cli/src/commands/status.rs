//! `licentia status`: whether the server is well.

use crate::api;
use crate::fault::Fault;
use crate::output::clean;
use crate::session::Session;

pub(super) fn run(session: &Session) -> Result<(), Fault> {
    let status = session.client.document(&api::status())?;
    session.output.document(&status, |status| {
        let url = session.client.url();
        format!("{url}: {}", clean(&status.fields().plain("status")))
    })
}
