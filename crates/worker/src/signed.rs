//! Signs what applications and their servers are answered, refusals and faults too.
//!
//! A body that is sent as it is made has no digest yet when its headers go: exports in slices are not signed. An answer that is
//! repeated was made for an earlier request, and is not signed for the nonce of this one.

use licentia_api::{Vault, is_signed};
use licentia_core::{SignedAnswer, Timestamp};

use crate::http::{Answer, Incoming};

/// Signs an answer where its path is one of those that are signed.
pub(crate) fn sign(answer: &mut Answer, incoming: &Incoming, vault: &Vault, now: Timestamp) {
    if answer.slices.is_some() || !is_signed(&incoming.path) {
        return;
    }
    let signed = SignedAnswer {
        status: answer.status,
        body: answer.body.as_deref().unwrap_or_default(),
        method: &incoming.method,
        path: &incoming.path,
        digest: incoming.digest.as_deref(),
        nonce: incoming.nonce.as_deref().filter(|_| !answer.is_replayed()),
    };
    let headers = signed.sign(vault.statement_keys(), now.unix_seconds());
    answer.header("Content-Digest", headers.content_digest);
    answer.header("Signature-Input", headers.signature_input);
    answer.header("Signature", headers.signature);
}
