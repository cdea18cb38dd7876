//! `/v3/analytics`

use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::store;

/// `GET /v3/analytics/licenses`
pub(super) fn licenses(cx: &Context<'_>) -> Result<Reply, Fault> {
    let stats = store::analytics::license_stats(cx.db, cx.now())?;
    Ok(Reply::json(200, &stats))
}

/// `GET /v3/analytics/stats`
pub(super) fn account(cx: &Context<'_>) -> Result<Reply, Fault> {
    Ok(Reply::json(200, &store::analytics::account_stats(cx.db)?))
}
