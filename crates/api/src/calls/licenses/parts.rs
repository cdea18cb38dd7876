//! `/v3/licenses/metadata/{id}` and `/v3/licenses/meter-attributes/{id}`: parts of a license that have ids of their own.

use licentia_core::{Command, License, MetadataId, MeterId, Refusal};

use super::{answer, perform};
use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::published::Subject;
use crate::store;

/// `DELETE /v3/licenses/metadata/{id}`
pub(in crate::calls) fn delete_metadata(cx: &Context<'_>, id: MetadataId) -> Result<Reply, Fault> {
    let license = store::license::load_by_metadata(cx.db, id)?.ok_or(Refusal::MetadataNotFound)?;
    remove(cx, &license, Command::DeleteMetadata(id))
}

/// `DELETE /v3/licenses/meter-attributes/{id}`
pub(in crate::calls) fn delete_meter(cx: &Context<'_>, id: MeterId) -> Result<Reply, Fault> {
    let license = store::license::load_by_meter(cx.db, id)?.ok_or(Refusal::MeterNotFound)?;
    remove(cx, &license, Command::DeleteMeter(id))
}

/// `POST /v3/licenses/meter-attributes/{id}/reset`
pub(in crate::calls) fn reset_meter(cx: &Context<'_>, id: MeterId) -> Result<Reply, Fault> {
    let license = store::license::load_by_meter(cx.db, id)?.ok_or(Refusal::MeterNotFound)?;
    cx.check_version(license.version)?;
    answer(cx, license, &[Command::ResetMeter(id)])
}

fn remove(cx: &Context<'_>, license: &License, command: Command<'_>) -> Result<Reply, Fault> {
    cx.check_version(license.version)?;
    let reply = Reply::empty(204);
    Ok(match perform(cx, license, &[command])? {
        Some(license) => {
            let subject = Subject::License(license.id).to_string();
            reply.publishing(subject, license.version)
        }
        None => reply,
    })
}
