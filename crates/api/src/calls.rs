//! The calls: each parses, decides, saves and answers.

mod activation_logs;
mod activations;
mod analytics;
mod changes;
mod csv;
mod event_logs;
mod export;
mod import;
pub(crate) mod imports;
mod licenses;
mod moved_keys;
mod patch;
mod personal_access_tokens;
mod product_keys;
mod products;
mod rebuild;
mod rewrap;
mod roles;
mod status_lists;
mod tags;
mod templates;
mod users;

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
        Operation::UpdateProduct => products::update(cx, route.id(), body),
        Operation::DeleteProduct => products::delete(cx, route.id()),
        Operation::DeleteProductMetadata => products::delete_metadata(cx, route.id()),
        Operation::ReadProductFile => product_keys::file(cx, route.id()),
        Operation::CreateProductKey => product_keys::create(cx, route.id(), body),
        Operation::PromoteProductKey => product_keys::promote(cx, route.id(), &route.kid()),
        Operation::DeleteProductKey => product_keys::retire(cx, route.id(), &route.kid()),
        Operation::ListLicenseTemplates => templates::list(cx),
        Operation::CreateLicenseTemplate => templates::create(cx, body),
        Operation::ReadLicenseTemplate => templates::read(cx, route.id()),
        Operation::UpdateLicenseTemplate => templates::update(cx, route.id(), body),
        Operation::DeleteLicenseTemplate => templates::delete(cx, route.id()),
        Operation::ReadStatusList => status_lists::read(cx, route.number()),
        Operation::ReadLicenseStats => analytics::licenses(cx),
        Operation::ReadAccountStats => analytics::account(cx),
        Operation::ListLicenses => licenses::list(cx),
        Operation::CreateLicense => licenses::create(cx, body),
        Operation::ReadLicense => licenses::read(cx, route.id()),
        Operation::UpdateLicense => licenses::update(cx, route.id(), body),
        Operation::DeleteLicense => licenses::delete(cx, route.id()),
        Operation::ExportLicenses => licenses::export::export(cx),
        Operation::RenewLicense => licenses::term::renew(cx, route.id()),
        Operation::ExtendLicense => licenses::term::extend(cx, route.id(), body),
        Operation::UpdateExpiresAtLicense => licenses::term::set_expiry(cx, route.id(), body),
        Operation::DeleteMetadataLicense => licenses::parts::delete_metadata(cx, route.id()),
        Operation::DeleteMeterAttributeLicense => licenses::parts::delete_meter(cx, route.id()),
        Operation::ResetMeterAttributeLicense => licenses::parts::reset_meter(cx, route.id()),
        Operation::ActivateOffline => activations::activate_offline(cx, body),
        Operation::DeactivateOffline => activations::deactivate_offline(cx, body),
        Operation::ListActivations => activations::list(cx),
        Operation::CreateActivation => activations::create(cx, body),
        Operation::ReadActivation => activations::read(cx, route.id()),
        Operation::SyncActivation => activations::sync(cx, route.id(), body),
        Operation::FollowActivation => activations::follow(cx, route.id()),
        Operation::DeleteActivation => activations::delete(cx, route.id()),
        Operation::DeactivateActivation => activations::deactivate(cx, route.id(), body),
        Operation::Export => export::export(cx),
        Operation::CreateImport => imports::create(cx),
        Operation::ListImports => imports::list(cx),
        Operation::ReadImport => imports::read_job(cx, route.id()),
        Operation::DeleteImport => imports::delete(cx, route.id()),
        Operation::PutImportPart => imports::put_part(cx, route.id(), route.number(), body),
        Operation::StartImport => imports::start(cx, route.id()),
        Operation::Rebuild => rebuild::rebuild(cx, body),
        Operation::Rewrap => rewrap::rewrap(cx),
        Operation::ExportActivations => activations::export(cx),
        Operation::BulkDeleteActivation => activations::delete_many(cx),
        Operation::IncrementMeterAttribute => activations::count(cx, route.id(), body),
        Operation::ListActivationLogs => activation_logs::list(cx),
        Operation::ExportActivationLogs => activation_logs::export(cx),
        Operation::ReadActivationLog => activation_logs::read(cx, route.id()),
        Operation::ListUsers => users::list(cx),
        Operation::CreateUser => users::create(cx, body),
        Operation::ExportUsers => users::export(cx),
        Operation::ReadUser => users::read(cx, route.id()),
        Operation::UpdateUser => users::update(cx, route.id(), body),
        Operation::DeleteUser => users::delete(cx, route.id()),
        Operation::DeleteUserMetadata => users::delete_metadata(cx, route.id()),
        Operation::ListTags => tags::list(cx),
        Operation::CreateTag => tags::create(cx, body),
        Operation::ReadTag => tags::read(cx, route.id()),
        Operation::UpdateTag => tags::update(cx, route.id(), body),
        Operation::DeleteTag => tags::delete(cx, route.id()),
        Operation::ListPersonalAccessTokens => personal_access_tokens::list(cx),
        Operation::CreatePersonalAccessToken => personal_access_tokens::create(cx, body),
        Operation::ReadPersonalAccessToken => personal_access_tokens::read(cx, route.id()),
        Operation::UpdatePersonalAccessToken => {
            personal_access_tokens::update(cx, route.id(), body)
        }
        Operation::DeletePersonalAccessToken => personal_access_tokens::delete(cx, route.id()),
        Operation::ListRoles => roles::list(cx),
        Operation::ListRoleClaims => Ok(roles::claims()),
        Operation::ReadRole => roles::read(route.id()),
        Operation::ListEventLogs => event_logs::list(cx),
        Operation::ReadEventLog => event_logs::read(cx, route.id()),
        Operation::Import => import::import(cx, body),
        // The edge answers these two from KV, and asks here what KV does not say.
        Operation::ReadProductKeys => product_keys::read(cx, route.id()),
        Operation::CheckLicense => licenses::check::check(cx, body),
        // The edge alone answers these. It asks here whether a token lets in, which has been found out by now.
        Operation::GetStatus | Operation::ReadPublishedLicense => Ok(Reply::empty(204)),
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
