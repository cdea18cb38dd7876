//! The calls: each parses, decides, saves and answers.

mod activations;
mod changes;
mod import;
mod licenses;
mod products;
mod query;

use licentia_core::{Code, Metadata, Problem, wire};

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

/// Makes metadata entries of what a request gives; new ones get an id and dates, imported ones keep theirs.
fn metadata(cx: &Context<'_>, entries: &[wire::MetadataInput]) -> Result<Vec<Metadata>, Problem> {
    let entry = |entry: &wire::MetadataInput| Metadata {
        id: entry.id.unwrap_or_else(|| cx.draw().id()),
        created_at: entry.created_at.unwrap_or(cx.now()),
        updated_at: entry.updated_at.unwrap_or(cx.now()),
        key: entry.key.clone(),
        value: entry.value.clone(),
        view_permissions: entry.permissions(),
    };
    let metadata: Vec<Metadata> = entries.iter().map(entry).collect();
    Metadata::check(&metadata)?;
    Ok(metadata)
}

fn not_json(content_type: &str) -> bool {
    !matches!(
        content_type,
        "" | "application/json" | "text/json" | "text/plain" | "application/merge-patch+json"
    )
}

/// Refuses a body that says it is something else than JSON. Clients that say nothing are believed.
fn expect_json(cx: &Context<'_>) -> Result<(), Problem> {
    if not_json(cx.request.content_type) {
        let message = format!(
            "this call reads `application/json`, not `{}`",
            cx.request.content_type
        );
        return Err(Problem::new(Code::UnsupportedMediaType, message));
    }
    Ok(())
}
