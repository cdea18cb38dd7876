//! The calls that move the end of a license.

use licentia_core::wire::{ExpiresAtInput, LicenseExtension};
use licentia_core::{Command, LicenseId};

use super::{answer, current};
use crate::calls::parse_json;
use crate::context::{Context, Fault};
use crate::host::Reply;

/// `POST /v3/licenses/{id}/renew`: there is nothing to say, so a body is not read.
pub(in crate::calls) fn renew(cx: &Context<'_>, id: LicenseId) -> Result<Reply, Fault> {
    answer(cx, current(cx, id)?, &[Command::Renew])
}

/// `POST /v3/licenses/{id}/extend`
pub(in crate::calls) fn extend(
    cx: &Context<'_>,
    id: LicenseId,
    body: &[u8],
) -> Result<Reply, Fault> {
    let input: LicenseExtension = parse_json(cx, body)?;
    let length = input.length()?;
    answer(cx, current(cx, id)?, &[Command::Extend(length)])
}

/// `PATCH /v3/licenses/{id}/expires-at`
pub(in crate::calls) fn set_expiry(
    cx: &Context<'_>,
    id: LicenseId,
    body: &[u8],
) -> Result<Reply, Fault> {
    let input: ExpiresAtInput = parse_json(cx, body)?;
    let end = input.end()?;
    answer(cx, current(cx, id)?, &[Command::SetExpiry(end)])
}
