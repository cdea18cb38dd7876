//! `POST /v3/rebuild`: an empty ledger takes every product and license back from what is published of them.
//!
//! The host reads KV, a page of it a call, and gives the documents as the body: nobody outside can. Versions, epochs and
//! places survive. What is not published does not: activations (their clients keep what they have until they activate
//! anew), users and templates, and what was counted.

use licentia_core::wire::{ExportedTombstone, StoredLicense, StoredProduct};
use licentia_core::{Code, KeySet, License, Problem, Product, Statement, Totals};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::import::Lines;
use crate::context::{Context, Fault};
use crate::host::{Publishes, Reply, bound_to};
use crate::route::asked_for;
use crate::store;
use crate::store::import::Kind;
use crate::store::tombstone;

/// A document of KV: a product's or a license's. Whatever is null was deleted, and says no more.
#[derive(Deserialize)]
struct Published {
    statement: Option<String>,
    license: Option<StoredLicense>,
    product: Option<StoredProduct>,
}

/// What a page held.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    products: u64,
    licenses: u64,
    deleted: u64,
    /// Licenses whose owner is not here: users are not published.
    without_owner: u64,
    cursor: Option<String>,
}

/// `POST /v3/rebuild`
pub(super) fn rebuild(cx: &Context<'_>, published: &[u8]) -> Result<Reply, Fault> {
    refuse_to_begin(cx)?;
    store::rebuild::begin(cx.db, cx.now())?;
    let keys = cx.given.vault.statement_verifiers();
    let keys = keys.map_err(|fault| Fault::Internal(fault.to_string()))?;
    let cursor = cx.request.slice.map(str::to_owned);
    let mut counts = Counts {
        cursor,
        ..Counts::default()
    };
    for (_, line) in Lines::of(published) {
        let document: Published = serde_json::from_slice(line)
            .map_err(|fault| Fault::Internal(format!("a published document: {fault}")))?;
        take_back(cx, document, &keys, &mut counts)?;
    }
    if counts.cursor.is_none() {
        store::rebuild::end(cx.db)?;
    }
    let changes = ["products", "licenses", "deleted"].into_iter().zip([
        counts.products,
        counts.licenses,
        counts.deleted,
    ]);
    let changes = changes.map(|(property_name, count)| store::audit::PropertyChange {
        property_name: property_name.to_owned(),
        old_value: json!(0),
        new_value: json!(count),
    });
    cx.record(
        "ledger.rebuilt",
        "account",
        &crate::published::ACCOUNT,
        changes.collect(),
    )?;
    // Their status lists are signed again.
    let publishes = Publishes::Later;
    Ok(Reply {
        publishes,
        ..Reply::json(200, &counts)
    })
}

/// Refuses to begin where there are licenses. A rebuild that was broken off may begin again, or go on.
fn refuse_to_begin(cx: &Context<'_>) -> Result<(), Fault> {
    let cursor = asked_for(cx.request.query, "cursor");
    let goes_on = cursor.is_some_and(|at| !at.is_empty());
    if store::rebuild::is_under_way(cx.db)? {
        Ok(())
    } else if goes_on {
        let reason = "no rebuild is under way; begin one without it";
        Err(Problem::field("cursor", reason).into())
    } else if store::license::is_empty(cx.db)? {
        Ok(())
    } else {
        let message = "the ledger has licenses; only an empty one is rebuilt";
        Err(Problem::new(Code::LicenseExists, message).into())
    }
}

fn take_back(
    cx: &Context<'_>,
    document: Published,
    keys: &KeySet,
    counts: &mut Counts,
) -> Result<(), Fault> {
    match document {
        Published {
            product: Some(product),
            ..
        } => product_back(cx, product.into_product(), counts),
        Published {
            statement: Some(statement),
            license: Some(stored),
            ..
        } => {
            let statement = Statement::verify(&statement, keys);
            let statement = statement.map_err(|fault| sealed(&format!("a statement: {fault}")))?;
            license_back(cx, stored, statement.deleted, counts)
        }
        _ => Ok(()),
    }
}

fn product_back(cx: &Context<'_>, mut product: Product, counts: &mut Counts) -> Result<(), Fault> {
    if is_taken(cx, Kind::Product, &product.id.to_string())? {
        return Ok(());
    }
    for key in &product.keys {
        let opened = cx
            .given
            .vault
            .unwrap(&bound_to(product.id, &key.kid), &key.wrapped);
        opened.map_err(|fault| sealed(&format!("the product `{}`: {fault}", product.id)))?;
    }
    // Templates are not published.
    product.template_id = None;
    store::product::insert(cx.db, &product)?;
    counts.products = counts.products.saturating_add(1);
    Ok(())
}

fn license_back(
    cx: &Context<'_>,
    stored: StoredLicense,
    deleted: bool,
    counts: &mut Counts,
) -> Result<(), Fault> {
    let license = stored.clone().into_license(Totals::default());
    let mut license =
        license.ok_or_else(|| Fault::Internal("the key of a published license".to_owned()))?;
    if is_taken(cx, Kind::License, &license.id.to_string())? {
        return Ok(());
    }
    if !store::place::take(cx.db, license.place, license.id)? {
        return Err(Fault::Internal(format!(
            "two published licenses have the place of `{}`",
            license.id
        )));
    }
    if deleted {
        counts.deleted = counts.deleted.saturating_add(1);
        return bury(cx, &license, stored);
    }
    if let Some(owner) = license.user_id
        && store::user::load(cx.db, owner)?.is_none()
    {
        license.user_id = None;
        counts.without_owner = counts.without_owner.saturating_add(1);
    }
    counts.licenses = counts.licenses.saturating_add(1);
    Ok(store::license::insert(cx.db, &license)?)
}

fn bury(cx: &Context<'_>, license: &License, stored: StoredLicense) -> Result<(), Fault> {
    let tombstone = ExportedTombstone {
        kind: "license".to_owned(),
        id: license.id.to_string(),
        deleted_at: license.updated_at,
        license: Some(stored),
    };
    store::import::restore_tombstone(cx.db, &tombstone)?;
    let key = license.key.as_str();
    let (kind, nothing) = (tombstone::Kind::LicenseKey, crate::database::Value::Null);
    Ok(tombstone::put(
        cx.db,
        kind,
        &key,
        license.updated_at,
        nothing,
    )?)
}

fn is_taken(cx: &Context<'_>, kind: Kind, id: &str) -> Result<bool, Fault> {
    Ok(!store::import::taken(cx.db, kind, &[id], "")?.is_empty())
}

/// What another master secret has sealed or signed cannot be taken back.
fn sealed(what: &str) -> Problem {
    let message = format!("{what}; set the master keys that this was published under");
    Problem::new(Code::NotConfigured, message)
}
