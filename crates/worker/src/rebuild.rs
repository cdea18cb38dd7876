//! What a ledger is rebuilt from: a page of the published products and licenses a call.

use futures_util::future::try_join_all;
use licentia_api::asked_for;

use crate::fault::Fault;
use crate::publish::Namespace;

/// First products, then licenses, which refer to them.
const PREFIXES: [&str; 2] = ["default/product/", "default/license/"];
/// A request may cause a thousand operations of KV.
const PAGE: u32 = 500;
/// So many reads are on their way at one time.
const AT_ONCE: usize = 6;

/// Reads the page that `cursor` names, a document a line. Returns where the next one begins.
pub(crate) async fn page(kv: &Namespace, query: &str) -> Result<(Vec<u8>, Option<String>), Fault> {
    let (stage, at) = asked_for(query, "cursor")
        .and_then(|cursor| cursor.split_once('.'))
        .unwrap_or(("0", ""));
    let mut stage: usize = stage.parse().unwrap_or(PREFIXES.len());
    let mut at = Some(at.to_owned()).filter(|at| !at.is_empty());
    let (names, next) = loop {
        let Some(prefix) = PREFIXES.get(stage) else {
            return Ok((Vec::new(), None));
        };
        let (names, next) = kv.list(prefix, at.as_deref(), PAGE).await?;
        if !names.is_empty() || next.is_some() {
            break (names, next);
        }
        (stage, at) = (stage.saturating_add(1), None);
    };
    let mut lines = Vec::new();
    for names in names.chunks(AT_ONCE) {
        let reads = names.iter().map(|name| kv.read(std::slice::from_ref(name)));
        for document in try_join_all(reads).await?.into_iter().flatten() {
            lines.extend_from_slice(document.as_bytes());
            lines.push(b'\n');
        }
    }
    let last = stage.saturating_add(1) == PREFIXES.len();
    let next = match next {
        Some(at) => Some(format!("{stage}.{at}")),
        None => Some(format!("{}.", stage.saturating_add(1))).filter(|_| !last),
    };
    Ok((lines, next))
}
