//! The calls: each parses, decides, saves and answers.

mod activations;
mod changes;
mod import;
mod licenses;
mod products;

use licentia_core::{Code, Problem, parse};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::list::{Listed, Total};
use crate::route::{Operation, Route};

/// Answers a call in the ledger.
pub(crate) fn answer(cx: &Context<'_>, route: &Route) -> Result<Reply, Fault> {
    let body = cx.request.body;
    match route.operation() {
        Operation::ListProducts => products::list(cx),
        Operation::CreateProduct => products::create(cx, body),
        Operation::ReadProduct => products::read(cx, route.id()),
        Operation::ListLicenses => licenses::list(cx),
        Operation::CreateLicense => licenses::create(cx, body),
        Operation::ReadLicense => licenses::read(cx, route.id()),
        Operation::UpdateLicense => licenses::update(cx, route.id(), body),
        Operation::DeleteLicense => licenses::delete(cx, route.id()),
        Operation::ListActivations => activations::list(cx),
        Operation::CreateActivation => activations::create(cx, body),
        Operation::ReadActivation => activations::read(cx, route.id()),
        Operation::SyncActivation => activations::sync(cx, route.id(), body),
        Operation::DeleteActivation => activations::delete(cx, route.id()),
        Operation::DeactivateActivation => activations::deactivate(cx, route.id(), body),
        Operation::Import => import::import(cx, body),
        // The edge answers these. It asks here whether a token lets in, which has been found out by now.
        Operation::GetStatus
        | Operation::ReadProductKeys
        | Operation::CheckLicense
        | Operation::ReadPublishedLicense => Ok(Reply::empty(204)),
    }
}

/// Answers with a page of a list. Headers say how many things there are on all pages, and where the next one is.
fn page(cx: &Context<'_>, listed: &Listed, views: &impl Serialize) -> Reply {
    let (count, relation) = match listed.total {
        Total::Exactly(count) => (count, "eq"),
        Total::AtLeast(count) => (count, "gte"),
    };
    let reply = Reply::json(200, views)
        .header("Pagination-Count", count)
        .header("Pagination-Relation", relation)
        .header("Pagination-Page", listed.page)
        .header("Pagination-Limit", listed.limit);
    match listed.next {
        Some(next) => reply.header("Link", link(cx, listed.page.saturating_add(1), next)),
        None => reply,
    }
}

/// Names the next page: the same query, with another place to begin at.
fn link(cx: &Context<'_>, page: i64, cursor: i64) -> String {
    let pairs = cx.request.query.split('&');
    let kept = pairs.filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !matches!(name, "" | "page" | "cursor")
    });
    let kept: String = kept.map(|pair| format!("{pair}&")).collect();
    let path = cx.request.path;
    format!("<{path}?{kept}page={page}&cursor={cursor}>; rel=\"next\"")
}

/// Reads a JSON body. One that says it is something else is refused; clients that say nothing are believed.
fn parse_json<T: DeserializeOwned>(cx: &Context<'_>, body: &[u8]) -> Result<T, Problem> {
    match cx.request.content_type {
        "" | "application/json" | "text/json" | "text/plain" | "application/merge-patch+json" => {
            Ok(parse(body)?)
        }
        other => {
            let message = format!("this call reads `application/json`, not `{}`", shown(other));
            Err(Problem::new(Code::UnsupportedMediaType, message))
        }
    }
}

fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
