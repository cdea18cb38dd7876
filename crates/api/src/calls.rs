//! The calls: each parses, decides, saves and answers.

mod activations;
mod changes;
mod import;
mod licenses;
mod products;

use licentia_core::{Code, Problem, parse};
use serde::de::DeserializeOwned;

use crate::context::{Context, Fault};
use crate::host::Reply;
use crate::route::Route;

/// Answers a route that the ledger answers.
pub(crate) fn answer(cx: &Context<'_>, route: Route) -> Result<Reply, Fault> {
    let body = cx.request.body;
    match route {
        Route::Import => import::import(cx, body),
        Route::CreateProduct => products::create(cx, body),
        Route::ListProducts => products::list(cx),
        Route::ReadProduct(id) => products::read(cx, id),
        Route::CreateLicense => licenses::create(cx, body),
        Route::ListLicenses => licenses::list(cx),
        Route::ReadLicense(id) => licenses::read(cx, id),
        Route::UpdateLicense(id) => licenses::update(cx, id, body),
        Route::DeleteLicense(id) => licenses::delete(cx, id),
        Route::CreateActivation => activations::create(cx, body),
        Route::ListActivations => activations::list(cx),
        Route::ReadActivation(id) => activations::read(cx, id),
        Route::SyncActivation(id) => activations::sync(cx, id, body),
        Route::DeleteActivation(id) => activations::delete(cx, id),
        Route::DeactivateActivation(id) => activations::deactivate(cx, id, body),
        Route::Status
        | Route::CheckLicense
        | Route::ReadProductKeys(_)
        | Route::ReadPublishedLicense(_) => Err(Fault::Internal(
            "an edge route reached the ledger".to_owned(),
        )),
    }
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
